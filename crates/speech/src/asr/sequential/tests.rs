//! The window loop on scripted and random networks with a vocabulary of six letters.

use std::sync::Mutex;

use domain::options::{AsrTask, WordTimes};
use domain::progress::Silent;
use proptest::prelude::*;

use super::*;
use crate::asr::search::toy::{
    EOT, NO_SPEECH, NO_TIMESTAMPS, SOT, TRANSCRIBE, TS, Toy, random_sized,
};
use crate::testing::toy_tokenizer;

const START_OF_PREV: u32 = 13;
/// Token ids of a toy model that knows English only, and of one that knows German too.
const ENGLISH_ONLY: usize = 16 + 1501;
const MULTILINGUAL: usize = 51_865;

/// A recording with something to hear everywhere.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and the number is small"
)]
fn sound(n_seconds: f32) -> Vec<f32> {
    (0..(n_seconds * 16_000.0) as usize)
        .map(|i| (i as f32 * 0.3).sin() * 0.1)
        .collect()
}

/// What the network says in a window: tokens, the probability of each letter among the letters, and that of silence.
#[derive(Clone, Copy)]
struct Script {
    tokens: &'static [u32],
    sure: f32,
    silence: f32,
    /// Whether the text is found unlikely when it is read once more, without timestamps.
    doubted: bool,
}

const fn says(tokens: &'static [u32]) -> Script {
    Script {
        tokens,
        sure: 0.99,
        silence: 0.01,
        doubted: false,
    }
}

/// What a recording gave: the segments as text, and the prompt of each window.
struct Outcome {
    segments: String,
    n_encoded: u64,
    prompts: Vec<Vec<u32>>,
    transcript: Transcript,
}

/// Runs a script of windows; the last goes on for ever.
fn run(script: &[Script], samples: &[f32], options: &AsrOptions) -> Outcome {
    let prompts = Mutex::new(Vec::new());
    let network = Toy::sized(ENGLISH_ONLY, |window, fed| {
        let window = usize::try_from(window).unwrap();
        let Script {
            tokens,
            sure,
            silence,
            doubted,
        } = script[window.min(script.len() - 1)];
        let begin = fed
            .iter()
            .rposition(|token| (SOT..=NO_TIMESTAMPS).contains(token))
            .unwrap()
            + 1;
        let generated = &fed[begin..];
        let mut logits = vec![f32::NEG_INFINITY; ENGLISH_ONLY];
        logits[1..EOT as usize].fill(((1.0 - sure) / 4.0).ln());
        let next = match tokens.strip_prefix(generated) {
            Some([next, ..]) => *next,
            _ => EOT,
        };
        logits[next as usize] = sure.ln();
        if doubted && fed.contains(&NO_TIMESTAMPS) {
            logits[5] = 9.0;
        }
        if generated.is_empty() {
            prompts.lock().unwrap().push((window, fed.to_vec()));
            let others: f32 = logits.iter().map(|logit| logit.exp()).sum();
            logits[NO_SPEECH as usize] = (silence / (1.0 - silence) * others).ln();
        }
        logits
    });
    let tokenizer = toy_tokenizer(ENGLISH_ONLY);
    let transcript = transcribe(&network, &tokenizer, samples.into(), options, &Silent).unwrap();
    let n_encoded = network.n_encoded();
    let mut prompts = prompts.into_inner().unwrap();
    prompts.dedup_by_key(|(window, _)| *window);
    Outcome {
        segments: show(&transcript),
        n_encoded,
        prompts: prompts.into_iter().map(|(_, prompt)| prompt).collect(),
        transcript,
    }
}

/// The usual options, without beams: a sure script is followed to its end. Without words, segments last as the script
/// says.
fn greedy() -> AsrOptions {
    AsrOptions {
        beam_size: 1,
        word_times: WordTimes::Off,
        ..AsrOptions::default()
    }
}

