//! `cargo xtask bench`: speed, words, speakers and memory next to other programs, on the same recordings in one run.

mod diarize;
mod peer;
mod recordings;
mod report;
mod request;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::driver::Driver;
use crate::{example, models};
use recordings::Recording;
use report::{Measured, ModelReport};
use request::Request;

/// Pause before each measurement: threads of the other program that wait for more work by spinning give up meanwhile.
const PAUSE: Duration = Duration::from_millis(300);

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Model by name, or its folder; may be given several times
    #[arg(long, value_name = "NAME", default_values = ["tiny.en", "base"])]
    model: Vec<String>,
    /// Measure only the first N recordings
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Threads of each program
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Kinds of recordings [default: asr,words,long; next to senko: diar]
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<recordings::Kind>,
    /// Arithmetic of both programs
    #[arg(long, value_parser = ["int8", "float32"], default_value = "int8")]
    compute_type: String,
    /// Beams of both programs
    #[arg(long, default_value_t = 5)]
    beam_size: usize,
    /// Find speech first, and decode so many chunks of it side by side, in both programs
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// What scriven is compared with
    #[arg(long, value_enum, default_value_t = peer::Peer::FasterWhisper)]
    peer: peer::Peer,
    /// Folder of recordings with a manifest.json
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// Build profile of scriven
    #[arg(long, default_value = "release")]
    profile: String,
    /// Python that has the peer already, instead of a virtual environment of our own
    #[arg(long, value_name = "FILE")]
    peer_python: Option<PathBuf>,
    /// Measure scriven alone
    #[arg(long)]
    no_peer: bool,
    /// Write all numbers here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures every model and prints a table for each; next to senko, diarization alone.
///
/// # Errors
/// A model or recording is missing, a program cannot be built or fails.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.peer == peer::Peer::Senko {
        return diarize::run(options);
    }
    let recordings = recordings::list(options)?;
    let folders: Vec<PathBuf> = (options.model.iter())
        .map(|model| models::recogniser(model))
        .collect::<Result<_, _>>()?;
    let scriven = example::build("bench_driver", &options.profile)?;
    let peer_python = match (&options.peer_python, options.no_peer) {
        (_, true) => None,
        (Some(python), _) => Some(python.clone()),
        (None, false) => Some(options.peer.install()?),
    };
    let mut reports = Vec::new();
    for folder in &folders {
        let english_only = folder.to_string_lossy().ends_with(".en");
        let recordings: Vec<&Recording> = (recordings.iter())
            .filter(|recording| !english_only || recording.language.as_deref() == Some("en"))
            .collect();
        let settings = Settings { folder, options };
        let report = measure(&settings, &recordings, &scriven, peer_python.as_deref())?;
        report.print();
        reports.push(report);
    }
    write_json(options, &reports)
}

/// Writes all numbers to the file asked for, if any.
fn write_json(options: &Options, report: &impl serde::Serialize) -> anyhow::Result<()> {
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What both programs are started with.
struct Settings<'a> {
    folder: &'a Path,
    options: &'a Options,
}

impl Settings<'_> {
    fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .arg(self.folder)
            .arg(&self.options.compute_type)
            .arg(self.options.threads.to_string())
            .arg(self.options.beam_size.to_string())
    }
}

/// Runs all recordings through both programs, file by file in turns, the first one once more to warm up.
fn measure(
    settings: &Settings<'_>,
    recordings: &[&Recording],
    scriven: &Path,
    peer_python: Option<&Path>,
) -> anyhow::Result<ModelReport> {
    let Some(first) = recordings.first() else {
        bail!(
            "no recording is left for the model {}",
            settings.folder.display()
        );
    };
    let mut command = Command::new(scriven);
    settings.apply(&mut command);
    if settings.options.batch_size.is_some() {
        command.arg(models::fetched("segmentation-3.0")?);
    }
    let mut ours = Driver::start("scriven", &mut command)?;
    let which = settings.options.peer;
    let mut peer = (peer_python)
        .map(|python| {
            let mut command = Command::new(python);
            Driver::start(which.name(), settings.apply(command.arg(which.script())))
        })
        .transpose()?;
    let mut report = ModelReport::new(settings.folder, settings.options, &ours, peer.as_ref());
    for (i, recording) in [first].into_iter().chain(recordings).enumerate() {
        report::progress(i, recordings.len(), recording);
        let request = Request::transcribe(recording, settings.options.batch_size);
        let mut ask = |driver: &mut Driver| {
            std::thread::sleep(PAUSE);
            let answer = driver.ask(&request);
            answer.with_context(|| format!("on {}", recording.path.display()))
        };
        // Each goes first every other time, so that neither always finds the file in the page cache.
        let (a, b);
        if i % 2 == 0 {
            a = ask(&mut ours)?;
            b = peer.as_mut().map(&mut ask).transpose()?;
        } else {
            b = peer.as_mut().map(&mut ask).transpose()?;
            a = ask(&mut ours)?;
        }
        if i > 0 {
            report.add(
                recording,
                Measured::new(recording, a),
                b.map(|b| Measured::new(recording, b)),
            );
        }
    }
    let request = Request::kernels(first);
    report.kernels = Some(ours.ask(&request)?);
    if which == peer::Peer::FasterWhisper {
        report.peer_kernels = peer.as_mut().map(|peer| peer.ask(&request)).transpose()?;
    }
    Ok(report)
}
