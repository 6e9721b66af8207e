//! What pyannote.audio itself makes of made-up talks (`fixtures/scripts/make_pyannote_goldens.py`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::diarization::Turn;
use domain::options::SpeakerRange;
use domain::units::Seconds;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::activity::{Activity, Local};
use super::clusters::{self, Clustered};
use super::reconstruct::{Run, Runs, reconstruct};
use super::turns::turns;
use super::{Clustering, Method, Plda, VbxOptions};
use crate::diarize::cluster::{centroid, vbx};
use crate::pyannet::Windows;

/// How far features, responsibilities, shares and centroids may be off.
const CLOSE: f64 = 1e-6;

#[derive(Deserialize)]
struct Golden<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Talk {
    windows: TalkWindows,
    activity: Vec<String>,
    voices: Vec<Vec<Option<Vec<f32>>>>,
    min: usize,
    max: Option<usize>,
    pause: f64,
    agglomerative: Expected,
    vbx: Expected,
}

#[derive(Deserialize)]
struct TalkWindows {
    count: usize,
    len: usize,
    step: usize,
    n_samples: usize,
}

#[derive(Deserialize)]
struct Expected {
    clusters: Vec<[i32; 3]>,
    centroids: Vec<Vec<f64>>,
    counts: String,
    frames: Vec<Vec<usize>>,
    turns: Vec<(f64, f64, usize)>,
    exclusive: Vec<(f64, f64, usize)>,
}

#[derive(Deserialize)]
struct Mixed {
    embeddings: Vec<Vec<f32>>,
    fa: f64,
    fb: f64,
    features: Vec<Vec<f64>>,
    between: Vec<f64>,
    first: Vec<usize>,
    responsibilities: Vec<Vec<f64>>,
    shares: Vec<f64>,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/clustering")
        .join(name)
}

fn golden<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let golden: Golden<T> = serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap();
    assert!(golden.items.len() > 2);
    golden.items
}

/// The PLDA of the golden results, for vectors of 16 numbers.
pub(super) fn plda() -> Plda {
    Plda::open(&fixture("plda")).unwrap()
}

impl Talk {
    fn activity(&self) -> Activity {
        let windows = Windows {
            n_samples: self.windows.n_samples,
            len: self.windows.len,
            step: self.windows.step,
            count: self.windows.count,
        };
        let bits = self.activity.iter().flat_map(|row| row.bytes());
        Activity::scripted(windows, bits.map(|digit| digit - b'0').collect())
    }

    fn voices(&self, locals: &[Local]) -> Vec<Vec<f32>> {
        let voice = |local: &Local| self.voices[local.window][local.speaker].clone().unwrap();
        locals.iter().map(voice).collect()
    }

    fn range(&self) -> SpeakerRange {
        SpeakerRange {
            min: self.min,
            max: self.max.unwrap_or(usize::MAX),
        }
    }

    /// Each pipeline, with what the reference found.
    fn pipelines(&self) -> [(Clustering, &Expected); 2] {
        [
            (Method::agglomerative().clustering, &self.agglomerative),
            (Method::vbx(plda()).clustering, &self.vbx),
        ]
    }
}

impl Expected {
    fn clusters(&self) -> Clustered {
        let number = |cluster: i32| usize::try_from(cluster).ok();
        self.clusters
            .iter()
            .map(|locals| locals.map(number))
            .collect()
    }
}

fn check_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (got - expected).abs() < CLOSE,
            "{what}: {got} is not {expected}"
        );
    }
}

#[test]
fn features_are_those_of_the_reference_but_for_their_signs() {
    let plda = plda();
    for item in golden::<Mixed>("vbx.json") {
        check_close(plda.between(), &item.between, "between");
        let features: Vec<_> = item.embeddings.iter().map(|e| plda.features(e)).collect();
        for axis in 0..plda.between().len() {
            let column = |rows: &[Vec<f64>]| rows.iter().map(|row| row[axis]).collect::<Vec<_>>();
            let (got, expected) = (column(&features), column(&item.features));
            let sign = (got[0] * expected[0]).signum();
            let signed: Vec<_> = got.iter().map(|x| x * sign).collect();
            check_close(&signed, &expected, "features");
        }
    }
}

#[test]
fn responsibilities_and_shares_are_those_of_vbx() {
    let plda = plda();
    for item in golden::<Mixed>("vbx.json") {
        let options = VbxOptions {
            fa: item.fa,
            fb: item.fb,
            ..VbxOptions::default()
        };
        let first = centroid::within(&item.embeddings, options.threshold);
        // speaker by speaker, what the reference calls him
        let mut theirs = BTreeMap::new();
        for (ours, first) in first.iter().zip(&item.first) {
            assert_eq!(theirs.entry(*ours).or_insert(*first), first);
        }
        assert_eq!(theirs.len(), item.shares.len());
        let features: Vec<_> = item.embeddings.iter().map(|e| plda.features(e)).collect();
        let found = vbx::cluster(&item.embeddings, &features, plda.between(), &options);
        let in_our_order = |row: &[f64]| theirs.values().map(|at| row[*at]).collect::<Vec<_>>();
        check_close(&found.shares, &in_our_order(&item.shares), "shares");
        for (got, expected) in found.responsibilities.iter().zip(&item.responsibilities) {
            check_close(got, &in_our_order(expected), "responsibilities");
        }
    }
}

