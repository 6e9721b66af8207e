//! A program that loads its model once and then answers one line of JSON for each line it is sent.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::recordings::Recording;

/// A running program.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) name: &'static str,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(super) ready: Ready,
    /// From the start of the process to its first line.
    pub(super) start: Duration,
}

/// The first line a driver prints.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Ready {
    /// Version of the program.
    pub(super) version: String,
    /// Seconds that loading the model took.
    pub(super) load_seconds: f64,
}

/// One line to a driver.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    kind: &'static str,
    path: &'a Path,
    /// `None` lets the model detect it.
    language: Option<&'a str>,
    /// Chunks of speech decoded side by side; `None` goes through the recording window by window.
    batch_size: Option<usize>,
}

impl<'a> Request<'a> {
    /// Write down what is said in a recording: answers with [`Transcribed`].
    pub(super) fn transcribe(recording: &'a Recording, batch_size: Option<usize>) -> Self {
        // English is given, as a person would; other languages have to be found.
        let language = recording.language.as_deref().filter(|code| *code == "en");
        Self {
            kind: "transcribe",
            path: &recording.path,
            language,
            batch_size,
        }
    }

    /// Time the parts of the network on the first window of a recording: answers with [`Kernels`].
    pub(super) fn kernels(recording: &'a Recording) -> Self {
        Self {
            kind: "kernels",
            ..Self::transcribe(recording, None)
        }
    }
}

/// What a program made of a recording.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Transcribed {
    /// From the file's path to its text.
    pub(super) seconds: f64,
    /// Of them, finding speech.
    #[serde(default)]
    pub(super) vad_seconds: Option<f64>,
    pub(super) text: String,
    pub(super) language: String,
    /// Most memory that the process ever held.
    pub(super) peak_rss_bytes: u64,
}

/// Times of the parts of the network, each the median of several.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Kernels {
    /// One window of 30 s through the encoder, in milliseconds.
    pub(super) encoder_ms: f64,
    /// Of them, arithmetic operations a second, in thousands of millions.
    pub(super) encoder_gops: Option<f64>,
    /// One step of the decoder with all beams, in milliseconds.
    pub(super) decoder_step_ms: Option<f64>,
    /// Features of one window, in milliseconds.
    pub(super) features_ms: Option<f64>,
}

impl Driver {
    pub(super) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
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
    pub(super) fn ask<T: for<'de> Deserialize<'de>>(
        &mut self,
        request: &Request<'_>,
    ) -> anyhow::Result<T> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        if let Some(requests) = &mut self.requests {
            requests
                .write_all(line.as_bytes())
                .with_context(|| format!("{} has ended", self.name))?;
        }
        read_line(self.name, &mut self.answers)
            .with_context(|| format!("on {}", request.path.display()))
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
pub(super) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot find {}", path.display()))
}
