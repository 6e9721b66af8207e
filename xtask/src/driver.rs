//! A program that loads its model once and then answers one line of JSON for each line it is sent.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// A running program.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) ready: Ready,
    /// From the start of the process to its first line.
    pub(crate) start: Duration,
}

/// The first line a driver prints.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Ready {
    /// Version of the program.
    pub(crate) version: String,
    /// Seconds that loading the model took.
    pub(crate) load_seconds: f64,
}

impl Driver {
    /// Starts a program and waits until its model is loaded.
    ///
    /// # Errors
    /// It cannot be started, or ends at once.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let began = Instant::now();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = (command.spawn()).with_context(|| format!("cannot run {command:?}"))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{name}: no pipes");
        };
        let mut answers = BufReader::new(answers);
        let ready = read_line(name, &mut answers)?;
        let start = began.elapsed();
        Ok(Self {
            name,
            child,
            requests: Some(requests),
            answers,
            ready,
            start,
        })
    }

    /// Sends a line and waits for the answer.
    ///
    /// # Errors
    /// The program has ended, or answers something else.
    pub(crate) fn ask<T: for<'de> Deserialize<'de>>(
        &mut self,
        request: &impl Serialize,
    ) -> anyhow::Result<T> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        if let Some(requests) = &mut self.requests {
            requests
                .write_all(line.as_bytes())
                .with_context(|| format!("{} has ended", self.name))?;
        }
        read_line(self.name, &mut self.answers)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The end of its input tells the driver to end.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

fn read_line<T: for<'de> Deserialize<'de>>(
    name: &str,
    answers: &mut impl BufRead,
) -> anyhow::Result<T> {
    let mut line = String::new();
    if answers.read_line(&mut line)? == 0 {
        bail!("{name} ended without an answer; what it said stands above");
    }
    serde_json::from_str(&line).with_context(|| format!("{name} answered '{}'", line.trim()))
}

/// A recording's path made absolute, for a program that runs elsewhere.
pub(crate) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot find {}", path.display()))
}
