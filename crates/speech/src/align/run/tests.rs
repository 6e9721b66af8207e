//! Whole alignments with a model whose ears are perfect.

use domain::options::Interpolation;
use domain::progress::Silent;
use domain::transcript::Word;

use super::*;
use crate::align::testing::Echo;

const LETTERS: &str = "|abcdefghijklmnopqrstuvwxyz";

fn dictionary() -> Dictionary {
    let keys = std::iter::once("<pad>".to_owned()).chain(LETTERS.chars().map(String::from));
    Dictionary::new(keys.zip(0..), "|", 0)
}

/// A recording in which each character of `said` lasts 20 ms; `_` is silence and `#` a sound of no letter.
fn recording(said: &str) -> Vec<f32> {
    let class = |c: char| match c {
        '_' => 0.0,
        '#' => 27.0,
        c => LETTERS.find(c).unwrap() as f32 + 1.0,
    };
    let frames = said
        .chars()
        .flat_map(|c| std::iter::repeat_n(class(c), 320));
    frames.chain([0.0; 80]).collect()
}

fn segment(start: f64, end: f64, text: &str) -> Segment {
    Segment {
        start: Seconds(start),
        end: Seconds(end),
        text: text.to_owned(),
        avg_logprob: Some(-0.25),
        ..Segment::default()
    }
}

fn aligned(segments: &[Segment], samples: &[f32], options: AlignOptions) -> Vec<Segment> {
    let (dictionary, splitter) = (dictionary(), Splitter::for_language("en"));
    let model = Echo::new(28);
    let language = Language {
        model: &model,
        dictionary: &dictionary,
        splitter: &splitter,
        spaced: true,
    };
    align(&language, segments, samples.into(), options, &Silent).unwrap()
}

/// Shows words as `word start-end`, with a star where there is no score.
fn shown(segments: &[Segment]) -> Vec<String> {
    let word = |word: &Word| {
        let star = if word.score.is_none() { "*" } else { "" };
        match (word.start, word.end) {
            (Some(start), Some(end)) => format!("{}{star} {:.2}-{:.2}", word.word, start.0, end.0),
            _ => format!("{}{star}", word.word),
        }
    };
    segments
        .iter()
        .flat_map(|segment| segment.words.iter().flatten().map(word))
        .collect()
}

#[test]
fn words_have_the_times_at_which_they_are_said() {
    let samples = recording("_____hii__|__yo_u______");
    let segments = aligned(
        &[segment(0.0, 0.46, " Hi, you!")],
        &samples,
        AlignOptions::default(),
    );
    assert_eq!(shown(&segments), ["Hi, 0.10-0.20", "you! 0.26-0.38"]);
    assert_eq!(segments[0].avg_logprob, Some(-0.25));
    assert_eq!(segments[0].text, " Hi, you!");
    assert!(segments[0].chars.is_none());
    assert!((segments[0].start.0 - 0.1).abs() < 1e-9 && (segments[0].end.0 - 0.38).abs() < 1e-9);
}

#[test]
fn a_segment_becomes_one_for_each_sentence() {
    let samples = recording("__a__|__b___|__c__|_d____");
    let segments = aligned(
        &[segment(0.0, 0.5, " A b. C d?")],
        &samples,
        AlignOptions::default(),
    );
    let texts: Vec<_> = segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(texts, [" A b.", "C d?"]);
    assert_eq!(shown(&segments[1..]), ["C 0.30-0.36", "d? 0.40-0.46"]);
}

#[test]
fn numbers_are_heard_as_what_no_letter_explains() {
    let samples = recording("__in__|_####__#_|_may___");
    let segments = aligned(
        &[segment(0.0, 0.5, "in 1984, may")],
        &samples,
        AlignOptions::default(),
    );
    assert_eq!(
        shown(&segments),
        ["in 0.04-0.12", "1984, 0.16-0.32", "may 0.36-0.46"]
    );
}

#[test]
fn what_is_not_spoken_lies_between_its_neighbours() {
    let samples = recording("__a______|______b____");
    let transcript = [segment(0.0, 0.42, "a - b")];
    let times = |interpolate_method| {
        let options = AlignOptions {
            interpolate_method,
            ..AlignOptions::default()
        };
        shown(&aligned(&transcript, &samples, options))
    };
    assert_eq!(times(Interpolation::Linear)[1], "-* 0.10-0.32");
    assert_eq!(times(Interpolation::Nearest)[1], "-* 0.10-0.17");
    assert_eq!(times(Interpolation::Ignore)[1], "-*");
}

#[test]
fn a_text_too_long_for_its_segment_is_heard_in_a_wider_part() {
    let samples = recording("_______abcdefgh________");
    let segments = aligned(
        &[segment(0.2, 0.26, "abcdefgh")],
        &samples,
        AlignOptions::default(),
    );
    assert_eq!(shown(&segments), ["abcdefgh 0.14-0.34"]);
}

#[test]
fn a_text_that_fits_nowhere_is_spread_over_its_segment() {
    let samples = recording("____");
    let text = "a text of far too many letters";
    let segments = aligned(
        &[segment(0.0, 0.08, text)],
        &samples,
        AlignOptions::default(),
    );
    let words: Vec<_> = segments[0].words.iter().flatten().collect();
    assert_eq!(words.len(), 7);
    assert!(words.iter().all(|word| word.score.is_none()));
    assert!(words.windows(2).all(|pair| pair[0].start <= pair[1].start));
    assert_eq!(segments[0].text, text);
}

