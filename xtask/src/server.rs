//! A service to measure or to try: the built binary on a port and in a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tempfile::TempDir;

use crate::step::{Step, root};

/// Builds scriven, and makes clients possible.
///
/// # Errors
/// It cannot be built.
pub(crate) fn build(profile: &str) -> anyhow::Result<()> {
    // Clients speak plain HTTP, but are built with TLS all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: &[&str] = match profile {
        // As the tests build it: by itself, its dependencies would be compiled anew with other features.
        "dev" => &["--workspace", "--bins", "--tests"],
        profile => &["--package", "scriven", "--profile", profile],
    };
    Step::locked("build", &["build"], arguments).run()
}

/// What requests run on.
///
/// # Errors
/// The system refuses a thread.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start a runtime")
}

/// A service that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) host: String,
    client: reqwest::Client,
    folder: TempDir,
}

impl Server {
    /// Starts `scriven serve` of a build profile with `variables`, and waits until it is ready.
    pub(crate) async fn start(profile: &str, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let log = fs::File::create(folder.path().join("log.txt")).context("cannot make a log")?;
        let mut process = Command::new(binary(profile))
            .arg("serve")
            .current_dir(folder.path())
            .envs([
                ("HOST", "127.0.0.1"),
                ("PORT", "0"),
                ("ENVIRONMENT", "testing"),
                ("SSRF_PROTECTION_ENABLED", "false"),
                ("HF_HUB_OFFLINE", "1"),
                ("MAX_QUEUE_SIZE", "10000"),
            ])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start scriven")?;
        let stdout = process.stdout.take().context("scriven has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Some(host) = line.trim().strip_prefix("Scriven listens on http://") else {
            let log = fs::read_to_string(folder.path().join("log.txt"))?;
            bail!("scriven does not start: {line} {log}");
        };
        let server = Self {
            process,
            host: host.to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
            folder,
        };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(1) {
            let answer = self.client.get(self.url("/health/ready")).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("scriven is not ready after a minute")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// What `path` answers.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.client.get(self.url(path)).send().await?.text().await?)
    }

    /// All it has written to its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log.txt")).unwrap_or_default()
    }

    /// Submits a recording; the identifier of the task.
    pub(crate) async fn submit(
        &self,
        path: &str,
        name: &str,
        audio: &[u8],
    ) -> anyhow::Result<String> {
        let part = Part::bytes(audio.to_vec()).file_name(name.to_owned());
        let form = Form::new().part("file", part);
        let answer = self
            .client
            .post(self.url(path))
            .multipart(form)
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        let identifier = body["identifier"].as_str();
        Ok(identifier
            .with_context(|| format!("{status}: {body}"))?
            .to_owned())
    }

    /// The task as its clients see it.
    pub(crate) async fn task(&self, identifier: &str) -> anyhow::Result<Value> {
        let url = self.url(&format!("/task/{identifier}"));
        Ok(self.client.get(url).send().await?.json().await?)
    }

    /// All tasks, as they are listed.
    pub(crate) async fn tasks(&self) -> anyhow::Result<Vec<Value>> {
        let list: Value = self
            .client
            .get(self.url("/task/all"))
            .send()
            .await?
            .json()
            .await?;
        Ok(list["tasks"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until all tasks have ended; fails if one has failed.
    pub(crate) async fn until_all_ended(&self) -> anyhow::Result<()> {
        loop {
            let tasks = self.tasks().await?;
            let count = |status: &str| tasks.iter().filter(|task| task["status"] == status).count();
            if let Some(failed) = tasks.iter().find(|task| task["status"] == "failed") {
                bail!("a task failed: {failed}");
            }
            if count("completed") == tasks.len() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Memory that the process holds, in megabytes (Linux).
    pub(crate) fn resident_mb(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary(profile: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| root().join("target"));
    let folder = if profile == "dev" { "debug" } else { profile };
    target.join(folder).join("scriven")
}