fn show(transcript: &Transcript) -> String {
    let line =
        |segment: &Segment| format!("{}-{} {}", segment.start.0, segment.end.0, segment.text);
    transcript
        .segments
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// Two segments, and the third begins at 20 s.
const FIRST: &[u32] = &[TS, 1, TS + 500, TS + 500, 2, TS + 1000, TS + 1000, 3];
const SECOND: &[u32] = &[TS, 3, TS + 1500];
const THIRD: &[u32] = &[TS, 4, 5, TS + 200];

#[test]
fn windows_begin_where_the_last_segment_ended() {
    let outcome = run(
        &[says(FIRST), says(SECOND), says(THIRD)],
        &sound(70.0),
        &greedy(),
    );
    assert_eq!(outcome.segments, "0-10 a | 10-20 b | 20-50 c | 50-54 de");
    assert_eq!(outcome.transcript.language, "en");
    assert_eq!(outcome.transcript.language_probability, None);
    let last = &outcome.transcript.segments[3];
    assert_eq!(last.temperature, Some(0.0));
    assert!(last.avg_logprob.unwrap() > -0.1 && last.no_speech_prob.unwrap() < 0.1);
}

#[test]
fn each_window_is_told_the_text_before_it() {
    let script = [says(FIRST), says(SECOND), says(THIRD)];
    let initial_prompt = Some(" e ".to_owned());
    let options = AsrOptions {
        initial_prompt,
        ..greedy()
    };
    let told = run(&script, &sound(70.0), &options).prompts;
    let first = [START_OF_PREV, 0, 5];
    let second = [&first[..], &FIRST[..6]].concat();
    assert_eq!(told[0], [&first[..], &[SOT]].concat());
    assert_eq!(told[1], [&second[..], &[SOT]].concat());
    assert_eq!(told[2], [&second[..], SECOND, &[SOT]].concat());

    let options = AsrOptions {
        condition_on_previous_text: false,
        ..options
    };
    let told = run(&script, &sound(70.0), &options).prompts;
    assert_eq!(told, [&[START_OF_PREV, 0, 5, SOT][..], &[SOT], &[SOT]]);
}

#[test]
fn only_the_first_window_has_the_prefix_and_all_have_the_hotwords() {
    let script = [says(&[TS, 0, 2, 1, TS + 1000, TS + 1000, 3]), says(THIRD)];
    let options = AsrOptions {
        prefix: Some("b".into()),
        condition_on_previous_text: false,
        ..greedy()
    };
    let outcome = run(&script, &sound(40.0), &options);
    // The first is forced to begin with what stands after the start token.
    assert_eq!(outcome.prompts, [[SOT], [SOT]]);
    assert_eq!(outcome.segments, "0-20  ba | 20-24 de");
    let options = AsrOptions {
        prefix: None,
        hotwords: Some("a".into()),
        ..options
    };
    let outcome = run(&[says(FIRST), says(THIRD)], &sound(40.0), &options);
    assert_eq!(
        outcome.prompts,
        [[START_OF_PREV, 0, 1, SOT], [START_OF_PREV, 0, 1, SOT]]
    );
}

/// Twenty letters; at a probability of a quarter each they are too unlikely.
const LONG: &[u32] = &[
    TS,
    1,
    2,
    3,
    4,
    5,
    1,
    3,
    5,
    2,
    4,
    1,
    4,
    2,
    5,
    3,
    1,
    5,
    4,
    3,
    2,
    TS + 1000,
    TS + 1000,
];

#[test]
fn a_high_temperature_ends_the_prompt() {
    let unsure = Script {
        sure: 0.26,
        ..says(LONG)
    };
    let options = AsrOptions {
        temperatures: vec![0.0, 0.6],
        ..greedy()
    };
    let outcome = run(&[says(FIRST), unsure, says(THIRD)], &sound(70.0), &options);
    assert_eq!(outcome.transcript.segments[1].temperature, Some(0.0));
    assert_eq!(outcome.transcript.segments[2].temperature, Some(0.6));
    assert_eq!(outcome.prompts[1][0], START_OF_PREV);
    assert_eq!(outcome.prompts[2], [SOT]);
    let patient = AsrOptions {
        prompt_reset_on_temperature: 0.7,
        ..options
    };
    let outcome = run(&[says(FIRST), unsure, says(THIRD)], &sound(70.0), &patient);
    assert_eq!(outcome.prompts[2][0], START_OF_PREV);
}

#[test]
fn a_window_without_speech_is_passed_over() {
    let silent = Script {
        silence: 0.9,
        sure: 0.26,
        ..says(LONG)
    };
    let outcome = run(&[silent, says(THIRD)], &sound(40.0), &greedy());
    assert_eq!(outcome.segments, "30-34 de");
    assert_eq!(outcome.prompts, [[SOT], [SOT]]);
    // A text that the network is sure of counts.
    let sure = Script {
        silence: 0.9,
        ..says(&[TS, 1, 2, 3, TS + 500])
    };
    let outcome = run(&[sure], &sound(9.0), &greedy());
    assert_eq!(outcome.segments, "0-9 abc");
    assert!((outcome.transcript.segments[0].no_speech_prob.unwrap() - 0.9).abs() < 1e-3);
}

#[test]
fn digital_silence_and_a_crumb_at_the_end_are_not_decoded() {
    let mut samples = sound(70.05);
    samples[30 * 16_000..60 * 16_000].fill(0.0);
    let script = [says(SECOND), says(&[TS, 1, TS + 500, TS + 500])];
    let outcome = run(&script, &samples, &greedy());
    assert_eq!(outcome.segments, "0-30 c | 60-70 a");
    assert_eq!(outcome.n_encoded, 2);
    for silence in [
        &samples[30 * 16_000..45 * 16_000],
        &sound(0.09),
        &[],
        &[0.5],
    ] {
        let outcome = run(&script, silence, &greedy());
        assert_eq!((outcome.segments.as_str(), outcome.n_encoded), ("", 0));
    }
}

#[test]
fn no_segment_ends_after_the_recording_or_is_empty() {
    assert_eq!(
        run(&[says(THIRD)], &sound(2.5), &greedy()).segments,
        "0-2.5 de"
    );
    // The default set would suppress the space, being the first token of ` -` in this vocabulary.
    let options = AsrOptions {
        suppress_tokens: Vec::new(),
        ..greedy()
    };
    let blank = says(&[TS, 0, 0, TS + 50, TS + 50, 1, TS + 100]);
    assert_eq!(run(&[blank], &sound(1.9), &options).segments, "1-1.9 a");
}

#[test]
fn a_window_that_loops_to_the_last_has_no_text() {
    const LOOP: [u32; 100] = [2; 100];
    let single = AsrOptions {
        temperatures: vec![0.0],
        ..greedy()
    };
    let outcome = run(&[says(&LOOP), says(THIRD)], &sound(40.0), &single);
    assert_eq!(outcome.segments, "30-34 de");
    // With other temperatures, it is decoded once more without repetitions at last.
    let several = AsrOptions {
        temperatures: vec![0.0, 0.2],
        ..greedy()
    };
    let outcome = run(&[says(&LOOP), says(THIRD)], &sound(40.0), &several);
    assert!(!outcome.segments.contains("bbbb"), "{}", outcome.segments);
}

/// Remembers the progress told, and cancels at some point.
struct Ear {
    told: Mutex<Vec<(f64, f64)>>,
    cancel_at: f64,
}

impl Monitor for Ear {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        assert_eq!(stage, Stage::Transcribe);
        self.told.lock().unwrap().push((done.0, total.0));
    }

    fn is_cancelled(&self) -> bool {
        self.told
            .lock()
            .unwrap()
            .last()
            .is_some_and(|(done, _)| *done >= self.cancel_at)
    }
}

