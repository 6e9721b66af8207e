//! What comes out of the outlets: complete records, in both forms, and no secrets.

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::clock::{ManualClock, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use tracing::{debug, error, info, info_span, warn};

use super::rotate::Rotating;
use super::{Settings, subscriber};
use crate::config::{LogFormat, LogLevel};

/// Takes what is written.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn settings(level: LogLevel, format: LogFormat) -> Settings {
    Settings {
        level,
        format,
        folder: None,
        sql: false,
        secrets: vec![
            SecretString::from("hf_Marker\"\\é"),
            SecretString::from("x"),
        ],
    }
}

/// What `work` logs, as it comes out of standard error and of `audit.log`.
fn logged(settings: &Settings, work: impl FnOnce()) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let page = Page::default();
    let open = |name: &str| Some(Rotating::open(folder.path().join(name), 1 << 20, 2).unwrap());
    let now: Timestamp = "2026-11-22T11:08:33.5Z".parse().unwrap();
    let clock = Arc::new(ManualClock::new(now));
    let (app, audit) = (open("app.log"), open("audit.log"));
    let (guard, subscriber) = subscriber(settings, Box::new(page.clone()), app, audit, clock);
    tracing::subscriber::with_default(subscriber, work);
    drop(guard);
    let app = fs::read_to_string(folder.path().join("app.log")).unwrap();
    assert_eq!(app, page.text());
    (
        app,
        fs::read_to_string(folder.path().join("audit.log")).unwrap(),
    )
}

fn some_work() {
    let request = info_span!(target: "api", "request", request_id = "r-1", path = "/task/x");
    let _request = request.enter();
    let task =
        info_span!(target: "worker", "task", task.id = "t-1", attempt = tracing::field::Empty);
    let _task = task.enter();
    task.record("attempt", 2);
    info!(target: "worker::runner", stage = "decode", duration_ms = 12, rtf = f64::NAN, "stage done\nby \"us\"");
    warn!(target: "store", attempt = 3, "again, token hf_Marker\"\\é");
    error!(target: "worker", token = "hf_Marker\"\\é", error = ?"hf_Marker\"\\é", level = "x", "failed");
    error!(target: "api", critical = true, "the port is taken");
    debug!(target: "api", "detail");
    info!(target: "hyper::client", "GET https://user:pw@example.com");
    info!(target: "audit", event_type = "task.deleted", "task deleted");
}

#[test]
fn records_are_json_objects_a_line() {
    let (text, _) = logged(&settings(LogLevel::Info, LogFormat::Json), some_work);
    insta::assert_snapshot!(text, @r#"
    {"timestamp":"2026-11-22T11:08:33.500000Z","level":"INFO","logger":"worker::runner","message":"stage done\nby \"us\"","stage":"decode","duration_ms":12,"rtf":"NaN","task_id":"t-1","attempt":2,"request_id":"r-1","path":"/task/x"}
    {"timestamp":"2026-11-22T11:08:33.500000Z","level":"WARNING","logger":"store","message":"again, token [redacted]","attempt":3,"task_id":"t-1","request_id":"r-1","path":"/task/x"}
    {"timestamp":"2026-11-22T11:08:33.500000Z","level":"ERROR","logger":"worker","message":"failed","token":"[redacted]","error":"\"[redacted]\"","field_level":"x","task_id":"t-1","attempt":2,"request_id":"r-1","path":"/task/x"}
    {"timestamp":"2026-11-22T11:08:33.500000Z","level":"CRITICAL","logger":"api","message":"the port is taken","task_id":"t-1","attempt":2,"request_id":"r-1","path":"/task/x"}
    {"timestamp":"2026-11-22T11:08:33.500000Z","level":"INFO","logger":"audit","message":"task deleted","event_type":"task.deleted","task_id":"t-1","attempt":2,"request_id":"r-1","path":"/task/x","resource_type":"task","resource_id":"t-1","action":"deleted"}
    "#);
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        for member in [
            "timestamp",
            "level",
            "logger",
            "message",
            "request_id",
            "task_id",
        ] {
            assert!(record[member].is_string(), "{member} in {line}");
        }
        assert!(
            !record.as_object().unwrap().values().any(Value::is_null),
            "{line}"
        );
    }
}

