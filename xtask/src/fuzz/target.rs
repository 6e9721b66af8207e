//! One target: how it is run, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::NAME;
use crate::console::say;
use crate::step::root;
use crate::table::number;

/// An input that takes longer is a finding. A busy machine is no finding.
const TIMEOUT_SECONDS: u32 = 30;

/// More memory in use is a finding. What single readers may reserve the targets limit themselves.
const MAX_MEMORY_MB: u32 = 2048;

/// Lines of the target's output that say what was found.
const N_SHOWN_LINES: usize = 60;

/// A target, and its program.
#[derive(Debug)]
pub(super) struct Target {
    name: String,
    program: PathBuf,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) name: String,
    duration: Duration,
    n_executions: Option<u64>,
    /// Inputs that are kept because they reach what no other does.
    n_inputs: usize,
    /// The input that broke a promise.
    pub(super) finding: Option<PathBuf>,
    output: String,
}

/// The table's heads.
pub(super) const COLUMNS: [&str; 6] = [
    "target",
    "s",
    "executions",
    "a second",
    "inputs kept",
    "findings",
];

impl Target {
    pub(super) fn new(name: &str, folder: &Path) -> Self {
        Self {
            name: name.to_owned(),
            program: folder.join(name),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where inputs are kept.
    pub(super) fn corpus(&self) -> PathBuf {
        root().join("fuzz/corpus").join(&self.name)
    }

    /// Runs it for so many seconds, or until something is found.
    pub(super) fn run(&self, seconds: u32) -> anyhow::Result<Outcome> {
        say(NAME, &format!("{}: {seconds} s", self.name));
        let artifacts = root().join("fuzz/artifacts").join(&self.name);
        fs::create_dir_all(&artifacts).context("cannot make a folder for what is found")?;
        let temporary = temporary_folder()?;
        let began = Instant::now();
        let output = Command::new(&self.program)
            .arg(self.corpus())
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={TIMEOUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MAX_MEMORY_MB}"))
            .arg("-print_final_stats=1")
            .env("TMPDIR", temporary.path())
            .env("RUST_BACKTRACE", "1")
            .output();
        let output = output.with_context(|| format!("cannot run {}", self.program.display()))?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let is_success = output.status.success();
        // Inputs that are only slow are written too.
        let finding = finding(&text).filter(|_| !is_success);
        if !is_success && finding.is_none() {
            bail!("{} ended early ({}):\n{text}", self.name, output.status);
        }
        Ok(Outcome {
            name: self.name.clone(),
            duration: began.elapsed(),
            n_executions: executions(&text),
            n_inputs: fs::read_dir(self.corpus())?.count(),
            finding,
            output: text,
        })
    }
}

/// A folder for the files that targets write for each input: in memory, where the system has that.
fn temporary_folder() -> anyhow::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .context("cannot make a folder")
}

/// Where libFuzzer wrote the input that broke a promise.
fn finding(output: &str) -> Option<PathBuf> {
    let mut lines = output.lines().rev();
    let path = lines.find_map(|line| line.split_once("Test unit written to "));
    path.map(|(_, path)| PathBuf::from(path.trim()))
}

fn executions(output: &str) -> Option<u64> {
    let mut lines = output.lines();
    let count = lines.find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    count.and_then(|count| count.trim().parse().ok())
}

impl Outcome {
    pub(super) fn cells(&self) -> [String; 6] {
        let seconds = self.duration.as_secs_f64();
        let a_second = self.n_executions.map(|n| n as f64 / seconds);
        let executions = self.n_executions.map(|n| n.to_string());
        [
            self.name.clone(),
            number(Some(seconds), 0),
            executions.unwrap_or_else(|| "-".to_owned()),
            number(a_second, 0),
            self.n_inputs.to_string(),
            usize::from(self.finding.is_some()).to_string(),
        ]
    }

    /// Says what is no finding but worth knowing: panics of libraries that were caught.
    pub(super) fn tell_notes(&self) {
        let notes = self
            .output
            .lines()
            .filter(|line| line.starts_with("caught: "));
        notes.for_each(|note| say(&self.name, note));
    }

    /// Says what was found, and how to see it again.
    pub(super) fn explain(&self) {
        let Some(input) = &self.finding else { return };
        let lines: Vec<&str> = self.output.lines().collect();
        let shown = lines.len().saturating_sub(N_SHOWN_LINES);
        for line in &lines[shown..] {
            say(&self.name, line);
        }
        let input = input.strip_prefix(root()).unwrap_or(input).display();
        let target = &self.name;
        say(NAME, &format!("{target} found something: {input}"));
        say(
            NAME,
            &format!(
                "see it again: cargo fuzz run --sanitizer none --codegen-units 16 {target} {input}"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "#8\tpulse  corp: 1/1b\n\
        ==7== ERROR: libFuzzer: deadly signal\n\
        artifact_prefix='fuzz/artifacts/wave/'; Test unit written to fuzz/artifacts/wave/slow-unit-11\n\
        artifact_prefix='fuzz/artifacts/wave/'; Test unit written to fuzz/artifacts/wave/crash-12\n\
        stat::number_of_executed_units: 1234\n\
        stat::average_exec_per_sec:     61\n";

    #[test]
    fn what_was_found_is_read_from_the_output() {
        let path = PathBuf::from("fuzz/artifacts/wave/crash-12");
        assert_eq!(finding(OUTPUT), Some(path));
        assert_eq!(executions(OUTPUT), Some(1234));
        assert_eq!((finding("#8 DONE"), executions("#8 DONE")), (None, None));
    }
}
