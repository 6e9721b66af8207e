//! Words that were probably never said: unlikely, far too short or too long, and with silence around them
//! (`hallucination_silence_threshold` of faster-whisper).

use domain::transcript::Word;

use super::FRAMES_PER_SECOND;
use super::spoken::{Spoken, Window};
use crate::asr::mel::WINDOW_FRAMES;
use crate::asr::words::is_mark;

/// Words of a segment that are looked at.
const N_WORDS: usize = 8;
/// A segment at an edge of its window has silence beyond it, if it is this close, in seconds.
const EDGE: f64 = 2.0;

/// What to do with a window's segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Keep them.
    Believed,
    /// They may come from a silence at the beginning: decode again after it.
    BeginsLater {
        /// Frames after which the next window begins.
        advance: usize,
    },
    /// Drop some, and go on from there.
    Hallucination {
        /// The first that is dropped, and all after it.
        from: usize,
        /// Frames after which the next window begins.
        advance: usize,
    },
}

/// Judges the segments of a window; `last_speech` and `threshold` are in seconds.
pub(super) fn judge(
    pieces: &[Spoken<'_>],
    window: &Window,
    last_speech: f64,
    threshold: f64,
) -> Verdict {
    let seconds = |frame: usize| frame as f64 / FRAMES_PER_SECOND as f64;
    let offset = seconds(window.seek);
    if let Some(first) = next_with_words(pieces)
        && is_anomalous(first)
        && first.start - offset > threshold
    {
        let advance = frames(first.start - offset).max(1);
        return Verdict::BeginsLater { advance };
    }
    let mut last_end = last_speech;
    for (from, piece) in pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| has_words(piece))
    {
        let next = next_with_words(&pieces[from + 1..]);
        if is_anomalous(piece) {
            let next_start = match next.and_then(|next| next.words.as_ref()?.first()?.start) {
                Some(start) => start.0,
                None => seconds(window.seek + window.size),
            };
            let silence_before = piece.start - last_end > threshold
                || piece.start < threshold
                || piece.start - offset < EDGE;
            let silence_after = next_start - piece.end > threshold
                || next.is_some_and(is_anomalous)
                || seconds(window.seek + WINDOW_FRAMES) - piece.end < EDGE;
            if silence_before && silence_after {
                let seek = if seconds(window.n_frames) - piece.end < threshold {
                    window.n_frames
                } else {
                    frames((offset + 1.0).max(piece.start))
                };
                let advance = seek.saturating_sub(window.seek).max(1);
                return Verdict::Hallucination { from, advance };
            }
        }
        last_end = piece.end;
    }
    Verdict::Believed
}

fn has_words(piece: &Spoken<'_>) -> bool {
    piece.words.as_ref().is_some_and(|words| !words.is_empty())
}

fn next_with_words<'a, 's>(pieces: &'a [Spoken<'s>]) -> Option<&'a Spoken<'s>> {
    pieces.iter().find(|piece| has_words(piece))
}

/// Whether most of a segment's first words are doubtful.
fn is_anomalous(piece: &Spoken<'_>) -> bool {
    let words: Vec<&Word> = (piece.words.iter().flatten())
        .filter(|word| !is_mark(&word.word))
        .take(N_WORDS)
        .collect();
    let doubt: f64 = words.iter().map(|word| doubt(word)).sum();
    has_words(piece) && (doubt >= 3.0 || doubt + 0.01 >= words.len() as f64)
}

fn doubt(word: &Word) -> f64 {
    let length = match (word.start, word.end) {
        (Some(start), Some(end)) => end.0 - start.0,
        _ => 0.0,
    };
    let unlikely = if word.score.unwrap_or(0.0) < 0.15 {
        1.0
    } else {
        0.0
    };
    unlikely + (0.133 - length).max(0.0) * 15.0 + (length - 2.0).max(0.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are small, and a cast saturates"
)]
fn frames(seconds: f64) -> usize {
    (seconds * FRAMES_PER_SECOND as f64).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::units::Seconds;

    /// Segments by start, end, and the score of their words, half a second each.
    fn check(segments: &[(f64, f64, f64)], seek: usize, last_speech: f64, expected: Verdict) {
        let window = Window {
            seek,
            size: WINDOW_FRAMES.min(10_000 - seek),
            n_frames: 10_000,
        };
        let piece = |(start, end, score): &(f64, f64, f64)| {
            let words = (0_u8..4).map(|i| Word {
                word: "a".into(),
                start: Some(Seconds(start + f64::from(i) * 0.5)),
                end: Some(Seconds(start + f64::from(i) * 0.5 + 0.5)),
                score: Some(*score),
                ..Word::default()
            });
            Spoken {
                start: *start,
                end: *end,
                tokens: &[],
                words: Some(words.collect()),
            }
        };
        let pieces: Vec<_> = segments.iter().map(piece).collect();
        assert_eq!(
            judge(&pieces, &window, last_speech, 2.0),
            expected,
            "{segments:?}"
        );
    }

    #[test]
    fn words_that_are_likely_are_believed() {
        check(
            &[(10.0, 12.0, 0.9), (18.0, 20.0, 0.5)],
            500,
            0.0,
            Verdict::Believed,
        );
        check(&[], 500, 0.0, Verdict::Believed);
        // Unlikely ones too, where people speak just before or after.
        check(
            &[(5.0, 7.5, 0.9), (8.0, 10.0, 0.1), (11.0, 13.0, 0.9)],
            500,
            5.0,
            Verdict::Believed,
        );
    }

    #[test]
    fn a_doubtful_beginning_after_a_silence_is_decoded_again() {
        check(
            &[(12.0, 14.0, 0.1)],
            500,
            0.0,
            Verdict::BeginsLater { advance: 700 },
        );
    }

    #[test]
    fn doubtful_words_between_silences_are_dropped() {
        check(
            &[(6.0, 8.0, 0.9), (12.0, 14.0, 0.1), (18.0, 20.0, 0.9)],
            500,
            5.0,
            Verdict::Hallucination {
                from: 1,
                advance: 700,
            },
        );
        // At the beginning of the window the next begins a second later, lest it find the same again.
        check(
            &[(5.5, 7.5, 0.1)],
            500,
            5.0,
            Verdict::Hallucination {
                from: 0,
                advance: 100,
            },
        );
        // Near the end of the recording nothing is left to decode.
        check(
            &[(72.0, 74.0, 0.9), (97.0, 99.0, 0.1)],
            7000,
            70.0,
            Verdict::Hallucination {
                from: 1,
                advance: 3000,
            },
        );
    }

    #[test]
    fn very_short_and_very_long_words_are_doubtful() {
        let word = |length: f64| Word {
            start: Some(Seconds(1.0)),
            end: Some(Seconds(1.0 + length)),
            score: Some(0.5),
            ..Word::default()
        };
        for (length, expected) in [(0.033, 1.5), (0.133, 0.0), (2.0, 0.0), (3.5, 1.5)] {
            assert!((doubt(&word(length)) - expected).abs() < 1e-9, "{length}");
        }
        assert!((doubt(&Word::default()) - 1.0 - 0.133 * 15.0).abs() < 1e-9);
    }
}
