//! Tasks wait, run, are cancelled and given back (contract 1.14, 6.2, 6.3, 10: FR4, SC1, SC3, TG5).

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::TestApp;
use crate::audio::tone;

const PATH: &str = "/service/transcribe";

async fn submit(app: &TestApp, name: &str) -> String {
    app.post_file(PATH, name, &tone(0.1)).await.identifier()
}

/// How often a task was begun, by the log.
fn n_starts(app: &TestApp, identifier: &str) -> usize {
    let records = app.records();
    let is_start =
        |record: &&Value| record["message"] == "task started" && record["task_id"] == *identifier;
    records.iter().filter(is_start).count()
}

async fn until_running(app: &TestApp, identifier: &str) {
    app.wait_until("start of a task", async || {
        app.task(identifier).await["status"] == "processing"
    })
    .await;
}

#[tokio::test]
async fn c6_2_a_task_waits_without_a_start_and_ends_with_an_end() {
    let app = TestApp::start().await;
    let running = submit(&app, "a.transcribe-sleep-60000.wav").await;
    until_running(&app, &running).await;
    let waiting = submit(&app, "b.wav").await;
    let task = app.task(&waiting).await;
    assert_eq!(task["status"], "queued");
    for absent in ["start_time", "end_time", "duration"] {
        assert_eq!(task["metadata"][absent], Value::Null, "{absent}");
    }
    let started = app.task(&running).await["metadata"]["start_time"].clone();
    let started = started.as_str().unwrap();
    assert!(started.ends_with('Z') && started.len() == 27, "{started}");
    app.delete(&format!("/task/{running}/delete"))
        .await
        .expect(200);
    let ended = app.completed(&waiting).await;
    let metadata = &ended["metadata"];
    assert!(
        metadata["start_time"].as_str() <= metadata["end_time"].as_str(),
        "{ended}"
    );
    assert!(metadata["duration"].as_f64().unwrap() >= 0.0);
}

#[tokio::test]
async fn sc1_tasks_run_in_the_order_in_which_they_came() {
    let app = TestApp::start().await;
    let mut identifiers = Vec::new();
    for number in 0..5 {
        identifiers.push(submit(&app, &format!("{number}.transcribe-sleep-50.wav")).await);
    }
    let mut starts = Vec::new();
    for identifier in &identifiers {
        let task = app.completed(identifier).await;
        starts.push(task["metadata"]["start_time"].as_str().unwrap().to_owned());
    }
    assert!(starts.is_sorted_by(|a, b| a < b), "{starts:?}");
}

#[tokio::test]
async fn pf1_no_more_tasks_run_than_may() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        .start()
        .await;
    for number in 0..10 {
        submit(&app, &format!("{number}.transcribe-sleep-100.wav")).await;
    }
    let mut most = 0;
    loop {
        let tasks = app.tasks().await;
        let n_running = tasks
            .iter()
            .filter(|task| task["status"] == "processing")
            .count();
        most = most.max(n_running);
        assert!(n_running <= 2, "{tasks:?}");
        if tasks.iter().all(|task| task["status"] == "completed") {
            break;
        }
    }
    assert_eq!(most, 2);
}

#[tokio::test]
async fn c1_14_a_deleted_task_is_cancelled_wherever_it_is() {
    let app = TestApp::start().await;
    for stage in ["decode", "vad", "transcribe", "align", "diarize", "assign"] {
        let name = format!("a.{stage}-sleep-60000.wav");
        let identifier = app
            .post_file("/speech-to-text", &name, &tone(0.1))
            .await
            .identifier();
        app.wait_until(stage, async || {
            app.task(&identifier).await["progress"]["stage"] == stage
        })
        .await;
        let began = Instant::now();
        app.delete(&format!("/task/{identifier}/delete"))
            .await
            .expect(200);
        app.get(&format!("/task/{identifier}")).await.expect(404);
        // The only place is free again, and the recording is gone.
        let next = submit(&app, "next.wav").await;
        app.completed(&next).await;
        app.wait_until("end of all recordings", async || {
            app.recordings().is_empty()
        })
        .await;
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{stage}: {:?}",
            began.elapsed()
        );
        app.get(&format!("/task/{identifier}")).await.expect(404);
    }
}

#[tokio::test]
async fn c1_14_a_deleted_task_that_waits_is_never_run() {
    let app = TestApp::start().await;
    let running = submit(&app, "a.transcribe-sleep-60000.wav").await;
    until_running(&app, &running).await;
    let waiting = submit(&app, "b.wav").await;
    app.delete(&format!("/task/{waiting}/delete"))
        .await
        .expect(200);
    app.delete(&format!("/task/{running}/delete"))
        .await
        .expect(200);
    let last = submit(&app, "c.wav").await;
    app.completed(&last).await;
    let started = |identifier: &str| n_starts(&app, identifier);
    assert_eq!(
        (started(&waiting), started(&running), started(&last)),
        (0, 1, 1)
    );
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test]
async fn sc3_a_full_queue_says_when_to_come_back() {
    let app = TestApp::builder().with("MAX_QUEUE_SIZE", 10).start().await;
    let running = submit(&app, "a.transcribe-sleep-60000.wav").await;
    until_running(&app, &running).await;
    let (mut accepted, mut refused) = (Vec::new(), 0);
    for number in 0..30 {
        let answer = app
            .post_file(PATH, &format!("{number}.wav"), &tone(0.1))
            .await;
        if answer.status == 200 {
            accepted.push(answer.identifier());
            continue;
        }
        refused += 1;
        let answer = answer.expect(429);
        assert_eq!(answer.code(), "QUEUE_FULL");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(seconds >= 1);
        assert_eq!(answer.json()["error"]["retry_after_seconds"], seconds);
    }
    assert_eq!((accepted.len(), refused), (10, 20));
    assert_eq!(app.recordings().len(), 11, "what was refused left nothing");
    app.delete(&format!("/task/{running}/delete"))
        .await
        .expect(200);
    for identifier in accepted {
        app.completed(&identifier).await;
    }
}

