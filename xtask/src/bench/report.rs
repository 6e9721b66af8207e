//! What was measured, and the tables that show it.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

use std::path::Path;

use serde::Serialize;

use super::Options;
use super::recordings::Recording;
use super::request::{Kernels, Transcribed};
use crate::driver::Driver;
use crate::score::statistics::median;
use crate::score::text::Errors;

/// Everything measured with one model.
#[derive(Debug, Serialize)]
pub(super) struct ModelReport {
    model: String,
    compute_type: String,
    threads: usize,
    beam_size: usize,
    batch_size: Option<usize>,
    scriven: Program,
    peer: Option<Program>,
    recordings: Vec<Row>,
    /// Parts of our network.
    pub(super) kernels: Option<Kernels>,
    /// Parts of the peer's.
    pub(super) peer_kernels: Option<Kernels>,
}

/// A program and its start.
#[derive(Debug, Serialize)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) load_seconds: f64,
    start_seconds: f64,
}

/// One recording.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    language: Option<String>,
    audio_seconds: f64,
    scriven: Measured,
    peer: Option<Measured>,
}

/// One recording through one program.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    seconds: f64,
    vad_seconds: Option<f64>,
    errors: Option<Errors>,
    language: String,
    peak_rss_bytes: u64,
    text: String,
}

impl Measured {
    pub(super) fn new(recording: &Recording, result: Transcribed) -> Self {
        let errors = |reference: &String| Errors::of(reference, &result.text);
        Self {
            seconds: result.seconds,
            vad_seconds: result.vad_seconds,
            errors: recording.reference.as_ref().map(errors),
            language: result.language,
            peak_rss_bytes: result.peak_rss_bytes,
            text: result.text,
        }
    }
}

impl Program {
    pub(super) fn of(driver: &Driver) -> Self {
        Self {
            name: driver.name,
            version: driver.ready.version.clone(),
            load_seconds: driver.ready.load_seconds,
            start_seconds: driver.start.as_secs_f64(),
        }
    }
}

