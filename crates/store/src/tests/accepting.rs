//! Tasks are accepted, shown, listed, deleted, and refused where too much waits.

use std::collections::HashSet;
use std::time::Duration;

use domain::results::TaskResult;
use domain::task::{CallbackStatus, TaskState, TaskType};

use super::MINUTE;
use crate::error::InsertError;
use crate::queue::Ending;
use crate::settings::QueueLimits;
use crate::store::Event;
use crate::testing::{NO_LIMITS, TestStore, combination, diarization};

#[tokio::test]
async fn an_accepted_task_is_shown_as_it_was_submitted() {
    let test = TestStore::new();
    let mut task = diarization(None).with_callback("http://a.example/x");
    task.url = Some("http://b.example/call.wav".to_owned());
    task.request_id = Some("r-1".to_owned());
    let id = test.insert(task).await;

    let task = test.store.find_task(id.as_str()).await.unwrap().unwrap();
    assert_eq!(task.id, id);
    assert_eq!(task.task_type.known(), Some(TaskType::Diarization));
    assert_eq!(
        task.state,
        TaskState::Queued(domain::task::Queued::default())
    );
    let params = r#"{"device":"cpu","max_speakers":null,"min_speakers":null}"#;
    assert_eq!(task.task_params.as_deref(), Some(params));
    assert_eq!(task.file_name.as_deref(), Some("call.wav"));
    assert_eq!(task.audio_duration, Some(10.0));
    assert_eq!(task.created_at, test.store.clock().now());
    assert_eq!(task.request_id.as_deref(), Some("r-1"));
    let callback = task.callback.unwrap();
    assert_eq!(
        (callback.status, callback.attempts),
        (CallbackStatus::Pending, 0)
    );

    let listed = test.store.list_tasks().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].id, listed[0].start_time), (&id, None));
    assert_eq!(listed[0].url.as_deref(), Some("http://b.example/call.wav"));
}

#[tokio::test]
async fn tasks_are_listed_in_the_order_in_which_they_were_accepted() {
    let test = TestStore::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(test.insert(combination()).await);
    }
    assert!(
        test.store
            .delete_task(ids.remove(2).as_str())
            .await
            .unwrap()
    );
    let listed = test.store.list_tasks().await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|task| task.id).collect();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn sc3_a_full_queue_stores_nothing_and_says_when_there_is_room() {
    let test = TestStore::new();
    let limits = QueueLimits {
        n_tasks: 2,
        audio_seconds: 1000.0,
    };
    for _ in 0..2 {
        test.store
            .insert_task(diarization(None).lasting(60.0), limits)
            .await
            .unwrap();
    }
    let refused = test.store.insert_task(diarization(None), limits).await;
    assert!(
        matches!(refused, Err(InsertError::QueueFull { retry_after }) if retry_after == Duration::from_secs(30)),
        "{refused:?}"
    );
    assert_eq!(test.store.list_tasks().await.unwrap().len(), 2);

    // What is worked on does not wait; and from its speed the time is known better.
    let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    test.clock.advance(Duration::from_secs(6));
    let ending = Ending::Completed(TaskResult::new("[]"));
    test.store.finish(&claimed.lease, &ending).await.unwrap();
    let figures = test.store.queue_figures().await.unwrap();
    assert_eq!((figures.n_queued, figures.n_processing), (1, 0));
    assert_eq!(
        (figures.queued_audio_seconds, figures.speed),
        (60.0, Some(10.0))
    );
    test.store
        .insert_task(diarization(None).lasting(60.0), limits)
        .await
        .unwrap();
    let refused = test.store.insert_task(diarization(None), limits).await;
    assert!(
        matches!(refused, Err(InsertError::QueueFull { retry_after }) if retry_after == Duration::from_secs(6)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn too_much_audio_is_refused_unless_it_would_wait_alone() {
    let test = TestStore::new();
    let limits = QueueLimits {
        n_tasks: 10,
        audio_seconds: 100.0,
    };
    let long = || diarization(None).lasting(5000.0);
    test.store.insert_task(long(), limits).await.unwrap();
    assert!(matches!(
        test.store.insert_task(long(), limits).await,
        Err(InsertError::QueueFull { .. })
    ));
}

#[tokio::test]
async fn a_deleted_task_is_gone_with_its_message() {
    let test = TestStore::new();
    let mut events = test.store.events();
    let id = test
        .insert(combination().with_callback("http://a.example/"))
        .await;
    let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    let ending = Ending::Completed(TaskResult::new("{}"));
    test.store.finish(&claimed.lease, &ending).await.unwrap();

    assert!(test.store.delete_task(id.as_str()).await.unwrap());
    assert!(!test.store.delete_task(id.as_str()).await.unwrap());
    assert_eq!(test.store.find_task(id.as_str()).await.unwrap(), None);
    assert!(test.store.claim_delivery(MINUTE).await.unwrap().is_none());
    assert_eq!(test.store.next_delivery_at().await.unwrap(), None);
    let heard: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert_eq!(
        heard,
        [Event::TaskQueued, Event::DeliveryQueued, Event::Deleted(id)]
    );
}

#[tokio::test]
async fn se5_texts_that_look_like_statements_are_only_texts() {
    let test = TestStore::new();
    let long = "x".repeat(10_000);
    let texts = [
        "' OR '1'='1",
        "x'; DROP TABLE tasks;--",
        "%",
        "_",
        "a\0b",
        "\u{1F600}\n\"",
        &long,
    ];
    test.insert(combination()).await;
    for text in texts {
        assert_eq!(test.store.find_task(text).await.unwrap(), None, "{text}");
        assert!(!test.store.delete_task(text).await.unwrap(), "{text}");
    }
    assert_eq!(test.store.list_tasks().await.unwrap().len(), 1);
    for text in texts {
        let mut task = diarization(None).called(text).with_callback(text);
        task.file_name = Some(text.to_owned());
        task.url = Some(text.to_owned());
        task.request_id = Some(text.to_owned());
        test.insert(task).await;
        let task = test.store.find_task(text).await.unwrap().unwrap();
        assert_eq!(task.id.as_str(), text);
        for stored in [
            task.file_name,
            task.url,
            task.request_id,
            task.callback.map(|c| c.url),
        ] {
            assert_eq!(stored.as_deref(), Some(text));
        }
    }
    let claimed: HashSet<_> = [
        test.store
            .claim(texts[0], MINUTE)
            .await
            .unwrap()
            .unwrap()
            .lease
            .task()
            .clone(),
        test.store
            .claim(texts[1], MINUTE)
            .await
            .unwrap()
            .unwrap()
            .lease
            .task()
            .clone(),
    ]
    .into();
    assert_eq!(claimed.len(), 2);
}

#[tokio::test]
async fn a_name_is_given_once() {
    let test = TestStore::new();
    test.insert(combination().called("a")).await;
    let again = test
        .store
        .insert_task(combination().called("a"), NO_LIMITS)
        .await;
    assert!(
        matches!(&again, Err(InsertError::Store(error)) if error.to_string().contains("tasks.uuid")),
        "{again:?}"
    );
    // The connection goes on well.
    test.insert(combination().called("b")).await;
}