#[tokio::test]
async fn c6_3_a_service_that_is_asked_to_stop_finishes_what_runs() {
    let mut app = TestApp::builder().on_one_port().start().await;
    let running = submit(&app, "a.transcribe-sleep-700.wav").await;
    until_running(&app, &running).await;
    let waiting = submit(&app, "b.wav").await;
    app.signal("TERM");
    let status = app.wait_for_end().await;
    assert!(status.success(), "{status}");
    app.restart().await;
    let finished = app.task(&running).await;
    assert_eq!(finished["status"], "completed", "{finished}");
    app.completed(&waiting).await;
    assert_eq!(n_starts(&app, &running), 1);
}

#[tokio::test]
async fn c6_3_after_the_grace_time_tasks_go_back_to_the_queue() {
    let mut app = TestApp::builder()
        .on_one_port()
        .with("SHUTDOWN_GRACE_SECONDS", 1)
        .with("MAX_ATTEMPTS", 1)
        .start()
        .await;
    let running = submit(&app, "a.transcribe-sleep-4000.wav").await;
    until_running(&app, &running).await;
    app.signal("TERM");
    let began = Instant::now();
    assert!(app.wait_for_end().await.success());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    app.restart().await;
    // It was given back as if nobody had begun: its only attempt is still there.
    app.completed(&running).await;
}

#[tokio::test]
async fn c6_3_a_second_signal_ends_the_service_at_once() {
    let mut app = TestApp::builder()
        .on_one_port()
        .with("SHUTDOWN_GRACE_SECONDS", 600)
        .start()
        .await;
    let running = submit(&app, "a.transcribe-sleep-20000.wav").await;
    until_running(&app, &running).await;
    let began = Instant::now();
    app.signal("TERM");
    app.wait_until("the first signal", async || {
        app.log().contains("a second signal")
    })
    .await;
    app.signal("INT");
    assert!(app.wait_for_end().await.success());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    app.restart_unready();
    app.wait_until_ready().await;
    app.delete(&format!("/task/{running}/delete"))
        .await
        .expect(200);
}

#[tokio::test]
async fn sc3_x26_tasks_of_a_killed_service_are_run_by_the_next() {
    let mut app = TestApp::builder().on_one_port().start().await;
    let running = submit(&app, "a.transcribe-sleep-300.wav").await;
    until_running(&app, &running).await;
    let waiting = submit(&app, "b.wav").await;
    app.kill();
    app.restart().await;
    app.completed(&running).await;
    app.completed(&waiting).await;
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test]
async fn tg5_a_deletion_that_meets_a_completion_never_brings_a_task_back() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 4)
        .start()
        .await;
    for number in 0..40 {
        let name = format!("{number}.transcribe-sleep-{}.wav", number % 5);
        let identifier = submit(&app, &name).await;
        let deleted = app.delete(&format!("/task/{identifier}/delete")).await;
        assert_eq!(deleted.status, 200);
        app.get(&format!("/task/{identifier}")).await.expect(404);
    }
    let last = submit(&app, "last.wav").await;
    app.completed(&last).await;
    assert_eq!(app.tasks().await.len(), 1);
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fr4_states_only_follow_each_other_as_they_may() {
    let mut app = TestApp::builder()
        .on_one_port()
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        .with("MAX_QUEUE_SIZE", 1000)
        .start()
        .await;
    let mut identifiers = Vec::new();
    let mut deleted = Vec::new();
    let mut seen: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    for number in 0..200 {
        let name = format!("{number}.transcribe-sleep-{}.wav", number % 7);
        let identifier = submit(&app, &name).await;
        if number % 9 == 4 {
            app.delete(&format!("/task/{identifier}/delete"))
                .await
                .expect(200);
            deleted.push(identifier);
        } else {
            identifiers.push(identifier);
        }
        if number == 120 {
            app.kill();
            app.restart().await;
            // A task that was running waits again: the one step back that there is.
            seen.retain(|_, status| status != "processing");
        }
        if number % 10 == 0 {
            look(&app, &mut seen, &deleted).await;
        }
    }
    for identifier in &identifiers {
        app.completed(identifier).await;
    }
    look(&app, &mut seen, &deleted).await;
    assert_eq!(app.tasks().await.len(), identifiers.len());
}

/// Compares all tasks with what was seen of them before.
async fn look(
    app: &TestApp,
    seen: &mut std::collections::HashMap<String, String>,
    deleted: &[String],
) {
    const ORDER: [&str; 3] = ["queued", "processing", "completed"];
    let place = |status: &str| ORDER.iter().position(|known| *known == status).unwrap();
    for task in app.tasks().await {
        let identifier = task["identifier"].as_str().unwrap().to_owned();
        let status = task["status"].as_str().unwrap().to_owned();
        assert!(!deleted.contains(&identifier), "a deleted task came back");
        if let Some(before) = seen.get(&identifier) {
            assert!(place(before) <= place(&status), "{before} became {status}");
        }
        seen.insert(identifier, status);
    }
}
