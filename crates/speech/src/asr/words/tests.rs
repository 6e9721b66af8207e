//! The whole way from tokens to words, on a network that looks through its window at an even pace.

use proptest::prelude::*;

use super::*;
use crate::asr::search::toy::{TS, random_sized};
use crate::testing::toy_tokenizer;

const ENGLISH_ONLY: usize = 16 + 1501;

/// A window from 10 s on, with segments of these tokens that share its time.
fn window<'a>(segments: &'a [Vec<u32>], samples: &'a [f32]) -> WindowText<'a, u64> {
    let n_frames = samples.len() / 160;
    let at = |i: usize| {
        let length = n_frames as f64 / 100.0;
        Seconds(10.0 + length * i as f64 / segments.len() as f64)
    };
    WindowText {
        encoded: &7,
        samples,
        start: Seconds(10.0),
        n_frames,
        speech: &[],
        last_speech: Seconds(10.0),
        language: Language::ENGLISH,
        segments: (segments.iter().enumerate())
            .map(|(i, tokens)| SegmentText {
                tokens,
                start: at(i),
                end: at(i + 1),
            })
            .collect(),
    }
}

fn find(windows: &[WindowText<'_, u64>], rules: WordTimes) -> Vec<Vec<TimedSegment>> {
    let network = random_sized(ENGLISH_ONLY);
    let tokenizer = toy_tokenizer(ENGLISH_ONLY);
    word_times(&network, &tokenizer, windows, AsrTask::Transcribe, rules)
}

/// Words with their times.
fn show(segments: &[TimedSegment]) -> String {
    let words = segments.iter().flat_map(|segment| &segment.words);
    let one = |word: &Word| {
        let (start, end) = (word.start.unwrap().0, word.end.unwrap().0);
        format!("{} {start:.2}-{end:.2}", word.word)
    };
    words.map(one).collect::<Vec<_>>().join(" | ")
}

/// Sound everywhere, 4 s long.
fn noise() -> Vec<f32> {
    (0..64_000).map(|i| (i as f32 * 0.7).sin()).collect()
}

#[test]
fn words_follow_the_look_of_the_decoder() {
    // " ab c" and " d", between timestamps: eight rows with the start, the steering token and the end.
    let segments = [
        vec![TS, 0, 1, 2, 0, 3, TS + 50],
        vec![TS + 50, 0, 4, TS + 90],
    ];
    let samples = noise();
    for rules in [WordTimes::AsReference, WordTimes::Refined] {
        let found = find(&[window(&segments, &samples)], rules).remove(0);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].words.len(), 2);
        let times = show(&found);
        assert!(
            times.starts_with("ab 10.") && times.contains(" | c 11.") || times.contains(" | c 12."),
            "{times}"
        );
        assert!(
            found
                .iter()
                .flat_map(|segment| &segment.words)
                .all(|word| word.score.is_some_and(|p| p > 0.0))
        );
    }
}

#[test]
fn a_pause_belongs_to_no_word() {
    let segments = [vec![0, 1, 0, 2]];
    let mut samples = noise();
    samples[28_000..36_000].fill(0.0);
    let found = find(&[window(&segments, &samples)], WordTimes::Refined).remove(0);
    let words = &found[0].words;
    assert!(
        (words[0].end.unwrap().0 - 11.75).abs() < 0.03,
        "{}",
        show(&found)
    );
    assert!(
        (words[1].start.unwrap().0 - 12.25).abs() < 0.03,
        "{}",
        show(&found)
    );
}

#[test]
fn words_stay_within_the_speech_found() {
    let segments = [vec![0, 1, 0, 2, 0, 3]];
    let samples = noise();
    let speech = [Seconds(10.5)..Seconds(11.0), Seconds(12.0)..Seconds(13.5)];
    let window = WindowText {
        speech: &speech,
        ..window(&segments, &samples)
    };
    let found = find(&[window], WordTimes::Refined).remove(0);
    assert!(
        found[0].start.0 >= 10.5 && found[0].end.0 <= 13.5,
        "{}",
        show(&found)
    );
}

#[test]
fn without_sound_or_room_words_share_the_time_of_their_segment() {
    let short = [vec![0, 1, 0, 2]];
    let found = find(&[window(&short, &[])], WordTimes::Refined).remove(0);
    assert_eq!(found[0].words.len(), 2);
    let long = [[0, 1].repeat(230)];
    let samples = noise();
    for rules in [WordTimes::AsReference, WordTimes::Refined] {
        let found = find(&[window(&long, &samples)], rules).remove(0);
        assert_eq!(found[0].words.len(), 230);
        let times = show(&found);
        assert!(
            times.starts_with("a 10.0") && times.contains("a 13.9"),
            "{times}"
        );
    }
}

#[test]
fn no_window_and_no_text_give_no_words() {
    assert!(find(&[], WordTimes::Refined).is_empty());
    let samples = noise();
    let found = find(
        &[window(&[], &samples), window(&[vec![TS]], &samples)],
        WordTimes::Refined,
    );
    assert!(found[0].is_empty());
    assert_eq!(found[1][0].words, []);
    assert_eq!(
        (found[1][0].start, found[1][0].end),
        (Seconds(10.0), Seconds(14.0))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_word_of_every_text_has_its_time(
        texts in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(0..TS + 9, 0..40), 0..4), 1..4),
        n_frames in 2usize..600,
        pause in 0usize..600,
    ) {
        let tokenizer = toy_tokenizer(ENGLISH_ONLY);
        let mut samples = noise();
        samples.extend(noise());
        samples.truncate(n_frames * 160);
        let begin = (pause * 160).min(samples.len());
        let end = (begin + 8_000).min(samples.len());
        samples[begin..end].fill(0.0);
        let windows: Vec<_> = texts.iter().map(|segments| window(segments, &samples)).collect();
        let found = find(&windows, WordTimes::Refined);
        for (segments, texts) in found.iter().zip(&texts) {
            prop_assert_eq!(segments.len(), texts.len());
            let mut earliest = 10.0;
            for (segment, tokens) in segments.iter().zip(texts) {
                let squeezed = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
                let said: String = segment.words.iter().map(|word| squeezed(&word.word)).collect();
                prop_assert_eq!(said, squeezed(&tokenizer.decode(tokens)));
                for word in &segment.words {
                    let (start, end) = (word.start.unwrap().0, word.end.unwrap().0);
                    prop_assert!(start >= earliest && start <= end, "{}", show(segments));
                    prop_assert!((0.0..=1.0).contains(&word.score.unwrap()));
                    // With enough room, no word is without length.
                    prop_assert!(end > start || n_frames < 300, "{}", show(segments));
                    earliest = end;
                }
                if let (Some(first), Some(last)) = (segment.words.first(), segment.words.last()) {
                    prop_assert_eq!((Some(segment.start), Some(segment.end)), (first.start, last.end));
                }
            }
            prop_assert!(earliest <= 10.0 + n_frames as f64 / 100.0 + 0.01);
        }
        // What else is in the batch changes nothing.
        let alone = find(&windows[..1], WordTimes::Refined);
        prop_assert_eq!(&alone[0], &found[0]);
    }
}
