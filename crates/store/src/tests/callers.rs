//! Callers: many at once, and some that go away.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::MINUTE;
use crate::store::Store;
use crate::testing::{NO_LIMITS, TestStore, combination, diarization};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pf3_sc2_many_readers_and_writers_wait_for_each_other() {
    let test = TestStore::new();
    let finds = (0..200).map(|_| {
        let store = test.store.clone();
        tokio::spawn(async move { assert_eq!(store.find_task("x").await.unwrap(), None) })
    });
    let finds: Vec<_> = finds.collect();
    let inserts = (0..30).map(|_| {
        let store = test.store.clone();
        tokio::spawn(async move { store.insert_task(combination(), NO_LIMITS).await.unwrap() })
    });
    for caller in finds.into_iter().chain(inserts.collect::<Vec<_>>()) {
        caller.await.unwrap();
    }
    assert_eq!(test.store.list_tasks().await.unwrap().len(), 30);
}

/// Polls `future` up to `n_polls` times, gives others time between, and drops it.
async fn drop_after(n_polls: usize, future: impl Future) {
    let mut future = pin!(future);
    for _ in 0..n_polls {
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tg4_a_caller_that_goes_away_leaves_nothing_open_and_no_half_of_a_task() {
    let test = TestStore::new();
    let media = test.media();
    for round in 0..60 {
        let mut writer = media.create().await.unwrap();
        writer.write(b"RIFF").await.unwrap();
        let recording = writer.finish().await.unwrap();
        let task = diarization(Some(recording.key())).called(&format!("t{round}"));
        let store = &test.store;
        drop_after(round % 12, async {
            store.insert_task(task, NO_LIMITS).await.unwrap();
            recording.keep();
        })
        .await;
        drop_after(round % 7, store.list_tasks()).await;
        drop_after(round % 5, store.find_task("t1")).await;
        drop_after(round % 3, store.delete_task("none")).await;
        drop_after(round % 3, store.check()).await;
    }
    // Comes after all writes that were begun.
    test.store.recover(false, 3).await.unwrap();
    let mut n_tasks = 0;
    while let Some(claimed) = test.store.claim("w", MINUTE).await.unwrap() {
        let key = claimed.media.unwrap();
        assert!(
            media.path(&key).exists(),
            "an accepted task has its recording"
        );
        n_tasks += 1;
        assert!(
            test.store
                .delete_task(claimed.lease.task().as_str())
                .await
                .unwrap()
        );
        media.remove(&key).await.unwrap();
    }
    assert!(n_tasks > 0);
    let left = std::fs::read_dir(test.database_path().with_file_name("media")).unwrap();
    assert_eq!(left.count(), 0, "and what was not accepted has none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_while_the_database_is_opened_harms_nobody() {
    for n_polls in 0..20 {
        let test = TestStore::new();
        drop_after(n_polls, test.store.prepare()).await;
        drop_after(n_polls / 2, test.store.close_and_reopen()).await;
        assert_eq!(test.store.list_tasks().await.unwrap().len(), 0);
    }
}

#[test]
fn every_operation_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let test = TestStore::new();
    let store: &Store = &test.store;
    let media = test.media();
    assert_send(&store.prepare());
    assert_send(&store.check());
    assert_send(&store.close());
    assert_send(&store.find_task("x"));
    assert_send(&store.list_tasks());
    assert_send(&store.delete_task("x"));
    assert_send(&store.queue_figures());
    assert_send(&store.insert_task(combination(), NO_LIMITS));
    assert_send(&store.claim("w", MINUTE));
    assert_send(&store.recover(true, 3));
    assert_send(&store.claim_delivery(MINUTE));
    assert_send(&store.next_delivery_at());
    assert_send(&store.list_deliveries(&domain::task::TaskId::new("x")));
    assert_send(&media.create());
    assert_send(&media.sweep(store));
}

impl Store {
    /// Closes the connections as if the file had been lost; the next operation opens them anew.
    async fn close_and_reopen(&self) {
        self.lose_connections().await;
        let _ = self.check().await;
    }
}
