//! `cargo xtask clients`: whether the next request of real clients succeeds where one was answered before its body was
//! read.
//!
//! Clients keep their connections. A service that answers early and closes the connection without saying so makes their
//! next request fail, now and then.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::console::say;
use crate::python::Environment;
use crate::server::{self, Server};
use crate::step::root;

const NAME: &str = "clients";

const ENVIRONMENT: Environment<'_> = Environment {
    command: NAME,
    packages: &["requests==2.32.5", "httpx==0.28.1"],
    pip_options: &[],
    proof: "import requests, httpx",
    hint: "set PIP_INDEX_URL to a mirror",
};

/// Bytes of the bodies.
const SIZES: [usize; 3] = [1_000, 300_000, 30_000_000];
/// How often each case is tried.
const ROUNDS: usize = 8;
/// Sessions of a client that ask at once: the service is then as busy as it is in use.
const AT_ONCE: usize = 8;

/// What to try.
#[derive(Debug, clap::Parser)]
pub(crate) struct Options {
    /// Build profile of scriven
    #[arg(long, default_value = "dev")]
    profile: String,
}

impl Options {
    /// What continuous integration tries.
    pub(crate) fn usual() -> Self {
        let profile = "dev".to_owned();
        Self { profile }
    }
}

/// Builds and starts scriven, and has each client ask it.
///
/// # Errors
/// It cannot be built or started, a client is missing, or a request failed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let python = ENVIRONMENT.install()?;
    server::build(&options.profile)?;
    let runtime = server::runtime()?;
    let server = runtime.block_on(Server::start(&options.profile, &[("ENGINE", "scripted")]))?;
    let plan = json!({"cases": cases(), "sizes": SIZES, "rounds": ROUNDS, "at_once": AT_ONCE});
    let mut failures = Vec::new();
    for library in ["requests", "httpx"] {
        let mut command = Command::new(&python);
        command.arg(here("pooled.py")).arg(library);
        failures.extend(ask(library, command, &server, &plan)?);
    }
    let mut node = Command::new("node");
    node.arg(here("pooled.mjs"));
    failures.extend(ask("fetch", node, &server, &plan)?);
    failures.extend(ask_with_curl(&server)?);
    if failures.is_empty() {
        return Ok(());
    }
    for failure in &failures {
        say(NAME, failure);
    }
    bail!("{} requests of clients failed", failures.len())
}

/// Requests that can be answered without their body.
fn cases() -> Vec<Value> {
    let case = |status: u16, method: &str, path: &str, file_name: &str| json!({"status": status, "method": method, "path": path, "file_name": file_name});
    vec![
        case(404, "POST", "/nothing", "a.mp3"),
        case(405, "PUT", "/health", "a.mp3"),
        case(307, "POST", "/speech-to-text/", "a.mp3"),
        case(422, "POST", "/speech-to-text?beam_size=x", "a.mp3"),
        case(400, "POST", "/speech-to-text", "a.exe"),
    ]
}

/// What the program said went wrong.
fn ask(
    client: &str,
    mut command: Command,
    server: &Server,
    plan: &Value,
) -> anyhow::Result<Vec<String>> {
    command.arg(server.url("")).arg(plan.to_string());
    let output = command.output();
    let output = output.with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{client}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    say(
        NAME,
        &format!("{client}: {} failures", text.lines().count()),
    );
    Ok(text.lines().map(str::to_owned).collect())
}

/// The same with curl, which sends both requests of one call on one connection if it can.
fn ask_with_curl(server: &Server) -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let mut failures = Vec::new();
    for size in SIZES {
        let file = folder.path().join("body");
        fs::write(&file, vec![0; size]).context("cannot write a file")?;
        for case in cases() {
            for _ in 0..ROUNDS {
                let statuses = curl(server, &case, &file)?;
                let expected = format!("{} 200 ", case["status"]);
                if statuses != expected {
                    failures.push(format!("curl: {expected}after {size} bytes: {statuses}"));
                }
            }
        }
    }
    say(NAME, &format!("curl: {} failures", failures.len()));
    Ok(failures)
}

/// The statuses of an early answer and of the request after it.
fn curl(server: &Server, case: &Value, file: &Path) -> anyhow::Result<String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let part = format!("file=@{};filename={}", file.display(), text("file_name"));
    let each = [
        "--silent",
        "--noproxy",
        "*",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code} ",
    ];
    let mut command = Command::new("curl");
    command
        .args(each)
        .args(["--request", text("method"), "--form", &part])
        .arg(server.url(text("path")))
        .arg("--next")
        .args(each)
        .arg(server.url("/health"));
    let output = command.output().context("cannot run curl")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn here(file: &str) -> std::path::PathBuf {
    root().join("xtask/src/clients").join(file)
}
