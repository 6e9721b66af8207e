//! Whether a window's text is good enough, and what is tried where it is not.

use domain::options::AsrOptions;

use crate::asr::search::Hypothesis;

/// A window decoded at one temperature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt {
    /// The best token sequence.
    pub(super) hypothesis: Hypothesis,
    /// Probability that nothing is said in the window.
    pub(super) no_speech_prob: f32,
    /// Of the text without space around it.
    pub(super) compression_ratio: f32,
    /// 0 is beam search.
    pub(super) temperature: f32,
}

impl Attempt {
    /// Whether nothing is said: the network thinks so and is not sure of its text either.
    pub(super) fn is_silence(&self, options: &AsrOptions) -> bool {
        let sure = options
            .log_prob_threshold
            .is_some_and(|threshold| self.hypothesis.avg_logprob() > threshold);
        let silent = options
            .no_speech_threshold
            .is_some_and(|threshold| self.no_speech_prob > threshold);
        silent && !sure
    }

    fn loops(&self, options: &AsrOptions) -> bool {
        options
            .compression_ratio_threshold
            .is_some_and(|threshold| self.compression_ratio > threshold)
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

/// Tries the temperatures in order until one gives an acceptable text. Where none does, the likeliest text that does
/// not loop is taken (the likeliest of all, should all loop), under the last temperature.
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
    let mut best: Option<Attempt> = None;
    let better = |a: &Attempt, b: &Attempt| {
        let rank = |attempt: &Attempt| (!attempt.loops(options), attempt.hypothesis.avg_logprob());
        rank(a) > rank(b)
    };
    for temperature in &options.temperatures {
        let attempt = decode(*temperature)?;
        if attempt.is_acceptable(options) {
            return Ok(attempt);
        }
        if best.as_ref().is_none_or(|best| better(&attempt, best)) {
            best = Some(attempt);
        }
        if let Some(best) = &mut best {
            best.temperature = *temperature;
        }
    }
    Ok(best.expect("there is at least one temperature"))
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
        let usual = AsrOptions::default();
        assert!(attempt((-1.1, 1.0, 0.7)).is_silence(&usual));
        assert!(!attempt((-0.9, 1.0, 0.7)).is_silence(&usual));
        assert!(!attempt((-1.1, 1.0, 0.5)).is_silence(&usual));
    }
}
