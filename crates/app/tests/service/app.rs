//! A service of one's own: the real binary on a socket of its own, with a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tempfile::TempDir;

use crate::answer::Answer;

/// Anything that takes longer has gone wrong, on a busy machine too.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at something that comes by itself.
const GLANCE: Duration = Duration::from_millis(10);

/// The user and group that own nothing.
const NOBODY: u32 = 65_534;

/// The state of a socket that accepts connections, in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// How a service is started.
pub(crate) struct Builder {
    variables: Vec<(String, String)>,
    user: Option<u32>,
    data_limit_bytes: Option<u64>,
}

/// A service that runs. Dropped, it is killed, and its folder removed.
pub(crate) struct TestApp {
    builder: Builder,
    folder: TempDir,
    process: Option<Child>,
    address: String,
    client: reqwest::Client,
}

impl Builder {
    /// A variable of the environment.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and texts are given as they are"
    )]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// Without a variable that it has by itself.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// The engine that recognises speech; models come from the machine's own places.
    pub(crate) fn with_speech(self) -> Self {
        let home = std::env::var("HOME").unwrap_or_default();
        let mut builder = self.with("ENGINE", "speech").with("HOME", home);
        for name in ["MODEL_DIR", "XDG_CACHE_HOME"] {
            if let Ok(value) = std::env::var(name) {
                builder = builder.with(name, value);
            }
        }
        builder
    }

    /// Runs as a user to whom files can be forbidden; `None` where that cannot be.
    pub(crate) fn by_nobody(mut self) -> Option<Self> {
        let probe = Command::new(env!("CARGO_BIN_EXE_scriven"))
            .arg("--version")
            .uid(NOBODY)
            .gid(NOBODY)
            .output();
        self.user = Some(NOBODY);
        probe.is_ok().then_some(self)
    }

    /// The system lets the process allocate so many bytes and no more (`ulimit -d`).
    pub(crate) fn with_data_limit(mut self, n_bytes: u64) -> Self {
        self.data_limit_bytes = Some(n_bytes);
        self
    }

    /// A port that stays the same when it starts again.
    pub(crate) fn on_one_port(self) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        self.with("PORT", port)
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(self) -> TestApp {
        let app = self.start_unready();
        app.wait_until_ready().await;
        app
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start_unready(self) -> TestApp {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        if let Some(user) = self.user {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(user)).unwrap();
        }
        let mut app = TestApp {
            builder: self,
            folder,
            process: None,
            address: String::new(),
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                // Behind an answer that came before the whole body was read, a connection is closed.
                .pool_max_idle_per_host(0)
                .timeout(PATIENCE)
                .build()
                .unwrap(),
        };
        app.launch();
        app
    }

    /// Runs it when it is expected to end by itself; its exit status and what it wrote to standard error.
    pub(crate) fn run(self) -> (ExitStatus, String) {
        let folder = tempfile::tempdir().unwrap();
        let output = self.command(folder.path()).output().unwrap();
        (
            output.status,
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    fn command(&self, folder: &Path) -> Command {
        let binary = env!("CARGO_BIN_EXE_scriven");
        let mut command = match self.data_limit_bytes {
            None => Command::new(binary),
            Some(n_bytes) => {
                let mut shell = Command::new("sh");
                let kilobytes = (n_bytes / 1024).to_string();
                shell.args(["-c", r#"ulimit -d "$0" && exec "$@""#, &kilobytes, binary]);
                shell
            }
        };
        command
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }
}

impl TestApp {
    /// A service with the scripted engine, that may call this machine, on a port that is free.
    pub(crate) fn builder() -> Builder {
        let builder = Builder {
            variables: Vec::new(),
            user: None,
            data_limit_bytes: None,
        };
        builder
            .with("ENVIRONMENT", "testing")
            .with("HOST", "127.0.0.1")
            .with("PORT", 0)
            .with("DB_URL", "sqlite:///records.db")
            .with("ENGINE", "scripted")
            .with("HF_HUB_OFFLINE", 1)
            .with("SSRF_PROTECTION_ENABLED", "false")
            .with("LOG_FORMAT", "json")
    }

    /// The usual service.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    /// The folder in which it runs, with its database `records.db`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn launch(&mut self) {
        let mut command = self.builder.command(self.folder.path());
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())
            .unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.process = Some(process);
        let address = line.trim().strip_prefix("Scriven listens on ");
        let address = address.unwrap_or_else(|| panic!("{line:?}: {}", self.log()));
        address.clone_into(&mut self.address);
    }

    pub(crate) async fn wait_until_ready(&self) {
        let is_ready = || async {
            self.try_get("/health/ready")
                .await
                .is_some_and(|a| a.status == 200)
        };
        wait_for("readiness", || self.log(), is_ready).await;
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Sends a signal such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("it runs").id();
        let status = Command::new("kill")
            .args([format!("-{name}"), id.to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn wait_for_end(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        let began = Instant::now();
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not end: {}",
                self.log()
            );
            glance().await;
        }
    }

    /// The number of the process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Starts it again on the same folder, after [`Self::kill`] or [`Self::wait_for_end`], and waits until it is ready.
    pub(crate) async fn restart(&mut self) {
        self.restart_unready();
        self.wait_until_ready().await;
    }

    pub(crate) fn restart_unready(&mut self) {
        if let Some(mut ended) = self.process.take() {
            let _ = ended.kill();
            let _ = ended.wait();
        }
        self.launch();
    }

    /// Changes a variable for the next start.
    pub(crate) fn set(&mut self, name: &str, value: impl ToString) {
        let builder = Builder {
            variables: std::mem::take(&mut self.builder.variables),
            user: self.builder.user,
            data_limit_bytes: self.builder.data_limit_bytes,
        };
        self.builder = builder.with(name, value);
    }

    /// All it has written to its log, once it has nothing more to write.
    pub(crate) fn log(&self) -> String {
        const MOST_READS: usize = 40;
        let read = || fs::read_to_string(self.log_path()).unwrap_or_default();
        let mut log = read();
        for _ in 0..MOST_READS {
            // A thread of its own writes the log, a moment behind the answers.
            std::thread::sleep(Duration::from_millis(50));
            let earlier = std::mem::replace(&mut log, read());
            if earlier.len() == log.len() {
                break;
            }
        }
        log
    }

    /// The records of its log, which must be JSON.
    pub(crate) fn records(&self) -> Vec<Value> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.starts_with('{'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log.txt")
    }

    /// Recordings that lie on its disk.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if !name.starts_with("records.db") && name != "log.txt" {
                    found.push(path);
                }
            }
        }
        found
    }

    /// Checks that what was refused has left nothing: no task and no recording, not even for a moment.
    pub(crate) async fn assert_nothing_left(&self) {
        assert_eq!(self.recordings(), Vec::<PathBuf>::new());
        assert_eq!(self.tasks().await, Vec::<Value>::new());
    }

    /// Waits until no recording is left, such as after a task.
    pub(crate) async fn until_no_recordings(&self) {
        self.wait_until("end of all recordings", async || {
            self.recordings().is_empty()
        })
        .await;
    }

    /// The processes that it has started and not yet buried, by their command lines; zombies have none.
    pub(crate) fn children(&self) -> Vec<String> {
        let own = self.process_id().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
                continue;
            };
            // The name, in brackets, may hold anything; the state and the parent stand behind it.
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            if after_name.split_whitespace().nth(1) == Some(&*own) {
                found.push(command_line(&entry.path()));
            }
        }
        found
    }

    /// Open files, sockets and the like, but for the connections of the database: those are opened when they are
    /// needed, and kept.
    pub(crate) fn n_descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.process_id());
        let open = fs::read_dir(folder).unwrap().flatten();
        let targets = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        let is_database = |path: &PathBuf| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| name.starts_with("records.db"))
        };
        targets.filter(|path| !is_database(path)).count()
    }

    /// Connections of clients that are open, those that wait to be accepted not among them.
    pub(crate) fn n_connections(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.process_id());
        let open = fs::read_dir(folder).unwrap().flatten();
        let sockets: Vec<_> = open
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .filter_map(|target| {
                let text = target.to_string_lossy().into_owned();
                Some(
                    text.strip_prefix("socket:[")?
                        .trim_end_matches(']')
                        .to_owned(),
                )
            })
            .collect();
        let port = self.host().rsplit(':').next().unwrap();
        let port = format!(":{:04X}", port.parse::<u16>().unwrap());
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let is_ours = |line: &&str| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (local, state, inode) = (columns[1], columns[3], columns[9]);
            local.ends_with(&port)
                && state != LISTENING
                && sockets.iter().any(|socket| socket == inode)
        };
        table.lines().skip(1).filter(is_ours).count()
    }

    /// Memory that is its own, in bytes: what it holds, not what it has mapped of files.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process_id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.unwrap().split_whitespace().next().unwrap();
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// The address of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Such as `127.0.0.1:4711`.
    pub(crate) fn host(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        Ok(Answer::read(request.send().await?).await)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path))).await.unwrap()
    }

    /// `None` if nobody answers.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Answer> {
        self.send(self.client.get(self.url(path))).await.ok()
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.client.delete(self.url(path))).await.unwrap()
    }

    fn posting(&self, path: &str, parts: &[(&str, &str, &[u8])]) -> reqwest::RequestBuilder {
        self.client.post(self.url(path)).multipart(form(parts))
    }

    /// Posts parts of a form, each a name, a file name and its bytes.
    pub(crate) async fn post(&self, path: &str, parts: &[(&str, &str, &[u8])]) -> Answer {
        self.send(self.posting(path, parts)).await.unwrap()
    }

    /// `None` if nobody answers.
    pub(crate) async fn try_post(
        &self,
        path: &str,
        parts: &[(&str, &str, &[u8])],
    ) -> Option<Answer> {
        self.send(self.posting(path, parts)).await.ok()
    }

    /// Posts a combination of nothing with nothing: the task that needs no recording.
    pub(crate) async fn post_combination(&self) -> Answer {
        let words = br#"{"segments":[],"word_segments":[]}"#;
        let parts: [(&str, &str, &[u8]); 2] = [
            ("aligned_transcript", "a.json", words),
            ("diarization_result", "d.json", b"[]"),
        ];
        self.post("/service/combine", &parts).await
    }

    /// Posts a recording as the part `file`.
    pub(crate) async fn post_file(&self, path: &str, file_name: &str, bytes: &[u8]) -> Answer {
        self.post(path, &[("file", file_name, bytes)]).await
    }

    /// Posts a form without files.
    pub(crate) async fn post_fields(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let response = self.client.post(self.url(path)).form(fields).send().await;
        Answer::read(response.unwrap()).await
    }

    /// The task as its clients see it.
    pub(crate) async fn task(&self, identifier: &str) -> Value {
        self.get(&format!("/task/{identifier}"))
            .await
            .expect(200)
            .json()
    }

    /// The task once it has ended, one way or the other.
    pub(crate) async fn ended(&self, identifier: &str) -> Value {
        let began = Instant::now();
        loop {
            let task = self.task(identifier).await;
            if ["completed", "failed"].contains(&task["status"].as_str().unwrap()) {
                return task;
            }
            assert!(began.elapsed() < PATIENCE, "{task}: {}", self.log());
            glance().await;
        }
    }

    /// The task once it has ended well.
    pub(crate) async fn completed(&self, identifier: &str) -> Value {
        let task = self.ended(identifier).await;
        assert_eq!(task["status"], "completed", "{task}");
        task
    }

    /// Waits until `condition` holds.
    pub(crate) async fn wait_until<F: Future<Output = bool>>(
        &self,
        what: &str,
        condition: impl Fn() -> F,
    ) {
        wait_for(what, || self.log(), condition).await;
    }

    /// All tasks, as they are listed.
    pub(crate) async fn tasks(&self) -> Vec<Value> {
        let list = self.get("/task/all").await.expect(200).json();
        list["tasks"].as_array().unwrap().clone()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("the service's log:\n{}", self.log());
        }
    }
}

