//! One token at a time: the likeliest, or one drawn at random.

use fastrand::Rng;
use nn::logits::sum_exp;

use super::item::{Growing, Scratch, Step};
use super::row::{Block, RowScan};

/// Sequences of one item that grow independently of each other.
#[derive(Debug)]
pub(super) struct Sampling {
    /// By what logits are divided; 0 takes the likeliest.
    temperature: f32,
    /// One for each sequence, those yet to begin included.
    rngs: Vec<Rng>,
    tempered: Tempered,
}

impl Sampling {
    /// Takes the likeliest token of each step.
    pub(super) fn greedy() -> Self {
        Self::new(0.0, 1, 0)
    }

    pub(super) fn new(temperature: f32, best_of: usize, seed: u64) -> Self {
        let mut seeds = Rng::with_seed(seed);
        Self {
            temperature,
            rngs: (0..best_of.max(1)).map(|_| seeds.fork()).collect(),
            tempered: Tempered::default(),
        }
    }

    pub(super) fn advance(&mut self, item: &mut Growing, step: Step) {
        let Growing {
            rules,
            rows,
            finished,
        } = item;
        let Step {
            logits: all_logits,
            first_row,
            scratch: Scratch { scan, .. },
            next,
        } = step;
        let vocabulary_size = all_logits.len() / rows.len();
        let n_tokens = rows[0].tokens.len();
        // All sequences begin at the one row there is.
        let is_first = n_tokens == rules.forced.len();
        if is_first {
            let first = rows[0].clone();
            rows.resize(self.rngs.len(), first);
        }
        let mut n_kept = 0;
        for i in 0..rows.len() {
            let parent = if is_first { 0 } else { i };
            let logits = &mut all_logits[parent * vocabulary_size..][..vocabulary_size];
            if i == parent {
                rules.scan(logits, &rows[i].tokens, scan);
                if self.temperature > 0.0 {
                    self.tempered.prepare(logits, scan, self.temperature);
                }
            }
            let choice = if self.temperature > 0.0 {
                self.tempered
                    .draw(logits, scan, self.temperature, &mut self.rngs[i])
            } else {
                likeliest(logits, scan)
            };
            let row = &mut rows[i];
            if let Some((token, log_prob)) = choice {
                row.sum_logprob += log_prob;
                if !rules.ends(token) {
                    row.tokens.push(token);
                    if !rules.is_last(n_tokens) {
                        next.push(first_row + parent, token);
                        rows.swap(n_kept, i);
                        self.rngs.swap(n_kept, i);
                        n_kept += 1;
                        continue;
                    }
                }
            }
            finished.push(rules.hypothesis(std::mem::take(&mut row.tokens), row.sum_logprob));
        }
        rows.truncate(n_kept);
        self.rngs.truncate(n_kept);
    }
}

/// The likeliest token and its log-probability; none where nothing is allowed.
fn likeliest(logits: &[f32], scan: &RowScan) -> Option<(u32, f32)> {
    let is_largest = |max: f32| max >= scan.max() && max > f32::NEG_INFINITY;
    let block = scan.blocks().find(|block| is_largest(block.max))?;
    let token = block
        .tokens
        .clone()
        .find(|token| is_largest(logits[*token]))?;
    Some((u32::try_from(token).ok()?, scan.log_prob(logits[token])))
}

/// A row from which tokens are drawn.
#[derive(Debug, Default)]
struct Tempered {
    /// Weight of each block.
    weights: Vec<f32>,
    total: f64,
}

impl Tempered {
    /// Replaces each logit by `(logit - max) / temperature`, and weighs the blocks.
    fn prepare(&mut self, logits: &mut [f32], scan: &RowScan, temperature: f32) {
        self.weights.clear();
        for Block { tokens, .. } in scan.blocks() {
            let logits = &mut logits[tokens];
            for logit in logits.iter_mut() {
                *logit = (*logit - scan.max()) / temperature;
            }
            self.weights.push(sum_exp(logits, 0.0));
        }
        self.total = self.weights.iter().copied().map(f64::from).sum();
    }

    /// Draws a token from a prepared row: the token, and its log-probability at temperature 1.
    fn draw(
        &self,
        logits: &[f32],
        scan: &RowScan,
        temperature: f32,
        rng: &mut Rng,
    ) -> Option<(u32, f32)> {
        let mut left = rng.f64() * self.total;
        let mut drawn = None;
        'blocks: for (block, weight) in scan.blocks().zip(&self.weights) {
            if left >= f64::from(*weight) {
                left -= f64::from(*weight);
                continue;
            }
            for token in block.tokens {
                let weight = f64::from(logits[token].exp());
                if weight > 0.0 {
                    // Should rounding lead past the end, the last token met is it.
                    drawn = Some(token);
                    if left < weight {
                        break 'blocks;
                    }
                    left -= weight;
                }
            }
        }
        let token = drawn?;
        let logit = logits[token] * temperature + scan.max();
        Some((u32::try_from(token).ok()?, scan.log_prob(logit)))
    }
}
