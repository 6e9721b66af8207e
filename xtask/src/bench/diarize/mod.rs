//! Who speaks when, next to senko: diarization alone, on the same samples, recording by recording in turns.

mod measured;
mod report;

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde::Serialize;

use self::measured::{Answer, Measured};
use self::report::Report;
use super::recordings::{self, Recording};
use super::{Options, PAUSE, peer, report::progress, write_json};
use crate::driver::Driver;
use crate::{example, models};

/// From this length on senko works in another way, which takes minutes to warm up.
const LONG_SECONDS: f64 = 1200.0;

/// One line to either program.
#[derive(Debug, Serialize)]
struct Request<'a> {
    kind: &'static str,
    path: &'a Path,
    /// Where samples are to be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a Path>,
    /// How many people speak, if that is told.
    num_speakers: Option<usize>,
}

impl<'a> Request<'a> {
    fn diarize(path: &'a Path, num_speakers: Option<usize>) -> Self {
        Self {
            kind: "diarize",
            path,
            to: None,
            num_speakers,
        }
    }

    /// Decode a recording into a WAV file, so that both programs hear the same.
    fn samples(path: &'a Path, to: &'a Path) -> Self {
        Self {
            kind: "samples",
            path,
            to: Some(to),
            num_speakers: None,
        }
    }
}

/// Measures both programs and prints tables.
///
/// # Errors
/// A model or recording is missing, a program cannot be built or fails.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let recordings = recordings::list(options)?;
    let mut ours = start_ours(options)?;
    let mut peer = (!options.no_peer)
        .then(|| start_peer(options, &recordings))
        .transpose()?;
    let folder = tempfile::tempdir()?;
    let mut report = Report::new(options, &ours, peer.as_ref());
    // The first one once more, to warm up.
    for (i, recording) in recordings.iter().take(1).chain(&recordings).enumerate() {
        progress(i, recordings.len(), recording);
        let samples = folder.path().join("samples.wav");
        let request = Request::samples(&recording.path, &samples);
        let _: serde_json::Value = ask(&mut ours, &request, recording)?;
        let row = measure(&mut ours, peer.as_mut(), recording, &samples, i)?;
        if i > 0 {
            report.add(recording, row);
        }
    }
    report.print();
    write_json(options, &report)
}

/// One recording through both programs, and through ours once more with the number of speakers told.
fn measure(
    ours: &mut Driver,
    mut peer: Option<&mut Driver>,
    recording: &Recording,
    samples: &Path,
    turn: usize,
) -> anyhow::Result<Measured> {
    let found = Request::diarize(samples, None);
    let run = |driver: &mut Driver| -> anyhow::Result<Answer> {
        std::thread::sleep(PAUSE);
        ask(driver, &found, recording)
    };
    // Each goes first every other time.
    let (scriven, senko);
    if turn.is_multiple_of(2) {
        scriven = run(ours)?;
        senko = peer.as_mut().map(|peer| run(peer)).transpose()?;
    } else {
        senko = peer.as_mut().map(|peer| run(peer)).transpose()?;
        scriven = run(ours)?;
    }
    let told = |n| ask(ours, &Request::diarize(samples, Some(n)), recording);
    Ok(Measured {
        scriven,
        peer: senko,
        told: recording.n_speakers.map(told).transpose()?,
    })
}

fn ask<T: for<'de> serde::Deserialize<'de>>(
    driver: &mut Driver,
    request: &Request<'_>,
    recording: &Recording,
) -> anyhow::Result<T> {
    let answer = driver.ask(request);
    answer.with_context(|| format!("on {}", recording.path.display()))
}

fn start_ours(options: &Options) -> anyhow::Result<Driver> {
    let program = example::build("eval_driver", &options.profile)?;
    let mut command = Command::new(program);
    command.arg(options.threads.to_string());
    command.arg(&options.compute_type);
    command.arg(models::fetched("segmentation-3.0")?);
    command.arg(models::fetched("campplus")?);
    Driver::start("scriven", &mut command)
}

fn start_peer(options: &Options, recordings: &[Recording]) -> anyhow::Result<Driver> {
    let which = peer::Peer::Senko;
    let python = match &options.peer_python {
        Some(python) => python.clone(),
        None => which.install()?,
    };
    let mut command = Command::new(python);
    command.arg(which.script()).arg(options.threads.to_string());
    if (recordings.iter()).any(|recording| recording.duration_seconds >= LONG_SECONDS) {
        command.arg("long");
    }
    Driver::start(which.name(), &mut command)
}