#[test]
fn local_speakers_are_the_same_people_as_in_the_reference() {
    for (number, talk) in golden::<Talk>("pyannote.json").iter().enumerate() {
        let activity = talk.activity();
        let locals = activity.locals();
        let voices = talk.voices(&locals);
        for (clustering, expected) in talk.pipelines() {
            let found = clusters::cluster(&activity, &locals, &voices, &clustering, talk.range());
            let mut theirs = BTreeMap::new();
            for (ours, expected) in found.of_window.iter().zip(expected.clusters()) {
                for (ours, expected) in ours.iter().zip(expected) {
                    assert_eq!(
                        *theirs.entry(*ours).or_insert(expected),
                        expected,
                        "talk {number}"
                    );
                }
            }
            for (speaker, centroid) in found.centroids.iter().enumerate() {
                let expected = &expected.centroids[theirs[&Some(speaker)].unwrap()];
                check_close(centroid, expected, "centroid");
            }
            let mut people: Vec<_> = theirs.values().collect();
            people.sort_unstable();
            people.dedup();
            assert_eq!(
                people.len(),
                theirs.len(),
                "talk {number}: two of ours are one of theirs"
            );
        }
    }
}

/// What the reference's clusters become here: how many speak in each frame, and when each of them does.
fn reconstructed(talk: &Talk, expected: &Expected) -> (Vec<usize>, Runs) {
    let activity = talk.activity();
    let counts = activity.counts();
    let most = talk.range().max;
    let allowed: Vec<_> = counts.iter().map(|count| *count.min(&most)).collect();
    let runs = reconstruct(&activity, &[&expected.clusters()], &allowed);
    (counts, runs)
}

fn by_frame(runs: &[Run], n_frames: usize) -> Vec<Vec<usize>> {
    let mut frames = vec![Vec::new(); n_frames];
    for (speaker, run) in runs {
        frames[run.clone()]
            .iter_mut()
            .for_each(|active: &mut Vec<_>| active.push(*speaker));
    }
    for active in &mut frames {
        active.sort_unstable();
    }
    frames
}

#[test]
fn counts_and_active_speakers_of_each_frame_are_those_of_the_reference() {
    for (number, talk) in golden::<Talk>("pyannote.json").iter().enumerate() {
        for (_, expected) in talk.pipelines() {
            let (counts, runs) = reconstructed(talk, expected);
            let digits: String = counts.iter().map(ToString::to_string).collect();
            assert_eq!(digits, expected.counts, "talk {number}");
            assert_eq!(
                by_frame(&runs.all, counts.len()),
                expected.frames,
                "talk {number}"
            );
        }
    }
}

#[test]
fn turns_are_those_of_the_reference_within_the_recording() {
    for (number, talk) in golden::<Talk>("pyannote.json").iter().enumerate() {
        for (_, expected) in talk.pipelines() {
            let (counts, runs) = reconstructed(talk, expected);
            let (voices, n_samples) = (&expected.centroids, talk.windows.n_samples);
            let found = turns(&runs, voices, counts.len(), n_samples, Seconds(talk.pause));
            let end = n_samples as f64 / 16_000.0;
            check_turns(&found.turns, &expected.turns, end, number);
            check_turns(&found.exclusive, &expected.exclusive, end, number);
            for (name, voice) in &found.embeddings {
                let voice: Vec<f64> = voice.iter().map(|x| f64::from(*x)).collect();
                assert!(name.starts_with("SPEAKER_"));
                assert!(
                    voices
                        .iter()
                        .any(|other| (other.iter().zip(&voice)).all(|(a, b)| (a - b).abs() < 1e-6))
                );
            }
        }
    }
}

/// Compares turns with the reference's, which go on after the end and may be as short as a frame.
fn check_turns(found: &[Turn], expected: &[(f64, f64, usize)], end: f64, number: usize) {
    let clipped = expected
        .iter()
        .map(|(start, stop, who)| (*start, stop.min(end), *who));
    let expected: Vec<_> = clipped
        .filter(|(start, stop, _)| stop - start >= 0.02)
        .collect();
    let mut names = BTreeMap::new();
    let key = |turn: &&Turn| (turn.start.0, turn.end.0);
    let mut found: Vec<&Turn> = found.iter().collect();
    found.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap());
    assert_eq!(found.len(), expected.len(), "talk {number}");
    for (found, (start, stop, who)) in found.iter().zip(expected) {
        assert!(
            (found.start.0 - start).abs() < 1e-5,
            "talk {number}: {found:?} is not at {start}"
        );
        assert!(
            (found.end.0 - stop).abs() < 1e-5,
            "talk {number}: {found:?} does not end at {stop}"
        );
        let name = names.entry(who).or_insert(&found.speaker);
        assert_eq!(*name, &found.speaker, "talk {number}: {found:?}");
    }
}
