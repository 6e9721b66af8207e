//! One row of logits, read in as few passes as the choice of a token needs.

use std::ops::Range;

use nn::logits::{BLOCK, block_maxima, sum_exp};

use super::timestamps::Allowed;

/// The probability of `token` in a whole row.
pub(super) fn softmax_at(logits: &[f32], token: u32) -> f32 {
    let max = block_maxima(logits, &mut Vec::new());
    (logits[token as usize] - max).exp() / sum_exp(logits, max)
}

/// What a row says: how likely its tokens are, and where the likely ones lie. Its buffers are used again and again.
#[derive(Debug, Default)]
pub(super) struct RowScan {
    text: Region,
    timestamps: Region,
    max: f32,
    /// Logarithm of the sum of `exp(logit - max)`.
    log_sum: f32,
}

/// A run of tokens with the largest logit of each block.
#[derive(Debug, Default)]
struct Region {
    tokens: Range<usize>,
    maxima: Vec<f32>,
    max: f32,
}

impl Region {
    fn scan(&mut self, logits: &[f32], tokens: Range<usize>) {
        self.max = block_maxima(&logits[tokens.clone()], &mut self.maxima);
        self.tokens = tokens;
    }

    fn clear(&mut self) {
        self.scan(&[], 0..0);
    }

    fn sum_exp(&self, logits: &[f32], offset: f32) -> f32 {
        sum_exp(&logits[self.tokens.clone()], offset)
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        let Range { start, end } = self.tokens;
        self.maxima.iter().enumerate().map(move |(i, max)| {
            let start = start + i * BLOCK;
            Block {
                tokens: start..end.min(start + BLOCK),
                max: *max,
            }
        })
    }
}

/// A few tokens side by side.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) tokens: Range<usize>,
    /// The largest logit among them.
    pub(super) max: f32,
}

impl RowScan {
    /// Reads a row of which only the `allowed` tokens count.
    pub(super) fn scan(&mut self, logits: &[f32], allowed: Allowed) {
        self.timestamps.scan(logits, allowed.timestamps);
        self.text.scan(logits, allowed.text);
        if allowed.timestamps_may_win && self.timestamps.max > f32::NEG_INFINITY {
            let max = self.timestamps.max;
            let log_sum = self.timestamps.sum_exp(logits, max).ln();
            if max + log_sum > self.text.max {
                self.text.clear();
                (self.max, self.log_sum) = (max, log_sum);
                return;
            }
        }
        self.max = self.text.max.max(self.timestamps.max);
        let sum = self.text.sum_exp(logits, self.max) + self.timestamps.sum_exp(logits, self.max);
        self.log_sum = sum.ln();
    }

    /// The log-probability of a token with this logit. Larger logits never get smaller ones.
    pub(super) fn log_prob(&self, logit: f32) -> f32 {
        (logit - self.max) - self.log_sum
    }

    /// The tokens that may be chosen, in order of their ids.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block> {
        self.text.blocks().chain(self.timestamps.blocks())
    }

    /// The largest logit of the tokens that may be chosen.
    pub(super) fn max(&self) -> f32 {
        self.max
    }
}
