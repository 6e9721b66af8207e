//! Whether a window's text is good enough, and what is tried where it is not.

mod compression;

use domain::options::AsrOptions;
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::belief::n_words_in;
use super::search::{Found, Hypothesis};
use super::tokenizer::Tokenizer;
use compression::compression_ratio;

/// A window decoded at one temperature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt {
    /// The best token sequence.
    pub(super) hypothesis: Hypothesis,
    /// Probability that nothing is said in the window.
    pub(super) no_speech_prob: f32,
    /// Of the text without space around it.
    pub(super) compression_ratio: f32,
    /// How many words the text has, see [`n_words_in`].
    pub(super) n_words: f64,
    /// Whether the text repeats itself as a decoder in a loop does, see [`is_loop`].
    pub(super) is_loop: bool,
    /// 0 is beam search.
    pub(super) temperature: f32,
}

/// Length of the token sequences that may not come twice when a text loops at every temperature.
pub(super) const LOOP_NGRAM: usize = 3;
/// Repetitions at the end of a text that a decoder in a loop makes at least; people rarely do.
const LOOP_REPEATS: usize = 4;
/// Repetitions that nobody makes, wherever they stand.
const LONG_LOOP_REPEATS: usize = 10;
/// Tokens behind the last repetition that may differ: a decoder that reaches its limit ends with some mark.
const LOOP_TAIL: usize = 2;
/// Mean log-probability from which a text is believed although it repeats itself.
const SURE: f32 = -0.5;

/// Whether `text`, tokens without timestamps, is what a decoder in a loop writes.
fn is_loop(text: &[u32]) -> bool {
    repeats_to_the_end(text) || repeats_for_long(text)
}

/// Whether most of `text` is one run of ten or more repetitions.
fn repeats_for_long(text: &[u32]) -> bool {
    (1..=text.len() / LONG_LOOP_REPEATS).any(|period| {
        let is_same: Vec<bool> = (text.iter().zip(&text[period..]))
            .map(|(one, next)| one == next)
            .collect();
        let longest = is_same.split(|same| !same).map(<[bool]>::len).max();
        let n_looped = longest.unwrap_or(0) + period;
        n_looped >= LONG_LOOP_REPEATS * period && 2 * n_looped > text.len()
    })
}

/// Whether `text`, tokens without timestamps, ends with four or more repetitions of the same tokens. A decoder in
/// a loop stays in it to the end of its window, while somebody who says a sentence four times goes on to another.
fn repeats_to_the_end(text: &[u32]) -> bool {
    (0..=LOOP_TAIL.min(text.len())).any(|tail| {
        let text = &text[..text.len() - tail];
        (1..=text.len() / LOOP_REPEATS).any(|period| {
            let looped = &text[text.len() - LOOP_REPEATS * period..];
            looped[period..] == looped[..looped.len() - period]
        })
    })
}

impl Attempt {
    /// Judges the best of what was found for the first window of some.
    pub(super) fn first(found: Vec<Found>, tokenizer: &Tokenizer, temperature: f32) -> Self {
        let found = found.into_iter().next();
        Self::new(
            found.expect("there is one a window"),
            tokenizer,
            temperature,
        )
    }

    /// Judges the best of what was found.
    pub(super) fn new(found: Found, tokenizer: &Tokenizer, temperature: f32) -> Self {
        let hypothesis = found.hypotheses.into_iter().next();
        let hypothesis = hypothesis.expect("there is always one");
        let end_of_text = tokenizer.special().end_of_text;
        let words: Vec<u32> = (hypothesis.tokens.iter().copied())
            .filter(|token| *token < end_of_text)
            .collect();
        let text = tokenizer.decode(&hypothesis.tokens);
        Self {
            is_loop: is_loop(&words),
            no_speech_prob: found.no_speech_prob,
            compression_ratio: compression_ratio(text.trim()),
            n_words: n_words_in(&text),
            temperature,
            hypothesis,
        }
    }

    /// A segment of this attempt, times in seconds of a recording that is `length` long: it never ends after that.
    pub(super) fn segment(
        &self,
        (start, end): (f64, f64),
        text: String,
        mut words: Option<Vec<Word>>,
        length: f64,
    ) -> Segment {
        let within = |time: f64| Seconds(time.min(length));
        let rounded = |value: f32| Some((f64::from(value) * 1e6).round() / 1e6);
        for word in words.iter_mut().flatten() {
            word.start = word.start.map(|time| within(time.0));
            word.end = word.end.map(|time| within(time.0));
        }
        Segment {
            start: within(start),
            end: within(end),
            text,
            avg_logprob: rounded(self.hypothesis.avg_logprob()),
            no_speech_prob: rounded(self.no_speech_prob),
            compression_ratio: rounded(self.compression_ratio),
            temperature: rounded(self.temperature),
            words,
            ..Segment::default()
        }
    }

