//! Chunks on scripted networks with a vocabulary of six letters. Longer chunks are encoded first, so a window's number is
//! the rank of its chunk by speech.

use std::sync::Mutex;

use domain::options::WordTimes;
use domain::progress::Silent;

use super::*;
use crate::asr::search::toy::{EOT, NO_SPEECH, NO_TIMESTAMPS, SOT, TS, Toy};
use crate::testing::toy_tokenizer;

const ENGLISH_ONLY: usize = 16 + 1501;
const SECOND: usize = 16_000;

/// What the network says in a window: letters, the probability of each among the letters, and that of silence.
#[derive(Clone, Copy)]
struct Script {
    letters: &'static [u32],
    sure: f32,
    silence: f32,
}

const fn says(letters: &'static [u32]) -> Script {
    Script {
        letters,
        sure: 0.99,
        silence: 0.01,
    }
}

/// A chunk of so many seconds from a second on; each begins with half a second of speech, so that none needs a word.
fn chunk(start: usize, n_seconds: usize) -> Chunk {
    let (start, end) = (start * SECOND, (start + n_seconds) * SECOND);
    Chunk {
        start,
        end,
        speech: (start..end)
            .step_by(SECOND)
            .map(|at| at..at + SECOND / 2)
            .collect(),
        is_doubtful: false,
    }
}

fn greedy() -> AsrOptions {
    AsrOptions {
        beam_size: 1,
        word_times: WordTimes::AsReference,
        ..AsrOptions::default()
    }
}

/// Runs one script a window; a script without end goes on with its last letter.
fn run(script: &[Script], chunks: &[Chunk], options: &AsrOptions) -> Transcript {
    run_watched(script, chunks, options, &Silent).unwrap()
}

fn run_watched(
    script: &[Script],
    chunks: &[Chunk],
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    let network = Toy::sized(ENGLISH_ONLY, |window, fed| {
        // what is encoded after the chunks are parts that their texts seem to leave out
        let script = script.get(usize::try_from(window).unwrap());
        let script = script.copied().unwrap_or(says(&[]));
        let begin = fed
            .iter()
            .rposition(|token| (SOT..=NO_TIMESTAMPS).contains(token))
            .unwrap();
        let generated = &fed[begin + 1..];
        let mut logits = vec![f32::NEG_INFINITY; ENGLISH_ONLY];
        logits[1..EOT as usize].fill(((1.0 - script.sure) / 4.0).ln());
        let next = script.letters.get(generated.len()).copied().unwrap_or(EOT);
        logits[next as usize] = script.sure.ln();
        if generated.is_empty() {
            let others: f32 = logits.iter().map(|logit| logit.exp()).sum();
            logits[NO_SPEECH as usize] = (script.silence / (1.0 - script.silence) * others).ln();
        }
        logits
    });
    let end = chunks.iter().map(|chunk| chunk.end).max().unwrap_or(0);
    let samples: Vec<f32> = (0..end).map(|i| (i as f32 * 0.3).sin() * 0.1).collect();
    let tokenizer = toy_tokenizer(ENGLISH_ONLY);
    transcribe(
        &network,
        &tokenizer,
        (&samples).into(),
        chunks,
        options,
        monitor,
    )
}

fn texts(transcript: &Transcript) -> Vec<&str> {
    (transcript.segments.iter())
        .map(|segment| segment.text.as_str())
        .collect()
}

#[test]
fn segments_come_in_the_order_of_the_recording_and_lie_in_their_chunks() {
    let chunks = [chunk(0, 3), chunk(5, 20), chunk(30, 7), chunk(40, 12)];
    // by length: the second, the fourth, the third, the first
    let script = [says(&[2, 2]), says(&[4, 3]), says(&[3]), says(&[1])];
    for batch_size in [1, 2, 3, 8] {
        let options = AsrOptions {
            batch_size,
            ..greedy()
        };
        let found = run(&script, &chunks, &options);
        assert_eq!(
            texts(&found),
            ["a", "bb", "c", "dc"],
            "batches of {batch_size}"
        );
        for (segment, chunk) in found.segments.iter().zip(&chunks) {
            assert!(segment.start >= seconds(chunk.start) && segment.end <= seconds(chunk.end));
            assert!(segment.start < segment.end && segment.words.is_some());
        }
    }
    let options = AsrOptions {
        word_times: WordTimes::Off,
        ..greedy()
    };
    let found = run(&script, &chunks, &options);
    assert!(found.segments.iter().all(|segment| segment.words.is_none()));
    assert_eq!(run(&[], &[], &options).segments, []);
}

