//! Word times from the model itself: where the decoder looks in the sound while it writes each token.
//!
//! The text found is read once more, all tokens at once, with the attention of the heads that follow the speech. The
//! best way through that attention from first token to last (dynamic time warping) says when each token begins; tokens
//! become words, and words get their marks back. This much is Whisper's own method, and with
//! [`WordTimes::AsReference`] that is all (faster-whisper's `add_word_timestamps`). [`WordTimes::Refined`] corrects what
//! is known to be wrong with it (`refine`).

mod corrections;
mod durations;
mod focus;
mod heads;
mod order;
mod path;
mod pauses;
mod pieces;
mod punctuation;
mod refine;
#[cfg(test)]
mod tests;

use std::ops::Range;

use domain::language::Language;
use domain::options::{AsrTask, WordTimes};
use domain::transcript::Word;
use domain::units::Seconds;

use super::network::{Network, Reading, Sequence};
use super::prompt::PromptParts;
use super::search::CONTEXT;
use super::tokenizer::Tokenizer;
use durations::{Lengths, shorten_at_sentence_ends};
pub use heads::{Head, alignment_heads, lateness};
use pieces::Piece;
pub(super) use punctuation::is_mark;

/// Frames of the encoder, and columns of the attention, in a second.
const FRAMES_PER_SECOND: f64 = 50.0;
/// Frames of the features for one of the encoder.
const FEATURES_PER_FRAME: usize = 2;

/// A window of a recording whose text is known.
#[derive(Debug)]
pub struct WindowText<'a, E> {
    /// The window, as it was decoded.
    pub encoded: &'a E,
    /// Its samples at 16 kHz, without padding.
    pub samples: &'a [f32],
    /// Where it begins in the recording.
    pub start: Seconds,
    /// Feature frames of 0.01 s that hold sound, padding left out.
    pub n_frames: usize,
    /// Where somebody speaks, in seconds of the recording, in order of time; empty if that is not known.
    pub speech: &'a [Range<Seconds>],
    /// Where the speech before the window ended, in seconds of the recording.
    pub last_speech: Seconds,
    /// The language of the window.
    pub language: Language,
    /// What was said, in order of time.
    pub segments: Vec<SegmentText<'a>>,
}

/// A segment whose words are looked for.
#[derive(Debug, Clone, Copy)]
pub struct SegmentText<'a> {
    /// Text; timestamps among it are passed over.
    pub tokens: &'a [u32],
    /// Where it begins as far as is known, in seconds of the recording.
    pub start: Seconds,
    /// Where it ends as far as is known, in seconds of the recording.
    pub end: Seconds,
}

/// A segment with its words.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimedSegment {
    /// Where it begins, the words considered.
    pub start: Seconds,
    /// Where it ends, the words considered.
    pub end: Seconds,
    /// All words of its text; every one has a start, an end and a score, which is the mean probability of its tokens.
    pub words: Vec<Word>,
}

/// A word or part of one on its way, times in seconds.
#[derive(Debug, Clone, PartialEq)]
struct Timing {
    /// Leading space included.
    text: String,
    n_tokens: usize,
    start: f64,
    end: f64,
    /// Mean over its tokens.
    probability: f64,
}

