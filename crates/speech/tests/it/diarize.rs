//! Recordings from their samples to their speakers, with both networks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::diarization::{Diarization, Turn};
use domain::options::{ComputeType, DiarizeOptions};
use domain::progress::{Monitor, Silent, Stage};
use domain::units::Seconds;
use speech::audio::{self, Samples};
use speech::diarize::{self, DiarizeError};
use speech::embedding::CamPlusPlus;
use speech::models::{Companion, Places};
use speech::pyannet::PyanNet;

/// Times are compared every so many seconds.
const STEP: f64 = 0.01;

struct Networks {
    segmentation: PyanNet,
    voices: CamPlusPlus,
}

impl Networks {
    /// `None`, aloud, where one of them is not at hand.
    fn load() -> Option<Self> {
        let folder = |companion: Companion| {
            let folder = companion.find(&places());
            if folder.is_none() {
                skipped::for_want_of_model(companion.name());
            }
            folder
        };
        let (segmentation, voices) = (
            folder(Companion::Segmentation)?,
            folder(Companion::CamPlusPlus)?,
        );
        Some(Self {
            segmentation: PyanNet::load(&segmentation, 2).unwrap(),
            voices: CamPlusPlus::load(&voices, ComputeType::Int8, 2).unwrap(),
        })
    }

    fn diarize(
        &self,
        samples: &Samples,
        options: &DiarizeOptions,
        monitor: &dyn Monitor,
    ) -> Result<Diarization, DiarizeError> {
        let segmentation = self
            .segmentation
            .segment(samples, diarize::STEP, &Silent)
            .unwrap();
        diarize::diarize(&segmentation, samples, &self.voices, options, monitor)
    }
}

pub(crate) fn places() -> Places {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    Places {
        model_dir: from("MODEL_DIR").or_else(|| Some(cache?.join("scriven/models"))),
        ..Places::default()
    }
}

/// A recording and its turns; `None`, aloud, where it is not at hand.
fn recording(path: &Path, turns: &Path) -> Option<(Samples, Vec<Turn>)> {
    if !path.exists() || !turns.exists() {
        skipped::on_this_machine("no recordings beside the repository");
        return None;
    }
    let samples = audio::decode(path, &audio::Settings::default(), &Silent)
        .unwrap()
        .samples;
    let turns = std::fs::read_to_string(turns).unwrap();
    let turn = |line: &str| -> Option<Turn> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let start: f64 = fields.get(3)?.parse().ok()?;
        let length: f64 = fields.get(4)?.parse().ok()?;
        Some(Turn {
            start: Seconds(start),
            end: Seconds(start + length),
            speaker: (*fields.get(7)?).to_owned(),
        })
    };
    Some((samples, turns.lines().filter_map(turn).collect()))
}

fn eval(name: &str, extension: &str) -> Option<(Samples, Vec<Turn>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/eval/diar");
    recording(
        &folder.join(format!("{name}.{extension}")),
        &folder.join(format!("{name}.rttm")),
    )
}

/// Who speaks at a time.
fn at(turns: &[Turn], time: f64) -> Vec<&str> {
    let here = |turn: &&Turn| turn.start.0 <= time && time < turn.end.0;
    turns
        .iter()
        .filter(here)
        .map(|turn| &*turn.speaker)
        .collect()
}

/// The share of the time in which both say that one person speaks, and it is the same: each found speaker stands for the
/// one he shares most time with.
fn agreement(found: &[Turn], wanted: &[Turn]) -> f64 {
    let end = wanted.iter().map(|turn| turn.end.0).fold(0.0, f64::max);
    let mut shared: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    let mut total = 0;
    for step in 0..(end / STEP) as u32 {
        let time = f64::from(step) * STEP;
        if let ([found], [wanted]) = (&at(found, time)[..], &at(wanted, time)[..]) {
            *shared.entry(found).or_default().entry(wanted).or_default() += 1;
            total += 1;
        }
    }
    let most: u32 = shared.values().filter_map(|of| of.values().max()).sum();
    f64::from(most) / f64::from(total)
}

