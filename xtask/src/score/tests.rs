//! The numbers of the evaluation's own scorer, as `fixtures/scripts/make_scores.py` wrote them down.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::diarization::DiarizationErrors;
use super::rttm::Turn;
use super::text::Errors;
use super::words::{TimedWord, WordTimes};

fn cases<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = crate::step::root().join(format!("fixtures/scores/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// True if a number rounded to a multiple of `step` may be `rounded`.
fn rounds_to(number: f64, rounded: f64, step: f64) -> bool {
    (number - rounded).abs() <= step / 2.0 + 1e-9
}

#[derive(Deserialize)]
struct WordsCase {
    reference: String,
    text: String,
    expected: ExpectedWords,
}

#[derive(Deserialize)]
struct ExpectedWords {
    wer: f64,
    words: usize,
    substitutions: usize,
    deletions: usize,
    insertions: usize,
}

#[test]
fn words_are_counted_as_the_scorer_counts_them() {
    for case in cases::<WordsCase>("words") {
        let errors = Errors::of(&case.reference, &case.text);
        let expected = Errors {
            substitutions: case.expected.substitutions,
            deletions: case.expected.deletions,
            insertions: case.expected.insertions,
            words: case.expected.words,
        };
        assert_eq!(errors, expected, "{} | {}", case.reference, case.text);
        assert!(
            rounds_to(errors.rate(), case.expected.wer, 0.01),
            "{} | {}",
            errors.rate(),
            case.expected.wer
        );
    }
}

#[derive(Deserialize)]
struct TimesCase {
    reference: Vec<TimedWord>,
    found: Vec<TimedWord>,
    expected: ExpectedTimes,
}

#[derive(Deserialize)]
struct ExpectedTimes {
    matched: usize,
    ref_words: usize,
    median_start_ms: Option<f64>,
    median_end_ms: Option<f64>,
    mean_ms: Option<f64>,
    within_100ms: f64,
    within_200ms: f64,
}

#[test]
fn words_are_placed_as_the_scorer_places_them() {
    let alike = |ours: Option<f64>, theirs: Option<f64>, step| match (ours, theirs) {
        (Some(ours), Some(theirs)) => rounds_to(ours, theirs, step),
        (ours, theirs) => ours == theirs,
    };
    for (i, case) in cases::<TimesCase>("times").into_iter().enumerate() {
        let times = WordTimes::of(&case.reference, &case.found);
        let (starts, ends) = (times.start_errors(), times.end_errors());
        let (all, expected) = (times.all_errors(), case.expected);
        assert_eq!(times.n_reference, expected.ref_words, "case {i}");
        // The scorer calls matched what is timed too.
        assert_eq!(times.starts.len(), expected.matched, "case {i}");
        for (what, ours, theirs, step) in [
            ("starts", starts.median_ms, expected.median_start_ms, 1.0),
            ("ends", ends.median_ms, expected.median_end_ms, 1.0),
            ("mean", all.mean_ms, expected.mean_ms, 1.0),
            (
                "within 100 ms",
                all.within_100_ms_per_cent.or(Some(0.0)),
                Some(expected.within_100ms),
                0.1,
            ),
            (
                "within 200 ms",
                all.within_200_ms_per_cent.or(Some(0.0)),
                Some(expected.within_200ms),
                0.1,
            ),
        ] {
            assert!(
                alike(ours, theirs, step),
                "case {i}, {what}: {ours:?}, by the scorer {theirs:?}"
            );
        }
    }
}

#[derive(Deserialize)]
struct DiarizationCase {
    reference: Vec<(f64, f64, String)>,
    found: Vec<(f64, f64, String)>,
    expected: Vec<ExpectedDiarization>,
}

#[derive(Deserialize)]
struct ExpectedDiarization {
    der: f64,
    missed: f64,
    false_alarm: f64,
    confusion: f64,
    scored_s: f64,
    collar: f64,
}

#[test]
fn speakers_are_compared_as_the_scorer_compares_them() {
    let turns = |turns: Vec<(f64, f64, String)>| -> Vec<Turn> {
        let turn = |(start, end, speaker)| Turn {
            speaker,
            start,
            end,
        };
        turns.into_iter().map(turn).collect()
    };
    for (i, case) in cases::<DiarizationCase>("diarization")
        .into_iter()
        .enumerate()
    {
        let (reference, found) = (turns(case.reference), turns(case.found));
        for expected in case.expected {
            let errors = DiarizationErrors::of(&reference, &found, expected.collar);
            for (what, ours, theirs) in [
                ("seconds", errors.speech, expected.scored_s),
                ("rate", errors.rate(), expected.der),
                ("missed", errors.per_cent(errors.missed), expected.missed),
                (
                    "false alarm",
                    errors.per_cent(errors.false_alarm),
                    expected.false_alarm,
                ),
                (
                    "confusion",
                    errors.per_cent(errors.confusion),
                    expected.confusion,
                ),
            ] {
                assert!(
                    rounds_to(ours, theirs, 0.01),
                    "case {i}, collar {}, {what}: {ours}, by the scorer {theirs}",
                    expected.collar
                );
            }
        }
    }
}
