//! What some windows say together of their language.

use domain::language::Language;

use super::two_likeliest;
use crate::asr::special::SpecialTokens;

/// Votes of windows, which are averaged: their log-probabilities, by weight.
pub(super) struct Votes<'a> {
    special: &'a SpecialTokens,
    /// Weighed log-probabilities in the order of the languages.
    sums: Vec<f64>,
    weight: f64,
    n: usize,
}

impl<'a> Votes<'a> {
    pub(super) fn new(special: &'a SpecialTokens) -> Self {
        Self {
            special,
            sums: vec![0.0; special.languages.len()],
            weight: 0.0,
            n: 0,
        }
    }

    pub(super) fn add(&mut self, weight: f64, log_probs: &[f32]) {
        self.weight += weight;
        self.n += 1;
        for (sum, log_prob) in self.sums.iter_mut().zip(log_probs) {
            *sum += weight * f64::from(*log_prob);
        }
    }

    /// How many there are.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// The likeliest language and its probability; `None` where nobody voted.
    pub(super) fn winner(&self) -> Option<(Language, f32)> {
        if self.n == 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm needs no f64")]
        let mean = |sum: &f64| (sum / self.weight) as f32;
        let mut means: Vec<f32> = self.sums.iter().map(mean).collect();
        normalise(&mut means);
        let (best, _) = two_likeliest(&means);
        Some((self.special.languages[best].0, means[best].exp()))
    }
}

/// Shifts logits so that their exponentials sum to 1.
pub(super) fn normalise(logits: &mut [f32]) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - max).exp()).sum();
    let shift = max + sum.ln();
    for logit in logits {
        *logit -= shift;
    }
}