impl ModelReport {
    pub(super) fn new(
        folder: &Path,
        options: &Options,
        ours: &Driver,
        peer: Option<&Driver>,
    ) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Self {
            model: name.to_string_lossy().into_owned(),
            compute_type: options.compute_type.clone(),
            threads: options.threads,
            beam_size: options.beam_size,
            batch_size: options.batch_size,
            scriven: Program::of(ours),
            peer: peer.map(Program::of),
            recordings: Vec::new(),
            kernels: None,
            peer_kernels: None,
        }
    }

    pub(super) fn add(&mut self, recording: &Recording, scriven: Measured, peer: Option<Measured>) {
        self.recordings.push(Row {
            id: recording.id.clone(),
            language: recording.language.clone(),
            audio_seconds: recording.duration_seconds,
            scriven,
            peer,
        });
    }

    /// Prints the table of this model in Markdown.
    pub(super) fn print(&self) {
        let audio: f64 = self.recordings.iter().map(|row| row.audio_seconds).sum();
        let batches = |size| format!(", batches of {size}");
        println!(
            "\n### {}, {}, {} threads, beam {}{}: {} recordings, {audio:.0} s of audio\n",
            self.model,
            self.compute_type,
            self.threads,
            self.beam_size,
            self.batch_size.map_or_else(String::new, batches),
            self.recordings.len(),
        );
        let peer = self.peer.as_ref();
        let peer_name = peer.map_or("(no peer)".to_owned(), |peer| {
            format!("{} {}", peer.name, peer.version)
        });
        println!(
            "| | scriven {} | {peer_name} | ratio |",
            self.scriven.version
        );
        println!("| --- | ---: | ---: | ---: |");
        let (ours, theirs) = self.seconds();
        line(
            "audio ÷ time (times real time)",
            Some(audio / ours),
            theirs.map(|t| audio / t),
            1,
            Ratio::None,
        );
        line("time in all, s", Some(ours), theirs, 2, Ratio::PeerByOurs);
        let rows = self.recordings.iter();
        let vad: Option<f64> = rows.map(|row| row.scriven.vad_seconds).sum();
        line("of it finding speech, s", vad, None, 2, Ratio::None);
        let ratios = self.ratios();
        if let (Some(median), Some(worst), Some(best)) =
            (median(&ratios), ratios.first(), ratios.last())
        {
            println!(
                "| ratio of the median recording (worst, best) | | | **{median:.2}** ({worst:.2}, {best:.2}) |"
            );
        }
        let [ours, theirs] = self.word_errors();
        line(
            "words wrong, %",
            ours.map(Errors::rate),
            theirs.map(Errors::rate),
            2,
            Ratio::Difference,
        );
        let [ours, theirs] = self.peaks();
        line("peak memory, MB", ours, theirs, 0, Ratio::PeerByOurs);
        let load = |program: &Program| program.load_seconds;
        line(
            "model loaded in, s",
            Some(load(&self.scriven)),
            peer.map(load),
            2,
            Ratio::PeerByOurs,
        );
        let start = |program: &Program| program.start_seconds;
        line(
            "process ready after, s",
            Some(start(&self.scriven)),
            peer.map(start),
            2,
            Ratio::PeerByOurs,
        );
        let ours = self.kernels.as_ref();
        let theirs = self.peer_kernels.as_ref();
        let features = |kernels: &Kernels| kernels.features_ms;
        line(
            "features of a window, ms",
            ours.and_then(features),
            theirs.and_then(features),
            1,
            Ratio::PeerByOurs,
        );
        let encoder = |kernels: &Kernels| kernels.encoder_ms;
        line(
            "encoder, one window, ms",
            ours.map(encoder),
            theirs.map(encoder),
            0,
            Ratio::PeerByOurs,
        );
        line(
            "encoder, 10⁹ operations/s",
            ours.and_then(|k| k.encoder_gops),
            None,
            0,
            Ratio::None,
        );
        line(
            "decoder, one step of all beams, ms",
            ours.and_then(|k| k.decoder_step_ms),
            None,
            2,
            Ratio::None,
        );
        self.print_wrong_languages();
    }

    /// Names the recordings whose language was not found.
    fn print_wrong_languages(&self) {
        let wrong = |row: &Row, measured: &Measured| {
            row.language
                .as_ref()
                .is_some_and(|l| *l != measured.language)
        };
        for row in &self.recordings {
            let peer = row.peer.as_ref();
            if wrong(row, &row.scriven) || peer.is_some_and(|peer| wrong(row, peer)) {
                let theirs = peer.map_or("-", |peer| &peer.language);
                let spoken = row.language.as_deref().unwrap_or("-");
                println!(
                    "\n{}: spoken {spoken}, heard {}, by the peer {theirs}",
                    row.id, row.scriven.language
                );
            }
        }
    }

    fn peers(&self) -> Option<Vec<&Measured>> {
        self.recordings
            .iter()
            .map(|row| row.peer.as_ref())
            .collect()
    }

    fn seconds(&self) -> (f64, Option<f64>) {
        let ours = self.recordings.iter().map(|row| row.scriven.seconds).sum();
        let theirs = self
            .peers()
            .map(|peers| peers.iter().map(|peer| peer.seconds).sum());
        (ours, theirs)
    }

    /// Their time by ours for each recording, sorted.
    fn ratios(&self) -> Vec<f64> {
        let ratio = |row: &Row| Some(row.peer.as_ref()?.seconds / row.scriven.seconds);
        let mut ratios: Vec<f64> = self.recordings.iter().filter_map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }

    fn word_errors(&self) -> [Option<Errors>; 2] {
        let ours = self.recordings.iter().map(|row| &row.scriven);
        let theirs = self.recordings.iter().filter_map(|row| row.peer.as_ref());
        [total(ours), total(theirs)]
    }

    fn peaks(&self) -> [Option<f64>; 2] {
        let mega = |bytes: u64| bytes as f64 / 1e6;
        let ours = self
            .recordings
            .iter()
            .map(|row| row.scriven.peak_rss_bytes)
            .max();
        let theirs = self
            .recordings
            .iter()
            .filter_map(|row| Some(row.peer.as_ref()?.peak_rss_bytes))
            .max();
        [ours.map(mega), theirs.map(mega)]
    }
}

fn total<'a>(measured: impl Iterator<Item = &'a Measured>) -> Option<Errors> {
    let errors: Vec<Errors> = measured.filter_map(|one| one.errors).collect();
    (!errors.is_empty()).then(|| errors.into_iter().sum())
}

/// How two numbers are set against each other.
enum Ratio {
    None,
    PeerByOurs,
    Difference,
}

fn line(what: &str, ours: Option<f64>, theirs: Option<f64>, digits: usize, ratio: Ratio) {
    let Some(ours) = ours else {
        return;
    };
    let theirs_shown = theirs.map_or("-".to_owned(), |theirs| format!("{theirs:.digits$}"));
    let ratio = match (theirs, ratio) {
        (Some(theirs), Ratio::PeerByOurs) => format!("{:.2}", theirs / ours),
        (Some(theirs), Ratio::Difference) => format!("{:+.2}", ours - theirs),
        _ => String::new(),
    };
    println!("| {what} | {ours:.digits$} | {theirs_shown} | {ratio} |");
}

/// Says on standard error which recording is under way.
pub(super) fn progress(i: usize, n: usize, recording: &Recording) {
    let text = match i {
        0 => format!("warming up on {}", recording.id),
        _ => format!(
            "[{i}/{n}] {} ({:.0} s)",
            recording.id, recording.duration_seconds
        ),
    };
    crate::console::say("bench", &text);
}