/// Finds the times of all words of some windows, which are read side by side. Each window gives as many segments as it
/// has, in their order.
pub fn word_times<N: Network>(
    network: &N,
    tokenizer: &Tokenizer,
    windows: &[WindowText<'_, N::Encoded>],
    task: AsrTask,
    rules: WordTimes,
) -> Vec<Vec<TimedSegment>> {
    let texts: Vec<Text> = windows
        .iter()
        .map(|window| Text::new(tokenizer, window, task))
        .collect();
    let (readable, sequences): (Vec<usize>, Vec<Sequence<'_, N::Encoded>>) =
        (texts.iter().zip(windows).enumerate())
            .filter(|(_, (text, _))| text.is_readable())
            .map(|(index, (text, window))| (index, text.sequence(window.encoded)))
            .unzip();
    let mut readings: Vec<Option<Reading>> = texts.iter().map(|_| None).collect();
    for (index, reading) in readable
        .iter()
        .zip(network.read(&sequences, tokenizer.special().end_of_text))
    {
        readings[*index] = Some(reading);
    }
    (windows.iter().zip(&texts).zip(&readings))
        .map(|((window, text), reading)| {
            let mut tokens = reading.as_ref().map(|reading| text.token_times(reading));
            if let (Some(tokens), WordTimes::Refined) = (&mut tokens, rules) {
                tokens.move_earlier(network.lateness());
            }
            segments(tokenizer, window, tokens.as_ref(), rules)
        })
        .collect()
}

/// The tokens of a window as the decoder reads them.
struct Text {
    /// Control tokens, the text of all segments, and the end.
    tokens: Vec<u32>,
    /// Control tokens but for the last, whose row predicts the first of the text.
    n_skipped: usize,
    n_spoken: usize,
    /// Frames of the encoder that hold sound.
    n_frames: usize,
}

/// When each token of a text begins, and how likely it is.
struct TokenTimes {
    /// Seconds from the window's beginning; one more than there are tokens, the last being the end.
    starts: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Text {
    fn new<E>(tokenizer: &Tokenizer, window: &WindowText<'_, E>, task: AsrTask) -> Self {
        let special = tokenizer.special();
        let parts = PromptParts {
            language: Some(window.language),
            task,
            without_timestamps: true,
            ..PromptParts::default()
        };
        let mut tokens = parts.tokens(tokenizer);
        let n_control = tokens.len();
        let text = window.segments.iter().flat_map(|segment| segment.tokens);
        tokens.extend(text.filter(|token| **token < special.end_of_text));
        let n_spoken = tokens.len() - n_control;
        tokens.push(special.end_of_text);
        Self {
            tokens,
            n_skipped: n_control - 1,
            n_spoken,
            n_frames: window.n_frames / FEATURES_PER_FRAME,
        }
    }

    /// Whether there is anything to read, and room for it in the decoder.
    fn is_readable(&self) -> bool {
        self.n_spoken > 0 && self.n_frames > 0 && self.tokens.len() <= CONTEXT
    }

    fn sequence<'a, E>(&'a self, encoded: &'a E) -> Sequence<'a, E> {
        Sequence {
            encoded,
            tokens: &self.tokens,
            n_frames: self.n_frames,
        }
    }

    fn token_times(&self, reading: &Reading) -> TokenTimes {
        let rows = self.n_skipped..self.n_skipped + self.n_spoken + 1;
        let focus = focus::focus(
            &reading.attention,
            self.tokens.len(),
            self.n_frames,
            rows.clone(),
        );
        let first = path::first_columns(&focus, self.n_frames);
        let probabilities = &reading.probabilities[rows.start..rows.end - 1];
        TokenTimes {
            starts: first
                .iter()
                .map(|frame| *frame as f64 / FRAMES_PER_SECOND)
                .collect(),
            probabilities: probabilities.iter().map(|p| f64::from(*p)).collect(),
        }
    }
}

/// The segments of one window with their words. Without times of the tokens, words share the time of their segment.
fn segments<E>(
    tokenizer: &Tokenizer,
    window: &WindowText<'_, E>,
    tokens: Option<&TokenTimes>,
    rules: WordTimes,
) -> Vec<TimedSegment> {
    let (mut words, counts) = timings(tokenizer, window, tokens);
    let lengths = Lengths::of(&words);
    shorten_at_sentence_ends(&mut words, lengths);
    let mut words = words.into_iter();
    let mut last_speech = window.last_speech.0;
    let mut segments = Vec::with_capacity(counts.len());
    for (segment, count) in window.segments.iter().zip(counts) {
        let mut words = punctuation::merge(words.by_ref().take(count).collect());
        for word in &mut words {
            word.start = round(window.start.0 + word.start);
            word.end = round(window.start.0 + word.end);
        }
        let mut times = (segment.start.0, segment.end.0);
        corrections::correct(&mut words, &mut times, lengths, last_speech);
        if !words.is_empty() {
            last_speech = times.1;
        }
        segments.push(Spoken { times, words });
    }
    if rules == WordTimes::Refined {
        refine::refine(&mut segments, window);
    }
    segments.into_iter().map(Spoken::into_timed).collect()
}

/// All words of a window with times from its beginning, and how many there are in each segment.
fn timings<E>(
    tokenizer: &Tokenizer,
    window: &WindowText<'_, E>,
    tokens: Option<&TokenTimes>,
) -> (Vec<Timing>, Vec<usize>) {
    let is_text = |token: &&u32| **token < tokenizer.special().end_of_text;
    let (mut all, mut counts, mut place) = (Vec::new(), Vec::new(), 0);
    for segment in &window.segments {
        let text: Vec<u32> = segment.tokens.iter().filter(is_text).copied().collect();
        let pieces = pieces::words(tokenizer, &text, window.language);
        counts.push(pieces.len());
        match tokens {
            Some(times) => all.extend(times.of_words(pieces, place)),
            None => all.extend(share_out(pieces, segment, window.start)),
        }
        place += text.len();
    }
    (all, counts)
}

impl TokenTimes {
    /// Moves the boundaries between tokens, but not the first start and the last end.
    fn move_earlier(&mut self, seconds: f64) {
        if let [first, between @ .., last] = &mut self.starts[..] {
            for start in between {
                *start = (*start - seconds).clamp(*first, *last);
            }
        }
    }

    /// Times of consecutive words, the first of which begins with token `place` of the window.
    fn of_words(&self, pieces: Vec<Piece>, mut place: usize) -> impl Iterator<Item = Timing> {
        pieces.into_iter().map(move |piece| {
            let tokens = place..place + piece.n_tokens;
            place = tokens.end;
            let sum: f64 = self.probabilities[tokens.clone()].iter().sum();
            Timing {
                text: piece.text,
                n_tokens: piece.n_tokens,
                start: self.starts[tokens.start],
                end: self.starts[tokens.end],
                probability: sum / piece.n_tokens as f64,
            }
        })
    }
}

/// Gives each word its share of the segment, by the number of tokens.
fn share_out(
    pieces: Vec<Piece>,
    segment: &SegmentText<'_>,
    window_start: Seconds,
) -> impl Iterator<Item = Timing> {
    let n_tokens: usize = pieces.iter().map(|piece| piece.n_tokens).sum();
    let (start, length) = (
        segment.start.0 - window_start.0,
        segment.end.0 - segment.start.0,
    );
    let mut n_before = 0;
    pieces.into_iter().map(move |piece| {
        let at = |n: usize| start + length * n as f64 / n_tokens as f64;
        let begin = n_before;
        n_before += piece.n_tokens;
        Timing {
            text: piece.text,
            n_tokens: piece.n_tokens,
            start: at(begin),
            end: at(n_before),
            probability: 0.0,
        }
    })
}

/// A segment and its words while they are corrected, times in seconds of the recording.
#[derive(Debug, Clone, PartialEq)]
struct Spoken {
    times: (f64, f64),
    words: Vec<Timing>,
}

impl Spoken {
    fn into_timed(self) -> TimedSegment {
        TimedSegment {
            start: Seconds(self.times.0),
            end: Seconds(self.times.1),
            words: self.words.into_iter().map(Timing::into_word).collect(),
        }
    }
}

impl Timing {
    fn into_word(self) -> Word {
        Word {
            word: self.text.trim().to_owned(),
            start: Some(Seconds(self.start)),
            end: Some(Seconds(self.end)),
            score: Some((self.probability * 1e3).round() / 1e3),
            speaker: None,
            overlap: false,
        }
    }
}

/// To hundredths of a second, as Whisper gives its times.
fn round(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
