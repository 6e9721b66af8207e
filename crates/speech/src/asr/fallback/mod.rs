//! Whether a window's text is good enough, and what is tried where it is not.

mod compression;

use domain::options::AsrOptions;
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

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
    /// Whether the text repeats itself up to its end, see [`repeats_to_the_end`].
    pub(super) end_loop: bool,
    /// 0 is beam search.
    pub(super) temperature: f32,
}

/// Repetitions at the end of a text that a decoder in a loop makes at least; people rarely do.
const LOOP_REPEATS: usize = 4;
/// Tokens behind the last repetition that may differ: a decoder that reaches its limit ends with some mark.
const LOOP_TAIL: usize = 2;
/// Mean log-probability from which a text is believed although it repeats itself.
const SURE: f32 = -0.5;

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
            end_loop: repeats_to_the_end(&words),
            no_speech_prob: found.no_speech_prob,
            compression_ratio: compression_ratio(text.trim()),
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
    /// recordings, which must come out empty, and their most doubtful speech.
    pub(super) fn is_silence(&self, options: &AsrOptions) -> bool {
        let Some(threshold) = options.no_speech_threshold else {
            return false;
        };
        let Some(log_prob_threshold) = options.log_prob_threshold else {
            return self.no_speech_prob > threshold;
        };
        let beyond = self.no_speech_prob - threshold / 2.0;
        let wanted = log_prob_threshold * (1.0 - 0.8 * beyond);
        beyond > 0.0 && self.hypothesis.avg_logprob() <= wanted
    }

    /// Whether the text is taken for a loop: it compresses too well. Whisper asks nothing else, and loses what people
    /// repeat on purpose; a text that leaves its repetitions by itself, and of which the network is sure, is kept.
    pub(super) fn loops(&self, options: &AsrOptions) -> bool {
        let meant = !self.end_loop && self.hypothesis.avg_logprob() > SURE;
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

/// Tries the temperatures in order until one gives an acceptable text.
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
    mut decode: impl FnMut(f32) -> Result<Attempt, E>,
) -> Result<Attempt, E> {
    let mut attempts = Attempts::default();
    for temperature in &options.temperatures {
        attempts.add(decode(*temperature)?, options);
        if attempts.is_settled() {
            break;
        }
    }
    Ok(attempts.taken())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attempt by mean log-probability, compression ratio and no-speech probability.
    fn attempt((avg_logprob, compression_ratio, no_speech_prob): (f32, f32, f32)) -> Attempt {
        Attempt {
            hypothesis: Hypothesis {
                tokens: vec![1],
                sum_logprob: avg_logprob * 2.0,
                score: 0.0,
            },
            no_speech_prob,
            compression_ratio,
            end_loop: true,
            temperature: -1.0,
        }
    }

    /// Index of the attempt taken, number of attempts made, and the temperature reported.
    fn taken(script: &[(f32, f32, f32)], options: &AsrOptions) -> (usize, usize, f32) {
        let mut n_tried = 0;
        let taken = first_acceptable(options, |temperature| {
            let attempt = Attempt {
                temperature,
                ..attempt(script[n_tried])
            };
            n_tried += 1;
            Ok::<_, ()>(attempt)
        });
        let taken = taken.unwrap();
        let index = script
            .iter()
            .position(|s| attempt(*s).hypothesis == taken.hypothesis);
        (index.unwrap(), n_tried, taken.temperature)
    }

    fn check(script: &[(f32, f32, f32)], expected: (usize, usize, f32)) {
        let options = AsrOptions {
            temperatures: vec![0.0, 0.4, 0.8],
            ..AsrOptions::default()
        };
        let (index, n_tried, temperature) = taken(script, &options);
        assert_eq!((index, n_tried), (expected.0, expected.1), "{script:?}");
        assert!(
            (temperature - expected.2).abs() < 1e-6,
            "{script:?}: {temperature}"
        );
    }

    #[test]
    fn the_first_acceptable_attempt_is_taken() {
        check(&[(-0.5, 1.5, 0.1)], (0, 1, 0.0));
        // Too unlikely, then too repetitive, then good.
        check(
            &[(-1.5, 1.5, 0.1), (-0.2, 3.0, 0.1), (-0.9, 2.4, 0.1)],
            (2, 3, 0.8),
        );
        // Unlikely and silent is silence, and repetition does not matter then.
        check(&[(-1.5, 1.5, 0.7)], (0, 1, 0.0));
        check(&[(-1.5, 9.0, 0.7)], (0, 1, 0.0));
        // Silent but likely and repetitive is tried again.
        check(&[(-0.5, 9.0, 0.7), (-0.4, 1.0, 0.7)], (1, 2, 0.4));
    }

    #[test]
    fn where_all_fail_the_likeliest_that_does_not_loop_is_taken_under_the_last_temperature() {
        check(
            &[(-1.2, 2.0, 0.1), (-1.1, 2.0, 0.1), (-0.1, 5.0, 0.1)],
            (1, 3, 0.8),
        );
        check(
            &[(-0.3, 4.0, 0.1), (-0.2, 5.0, 0.1), (-0.4, 3.0, 0.1)],
            (1, 3, 0.8),
        );
        check(
            &[(-0.3, 4.0, 0.1), (-2.0, 2.0, 0.1), (-0.4, 3.0, 0.1)],
            (1, 3, 0.8),
        );
    }

    #[test]
    fn a_loop_goes_on_to_the_end_of_the_text() {
        let twice = |a: &[u32], n: usize| a.repeat(n);
        assert!(repeats_to_the_end(&twice(&[5], 4)));
        assert!(repeats_to_the_end(&twice(&[5, 6, 7], 4)));
        // cut off within a repetition, or ended by a mark
        assert!(repeats_to_the_end(
            &[twice(&[5, 6, 7], 4), vec![5]].concat()
        ));
        assert!(repeats_to_the_end(
            &[twice(&[5, 6, 7], 4), vec![8, 9]].concat()
        ));
        assert!(repeats_to_the_end(
            &[vec![1, 2, 3], twice(&[5, 6], 5)].concat()
        ));
        assert!(!repeats_to_the_end(
            &[twice(&[5, 6, 7], 9), vec![1, 2, 3]].concat()
        ));
        assert!(!repeats_to_the_end(&twice(&[5, 6, 7], 3)));
        assert!(!repeats_to_the_end(&[]));
    }

    #[test]
    fn what_is_repeated_on_purpose_is_kept() {
        let options = AsrOptions::default();
        let meant = |avg_logprob| Attempt {
            end_loop: false,
            ..attempt((avg_logprob, 4.2, 0.1))
        };
        assert!(meant(-0.12).is_acceptable(&options));
        assert!(!meant(-0.6).is_acceptable(&options));
        assert!(!attempt((-0.12, 4.2, 0.1)).is_acceptable(&options));
    }

    #[test]
    fn thresholds_can_be_off() {
        let off = AsrOptions {
            compression_ratio_threshold: None,
            log_prob_threshold: None,
            ..AsrOptions::default()
        };
        assert_eq!(taken(&[(-9.0, 99.0, 0.1)], &off).1, 1);
        assert!(attempt((-0.1, 1.0, 0.7)).is_silence(&off));
        let never = AsrOptions {
            no_speech_threshold: None,
            ..AsrOptions::default()
        };
        assert!(!attempt((-9.0, 1.0, 1.0)).is_silence(&never));
    }

    #[test]
    fn the_likelier_silence_is_the_surer_the_text_must_be() {
        let usual = AsrOptions::default();
        // beeps, white noise, a hum, music, what Whisper itself calls silence
        for (avg_logprob, no_speech_prob) in [
            (-0.79, 0.605),
            (-0.68, 0.81),
            (-1.18, 0.51),
            (-1.41, 0.39),
            (-1.1, 0.7),
        ] {
            let noise = attempt((avg_logprob, 1.0, no_speech_prob));
            assert!(noise.is_silence(&usual), "{avg_logprob} {no_speech_prob}");
        }
        // speech that sounds doubtful by one of the two alone
        for (avg_logprob, no_speech_prob) in [
            (-0.53, 0.63),
            (-0.45, 0.95),
            (-1.27, 0.23),
            (-0.51, 0.39),
            (-0.72, 0.61),
            (-0.33, 0.42),
        ] {
            let speech = attempt((avg_logprob, 1.0, no_speech_prob));
            assert!(!speech.is_silence(&usual), "{avg_logprob} {no_speech_prob}");
        }
    }
}
