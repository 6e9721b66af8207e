//! The database goes away and comes back: requests are told so, nothing leaks, and nobody needs to restart anything
//! (contract 4.4; 8: statements 5, 32; 10: FR2, EH1, PF3, SC2; Appendix A: X13; Appendix E: E8).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use outbound::testing::Reply;
use serde_json::Value;

use crate::answer::Answer;
use crate::app::TestApp;
use crate::audio::tone;
use crate::receiver::{posts, receiver, settled, submit};
use crate::sqlite;

/// A way to lose the database at a path, and to get it back.
struct Trouble {
    name: &'static str,
    begin: fn(&Path),
    end: fn(&Path),
}

const TROUBLES: [Trouble; 8] = [
    Trouble {
        name: "moved away",
        begin: |path| fs::rename(path, aside(path)).unwrap(),
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "removed",
        begin: |path| {
            copy(path, &aside(path));
            fs::remove_file(path).unwrap();
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "removed with its log",
        begin: |path| {
            copy(path, &aside(path));
            for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
                fs::remove_file(path).unwrap();
            }
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "replaced by garbage",
        begin: |path| {
            fs::rename(path, aside(path)).unwrap();
            fs::write(path, "no database ".repeat(1000)).unwrap();
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "overwritten",
        begin: |path| {
            copy(path, &aside(path));
            fs::write(path, "no database ".repeat(1000)).unwrap();
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "emptied",
        begin: |path| {
            copy(path, &aside(path));
            fs::write(path, "").unwrap();
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "replaced by an empty file",
        begin: |path| {
            fs::rename(path, aside(path)).unwrap();
            fs::write(path, "").unwrap();
        },
        end: |path| fs::rename(aside(path), path).unwrap(),
    },
    Trouble {
        name: "replaced by a folder",
        begin: |path| {
            fs::rename(path, aside(path)).unwrap();
            fs::create_dir(path).unwrap();
        },
        end: |path| {
            fs::remove_dir(path).unwrap();
            fs::rename(aside(path), path).unwrap();
        },
    },
];

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Where the database is meanwhile: `records.db.aside`.
fn aside(path: &Path) -> PathBuf {
    beside(path, ".aside")
}

/// Copies the database as a backup does. The service does not hear of it.
fn copy(from: &Path, to: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (from, to) = (from.to_owned(), to.display().to_string());
    // A runtime of its own, for this is called by one.
    let copying = std::thread::spawn(move || {
        runtime.unwrap().block_on(async {
            let mut database = sqlite::open(&from).await;
            sqlite::execute(&mut database, &format!("vacuum into '{to}'")).await;
            sqlite::close(database).await;
        });
    });
    copying.join().unwrap();
}

/// Checks that an answer says nothing but that it cannot be done now.
#[track_caller]
fn assert_temporary(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    let body = answer.json();
    let error = body["error"].as_object().unwrap();
    assert_eq!(error["code"], "DATABASE_OPERATION_ERROR");
    let message = error["message"].as_str().unwrap().to_lowercase();
    assert!(message.contains("temporary system error"), "{message}");
    let mut members: Vec<_> = error.keys().collect();
    members.sort();
    assert_eq!(members, ["code", "correlation_id", "message"]);
    assert!(body["detail"].is_string());
    assert!(answer.header("x-request-id").is_some());
    let text = answer.text.to_lowercase();
    for word in ["sqlite", "records", "/tmp", "no such", "code 1", "file"] {
        assert!(!text.contains(word), "{text}");
    }
}

/// Checks that the service without its database says so everywhere, and lives.
async fn assert_down(app: &TestApp, identifier: &str) {
    assert_temporary(&app.get("/task/all").await);
    assert_temporary(&app.get(&format!("/task/{identifier}")).await);
    assert_temporary(&app.get("/task/unknown").await);
    assert_temporary(&app.delete(&format!("/task/{identifier}/delete")).await);
    assert_temporary(&app.post_combination().await);
    let posted = app.post_file("/speech-to-text", "a.wav", &tone(0.1)).await;
    assert_temporary(&posted);
    let began = Instant::now();
    let ready = app.get("/health/ready").await.expect(503);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let body = ready.json();
    assert_eq!(body["status"], "error");
    assert_eq!(body["database"], "disconnected");
    let message = "Application is not ready due to an internal error.";
    assert_eq!(body["message"], message);
    app.get("/health").await.expect(200);
    app.get("/health/live").await.expect(200);
}

/// Checks that the service is as if nothing had been.
async fn assert_up(app: &TestApp, identifier: &str) {
    let task = app.get(&format!("/task/{identifier}")).await.expect(200);
    assert_eq!(task.json()["status"], "completed");
    let ready = app.get("/health/ready").await.expect(200).json();
    assert_eq!(ready["database"], "connected");
    let next = app.post_combination().await.identifier();
    app.completed(&next).await;
    app.delete(&format!("/task/{next}/delete"))
        .await
        .expect(200);
    assert_eq!(app.tasks().await.len(), 1);
}

/// Files and sockets that the service has open.
fn n_open(app: &TestApp) -> usize {
    let folder = format!("/proc/{}/fd", app.process_id());
    fs::read_dir(folder).unwrap().count()
}

async fn app_with_a_task() -> (TestApp, String) {
    let app = TestApp::start().await;
    let identifier = app
        .post_file("/speech-to-text", "kept.wav", &tone(0.1))
        .await
        .identifier();
    app.completed(&identifier).await;
    (app, identifier)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_fr2_a_database_that_is_away_is_said_to_be_and_comes_back() {
    let (app, identifier) = app_with_a_task().await;
    let path = app.folder().join("records.db");
    for trouble in &TROUBLES {
        eprintln!("{}", trouble.name);
        (trouble.begin)(&path);
        assert_down(&app, &identifier).await;
        (trouble.end)(&path);
        // The very next request finds it.
        assert_up(&app, &identifier).await;
    }
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fr2_tg4_a_database_that_comes_and_goes_leaks_nothing() {
    let (app, identifier) = app_with_a_task().await;
    let path = app.folder().join("records.db");
    for trouble in &TROUBLES {
        let mut n_at_first = None;
        for _ in 0..20 {
            (trouble.begin)(&path);
            let list = async || assert_temporary(&app.get("/task/all").await);
            futures_util::join!(list(), list(), list());
            assert_temporary(&app.delete("/task/x/delete").await);
            (trouble.end)(&path);
            app.get(&format!("/task/{identifier}")).await.expect(200);
            n_at_first.get_or_insert_with(|| n_open(&app));
        }
        let (before, after) = (n_at_first.unwrap(), n_open(&app));
        eprintln!("{}: {before} files open, later {after}", trouble.name);
        assert!(after <= before + 5, "{}: {before}, {after}", trouble.name);
    }
    assert_up(&app, &identifier).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eh1_an_outcome_is_stored_when_the_database_is_back() {
    let app = TestApp::start().await;
    let path = app.folder().join("records.db");
    let receiver = receiver([Reply::status(200)]).await;
    for (name, status) in [
        ("a.transcribe-sleep-500.wav", "completed"),
        ("a.transcribe-sleep-500.transcribe-panic.wav", "failed"),
    ] {
        let identifier = submit(&app, &receiver.url("/hook"), name).await;
        app.wait_until("start", async || {
            app.task(&identifier).await["status"] == "processing"
        })
        .await;
        let n_before = app.log().matches("cannot be stored yet").count();
        fs::rename(&path, aside(&path)).unwrap();
        app.wait_until("an attempt to store it", async || {
            app.log().matches("cannot be stored yet").count() > n_before
        })
        .await;
        assert!(
            !posts(&receiver.log(), "/hook")
                .iter()
                .any(|message| { message.header("x-task-id") == Some(&identifier) })
        );
        fs::rename(aside(&path), &path).unwrap();
        let task = settled(&app, &identifier).await;
        assert_eq!(task["status"], status, "{task}");
        assert_eq!(task["metadata"]["callback_status"], "delivered");
    }
    assert_eq!(posts(&receiver.log(), "/hook").len(), 2);
    app.wait_until("end of all recordings", async || {
        app.recordings().is_empty()
    })
    .await;
}

#[tokio::test]
async fn eh1_a_task_whose_lease_ended_meanwhile_ends_well() {
    let app = TestApp::builder().with("LEASE_SECONDS", 3).start().await;
    let path = app.folder().join("records.db");
    let running = "a.transcribe-sleep-1000.wav";
    let identifier = app
        .post_file("/speech-to-text", running, &tone(0.1))
        .await
        .identifier();
    app.wait_until("start", async || {
        app.task(&identifier).await["status"] == "processing"
    })
    .await;
    fs::rename(&path, aside(&path)).unwrap();
    let away = Instant::now();
    app.wait_until("end of the lease", async || {
        away.elapsed() > Duration::from_secs(5)
    })
    .await;
    fs::rename(aside(&path), &path).unwrap();
    app.completed(&identifier).await;
}

#[tokio::test]
async fn sc2_a_database_that_another_program_locks_can_be_read() {
    let app = TestApp::builder().with("DB_POOL_TIMEOUT", 1).start().await;
    let before = app.post_combination().await.identifier();
    app.completed(&before).await;
    let mut other = sqlite::open(&app.folder().join("records.db")).await;
    for _ in 0..3 {
        sqlite::execute(&mut other, "begin exclusive").await;
        let began = Instant::now();
        let posts = (0..5).map(|_| app.post_combination());
        let posts = futures_util::future::join_all(posts);
        let reads = async {
            app.task(&before).await;
            app.get("/task/all").await.expect(200);
            app.get("/health/ready").await.expect(200);
            began.elapsed()
        };
        let (posts, reading) = futures_util::future::join(posts, reads).await;
        let took = began.elapsed();
        for answer in &posts {
            assert_temporary(answer);
        }
        eprintln!("reads took {reading:?}, refusals {took:?}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        sqlite::execute(&mut other, "rollback").await;
        let next = app.post_combination().await.identifier();
        app.completed(&next).await;
    }
    // A lock that is given up in time is waited for.
    sqlite::execute(&mut other, "begin immediate").await;
    let release = async {
        // The lock is held for some time, whatever the other process does meanwhile.
        tokio::time::sleep(Duration::from_millis(300)).await;
        sqlite::execute(&mut other, "commit").await;
    };
    let (answer, ()) = futures_util::future::join(app.post_combination(), release).await;
    app.completed(&answer.identifier()).await;
    sqlite::close(other).await;
}

/// A small disk of its own.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of 4 MiB at `folder`; `None`, after saying that the test is skipped, where that is not allowed.
    fn mount(folder: PathBuf) -> Option<Self> {
        fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(&folder)
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            skipped::on_this_machine("only root can mount a small disk");
            return None;
        }
        Some(Self(folder))
    }

    /// Leaves no room on it.
    fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        for size in [4096, 1] {
            while std::io::Write::write_all(&mut filler, &vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn d9_a_full_disk_refuses_tasks_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("disk")) else {
        return;
    };
    let url = format!("sqlite:///{}", disk.0.join("records.db").display());
    let app = TestApp::builder()
        .with("DB_URL", url)
        .with("TEMP_DIR", folder.path().join("temp").display())
        .with("MAX_CONCURRENT_CPU_TASKS", 2)
        .start()
        .await;
    let running = app
        .post_file("/speech-to-text", "a.transcribe-sleep-2000.wav", &tone(0.1))
        .await
        .identifier();
    disk.fill();
    let text = "x".repeat(100_000);
    let transcript = format!(
        r#"{{"segments":[{{"start":0,"end":1,"text":"{text}","words":[]}}],"word_segments":[]}}"#
    );
    let parts: [(&str, &str, &[u8]); 2] = [
        ("aligned_transcript", "a.json", transcript.as_bytes()),
        ("diarization_result", "d.json", b"[]"),
    ];
    let mut accepted = vec![running.clone()];
    // What was free inside its files may still be used.
    for _ in 0..60 {
        let answer = app.post("/service/combine", &parts).await;
        if answer.status != 200 {
            assert_temporary(&answer);
            break;
        }
        accepted.push(answer.identifier());
    }
    assert_temporary(&app.post("/service/combine", &parts).await);
    app.get("/task/all").await.expect(200);
    app.get("/health").await.expect(200);
    disk.make_room();
    let next = app.post("/service/combine", &parts).await.identifier();
    accepted.push(next);
    for identifier in accepted {
        app.completed(&identifier).await;
    }
    let listed = app.tasks().await;
    let all_ended = listed.iter().all(|task| task["status"] == "completed");
    assert!(all_ended, "{listed:?}");
}

#[tokio::test]
async fn e8_a_database_whose_folder_is_missing_is_waited_for() {
    let app = TestApp::builder()
        .with("DB_URL", "sqlite:///volume/records.db")
        .with("TEMP_DIR", "temp")
        .start_unready();
    assert_down(&app, "x").await;
    fs::create_dir(app.folder().join("volume")).unwrap();
    app.wait_until_ready().await;
    let identifier = app.post_combination().await.identifier();
    app.completed(&identifier).await;
    // From now on it is this one's alone.
    let path = app.folder().join("volume/records.db");
    assert_taken(&path);
}

#[tokio::test]
async fn e8_a_database_that_is_none_at_start_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let builder = || {
        TestApp::builder()
            .with("DB_URL", format!("sqlite:///{}", path.display()))
            .with("DB_POOL_TIMEOUT", 1)
    };
    fs::create_dir(&path).unwrap();
    let mut app = builder().start_unready();
    assert_down(&app, "x").await;
    fs::remove_dir(&path).unwrap();
    app.wait_until_ready().await;
    app.post_combination().await.identifier();
    // In peace, so that no log is left from which the file could be made again.
    app.signal("TERM");
    app.wait_for_end().await;

    fs::rename(&path, aside(&path)).unwrap();
    fs::write(&path, "no database ".repeat(1000)).unwrap();
    let mut app = builder().start_unready();
    assert_down(&app, "x").await;
    fs::rename(aside(&path), &path).unwrap();
    app.wait_until_ready().await;
    assert_eq!(app.tasks().await.len(), 1);
    app.signal("TERM");
    app.wait_for_end().await;

    let mut other = sqlite::open(&path).await;
    sqlite::execute(&mut other, "pragma journal_mode = delete; begin exclusive").await;
    let app = builder().start_unready();
    app.get("/health").await.expect(200);
    app.get("/health/ready").await.expect(503);
    assert_temporary(&app.get("/task/all").await);
    sqlite::execute(&mut other, "rollback").await;
    sqlite::close(other).await;
    app.wait_until_ready().await;
    assert_eq!(app.tasks().await.len(), 1);
}

/// Checks that no second service can be started on the database at `path`.
#[track_caller]
fn assert_taken(path: &Path) {
    let url = format!("sqlite:///{}", path.display());
    let (status, log) = TestApp::builder().with("DB_URL", url).run();
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(
        log.contains("another scriven serves this database"),
        "{log}"
    );
}

#[tokio::test]
async fn c5_3_a_database_is_served_by_one_service_at_a_time() {
    let (mut app, identifier) = app_with_a_task().await;
    let path = app.folder().join("records.db");
    assert_taken(&path);
    // By another way to the same file, too.
    let link = app.folder().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_taken(&link);
    assert_up(&app, &identifier).await;
    // The next one may as soon as the first is gone, however it went.
    app.kill();
    let url = format!("sqlite:///{}", path.display());
    let next = TestApp::builder().with("DB_URL", url).start().await;
    assert_up(&next, &identifier).await;
}

#[tokio::test]
async fn fr2_what_may_not_be_read_or_written_is_said_to_be_so() {
    let Some(builder) = TestApp::builder().by_nobody() else {
        skipped::on_this_machine("only root can start the service as another user");
        return;
    };
    let app = builder.start().await;
    let identifier = app.post_combination().await.identifier();
    app.completed(&identifier).await;
    let path = app.folder().join("records.db");
    let permit = |mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(&path, mode).unwrap();
    };
    for _ in 0..3 {
        permit(0o000);
        assert_down(&app, &identifier).await;
        permit(0o600);
        assert_up(&app, &identifier).await;

        permit(0o400);
        assert_eq!(app.task(&identifier).await["status"], "completed");
        app.get("/task/all").await.expect(200);
        assert_temporary(&app.post_combination().await);
        let deletion = app.delete(&format!("/task/{identifier}/delete")).await;
        assert_temporary(&deletion);
        permit(0o600);
        assert_up(&app, &identifier).await;
    }
    assert_eq!(app.task(&identifier).await["error"], Value::Null);
}

#[tokio::test]
async fn se1_a_folder_of_recordings_is_kept_by_one_service_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let temp = folder.path().display().to_string();
    let app = TestApp::builder().with("TEMP_DIR", &temp).start().await;
    let running = app
        .post_file("/speech-to-text", "a.transcribe-sleep-500.wav", &tone(0.1))
        .await
        .identifier();
    // With a database of its own it would know nothing of this recording, and sweep it.
    let (status, log) = TestApp::builder().with("TEMP_DIR", &temp).run();
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(
        log.contains("another scriven keeps its recordings in"),
        "{log}"
    );
    assert!(log.contains("TEMP_DIR"), "{log}");
    app.completed(&running).await;
}
