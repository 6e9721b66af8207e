//! Messages to callbacks: at least once, in step with their tasks.

use std::time::Duration;

use domain::results::TaskResult;
use domain::task::{FailureText, TaskId};
use insta::assert_snapshot;

use super::MINUTE;
use crate::outbox::DeliveryOutcome;
use crate::queue::Ending;
use crate::store::Event;
use crate::testing::{TestStore, combination};

const TOOK: Duration = Duration::from_millis(250);

/// A store with a task that has ended, and has a message to deliver.
async fn with_a_message() -> (TestStore, TaskId) {
    let test = TestStore::new();
    let mut task = combination().with_callback("http://a.example/x");
    task.request_id = Some("r-7".to_owned());
    let id = test.insert(task).await;
    let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    let ending = Ending::Completed(TaskResult::new("{}"));
    test.store.finish(&claimed.lease, &ending).await.unwrap();
    (test, id)
}

fn refused(test: &TestStore, retry_after: Option<Duration>) -> DeliveryOutcome {
    let now = test.store.clock().now();
    DeliveryOutcome::Failed {
        status: Some(500),
        error: "the receiver answered 500".to_owned(),
        retry_at: retry_after.map(|delay| now.after(delay)),
    }
}

const DELIVERED: DeliveryOutcome = DeliveryOutcome::Delivered { status: 204 };

#[tokio::test]
async fn kb3_a_message_is_tried_until_it_is_delivered_and_the_task_shows_it() {
    let (test, id) = with_a_message().await;
    let store = &test.store;
    assert_eq!(
        store.next_delivery_at().await.unwrap(),
        Some(store.clock().now())
    );
    let first = store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!((&first.task, first.attempt), (&id, 1));
    assert_eq!(first.url, "http://a.example/x");
    assert_eq!(first.request_id.as_deref(), Some("r-7"));
    assert!(store.claim_delivery(MINUTE).await.unwrap().is_none());
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=pending:0 message_due=+0s sending_until=+60s
    "#);

    let outcome = refused(&test, Some(Duration::from_secs(1)));
    store.record_delivery(&first, &outcome, TOOK).await.unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=pending:1 callback_error="the receiver answered 500" message_due=+1s
    "#);
    assert!(store.claim_delivery(MINUTE).await.unwrap().is_none());
    test.clock.advance(Duration::from_secs(1));
    let second = store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!(second.attempt, 2);
    store
        .record_delivery(&second, &DELIVERED, TOOK)
        .await
        .unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=delivered:2
    "#);
    let log = store.list_deliveries(&id).await.unwrap();
    let log: Vec<_> = (log.iter())
        .map(|line| (line.attempt, line.status, line.error.as_deref(), line.took))
        .collect();
    let error = Some("the receiver answered 500");
    assert_eq!(
        log,
        [(1, Some(500), error, TOOK), (2, Some(204), None, TOOK)]
    );
    assert_eq!(store.next_delivery_at().await.unwrap(), None);
}

#[tokio::test]
async fn kb3_a_message_that_is_given_up_leaves_the_task_completed() {
    let (test, _) = with_a_message().await;
    let first = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    test.store
        .record_delivery(&first, &refused(&test, None), TOOK)
        .await
        .unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=failed:1 callback_error="the receiver answered 500"
    "#);
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_crash_between_sending_and_recording_sends_again_without_counting() {
    let (mut test, _) = with_a_message().await;
    let before = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    test.restart();
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());
    let mut events = test.store.events();
    assert_eq!(test.store.recover_deliveries().await.unwrap(), 1);
    assert_eq!(events.try_recv(), Ok(Event::DeliveryQueued));
    let after = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!(after.attempt, 1);
    // What the dead process knew comes too late.
    test.store
        .record_delivery(&before, &refused(&test, None), TOOK)
        .await
        .unwrap();
    test.store
        .record_delivery(&after, &DELIVERED, TOOK)
        .await
        .unwrap();
    assert_snapshot!(test.picture().await, @r#"
    1 combine_transcript&diarization completed attempt=1 callback=delivered:1
    "#);
}

#[tokio::test]
async fn a_sender_that_is_too_slow_gives_way_to_the_next() {
    let (test, id) = with_a_message().await;
    let slow = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    let lease_end = test.store.clock().now().after(MINUTE);
    assert_eq!(
        test.store.next_delivery_at().await.unwrap(),
        Some(lease_end)
    );
    test.clock.advance(MINUTE);
    let next = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    test.store
        .record_delivery(&slow, &refused(&test, None), TOOK)
        .await
        .unwrap();
    assert!(test.store.list_deliveries(&id).await.unwrap().is_empty());
    test.store
        .record_delivery(&next, &DELIVERED, TOOK)
        .await
        .unwrap();
    assert_eq!(test.store.list_deliveries(&id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_of_a_deleted_task_is_dropped() {
    let (test, id) = with_a_message().await;
    let delivery = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert!(test.store.delete_task(id.as_str()).await.unwrap());
    test.store
        .record_delivery(&delivery, &DELIVERED, TOOK)
        .await
        .unwrap();
    assert!(test.store.list_deliveries(&id).await.unwrap().is_empty());
    assert_eq!(test.picture().await, "");
}

#[tokio::test]
async fn messages_are_sent_in_the_order_in_which_they_are_due() {
    let test = TestStore::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(
            test.insert(combination().with_callback("http://a.example/"))
                .await,
        );
        let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
        let ending = Ending::Failed(FailureText::new("no speech"));
        test.store.finish(&claimed.lease, &ending).await.unwrap();
        test.clock.advance(Duration::from_millis(1));
    }
    for id in ids {
        assert_eq!(
            test.store
                .claim_delivery(MINUTE)
                .await
                .unwrap()
                .unwrap()
                .task,
            id
        );
    }
}

#[tokio::test]
async fn c3_4_a_receiver_that_is_slow_keeps_nobody_else_waiting() {
    let test = TestStore::new();
    let end_a_task = async |url: &str| {
        let id = test.insert(combination().with_callback(url)).await;
        let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
        let ending = Ending::Completed(TaskResult::new("{}"));
        test.store.finish(&claimed.lease, &ending).await.unwrap();
        test.clock.advance(Duration::from_millis(1));
        id
    };
    for number in 0..66 {
        end_a_task(&format!("http://slow.example/{number}")).await;
    }
    let mut deliveries = Vec::new();
    while let Some(delivery) = test.store.claim_delivery(MINUTE).await.unwrap() {
        deliveries.push(delivery);
    }
    assert_eq!(deliveries.len(), 64, "as many as it is sent at once");
    assert_eq!(test.store.next_delivery_at().await.unwrap(), None);
    let other = end_a_task("http://slow.example:8080/").await;
    let now = test.store.clock().now();
    assert!(test.store.next_delivery_at().await.unwrap() < Some(now));
    let delivery = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!(delivery.task, other);
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());

    // One that is recorded makes room for the next, and says so.
    let mut events = test.store.events();
    let first = &deliveries[0];
    test.store
        .record_delivery(first, &DELIVERED, TOOK)
        .await
        .unwrap();
    assert_eq!(events.try_recv(), Ok(Event::DeliveryQueued));
    assert!(test.store.next_delivery_at().await.unwrap() < Some(now));
    let next = test.store.claim_delivery(MINUTE).await.unwrap().unwrap();
    assert_eq!(next.url, "http://slow.example/64");
    // One whose sender is gone does too, when its time is over.
    test.clock.advance(MINUTE);
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_some());
}