    /// Whether nothing is said: the network thinks so and is not sure of its text either.
    ///
    /// Whisper's own rule asks for both thresholds at once, and noise, music and beeps slip past one of them. Here the
    /// two are weighed: from half of `no_speech_threshold` on, the surer the network is that nothing is said, the surer
    /// it must be of its text: `log_prob_threshold·(1 − 0.8·(no_speech_prob − no_speech_threshold/2))`. By default that
    /// is −0.76 where Whisper's rule begins. The slope lies between the beeps, hums and music of the evaluation
    /// recordings, which must come out empty, and their most doubtful speech. Below it, from a sixth of
    /// `no_speech_threshold` on, the text must be as sure as `log_prob_threshold`: no temperature made one that is.
    pub(super) fn is_silence(&self, options: &AsrOptions) -> bool {
        let Some(threshold) = options.no_speech_threshold else {
            return false;
        };
        let Some(log_prob_threshold) = options.log_prob_threshold else {
            return self.no_speech_prob > threshold;
        };
        let beyond = (self.no_speech_prob - threshold / 2.0).max(0.0);
        let wanted = log_prob_threshold * (1.0 - 0.8 * beyond);
        self.no_speech_prob > threshold / 6.0 && self.hypothesis.avg_logprob() <= wanted
    }

    /// Whether the text ends in repetitions, and the network is sure neither of it nor that anything is said.
    pub(super) fn is_doubtful_loop(&self, options: &AsrOptions) -> bool {
        let silent = (options.no_speech_threshold)
            .is_some_and(|threshold| self.no_speech_prob > threshold / 6.0);
        self.is_loop && silent && self.hypothesis.avg_logprob() <= SURE
    }

    /// Whether the text is taken for a loop: it compresses too well. Whisper asks nothing else, and loses what people
    /// repeat on purpose; a text that leaves its repetitions by itself, and of which the network is sure, is kept, unless
    /// it was a higher temperature that ended them.
    pub(super) fn loops(&self, options: &AsrOptions) -> bool {
        let is_sampled = self.temperature > options.temperatures[0];
        let meant = !self.is_loop && !is_sampled && self.hypothesis.avg_logprob() > SURE;
        let threshold = options.compression_ratio_threshold;
        !meant && threshold.is_some_and(|threshold| self.compression_ratio > threshold)
    }

    fn is_acceptable(&self, options: &AsrOptions) -> bool {
        // What has no tokens has no mean log-probability either, and nothing to improve.
        if self.hypothesis.tokens.is_empty() {
            return true;
        }
        let unlikely = options
            .log_prob_threshold
            .is_some_and(|threshold| self.hypothesis.avg_logprob() < threshold);
        let silent = options
            .no_speech_threshold
            .is_some_and(|threshold| self.no_speech_prob > threshold);
        (unlikely && silent) || !(unlikely || self.loops(options))
    }
}

/// The attempts at one window. Where none is acceptable, the likeliest text that does not loop is taken (the likeliest of
/// all, should all loop), under the last temperature.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    best: Option<Attempt>,
    is_settled: bool,
}

impl Attempts {
    /// Whether an acceptable one was made.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// The best so far.
    pub(super) fn best(&self) -> Option<&Attempt> {
        self.best.as_ref()
    }

    /// Adds an attempt.
    pub(super) fn add(&mut self, attempt: Attempt, options: &AsrOptions) {
        let rank = |attempt: &Attempt| (!attempt.loops(options), attempt.hypothesis.avg_logprob());
        let temperature = attempt.temperature;
        self.is_settled = attempt.is_acceptable(options);
        match &mut self.best {
            Some(best) if !self.is_settled && rank(&attempt) <= rank(best) => {
                best.temperature = temperature;
            }
            best => *best = Some(attempt),
        }
    }

    /// The one to go on with.
    ///
    /// # Panics
    ///
    /// When none was made.
    pub(super) fn taken(self) -> Attempt {
        self.best.expect("there was an attempt")
    }
}

/// How a window is decoded once more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Try {
    pub(super) temperature: f32,
    /// Without a sequence of [`LOOP_NGRAM`] tokens that comes twice.
    pub(super) without_repetitions: bool,
}

impl Try {
    /// What is tried first.
    pub(super) fn first(options: &AsrOptions) -> Self {
        Self {
            temperature: options.temperatures[0],
            without_repetitions: false,
        }
    }
}

/// Tries the temperatures in order until one gives an acceptable text, and at last, should all loop, no repetitions.
/// A single temperature allows no second try.
///
/// # Errors
///
/// Those of `decode`.
///
/// # Panics
///
/// When there are no temperatures.
pub(super) fn first_acceptable<E>(
    options: &AsrOptions,
    mut decode: impl FnMut(Try) -> Result<Attempt, E>,
) -> Result<Attempt, E> {
    let mut attempts = Attempts::default();
    for temperature in &options.temperatures {
        let first = Try {
            temperature: *temperature,
            ..Try::first(options)
        };
        attempts.add(decode(first)?, options);
        if attempts.is_settled() {
            return Ok(attempts.taken());
        }
    }
    let loops = attempts.best().is_some_and(|best| best.loops(options));
    if loops && options.temperatures.len() > 1 {
        let last = Try {
            temperature: 0.0,
            without_repetitions: true,
        };
        attempts.add(decode(last)?, options);
    }
    Ok(attempts.taken())
}

#[cfg(test)]
mod tests;