#[test]
fn progress_is_told_after_each_window_and_cancelling_ends_it() {
    let network = Toy::sized(ENGLISH_ONLY, |_, fed| {
        let mut logits = vec![-9.0; ENGLISH_ONLY];
        let next = if fed.last() == Some(&SOT) {
            TS
        } else if fed.last() == Some(&TS) {
            1
        } else {
            EOT
        };
        logits[next as usize] = 0.0;
        logits
    });
    for (cancel_at, n_told) in [(99.0, 3), (60.0, 2), (30.0, 1)] {
        let ear = Ear {
            told: Mutex::default(),
            cancel_at,
        };
        let tokenizer = toy_tokenizer(ENGLISH_ONLY);
        let result = transcribe(&network, &tokenizer, (&sound(75.0)).into(), &greedy(), &ear);
        assert_eq!(result.is_err(), n_told < 3);
        assert_eq!(
            *ear.told.lock().unwrap(),
            [(30.0, 75.0), (60.0, 75.0), (75.0, 75.0)][..n_told]
        );
    }
}

/// The prompts of a multilingual network that takes the windows with these numbers for German.
fn prompts_by_language(german: &[u64], options: &AsrOptions) -> (Vec<Vec<u32>>, Transcript) {
    let prompts = Mutex::new(Vec::new());
    let network = Toy::sized(MULTILINGUAL, |window, fed| {
        let mut logits = vec![-9.0; MULTILINGUAL];
        logits[8] = 2.0;
        logits[9] = if german.contains(&window) { 4.0 } else { 0.0 };
        match fed.last() {
            Some(&SOT) => {}
            Some(&(TRANSCRIBE | 10)) => {
                prompts.lock().unwrap().push(fed.to_vec());
                logits[TS as usize] = 20.0;
            }
            Some(&TS) => logits[1] = 20.0,
            _ => logits[EOT as usize] = 20.0,
        }
        logits
    });
    let tokenizer = toy_tokenizer(MULTILINGUAL);
    let transcript = transcribe(
        &network,
        &tokenizer,
        (&sound(70.0)).into(),
        options,
        &Silent,
    )
    .unwrap();
    (prompts.into_inner().unwrap(), transcript)
}

