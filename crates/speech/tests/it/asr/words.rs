//! Words and their times, as the reference finds them and as we do.

use domain::options::{AsrOptions, WordTimes};
use domain::progress::Silent;
use domain::transcript::Word;
use serde::Deserialize;
use speech::asr;

use super::{Source, golden, whisper};

/// Share of the words whose times must be the same: sums in another order move a step of the way now and then.
const SHARE: f64 = 0.95;
/// In seconds: one step of the encoder, and a little for rounding.
const TOLERANCE: f64 = 0.0201;
const SCORE_TOLERANCE: f64 = 0.02;

#[derive(Debug, Deserialize)]
struct Recording {
    #[serde(flatten)]
    source: Source,
    lang: String,
    /// Word, start, end and probability.
    words: Vec<(String, f64, f64, f64)>,
}

#[test]
fn words_of_the_reference_s_method_have_the_reference_s_times() {
    let (mut n_same, mut n_all) = (0_usize, 0_usize);
    each_recording(
        &["tiny.en", "base"],
        WordTimes::AsReference,
        |recording, words| {
            let texts: Vec<_> = words.iter().map(|word| word.word.as_str()).collect();
            let wanted: Vec<_> = recording.words.iter().map(|word| word.0.as_str()).collect();
            assert_eq!(texts, wanted, "{}", recording.source.id);
            for (word, (_, start, end, probability)) in words.iter().zip(&recording.words) {
                let off = |found: f64, wanted: f64| (found - wanted).abs();
                let same = off(word.start.unwrap().0, *start) <= TOLERANCE
                    && off(word.end.unwrap().0, *end) <= TOLERANCE
                    && off(word.score.unwrap(), *probability) <= SCORE_TOLERANCE;
                if !same {
                    println!("{}: {word:?} for {start}-{end}", recording.source.id);
                }
                n_same += usize::from(same);
                n_all += 1;
            }
        },
    );
    println!("{n_same} of {n_all} words have the same times");
    assert!(n_same as f64 >= SHARE * n_all as f64, "{n_same} of {n_all}");
}

#[test]
fn refined_words_are_the_same_text_in_order() {
    each_recording(&["tiny.en"], WordTimes::Refined, |recording, words| {
        let text = |words: &mut dyn Iterator<Item = &str>| words.collect::<Vec<_>>().concat();
        let found = text(&mut words.iter().map(|word| word.word.as_str()));
        let wanted = text(&mut recording.words.iter().map(|word| word.0.as_str()));
        assert_eq!(found, wanted, "{}", recording.source.id);
        assert!(words.iter().all(|word| word.start < word.end));
        assert!(words.is_sorted_by(|a, b| a.end <= b.start), "{words:?}");
    });
}

fn each_recording(models: &[&str], rules: WordTimes, mut check: impl FnMut(&Recording, &[Word])) {
    for model in models {
        let Some(whisper) = whisper(model) else {
            continue;
        };
        for recording in golden::<Recording>(&format!("words_{model}.json")) {
            let Some(samples) = recording.source.samples() else {
                continue;
            };
            let options = AsrOptions {
                language: Some(recording.lang.parse().unwrap()),
                word_times: rules,
                ..AsrOptions::default()
            };
            let transcript = asr::transcribe(&whisper, &samples, &options, &Silent).unwrap();
            let words: Vec<Word> = (transcript.segments.into_iter())
                .flat_map(|segment| segment.words.unwrap())
                .collect();
            check(&recording, &words);
        }
    }
}
