//! Leases: claimed, kept, lost, given back; and what happens to tasks whose workers died.

use std::sync::Arc;
use std::time::Duration;

use domain::progress::Stage;
use domain::results::TaskResult;
use domain::task::{FailureText, StageProgress, TaskState};
use insta::assert_snapshot;
use tokio::sync::Barrier;

use super::{MINUTE, other_program};
use crate::error::StoreError;
use crate::queue::{Ending, Lease, Retried};
use crate::recover::Recovered;
use crate::settings::{DatabaseUrl, Settings};
use crate::store::Store;
use crate::testing::{self, TestStore, combination, diarization};

fn done() -> Ending {
    Ending::Completed(TaskResult::new("{}"))
}

fn failure(text: &str) -> FailureText {
    FailureText::new(text)
}

async fn claim(test: &TestStore, worker: &str) -> Lease {
    test.store
        .claim(worker, MINUTE)
        .await
        .unwrap()
        .unwrap()
        .lease
}

async fn assert_lost(test: &TestStore, lease: &Lease) {
    let before = test.picture().await;
    let store = &test.store;
    let outcomes = [
        store.keep_alive(lease, None, MINUTE).await,
        store.finish(lease, &done()).await,
        store.finish(lease, &Ending::Failed(failure("no"))).await,
        store
            .retry(lease, &failure("no"), MINUTE, 9)
            .await
            .map(drop),
        store
            .retry(lease, &failure("no"), MINUTE, 1)
            .await
            .map(drop),
        store.give_back(lease).await,
    ];
    for outcome in outcomes {
        assert!(
            matches!(outcome, Err(StoreError::LeaseLost { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(test.picture().await, before);
}

#[tokio::test]
async fn a_task_goes_its_way_from_submission_to_its_message() {
    let test = TestStore::new();
    let id = test
        .insert(combination().with_callback("http://a.example/"))
        .await;
    test.insert(combination()).await;
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization queued attempt=0 callback=pending:0
    2 combine_transcript&diarization queued attempt=0
    "#);
    let claimed = test.store.claim("w1", MINUTE).await.unwrap().unwrap();
    assert_eq!(claimed.lease.task(), &id);
    test.clock.advance(Duration::from_millis(1500));
    let progress = StageProgress {
        stage: Stage::Align,
        percentage: 62.5,
    };
    test.store
        .keep_alive(&claimed.lease, Some(progress), MINUTE)
        .await
        .unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization processing attempt=1 worker=w1 lease=+60s progress=align:62.5% callback=pending:0
    2 combine_transcript&diarization queued attempt=0
    "#);
    let listed = test.store.list_tasks().await.unwrap();
    assert_eq!(listed[0].progress, Some(progress));
    test.store.finish(&claimed.lease, &done()).await.unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=pending:0 message_due=+0s
    2 combine_transcript&diarization queued attempt=0
    "#);
    let task = test.store.find_task(id.as_str()).await.unwrap().unwrap();
    assert_eq!(task.duration, Some(1.5));
    let TaskState::Completed(completed) = task.state else {
        panic!("{:?}", task.state);
    };
    assert_eq!(completed.result, "{}");
    let took = completed
        .ended_at
        .unwrap()
        .since(completed.started_at.unwrap());
    assert_eq!(took, Duration::from_millis(1500));
    assert_lost(&test, &claimed.lease).await;
}

#[tokio::test]
async fn notes_and_the_language_that_was_found_are_kept_with_the_result() {
    let test = TestStore::new();
    let notes = vec!["a \"note\"".to_owned(), "é".to_owned()];
    let found = TaskResult {
        json: "[]".to_owned(),
        notes: notes.clone(),
        language: "de".parse().ok(),
    };
    for (result, expected, language) in [
        (found, notes, Some("de")),
        (TaskResult::new("[]"), Vec::new(), None),
    ] {
        let id = test.insert(combination()).await;
        let lease = claim(&test, "w").await;
        let ending = Ending::Completed(result);
        test.store.finish(&lease, &ending).await.unwrap();
        let task = test.store.find_task(id.as_str()).await.unwrap().unwrap();
        let TaskState::Completed(completed) = task.state else {
            panic!("{:?}", task.state);
        };
        assert_eq!(completed.notes, expected);
        assert_eq!(task.language.as_deref(), language);
    }
}

#[tokio::test]
async fn a_task_that_is_tried_again_waits_until_it_is_due_and_fails_in_the_end() {
    let test = TestStore::new();
    test.insert(combination().with_callback("http://a.example/"))
        .await;
    let first = claim(&test, "w").await;
    let retried = test
        .store
        .retry(&first, &failure("the disk is full"), MINUTE, 2)
        .await
        .unwrap();
    assert_eq!(retried, Retried::Queued);
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization queued attempt=1 due=+60s callback=pending:0
    "#);
    assert_lost(&test, &first).await;
    assert!(test.store.claim("w", MINUTE).await.unwrap().is_none());
    test.clock.advance(MINUTE);
    let second = claim(&test, "w").await;
    assert_eq!(second.attempt(), 2);
    assert_lost(&test, &first).await;
    let retried = test
        .store
        .retry(&second, &failure("the disk is full"), MINUTE, 2)
        .await
        .unwrap();
    assert_eq!(retried, Retried::Failed);
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization failed attempt=2 error="the disk is full" callback=pending:0 message_due=+0s
    "#);
}

#[tokio::test]
async fn a_task_that_is_given_back_counts_no_attempt_and_forgets_the_old_lease() {
    let test = TestStore::new();
    test.insert(combination()).await;
    let first = claim(&test, "w").await;
    test.store.give_back(&first).await.unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization queued attempt=0
    "#);
    let second = claim(&test, "w").await;
    // The same task, attempt and worker, and still another lease.
    assert_eq!(
        (second.attempt(), second.task()),
        (first.attempt(), first.task())
    );
    assert_lost(&test, &first).await;
    test.store.finish(&second, &done()).await.unwrap();
}

#[tokio::test]
async fn who_waited_longest_is_served_first_but_not_before_it_is_due() {
    let test = TestStore::new();
    let first = test.insert(combination()).await;
    let second = test.insert(combination()).await;
    let lease = claim(&test, "w").await;
    test.store
        .retry(&lease, &failure("x"), MINUTE, 3)
        .await
        .unwrap();
    assert_eq!(claim(&test, "w").await.task(), &second);
    test.clock.advance(MINUTE);
    assert_eq!(claim(&test, "w").await.task(), &first);
}

#[tokio::test]
async fn a_deleted_task_is_lost_to_its_worker_for_ever() {
    let test = TestStore::new();
    let id = test
        .insert(combination().with_callback("http://a.example/"))
        .await;
    let lease = claim(&test, "w").await;
    assert!(test.store.delete_task(id.as_str()).await.unwrap());
    assert_lost(&test, &lease).await;
    assert_eq!(test.picture().await, "");
}

#[tokio::test]
async fn e9_an_interrupted_task_is_tried_again_and_fails_after_its_last_attempt() {
    let test = TestStore::new();
    test.insert(combination().with_callback("http://a.example/"))
        .await;
    for _ in 0..2 {
        let lease = claim(&test, "w").await;
        assert_eq!(
            test.store.recover(false, 2).await.unwrap(),
            Recovered::default()
        );
        test.clock.advance(MINUTE);
        let recovered = test.store.recover(false, 2).await.unwrap();
        assert_eq!(recovered.n_queued + recovered.n_failed, 1);
        assert_lost(&test, &lease).await;
    }
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization failed attempt=2 error="the service stopped while working on this task; that was attempt 2 of 2, so it is not tried again" callback=pending:0 message_due=+0s
    "#);
    assert_eq!(
        test.store.recover(true, 2).await.unwrap(),
        Recovered::default()
    );
}

#[tokio::test]
async fn after_a_crash_nothing_is_lost() {
    let mut test = TestStore::new();
    for _ in 0..3 {
        test.insert(combination()).await;
    }
    let finished = claim(&test, "w").await;
    test.store.finish(&finished, &done()).await.unwrap();
    let _running = claim(&test, "w").await;
    test.restart();
    // Nobody else works on it: no need to wait for the lease to end.
    let recovered = test.store.recover(true, 3).await.unwrap();
    assert_eq!((recovered.n_queued, recovered.n_failed), (1, 0));
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1
    2 combine_transcript&diarization queued attempt=1
    3 combine_transcript&diarization queued attempt=0
    "#);
}

#[tokio::test]
async fn a_task_without_its_recording_fails_instead_of_waiting_for_ever() {
    let test = TestStore::new();
    test.insert(diarization(None)).await;
    claim(&test, "w").await;
    let recovered = test.store.recover(true, 3).await.unwrap();
    assert_eq!((recovered.n_queued, recovered.n_failed), (0, 1));
    assert_snapshot!(test.picture().await, @r#"
    1 diarization failed attempt=1 error="the service was restarted, and what is needed to go on with this task was not stored"
    "#);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_fails_and_the_next_task_is_taken() {
    let test = TestStore::new();
    test.insert(combination().with_callback("http://a.example/"))
        .await;
    test.insert(combination()).await;
    let good = test.insert(combination()).await;
    let other = other_program(&test).await;
    for change in [
        r#"update tasks set request = '{"of_tomorrow":{}}' where id = 1"#,
        "update tasks set media = '../../etc/passwd' where id = 2",
    ] {
        sqlx::query(change).execute(&other).await.unwrap();
    }
    assert_eq!(claim(&test, "w").await.task(), &good);
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization failed attempt=1 error="the task was stored by another version of the service, which this one cannot read" callback=pending:0 message_due=+0s
    2 combine_transcript&diarization failed attempt=1 error="the task was stored by another version of the service, which this one cannot read"
    3 combine_transcript&diarization processing attempt=1 worker=w lease=+60s
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tg5_of_two_workers_that_race_for_a_task_one_gets_it() {
    let test = TestStore::new();
    for _ in 0..20 {
        test.insert(combination()).await;
        let barrier = Arc::new(Barrier::new(4));
        let racers: Vec<_> = (0..4)
            .map(|n| {
                let (store, barrier) = (test.store.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store
                        .claim(&format!("w{n}"), MINUTE)
                        .await
                        .unwrap()
                        .is_some()
                })
            })
            .collect();
        let mut n_winners = 0;
        for racer in racers {
            n_winners += usize::from(racer.await.unwrap());
        }
        assert_eq!(n_winners, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tg5_a_deletion_that_races_with_completion_is_final() {
    let test = TestStore::new();
    for _ in 0..30 {
        let id = test
            .insert(combination().with_callback("http://a.example/"))
            .await;
        let lease = claim(&test, "w").await;
        let barrier = Arc::new(Barrier::new(2));
        let (store, other) = (test.store.clone(), Arc::clone(&barrier));
        let worker = tokio::spawn(async move {
            other.wait().await;
            store.finish(&lease, &done()).await
        });
        barrier.wait().await;
        assert!(test.store.delete_task(id.as_str()).await.unwrap());
        let finished = worker.await.unwrap();
        assert!(
            matches!(finished, Ok(()) | Err(StoreError::LeaseLost { .. })),
            "{finished:?}"
        );
        assert_eq!(test.picture().await, "");
        assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn fr4_illegal_transitions_fail_whoever_writes() {
    let test = TestStore::new();
    for _ in 0..4 {
        test.insert(combination()).await;
    }
    for ending in [done(), Ending::Failed(failure("no speech"))] {
        let lease = claim(&test, "w").await;
        test.store.finish(&lease, &ending).await.unwrap();
    }
    claim(&test, "w").await;
    // Row 1 is completed, 2 failed, 3 processing, 4 queued.
    let other = other_program(&test).await;
    let before = test.picture().await;
    for change in [
        "update tasks set status = 'queued' where id = 1",
        "update tasks set status = 'processing' where id = 1",
        "update tasks set status = 'failed', error = 'x' where id = 1",
        "update tasks set status = 'completed', result = '{}' where id = 2",
        "update tasks set status = 'queued', error = null where id = 2",
        "update tasks set result = '[1]' where id = 1",
        "update tasks set result = null where id = 1",
        "update tasks set notes = '[]' where id = 1",
        "update tasks set error = 'other' where id = 2",
        "update tasks set end_time = null where id = 2",
        "update tasks set status = 'completed' where id = 3",
        "update tasks set status = 'failed' where id = 3",
        "update tasks set status = 'failed', error = ' ' where id = 3",
        "update tasks set result = '{}' where id = 3",
        "update tasks set error = 'x' where id = 3",
        "update tasks set status = 'done' where id = 3",
        "update tasks set status = 'completed', result = '{}' where id = 4",
        "update tasks set uuid = 'x' where id = 4",
        "insert into tasks (uuid, status, task_type, created_at, updated_at)
            values ('x', 'processing', 'diarization', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
    ] {
        let changed = sqlx::query(change).execute(&other).await;
        assert!(changed.is_err(), "{change}");
    }
    assert_eq!(test.picture().await, before);
    for change in [
        "update tasks set callback_status = 'delivered' where id = 1",
        "update tasks set status = 'failed', error = 'x' where id = 4",
    ] {
        sqlx::query(change).execute(&other).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_in_memory_works_as_one() {
    let test = TestStore::new();
    let settings = Settings {
        url: DatabaseUrl::SqliteMemory,
        ..testing::settings("".as_ref())
    };
    let store = Store::new(settings, test.clock.clone());
    store.lock_exclusively().unwrap();
    for _ in 0..20 {
        store
            .insert_task(combination(), testing::NO_LIMITS)
            .await
            .unwrap();
    }
    let reads = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.list_tasks().await.unwrap().len() })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap(), 20);
    }
    store.check().await.unwrap();
    store.close().await;
    assert!(super::is_unavailable(&store.list_tasks().await));
}