#[test]
fn a_chunk_that_loops_is_decoded_again() {
    const LOOP: [u32; 300] = [2; 300];
    let chunks = [chunk(0, 20), chunk(25, 10)];
    let found = run(&[says(&LOOP), says(&[1, 3])], &chunks, &greedy());
    let last = found.segments.last().unwrap();
    assert_eq!((last.text.as_str(), last.temperature), ("ac", Some(0.0)));
    let looped = &found.segments[0];
    assert!(!looped.text.contains("bbbb"), "{}", looped.text);
}

#[test]
fn what_is_not_speech_is_dropped() {
    let unsure = |silence| Script {
        sure: 0.4,
        silence,
        ..says(&[1, 2, 3])
    };
    let whole = [chunk(0, 20)];
    let short = [Chunk {
        speech: std::iter::once(0..SECOND / 2).collect(),
        ..chunk(0, 2)
    }];
    let doubtful = [Chunk {
        is_doubtful: true,
        ..chunk(0, 20)
    }];
    let check = |silence, chunks: &[Chunk], is_kept| {
        let found = run(&[unsure(silence)], chunks, &greedy());
        assert_eq!(!found.segments.is_empty(), is_kept, "{silence} {chunks:?}");
    };
    check(0.9, &whole, false);
    check(0.26, &whole, true);
    check(0.26, &short, false);
    check(0.15, &short, true);
    check(0.15, &doubtful, false);
    let sure = run(&[says(&[1])], &doubtful, &greedy());
    assert_eq!(texts(&sure), ["a"]);
}

#[test]
fn what_a_text_leaves_out_is_decoded_by_itself() {
    // The words are few and short beside ten seconds of speech, so most of it is without words.
    let chunks = [Chunk {
        speech: std::iter::once(2 * SECOND..12 * SECOND).collect(),
        ..chunk(2, 10)
    }];
    let options = AsrOptions {
        word_times: WordTimes::Refined,
        ..greedy()
    };
    let alone = run(&[says(&[1, 2])], &chunks, &options);
    let filled = run(
        &[says(&[1, 2]), says(&[TS, 3, 4, TS + 100])],
        &chunks,
        &options,
    );
    assert_eq!(texts(&alone), ["ab"]);
    let text = texts(&filled).concat();
    assert!(text.contains("ab") && text.contains("cd"), "{text}");
    for segment in &filled.segments {
        assert!(
            segment.start.0 >= 2.0 && segment.end.0 <= 12.0,
            "{segment:?}"
        );
    }
}

#[test]
fn a_loop_or_a_text_too_fast_is_not_put_where_a_text_leaves_something_out() {
    const LOOP: [u32; 300] = [3; 300];
    let chunks = [Chunk {
        speech: std::iter::once(2 * SECOND..12 * SECOND).collect(),
        ..chunk(2, 10)
    }];
    let options = AsrOptions {
        word_times: WordTimes::Refined,
        ..greedy()
    };
    let text = |added: Script| texts(&run(&[says(&[1, 2]), added], &chunks, &options)).concat();
    assert_eq!(text(says(&[TS, 3, 4, TS + 100])).len(), 4);
    assert_eq!(text(says(&LOOP)), "ab");
}

/// Keeps what it is told, and cancels after so many reports.
struct Watch {
    reports: Mutex<Vec<f64>>,
    patience: usize,
}

impl Monitor for Watch {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        assert_eq!((stage, total), (Stage::Transcribe, Seconds(32.0)));
        self.reports.lock().unwrap().push(done.0);
    }

    fn is_cancelled(&self) -> bool {
        self.reports.lock().unwrap().len() >= self.patience
    }
}

#[test]
fn progress_is_told_and_cancelling_ends_the_work() {
    let chunks = [chunk(0, 20), chunk(25, 12)];
    let script = [says(&[1]), says(&[2])];
    let watch = |patience| Watch {
        reports: Mutex::default(),
        patience,
    };
    let patient = watch(usize::MAX);
    run_watched(&script, &chunks, &greedy(), &patient).unwrap();
    let reports = patient.reports.into_inner().unwrap();
    assert!(reports.is_sorted() && (reports.last().unwrap() - 32.0).abs() < 1e-6);
    let hasty = watch(1);
    let stopped = run_watched(&script, &chunks, &greedy(), &hasty);
    assert_eq!(stopped, Err(AsrError::Cancelled));
}