#[test]
fn the_language_found_is_told_in_every_window() {
    let options = AsrOptions {
        condition_on_previous_text: false,
        ..greedy()
    };
    // The window looked at for the language is decoded without being encoded again.
    let (prompts, transcript) = prompts_by_language(&[0], &options);
    assert_eq!(
        prompts,
        [
            [SOT, 9, TRANSCRIBE],
            [SOT, 9, TRANSCRIBE],
            [SOT, 9, TRANSCRIBE]
        ]
    );
    assert_eq!(transcript.language, "de");
    assert!((transcript.language_probability.unwrap() - 1.0 / (1.0 + (-2f64).exp())).abs() < 1e-4);
    let translate = AsrOptions {
        task: AsrTask::Translate,
        ..options.clone()
    };
    assert_eq!(prompts_by_language(&[0], &translate).0[2], [SOT, 9, 10]);
    let given = AsrOptions {
        language: Some(Language::ENGLISH),
        ..options
    };
    let (prompts, transcript) = prompts_by_language(&[0, 1, 2], &given);
    assert_eq!(prompts[0], [SOT, 8, TRANSCRIBE]);
    assert_eq!(
        (
            transcript.language.as_str(),
            transcript.language_probability
        ),
        ("en", None)
    );
}

#[test]
fn a_multilingual_recording_is_asked_its_language_in_each_window() {
    let options = AsrOptions {
        condition_on_previous_text: false,
        multilingual: true,
        ..greedy()
    };
    let (prompts, transcript) = prompts_by_language(&[1], &options);
    assert_eq!(
        prompts,
        [
            [SOT, 8, TRANSCRIBE],
            [SOT, 9, TRANSCRIBE],
            [SOT, 8, TRANSCRIBE]
        ]
    );
    assert_eq!(transcript.language, "en");
}

#[test]
fn a_language_that_the_model_does_not_know_is_an_error() {
    let german: Language = "de".parse().unwrap();
    let network = random_sized(ENGLISH_ONLY);
    let options = AsrOptions {
        language: Some(german),
        ..greedy()
    };
    let result = transcribe(
        &network,
        &toy_tokenizer(ENGLISH_ONLY),
        (&sound(1.0)).into(),
        &options,
        &Silent,
    );
    let expected = AsrError::LanguageNotSupported {
        language: german,
        english_only: true,
    };
    assert_eq!(result, Err(expected));
}

/// As [`greedy`], with words.
fn with_words() -> AsrOptions {
    AsrOptions {
        word_times: WordTimes::Refined,
        ..greedy()
    }
}

