//! A transcript as paragraphs for people to read: what one person says, cut at pauses.

use super::ExportOptions;
use super::markup::Markup;
use super::subtitles::Reading;
use crate::transcript::Transcript;
use crate::units::Seconds;

/// What one person says without a long pause.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// When its first word begins.
    pub start: Seconds,
    /// Who says it, where that is known.
    pub speaker: Option<String>,
    /// The text on one line.
    pub text: String,
}

/// Characters after which a shorter pause ends a paragraph, and that pause in milliseconds. A long speech without pauses
/// would be one wall of text otherwise.
const PAUSES: [(usize, i64); 4] = [(0, 2500), (250, 1200), (500, 500), (900, 0)];

/// The paragraphs of a transcript, in order. They end at the ends of sentences only, and where somebody else speaks.
pub fn paragraphs(transcript: &Transcript) -> Vec<Paragraph> {
    let reading = Reading::new(transcript, &ExportOptions::default(), Markup::None);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for (idx, token) in reading.script.tokens.iter().enumerate() {
        let turn = &reading.script.turns[token.turn];
        let ends = |last: &Paragraph| is_pause(reading.pause(idx), last.text.chars().count());
        // counted at ends of sentences alone: a text without any would be counted once a word
        let is_end = || reading.ends_sentence(idx) && paragraphs.last().is_none_or(ends);
        if idx == turn.first || is_end() {
            paragraphs.push(Paragraph {
                start: Seconds(token.start as f64 / 1000.0),
                speaker: turn.speaker.clone(),
                text: token.text.clone(),
            });
        } else if let Some(last) = paragraphs.last_mut() {
            let space = if token.has_space { " " } else { "" };
            last.text.extend([space, &token.text]);
        }
    }
    paragraphs
}

/// Whether a pause ends a paragraph of so many characters.
fn is_pause(pause: i64, n_characters: usize) -> bool {
    let mut pauses = PAUSES.iter().rev();
    let least = pauses.find(|(from, _)| n_characters >= *from);
    least.is_some_and(|(_, least)| pause >= *least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{segment, transcript};
    use crate::transcript::Segment;

    fn said(start: f64, speaker: &str, text: &str) -> Segment {
        Segment {
            speaker: (!speaker.is_empty()).then(|| speaker.into()),
            ..segment(start, start + 1.0, text)
        }
    }

    fn texts(segments: Vec<Segment>) -> Vec<String> {
        let paragraphs = paragraphs(&transcript("en", segments));
        paragraphs
            .into_iter()
            .map(|paragraph| paragraph.text)
            .collect()
    }

    #[test]
    fn a_paragraph_ends_at_a_pause_and_where_somebody_else_speaks() {
        let paragraphs = paragraphs(&transcript(
            "en",
            vec![
                said(0.0, "A", " One. "),
                said(1.5, "A", " Two -->"),
                said(2.6, "A", "and a half."),
                said(9.0, "A", " Three."),
                said(10.0, "B", " Four."),
                said(11.0, "", " (noise)"),
            ],
        ));
        let shown: Vec<_> = paragraphs
            .iter()
            .map(|p| (p.start.0, p.speaker.as_deref(), &*p.text))
            .collect();
        assert_eq!(
            shown,
            [
                (0.0, Some("A"), "One. Two --> and a half."),
                (9.0, Some("A"), "Three."),
                (10.0, Some("B"), "Four."),
                (11.0, None, "(noise)"),
            ]
        );
    }

    #[test]
    fn a_long_speech_is_cut_at_sentences_even_without_a_pause() {
        let sentence = format!("{}.", "word ".repeat(30).trim_end());
        let sentences = (0..30).map(|idx| said(f64::from(idx), "A", &format!(" W{sentence}")));
        let texts = texts(sentences.collect());
        assert!(texts.len() >= 4);
        assert!(
            texts
                .iter()
                .all(|text| text.ends_with("word.") && text.chars().count() < 1100)
        );
        // but not within a sentence, whatever the pause
        let sentence = vec![said(0.0, "", " He said"), said(9.0, "", " nothing.")];
        assert_eq!(super::paragraphs(&transcript("en", sentence)).len(), 1);
    }
}