/// The time between two looks at another process, which can be asked, but cannot tell.
pub(crate) async fn glance() {
    // The other process is seen from outside only: nothing here can wait for it.
    tokio::time::sleep(GLANCE).await;
}

/// Waits until `condition` holds, and says `what` was waited for if it never does.
pub(crate) async fn wait_for<F: Future<Output = bool>>(
    what: &str,
    log: impl Fn() -> String,
    condition: impl Fn() -> F,
) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < PATIENCE, "no {what}: {}", log());
        glance().await;
    }
}

/// What `work` gives, and how often `path` was answered while it went on.
pub(crate) async fn while_others_ask<T>(
    app: &TestApp,
    path: &str,
    work: impl Future<Output = T>,
) -> (T, usize) {
    let mut work = std::pin::pin!(work);
    let mut n_answers = 0;
    loop {
        tokio::select! {
            done = &mut work => return (done, n_answers),
            answer = app.get(path) => {
                answer.expect(200);
                n_answers += 1;
            }
        }
        tokio::select! {
            done = &mut work => return (done, n_answers),
            // The other process is asked again and again, but not all the time.
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
}

/// The command line of the process at `folder` in `/proc`.
pub(crate) fn command_line(folder: &Path) -> String {
    let line = fs::read(folder.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn form(parts: &[(&str, &str, &[u8])]) -> Form {
    parts
        .iter()
        .fold(Form::new(), |form, (name, file_name, bytes)| {
            let part = Part::bytes(bytes.to_vec()).file_name((*file_name).to_owned());
            form.part((*name).to_owned(), part)
        })
}
