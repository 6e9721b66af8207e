//! What was said in a window, with the times of its words, and where the next window begins in their light.

use domain::options::WordTimes;
use domain::transcript::Word;
use domain::units::Seconds;

use super::hallucination::{Verdict, judge};
use super::split::Split;
use super::{FRAMES_PER_SECOND, Recording, SAMPLES_PER_FRAME};
use crate::asr::batched::sentences::span;
use crate::asr::belief::{is_too_fast, n_words_in, plausible};
use crate::asr::network::Network;
use crate::asr::words::{SegmentText, TimedSegment, WindowText, word_times};

/// A window that its words let advance less than this goes on as its timestamps say: frames.
const SHORTEST_ADVANCE: usize = FRAMES_PER_SECOND;

/// Where a window lies, in frames.
pub(super) struct Window {
    pub(super) seek: usize,
    pub(super) size: usize,
    /// Of the recording.
    pub(super) n_frames: usize,
}

/// A segment, times in seconds of the recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spoken<'a> {
    pub(super) start: f64,
    pub(super) end: f64,
    /// Text and timestamps.
    pub(super) tokens: &'a [u32],
    pub(super) words: Option<Vec<Word>>,
}

/// What a window gives.
pub(super) struct Outcome<'a> {
    /// `None` if the window is to be decoded again from another place.
    pub(super) pieces: Option<Vec<Spoken<'a>>>,
    /// Frames after which the next window begins.
    pub(super) advance: usize,
}

impl<N: Network> Recording<'_, N> {
    /// The segments of a window, with words if they are wanted.
    pub(super) fn spoken<'s>(
        &mut self,
        window: &Window,
        split: &Split<'s>,
        encoded: &N::Encoded,
    ) -> Outcome<'s> {
        let at = |frame: usize| (window.seek + frame) as f64 / FRAMES_PER_SECOND as f64;
        let mut pieces: Vec<Spoken<'s>> = (split.pieces.iter())
            .map(|piece| Spoken {
                start: at(piece.start),
                end: at(piece.end),
                tokens: piece.tokens,
                words: None,
            })
            .collect();
        let mut advance = split.advance;
        if self.options.word_times == WordTimes::Off {
            pieces.retain(|piece| {
                let text = self.tokenizer.decode(piece.tokens);
                !is_too_fast(n_words_in(&text), piece.end - piece.start)
            });
            return Outcome {
                pieces: Some(pieces),
                advance,
            };
        }
        let timed = self.timed(window, &pieces, encoded);
        for (piece, timed) in pieces.iter_mut().zip(timed) {
            (piece.start, piece.end) = (timed.start.0, timed.end.0);
            piece.words = Some(timed.words);
        }
        if self.options.word_times == WordTimes::AsReference && !split.ends_alone {
            advance = advance_to_last_word(&pieces, window).unwrap_or(advance);
        }
        if let Some(threshold) = self.options.hallucination_silence_threshold {
            match judge(&pieces, window, self.last_speech, f64::from(threshold)) {
                Verdict::Believed => {}
                Verdict::BeginsLater { advance } => {
                    return Outcome {
                        pieces: None,
                        advance,
                    };
                }
                Verdict::Hallucination {
                    from,
                    advance: then,
                } => {
                    pieces.truncate(from);
                    advance = then;
                }
            }
        }
        retain_plausible(&mut pieces);
        self.last_speech = last_end(&pieces).unwrap_or(self.last_speech);
        Outcome {
            pieces: Some(pieces),
            advance,
        }
    }

    fn timed(
        &self,
        window: &Window,
        pieces: &[Spoken<'_>],
        encoded: &N::Encoded,
    ) -> Vec<TimedSegment> {
        let samples = self
            .samples
            .read(window.seek * SAMPLES_PER_FRAME..(window.seek + window.size) * SAMPLES_PER_FRAME);
        let text = WindowText {
            encoded,
            samples: &samples,
            start: super::seconds(window.seek),
            n_frames: window.size,
            speech: &[],
            last_speech: Seconds(self.last_speech),
            language: self.language,
            segments: (pieces.iter())
                .map(|piece| SegmentText {
                    tokens: piece.tokens,
                    start: Seconds(piece.start),
                    end: Seconds(piece.end),
                })
                .collect(),
        };
        let (task, rules) = (self.options.task, self.options.word_times);
        word_times(self.network, self.tokenizer, &[text], task, rules).remove(0)
    }
}

/// Drops the segments that nobody can have said in their time.
fn retain_plausible(pieces: &mut Vec<Spoken<'_>>) {
    let words = (pieces.iter_mut()).map(|piece| piece.words.take().unwrap_or_default());
    let words: Vec<Vec<Word>> = words.collect();
    let mut found = plausible(&words).into_iter();
    pieces.retain_mut(|piece| {
        piece.words = found.next().flatten();
        if let Some(words @ [_, ..]) = piece.words.as_deref() {
            (piece.start, piece.end) = span(words);
        }
        piece.words.is_some()
    });
}

/// Frames to the end of the last word: what the window holds beyond it is decoded again, as in faster-whisper. That is
/// the reference's rule alone: half an hour of speeches lost 160 of 4330 words with it and 73 without (tiny.en), and
/// without it the text does not depend on whether words are wanted.
fn advance_to_last_word(pieces: &[Spoken<'_>], window: &Window) -> Option<usize> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and what is too small is passed over"
    )]
    let end = (last_end(pieces)? * FRAMES_PER_SECOND as f64).round() as usize;
    end.checked_sub(window.seek)
        .filter(|advance| *advance >= SHORTEST_ADVANCE.min(window.size))
}

/// Where the last word ends, or the last segment should none have words.
fn last_end(pieces: &[Spoken<'_>]) -> Option<f64> {
    let words = pieces
        .iter()
        .rev()
        .flat_map(|piece| piece.words.iter().flatten().rev());
    let mut ends = words.filter_map(|word| Some(word.end?.0));
    ends.next().or_else(|| Some(pieces.last()?.end))
}
