//! Much at once: no request waits for another, nothing is lost, and memory does not grow
//! (contract 10: PF3, EH2, FR3, SC2, SC4, TG6, TG7; Appendix A: X1 to X3). Limits are wide, for machines that are busy;
//! the bench measures.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use outbound::testing::{Gate, Origin, Reply};
use serde_json::Value;

use crate::app::TestApp;
use crate::audio::tone;
use crate::receiver::{hook, posts, receiver, settled, submit};

/// What is answered at once takes less than this, also on a busy machine.
const PROMPT: Duration = Duration::from_secs(2);

/// Does something `n` times, one after the other, and tells how long the slowest took.
async fn slowest<T, F: Future<Output = T>>(n: usize, action: impl Fn() -> F) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..n {
        let began = Instant::now();
        action().await;
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

/// Memory that the service has, in KiB.
fn resident_kib(app: &TestApp) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", app.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x1_pf3_two_hundred_reads_at_once_are_all_answered() {
    let app = TestApp::builder().with("DB_POOL_SIZE", 2).start().await;
    let began = Instant::now();
    let reads = join_all((0..200).map(|_| app.get("/task/x")));
    let health = slowest(20, || app.get("/health"));
    let (answers, health) = futures_util::future::join(reads, health).await;
    let took = began.elapsed();
    for answer in answers {
        assert_eq!(answer.expect(404).code(), "TASK_NOT_FOUND");
    }
    eprintln!("200 reads in {took:?}, health within {health:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(health < PROMPT, "{health:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tg4_clients_that_go_away_leave_no_connection_taken() {
    let app = TestApp::builder().with("DB_POOL_SIZE", 2).start().await;
    app.get("/task/all").await.expect(200);
    let impatient = |number: u64| {
        let request = app.client().get(app.url("/task/all"));
        request.timeout(Duration::from_micros(number * 40)).send()
    };
    // Some leave before they have asked, some while they are answered.
    for round in 0..5 {
        let gone = join_all((0..100).map(|number| impatient(round * 7 + number))).await;
        assert!(gone.iter().any(Result::is_err), "some left too early");
    }
    let began = Instant::now();
    for answer in join_all((0..50).map(|_| app.get("/task/all"))).await {
        answer.expect(200);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x3_sc4_forty_five_running_tasks_delay_no_read() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 45)
        .start()
        .await;
    let name = "a.transcribe-sleep-60000.wav";
    let mut identifiers = Vec::new();
    for _ in 0..45 {
        let posted = app.post_file("/service/transcribe", name, &tone(0.1)).await;
        identifiers.push(posted.identifier());
    }
    app.wait_until("start of all tasks", async || {
        let tasks = app.tasks().await;
        tasks.iter().all(|task| task["status"] == "processing")
    })
    .await;
    let task = format!("/task/{}", identifiers[44]);
    let reads = slowest(100, || app.get(&task)).await;
    let health = slowest(100, || app.get("/health")).await;
    let readiness = slowest(10, || app.get("/health/ready")).await;
    eprintln!("reads within {reads:?}, health {health:?}, readiness {readiness:?}");
    assert!(reads < PROMPT && health < PROMPT && readiness < PROMPT);
    let began = Instant::now();
    for identifier in &identifiers {
        app.delete(&format!("/task/{identifier}/delete"))
            .await
            .expect(200);
    }
    let next = app
        .post_file("/service/transcribe", "next.wav", &tone(0.1))
        .await
        .identifier();
    app.completed(&next).await;
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sc4_eh2_receivers_that_never_answer_delay_nobody() {
    let app = TestApp::builder()
        .with("CALLBACK_TIMEOUT", 60)
        .with("DB_POOL_SIZE", 2)
        .start()
        .await;
    let (silent, quick) = (receiver([Reply::silence()]).await, Origin::start().await);
    hook(&quick, "/hook", [Reply::status(200)]);
    for _ in 0..100 {
        submit(&app, &silent.url("/hook"), "a.wav").await;
    }
    silent.until(|log| posts(log, "/hook").len() >= 50).await;
    let list = slowest(20, || app.get("/task/all")).await;
    let health = slowest(50, || app.get("/health")).await;
    eprintln!("lists within {list:?}, health {health:?}");
    assert!(list < PROMPT && health < PROMPT);
    let began = Instant::now();
    let identifier = submit(&app, &quick.url("/hook"), "next.wav").await;
    app.completed(&identifier).await;
    let computed = began.elapsed();
    let task = settled(&app, &identifier).await;
    let told = began.elapsed();
    eprintln!("the next task was done after {computed:?}, and told after {told:?}");
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    // Long before the first of the others is given up.
    assert!(told < Duration::from_secs(10), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fr3_tg7_deliveries_that_are_tried_again_wait_for_themselves_alone() {
    let app = TestApp::start().await;
    let (gate, receiver) = (Gate::new(), Origin::start().await);
    // Each message has a path of its own, so that its attempts can be told apart.
    let paths: Vec<_> = (0..50).map(|number| format!("/{number}")).collect();
    for path in &paths {
        hook(
            &receiver,
            path,
            [Reply::status(500).after(&gate), Reply::status(500)],
        );
        submit(&app, &receiver.url(path), "a.wav").await;
    }
    let all_came = |n: usize| {
        let (paths, receiver) = (&paths, &receiver);
        async move {
            let enough = |log: &_| paths.iter().all(|path| posts(log, path).len() >= n);
            receiver.until(enough).await;
            Instant::now()
        }
    };
    all_came(1).await;
    gate.open();
    let opened = Instant::now();
    let health = async { slowest(100, || app.get("/health")).await };
    let started = async {
        let began = Instant::now();
        let next = app
            .post_file("/service/transcribe", "next.wav", &tone(0.1))
            .await
            .identifier();
        app.completed(&next).await;
        began.elapsed()
    };
    let attempts = async { (all_came(2).await, all_came(3).await) };
    let (health, started, (second, third)) = futures_util::join!(health, started, attempts);
    eprintln!(
        "health within {health:?}, a new task done after {started:?}, attempts after {:?} and {:?}",
        second - opened,
        third - opened
    );
    assert!(health < PROMPT && started < Duration::from_secs(5));
    assert!(second - opened < Duration::from_secs(4));
    assert!(third - opened < Duration::from_secs(8));
    for task in app.tasks().await {
        let identifier = task["identifier"].as_str().unwrap();
        let task = settled(&app, identifier).await;
        if task["metadata"]["callback_url"] != Value::Null {
            assert_eq!(task["metadata"]["callback_attempts"], 3, "{task}");
        }
    }
    let n_messages = receiver
        .requests()
        .iter()
        .filter(|request| request.method == "POST")
        .count();
    assert_eq!(n_messages, 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sc2_many_polls_and_posts_at_once_never_fail() {
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 4)
        .with("LOG_LEVEL", "DEBUG")
        .start()
        .await;
    let known = app.post_combination().await.identifier();
    let path = format!("/task/{known}");
    let polls = join_all((0..200).map(|_| app.get(&path)));
    let posts = join_all((0..30).map(|_| app.post_combination()));
    let (polls, posts) = futures_util::future::join(polls, posts).await;
    for answer in polls {
        answer.expect(200);
    }
    for answer in posts {
        app.completed(&answer.identifier()).await;
    }
    assert_eq!(app.tasks().await.len(), 31);
    let log = app.log().to_lowercase();
    assert!(!log.contains("locked") && !log.contains("busy"), "{log}");
    let is_bad = |record: &Value| record["level"] == "ERROR" || record["level"] == "WARNING";
    let bad: Vec<_> = app.records().into_iter().filter(is_bad).collect();
    // That the engine is scripted is said once.
    assert!(bad.len() <= 1, "{bad:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tg6_a_long_run_with_failures_keeps_its_memory() {
    const N_TASKS: usize = 500;
    let app = TestApp::builder()
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        .start()
        .await;
    let audio = tone(0.5);
    let mut after_50 = 0;
    let mut identifiers = Vec::new();
    for number in 0..N_TASKS {
        let is_bad = number % 10 == 7;
        let name = if is_bad { "a.align-oom.wav" } else { "a.wav" };
        let identifier = app
            .post_file("/speech-to-text", name, &audio)
            .await
            .identifier();
        identifiers.push((identifier, is_bad));
        if number == 50 {
            app.ended(&identifiers[50].0).await;
            after_50 = resident_kib(&app);
        }
    }
    for (identifier, is_bad) in &identifiers {
        let task = app.ended(identifier).await;
        let expected = if *is_bad { "failed" } else { "completed" };
        assert_eq!(task["status"], expected, "{task}");
    }
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
    let at_the_end = resident_kib(&app);
    eprintln!("{after_50} KiB after 50 tasks, {at_the_end} KiB after {N_TASKS}");
    let limit = after_50 + after_50 / 10;
    assert!(at_the_end <= limit, "{after_50} KiB, then {at_the_end} KiB");
}
