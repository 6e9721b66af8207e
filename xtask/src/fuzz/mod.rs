//! `cargo xtask fuzz`: bytes that nobody thought of, for everything that reads foreign bytes.
//!
//! Each target in `fuzz/fuzz_targets` is run for a while by libFuzzer, from small inputs as tests use them ([`seeds`]) and
//! from whatever earlier runs found. What a target checks stands in its file.

mod seeds;
mod target;

use std::collections::VecDeque;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context, bail};

use self::target::{Outcome, Target};
use crate::step::{Step, has_cargo, root};
use crate::table::Table;

const NAME: &str = "fuzz";

/// What to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this target; may be given more than once [default: all]
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many targets run at once
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

/// How long each target runs as one of many checks.
const BRIEF_SECONDS: u32 = 20;

impl Options {
    /// All targets for a short time, on all cores.
    pub(crate) fn brief() -> Self {
        Self {
            target: Vec::new(),
            seconds: BRIEF_SECONDS,
            jobs: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

/// # Errors
/// cargo-fuzz is not installed.
pub(crate) fn require() -> anyhow::Result<()> {
    if has_cargo(NAME) {
        return Ok(());
    }
    bail!("cargo fuzz is not installed; run scripts/setup --with-checks");
}

/// Builds the targets, runs them, and prints a table.
///
/// # Errors
/// cargo-fuzz is missing, the targets cannot be built or run, or something was found.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    require()?;
    let names = wanted(&options.target)?;
    let folder = build()?;
    let targets: Vec<Target> = names
        .iter()
        .map(|name| Target::new(name, &folder))
        .collect();
    for target in &targets {
        seeds::write(target.name(), &target.corpus())
            .with_context(|| format!("cannot write the seeds of {}", target.name()))?;
    }
    let outcomes = run_all(targets, options)?;
    conclude(&outcomes)
}

/// The targets of these names, or all there are.
fn wanted(names: &[String]) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        all.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    all.sort();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!(
            "there is no target '{unknown}'; there are {}",
            all.join(", ")
        );
    }
    all.retain(|name| names.is_empty() || names.contains(name));
    Ok(all)
}

/// Builds all targets at once; the folder of their programs.
///
/// Without sanitizers: our readers are safe Rust, in which a stray access is a panic, and the build is twice as fast. Assertions and
/// checks of overflow are on.
fn build() -> anyhow::Result<PathBuf> {
    lock_as_the_workspace()?;
    let arguments = [
        "fuzz",
        "build",
        "--sanitizer",
        "none",
        "--codegen-units",
        "16",
    ];
    Step::cargo("fuzz targets", &arguments).run()?;
    let folder = format!(
        "fuzz/target/{}-unknown-linux-gnu/release",
        std::env::consts::ARCH
    );
    Ok(root().join(folder))
}

/// Takes the same versions of all packages as the workspace has.
fn lock_as_the_workspace() -> anyhow::Result<()> {
    let [ours, theirs] = ["Cargo.lock", "fuzz/Cargo.lock"].map(|path| root().join(path));
    let written = |path: &Path| {
        fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    if written(&theirs) < written(&ours) {
        fs::copy(&ours, &theirs).context("cannot copy Cargo.lock")?;
    }
    Ok(())
}

/// Runs the targets, so many at once.
fn run_all(targets: Vec<Target>, options: &Options) -> anyhow::Result<Vec<Outcome>> {
    let waiting = Mutex::new(VecDeque::from(targets));
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    let work = || -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        while let Some(target) = next() {
            outcomes.push(target.run(options.seconds)?);
        }
        Ok(outcomes)
    };
    let mut outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        let results = threads.into_iter().map(ScopedJoinHandle::join);
        let flat = results.map(|result| result.unwrap_or_else(|_| bail!("a thread panicked")));
        flat.collect::<anyhow::Result<Vec<_>>>()
    })?
    .concat();
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(outcomes)
}

fn conclude(outcomes: &[Outcome]) -> anyhow::Result<()> {
    let mut table = Table::new(&target::COLUMNS);
    for outcome in outcomes {
        table.row(outcome.cells());
    }
    table.print("Fuzz targets");
    let findings: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.finding.is_some())
        .collect();
    outcomes.iter().for_each(Outcome::tell_notes);
    for outcome in &findings {
        outcome.explain();
    }
    if !findings.is_empty() {
        bail!(
            "{} of {} targets found something",
            findings.len(),
            outcomes.len()
        );
    }
    Ok(())
}