#[test]
fn records_for_people_stay_on_their_line() {
    let (text, _) = logged(&settings(LogLevel::Debug, LogFormat::Text), some_work);
    insta::assert_snapshot!(text, @r#"
    2026-11-22T11:08:33.500000Z INFO     worker::runner: stage done\nby "us" stage=decode duration_ms=12 rtf=NaN task_id=t-1 attempt=2 request_id=r-1 path=/task/x
    2026-11-22T11:08:33.500000Z WARNING  store: again, token [redacted] attempt=3 task_id=t-1 request_id=r-1 path=/task/x
    2026-11-22T11:08:33.500000Z ERROR    worker: failed token=[redacted] error="\"[redacted]\"" level=x task_id=t-1 attempt=2 request_id=r-1 path=/task/x
    2026-11-22T11:08:33.500000Z CRITICAL api: the port is taken task_id=t-1 attempt=2 request_id=r-1 path=/task/x
    2026-11-22T11:08:33.500000Z DEBUG    api: detail task_id=t-1 attempt=2 request_id=r-1 path=/task/x
    2026-11-22T11:08:33.500000Z INFO     audit: task deleted event_type=task.deleted task_id=t-1 attempt=2 request_id=r-1 path=/task/x resource_type=task resource_id=t-1 action=deleted
    "#);
}

#[test]
fn x28_what_is_done_with_tasks_is_always_in_the_audit_log() {
    let (main, audit) = logged(&settings(LogLevel::Critical, LogFormat::Text), some_work);
    assert_eq!(main.lines().count(), 1, "{main}");
    assert!(main.contains(" CRITICAL api: the port is taken"), "{main}");
    insta::assert_snapshot!(audit, @r#"{"timestamp":"2026-11-22T11:08:33.500000Z","level":"INFO","logger":"audit","message":"task deleted","event_type":"task.deleted","task_id":"t-1","attempt":2,"request_id":"r-1","path":"/task/x","resource_type":"task","resource_id":"t-1","action":"deleted"}"#);
}

#[test]
fn secrets_never_come_out() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let (text, _) = logged(&settings(LogLevel::Debug, format), some_work);
        assert!(!text.contains("Marker"), "{text}");
        assert_eq!(text.matches("[redacted]").count(), 3, "{text}");
        // Too short a secret would take the logs with it.
        assert!(text.contains("/task/x"));
    }
}

#[test]
fn statements_are_logged_when_wanted_only() {
    let work = || info!(target: "sqlx::query", summary = "select 1");
    let mut settings = settings(LogLevel::Info, LogFormat::Text);
    assert_eq!(logged(&settings, work).0, "");
    settings.sql = true;
    assert!(logged(&settings, work).0.contains(" sqlx::query: select 1"));
}

/// Lets nobody through until it is opened.
struct Gate(Arc<Mutex<()>>, Page);

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _open = self.0.lock().unwrap();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_outlet_delays_nobody_and_what_is_lost_is_counted() {
    let (gate, page) = (Arc::new(Mutex::new(())), Page::default());
    let closed = gate.lock().unwrap();
    let console = Box::new(Gate(gate.clone(), page.clone()));
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let settings = settings(LogLevel::Info, LogFormat::Json);
    let (guard, subscriber) = subscriber(&settings, console, None, None, clock);
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..20_000 {
            info!(target: "api", number, "busy");
        }
    });
    drop(closed);
    drop(guard);
    let text = page.text();
    let n_written = text.matches("\"busy\"").count();
    let n_lost = 20_000 - n_written;
    assert!(n_written >= 4096 && n_lost > 0, "{n_written}");
    assert!(
        text.contains(&format!("{n_lost} log records were dropped")),
        "{n_lost}"
    );
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
}

#[test]
fn an_outlet_that_is_stuck_does_not_keep_the_process() {
    let (gate, page) = (Arc::new(Mutex::new(())), Page::default());
    let closed = gate.lock().unwrap();
    let console = Box::new(Gate(gate.clone(), page.clone()));
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let settings = settings(LogLevel::Info, LogFormat::Json);
    let (mut guard, subscriber) = subscriber(&settings, console, None, None, clock);
    guard.patience = Duration::from_millis(20);
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..20_000 {
            info!(target: "api", number, "busy");
        }
    });
    drop(guard);
    assert_eq!(page.text(), "");
    drop(closed);
}