#[test]
fn earlier_word_times_beat_a_guess() {
    let words = vec![Word {
        word: "????".into(),
        start: Some(Seconds(0.02)),
        end: Some(Seconds(0.04)),
        ..Word::default()
    }];
    let given = Segment {
        words: Some(words),
        ..segment(0.0, 0.08, "????")
    };
    let segments = aligned(
        std::slice::from_ref(&given),
        &recording("____"),
        AlignOptions::default(),
    );
    assert_eq!(segments, [given]);
}

#[test]
fn segments_beyond_the_recording_end_inside_it() {
    let samples = recording("__a_____________________________________________________");
    let transcript = [
        segment(0.0, 0.1, "a"),
        segment(5.0, 6.0, "beyond the end"),
        segment(1.0, 9.0, "x"),
    ];
    for rules in [AlignRules::Own, AlignRules::WhisperX] {
        let options = AlignOptions {
            rules,
            ..AlignOptions::default()
        };
        let segments = aligned(&transcript, &samples, options);
        assert_eq!(segments.len(), 3);
        if rules == AlignRules::Own {
            let end = samples.len() as f64 / RATE + 1e-3;
            let words = segments
                .iter()
                .flat_map(|segment| segment.words.iter().flatten());
            assert_eq!(words.clone().count(), 5);
            assert!(
                words
                    .map(|word| word.end.unwrap().0)
                    .all(|time| time <= end)
            );
        } else {
            assert_eq!(segments[1].words, Some(vec![]));
        }
    }
}

#[test]
fn an_empty_recording_and_an_empty_transcript_are_no_errors() {
    assert!(aligned(&[], &[], AlignOptions::default()).is_empty());
    let segments = aligned(
        &[segment(0.0, 1.0, "hello you")],
        &[],
        AlignOptions::default(),
    );
    assert_eq!(shown(&segments).len(), 2);
    assert!(aligned(&[segment(0.0, 1.0, "  ")], &[], AlignOptions::default()).is_empty());
}

#[test]
fn characters_come_with_their_times() {
    let options = AlignOptions {
        return_char_alignments: true,
        ..AlignOptions::default()
    };
    let segments = aligned(
        &[segment(0.0, 0.2, "ab.")],
        &recording("__a__b____"),
        options,
    );
    let chars = segments[0].chars.as_deref().unwrap();
    assert_eq!(
        chars.iter().map(|c| c.char.as_str()).collect::<String>(),
        "ab."
    );
    assert_eq!(chars[1].start, Some(Seconds(0.1)));
    assert_eq!((chars[2].start, chars[2].score), (None, None));
}

#[test]
fn whisperx_rules_give_what_whisperx_gives() {
    let options = AlignOptions {
        rules: AlignRules::WhisperX,
        return_char_alignments: true,
        ..AlignOptions::default()
    };
    let samples = recording("__a__|__b___|__c__|_d____");
    let segments = aligned(&[segment(0.0, 0.48, " A b. C d?")], &samples, options);
    insta::assert_snapshot!(serde_json::to_string_pretty(&segments).unwrap());
}

#[test]
fn the_caller_can_stop() {
    struct Stop;
    impl Monitor for Stop {
        fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let (dictionary, splitter) = (dictionary(), Splitter::for_language("en"));
    let model = Echo::new(28);
    let language = Language {
        model: &model,
        dictionary: &dictionary,
        splitter: &splitter,
        spaced: true,
    };
    let outcome = align(
        &language,
        &[segment(0.0, 0.1, "a")],
        (&recording("a")).into(),
        AlignOptions::default(),
        &Stop,
    );
    assert_eq!(outcome, Err(AlignError::Cancelled));
}

proptest::proptest! {
    #[test]
    fn every_word_comes_out_in_order_and_inside(
        said in "[a-e_#|]{0,60}",
        texts in proptest::collection::vec(("[a-e1 .!é-]{0,12}", 0.0_f64..1.5, 0.0_f64..1.0), 1..4),
        method in proptest::sample::select(&[Interpolation::Nearest, Interpolation::Linear]),
    ) {
        let samples = recording(&said);
        let transcript: Vec<Segment> =
            texts.iter().map(|(text, start, length)| segment(*start, start + length, text)).collect();
        let options = AlignOptions { interpolate_method: method, ..AlignOptions::default() };
        for given in &transcript {
            let segments = aligned(std::slice::from_ref(given), &samples, options);
            let words: Vec<&Word> = segments.iter().flat_map(|segment| segment.words.iter().flatten()).collect();
            let text: String = words.iter().map(|word| word.word.as_str()).collect();
            proptest::prop_assert_eq!(text, given.text.split_whitespace().collect::<String>());
            proptest::prop_assert!(words.windows(2).all(|pair| pair[0].start <= pair[1].start));
            let duration = samples.len() as f64 / RATE;
            let fits = words.len() as f64 * 0.02 <= duration;
            for word in words {
                let (start, end) = (word.start.unwrap().0, word.end.unwrap().0);
                proptest::prop_assert!(start >= 0.0 && start < end);
                proptest::prop_assert!(!fits || end <= duration + 1e-3, "{} of {}", end, duration);
            }
        }
    }
}
