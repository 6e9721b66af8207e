//! Subtitles, read back as players read them.

use domain::transcript::{Segment, Transcript, word_places};
use unicode_segmentation::UnicodeSegmentation;

/// One cue; times are in milliseconds.
#[derive(Debug, PartialEq)]
pub(super) struct Cue {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) lines: Vec<String>,
}

/// The cues of a SubRip file, which are numbered from 1.
pub(super) fn srt(text: &str) -> Vec<Cue> {
    let blocks = text.split_terminator("\n\n").zip(1..);
    let cue = |(block, number): (&str, u32)| {
        let (first, rest) = block.split_once('\n').expect("a number");
        assert_eq!(first, number.to_string());
        cue(rest)
    };
    blocks.map(cue).collect()
}

/// The cues of a WebVTT file.
pub(super) fn vtt(text: &str) -> Vec<Cue> {
    let text = text.strip_prefix("WEBVTT\n\n").expect("a heading");
    text.split_terminator("\n\n").map(cue).collect()
}

fn cue(block: &str) -> Cue {
    let (times, text) = block.split_once('\n').expect("times");
    let (start, end) = times.split_once(" --> ").expect("two times");
    assert!(!text.contains("-->"), "{block:?}");
    let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    // What players take for the end of a line ends none of ours.
    assert_eq!(text.lines().count(), lines.len());
    assert!(
        !lines
            .iter()
            .any(|line| line.trim().is_empty() || line.contains('\r')),
        "{block:?}"
    );
    Cue {
        start: milliseconds(start),
        end: milliseconds(end),
        lines,
    }
}

fn milliseconds(time: &str) -> u64 {
    let numbers: Vec<u64> = (time.split([':', ',', '.']))
        .map(|part| part.parse().expect("a number"))
        .collect();
    let (thousandths, rest) = numbers.split_last().expect("milliseconds");
    1000 * rest.iter().fold(0, |time, part| 60 * time + part) + thousandths
}

/// Characters as a reader counts them.
pub(super) fn width(line: &str) -> usize {
    line.graphemes(true).count()
}

/// Everything that is neither space nor part of an arrow, which subtitles shorten.
pub(super) fn letters(text: &str) -> String {
    let is_letter =
        |c: &char| !c.is_whitespace() && !"->".contains(*c) && !('\u{1c}'..='\u{1e}').contains(c);
    text.chars().filter(is_letter).collect()
}

/// What a transcript says, in the order of its segments' starts: its texts, or its words where they are not found there.
pub(super) fn said(transcript: &Transcript) -> String {
    let mut segments: Vec<&Segment> = transcript.segments.iter().collect();
    segments.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
    segments.into_iter().map(said_in).collect()
}

fn said_in(segment: &Segment) -> String {
    let words = segment.words.as_deref().unwrap_or_default();
    let has_words = words.iter().any(|word| !word.word.trim().is_empty());
    if has_words && word_places(&segment.text, words).is_none() {
        words.iter().map(|word| letters(&word.word)).collect()
    } else {
        letters(&segment.text)
    }
}
