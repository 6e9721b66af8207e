//! Nothing is lost: the service is killed at random moments, and at every named place between two steps of a task.

use std::collections::HashMap;
use std::time::Duration;

use outbound::testing::{Origin, Reply};
use serde_json::Value;

use crate::app::{Builder, TestApp, glance};
use crate::audio::tone;

const N_TASKS: usize = 200;
const N_KILLS: usize = 50;
/// Of the kills' moments; another seed finds other moments.
const SEED: u64 = 20_261_125;

/// A receiver of callbacks that takes everything.
async fn receiver() -> Origin {
    let receiver = Origin::start().await;
    receiver.on("HEAD /hook", Reply::status(200));
    receiver.on("POST /hook", Reply::status(200));
    receiver
}

fn builder() -> Builder {
    TestApp::builder()
        .on_one_port()
        .with("MAX_QUEUE_SIZE", 10_000)
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        // Each kill is an interrupted attempt.
        .with("MAX_ATTEMPTS", 100)
}

fn submission(receiver: &Origin) -> String {
    format!("/speech-to-text?callback_url={}", receiver.url("/hook"))
}

/// Checks that each of `accepted`, tasks by their recordings' names, has its result and told its callback of it, and
/// that nothing else is left.
async fn check(app: &TestApp, receiver: &Origin, accepted: &HashMap<String, String>) {
    let mut results = HashMap::new();
    for (identifier, name) in accepted {
        let task = app.completed(identifier).await;
        assert_eq!(
            task["result"]["segments"][0]["text"],
            format!(" {name}"),
            "{task}"
        );
        results.insert(identifier.clone(), task["result"].clone());
    }
    // Also those whose answer was lost on its way.
    for task in app.tasks().await {
        let identifier = task["identifier"].as_str().unwrap();
        let task = app.completed(identifier).await;
        if let Some(result) = results.get(identifier) {
            assert_eq!(task["result"], *result, "what has ended does not change");
        }
        app.wait_until("delivery of the callback", async || {
            app.task(identifier).await["metadata"]["callback_status"] == "delivered"
        })
        .await;
    }
    let mut told: HashMap<String, Value> = HashMap::new();
    for request in receiver.requests() {
        if request.method == "POST" {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let identifier = body["identifier"].as_str().unwrap().to_owned();
            assert_eq!(request.header("x-task-id"), Some(&*identifier));
            told.insert(identifier, body);
        }
    }
    for (identifier, result) in &results {
        let body = &told[identifier];
        assert_eq!(body["status"], "completed");
        assert_eq!(body["result"], *result);
    }
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x26_fifty_kills_lose_nothing() {
    let receiver = receiver().await;
    let mut app = builder().start().await;
    let (client, url) = (app.client().clone(), app.url(&submission(&receiver)));
    let submitter = tokio::spawn(async move {
        let audio = tone(0.1);
        let mut accepted = HashMap::new();
        let mut n_sent = 0;
        while accepted.len() < N_TASKS {
            n_sent += 1;
            let name = format!("task-{n_sent}.transcribe-sleep-{}.wav", n_sent % 30);
            let part = reqwest::multipart::Part::bytes(audio.clone()).file_name(name.clone());
            let form = reqwest::multipart::Form::new().part("file", part);
            let sent = client.post(&url).multipart(form).send().await;
            // Without a whole answer nobody knows whether it was accepted, and nobody may rely on it.
            if let Ok(response) = sent
                && response.status() == 200
                && let Ok(body) = response.json::<Value>().await
            {
                let identifier = body["identifier"].as_str().unwrap().to_owned();
                accepted.insert(identifier, name);
            } else {
                glance().await;
            }
        }
        accepted
    });
    let mut random = fastrand::Rng::with_seed(SEED);
    for _ in 0..N_KILLS {
        // The moment is what is tried: any will do, and none is waited for.
        tokio::time::sleep(Duration::from_millis(random.u64(0..120))).await;
        app.kill();
        app.restart_unready();
    }
    let accepted = submitter.await.unwrap();
    app.wait_until_ready().await;
    check(&app, &receiver, &accepted).await;
    eprintln!(
        "{} accepted, {} in the database, {} callbacks sent",
        accepted.len(),
        app.tasks().await.len(),
        receiver
            .requests()
            .iter()
            .filter(|request| request.method == "POST")
            .count()
    );
}

/// Has the service end by itself at `place`, where it comes by for the third time, and looks what is lost.
async fn dies_at(place: &str) {
    let receiver = receiver().await;
    let mut app = builder()
        .with("FAILPOINT", format!("{place}:3"))
        .start()
        .await;
    let mut accepted = HashMap::new();
    for number in 0..5 {
        let name = format!("{number}.wav");
        let parts = [("file", &*name, &*tone(0.1))];
        let answer = app.try_post(&submission(&receiver), &parts).await;
        if let Some(answer) = answer.filter(|answer| answer.status == 200) {
            accepted.insert(answer.identifier(), name);
        }
    }
    let status = app.wait_for_end().await;
    assert!(!status.success(), "it ended by itself at {place}: {status}");
    app.set("FAILPOINT", "");
    app.restart().await;
    assert!(!accepted.is_empty());
    check(&app, &receiver, &accepted).await;
}

#[tokio::test]
async fn x26_a_death_after_the_claim_loses_nothing() {
    dies_at("claimed").await;
}

#[tokio::test]
async fn x26_a_death_between_stages_loses_nothing() {
    dies_at("stage_ended").await;
}

#[tokio::test]
async fn x26_a_death_before_the_result_is_stored_loses_nothing() {
    dies_at("computed").await;
}

#[tokio::test]
async fn x26_a_death_after_the_result_is_stored_loses_nothing() {
    dies_at("stored").await;
}

#[tokio::test]
async fn kb3_a_death_before_a_callback_is_sent_loses_nothing() {
    dies_at("delivery_claimed").await;
}

#[tokio::test]
async fn kb3_a_death_after_a_callback_is_sent_loses_nothing() {
    dies_at("delivered").await;
}

#[tokio::test]
async fn e9_a_task_that_kills_its_worker_is_given_up() {
    let mut app = TestApp::builder()
        .on_one_port()
        .with("MAX_ATTEMPTS", 2)
        .start()
        .await;
    let poison = app
        .post_file("/service/transcribe", "a.transcribe-abort.wav", &tone(0.1))
        .await;
    let poison = poison.identifier();
    app.wait_for_end().await;
    app.restart_unready();
    app.wait_for_end().await;
    app.restart().await;
    let task = app.ended(&poison).await;
    assert_eq!(task["status"], "failed");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains("stopped"), "{error}");
    assert!(task["metadata"]["end_time"].is_string(), "{task}");
    let healthy = app
        .post_file("/service/transcribe", "a.wav", &tone(0.1))
        .await
        .identifier();
    app.completed(&healthy).await;
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}