/// The share of the time in which somebody speaks that is found as speech.
fn heard(found: &[Turn], wanted: &[Turn]) -> f64 {
    let end = wanted.iter().map(|turn| turn.end.0).fold(0.0, f64::max);
    let times = (0..(end / STEP) as u32).map(|step| f64::from(step) * STEP);
    let spoken: Vec<f64> = times.filter(|time| !at(wanted, *time).is_empty()).collect();
    let n_heard = spoken
        .iter()
        .filter(|time| !at(found, **time).is_empty())
        .count();
    n_heard as f64 / spoken.len() as f64
}

fn check(
    networks: &Networks,
    recording: Option<(Samples, Vec<Turn>)>,
    n_speakers: usize,
    least_same: f64,
) {
    let Some((samples, wanted)) = recording else {
        return;
    };
    let found = networks
        .diarize(&samples, &DiarizeOptions::default(), &Silent)
        .unwrap();
    let (same, heard) = (
        agreement(&found.exclusive, &wanted),
        heard(&found.turns, &wanted),
    );
    println!("{n_speakers} speakers: {same:.3} the same, {heard:.3} heard");
    assert_eq!(found.speakers().len(), n_speakers);
    assert_eq!(found.embeddings.len(), n_speakers);
    assert!(same > least_same, "{same} the same");
    assert!(heard > 0.9, "{heard} heard");
    assert!(
        found
            .turns
            .iter()
            .all(|turn| turn.end <= samples.duration())
    );
    let again = networks
        .diarize(&samples, &DiarizeOptions::default(), &Silent)
        .unwrap();
    assert_eq!(found, again, "the same input gives the same result");
}

#[test]
fn one_speaker_is_found() {
    let Some(networks) = Networks::load() else {
        return;
    };
    check(&networks, eval("mixd_1spk", "m4a"), 1, 0.99);
}

#[test]
fn three_speakers_who_interrupt_each_other_are_found() {
    let Some(networks) = Networks::load() else {
        return;
    };
    check(&networks, eval("mixd_3spk_ov", "opus"), 3, 0.98);
}

#[test]
fn the_two_speakers_of_the_sample_are_found() {
    let Some(networks) = Networks::load() else {
        return;
    };
    let folder = places().model_dir.unwrap().join("sample");
    check(
        &networks,
        recording(&folder.join("sample.wav"), &folder.join("sample.rttm")),
        2,
        0.94, // it begins with four turns of 0.4 to 1.7 s
    );
}

#[test]
fn silence_and_snippets_are_served() {
    let Some(networks) = Networks::load() else {
        return;
    };
    for n_samples in [0, 1, 300, 8_000, 200_000] {
        let found = networks.diarize(
            &Samples::new(&vec![0.0; n_samples]),
            &DiarizeOptions::default(),
            &Silent,
        );
        assert_eq!(
            found,
            Ok(Diarization::default()),
            "{n_samples} samples of silence"
        );
    }
    let Some((samples, _)) = eval("mixd_1spk", "m4a") else {
        return;
    };
    let whole = samples.to_vec();
    for (from, n_samples) in [(32_000, 14_000), (80_000, 100_000), (0, 159_999)] {
        let part = Samples::new(&whole[from..from + n_samples]);
        let found = networks
            .diarize(&part, &DiarizeOptions::default(), &Silent)
            .unwrap();
        assert_eq!(
            found.speakers(),
            ["SPEAKER_00"],
            "{n_samples} samples from {from}"
        );
    }
}

/// Ends the work once it has begun.
struct Impatient;

impl Monitor for Impatient {
    fn progress(&self, stage: Stage, _done: Seconds, _total: Seconds) {
        assert_eq!(stage, Stage::Diarize);
    }

    fn is_cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_cancelled_run_ends() {
    let Some(networks) = Networks::load() else {
        return;
    };
    let Some((samples, _)) = eval("mixd_1spk", "m4a") else {
        return;
    };
    let found = networks.diarize(&samples, &DiarizeOptions::default(), &Impatient);
    assert_eq!(found, Err(DiarizeError::Cancelled));
}