#[test]
fn each_segment_lasts_as_long_as_its_words() {
    let outcome = run(
        &[says(FIRST), says(SECOND), says(THIRD)],
        &sound(70.0),
        &with_words(),
    );
    let segments = &outcome.transcript.segments;
    let texts: Vec<_> = segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(texts[..2], ["a", "b"]);
    for segment in segments {
        let words = segment.words.as_ref().unwrap();
        assert_eq!(
            words
                .iter()
                .map(|word| word.word.as_str())
                .collect::<String>(),
            segment.text
        );
        assert_eq!(words[0].start, Some(segment.start));
        assert_eq!(words.last().unwrap().end, Some(segment.end));
    }
    let without = run(&[says(FIRST)], &sound(70.0), &greedy());
    assert!(
        without
            .transcript
            .segments
            .iter()
            .all(|segment| segment.words.is_none())
    );
}

#[test]
fn what_is_unfinished_is_decoded_again_after_the_last_word_as_in_the_reference() {
    // The text breaks off, so that the window ends with its last word instead of its last frame.
    let script = [says(&[TS, 1, 2, 3]), says(THIRD)];
    let [reference, refined] = [WordTimes::AsReference, WordTimes::Refined].map(|word_times| {
        let options = AsrOptions {
            word_times,
            ..with_words()
        };
        run(&script, &sound(40.0), &options).transcript.segments
    });
    assert!(reference[0].end.0 < 29.0 && refined[0].end.0 < 29.0);
    assert!(reference[1].start < refined[1].start && refined[1].start.0 > 30.0);
}

#[test]
fn words_change_nothing_of_the_text() {
    let script = [says(FIRST), says(&[TS, 1, 2, 3]), says(SECOND), says(THIRD)];
    let [with, without] = [with_words(), greedy()].map(|options| {
        let outcome = run(&script, &sound(100.0), &options);
        let texts = outcome
            .transcript
            .segments
            .into_iter()
            .map(|segment| segment.text);
        (texts.collect::<Vec<_>>(), outcome.prompts)
    });
    assert_eq!(with, without);
}

#[test]
fn doubtful_words_amid_silence_are_dropped_on_demand() {
    let doubtful = Script {
        doubted: true,
        ..says(&[TS, 1, 2, TS + 1490])
    };
    let options = with_words();
    let script = [doubtful, says(THIRD)];
    let kept = run(&script, &sound(30.0), &options);
    assert_eq!(kept.transcript.segments.len(), 1, "{}", kept.segments);
    let options = AsrOptions {
        hallucination_silence_threshold: Some(1.0),
        ..options
    };
    let dropped = run(&script, &sound(30.0), &options);
    assert!(
        dropped
            .transcript
            .segments
            .iter()
            .all(|segment| segment.text != "ab"),
        "{}",
        dropped.segments
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_recording_comes_to_an_end(
        n_seconds in 0f32..65.0, without_timestamps: bool, beam_size in 1usize..4, sampled: bool,
        words in 0..3_usize, skips: bool,
    ) {
        let options = AsrOptions {
            beam_size,
            without_timestamps,
            best_of: 2,
            temperatures: if sampled { vec![1.0] } else { vec![0.0] },
            no_speech_threshold: None,
            word_times: [WordTimes::Off, WordTimes::Refined, WordTimes::AsReference][words],
            hallucination_silence_threshold: skips.then_some(2.0),
            ..greedy()
        };
        let samples = sound(n_seconds);
        let network = random_sized(ENGLISH_ONLY);
        let transcript = transcribe(&network, &toy_tokenizer(ENGLISH_ONLY), (&samples).into(), &options, &Silent).unwrap();
        let length = samples.len() as f64 / 16_000.0;
        for segment in &transcript.segments {
            prop_assert!(segment.start <= segment.end && segment.end.0 <= length);
            prop_assert!(!segment.text.trim().is_empty());
        }
        let all = transcript.segments.iter().flat_map(|segment| segment.words.iter().flatten());
        if words == 1 {
            prop_assert!(all.is_sorted_by(|a, b| a.start < a.end && a.end <= b.start));
        }
        if !without_timestamps && words == 0 {
            prop_assert!(transcript.segments.is_sorted_by(|a, b| a.start <= b.start && a.end <= b.end));
        }
    }
}
