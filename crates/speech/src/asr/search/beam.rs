//! Beam search: the likeliest sequences side by side.

use super::item::{Growing, Scratch, Sequence, Step};
use super::top::Candidate;

/// The beams of one item beyond their sequences.
#[derive(Debug)]
pub(super) struct BeamSearch {
    size: usize,
    /// Finished sequences that end the search.
    n_wanted: usize,
    /// Continuations chosen in a step.
    chosen: Vec<Candidate>,
    /// Sequences whose memory is used for the next step's.
    spare: Vec<Sequence>,
}

impl BeamSearch {
    pub(super) fn new(size: usize, patience: f32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, and the number is small"
        )]
        let n_wanted = (size as f32 * patience).round() as usize;
        Self {
            size,
            n_wanted: n_wanted.max(1),
            chosen: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes the best `2 × size` continuations of all beams. The best `size` of them fill the beams; where one of these
    /// ends its sequence, the best continuation beyond them takes its place.
    pub(super) fn advance(&mut self, item: &mut Growing, step: Step) {
        let Growing {
            rules,
            rows,
            finished,
        } = item;
        let Step {
            logits,
            first_row,
            scratch: Scratch { scan, top },
            next,
        } = step;
        let n_tokens = rows[0].tokens.len();
        let vocabulary_size = logits.len() / rows.len();
        top.reset(2 * self.size);
        for (beam, (row, logits)) in rows
            .iter()
            .zip(logits.chunks_mut(vocabulary_size))
            .enumerate()
        {
            rules.scan(logits, &row.tokens, scan);
            top.offer(beam, row.sum_logprob, logits, scan);
        }

        let is_last = rules.is_last(n_tokens);
        // Right after a forced prefix the end counts only as the likeliest continuation: a short hypothesis would
        // otherwise win too easily. The beam is lost, not replaced.
        let end_must_be_best = !rules.forced.is_empty() && n_tokens == rules.forced.len();
        let candidates = top.candidates();
        let (best, others) = candidates.split_at(self.size.min(candidates.len()));
        let mut others = others
            .iter()
            .filter(|candidate| !rules.ends(candidate.token));
        let mut best_finished = false;
        self.chosen.clear();
        for (k, candidate) in best.iter().enumerate() {
            let ends = rules.ends(candidate.token);
            if ends && k > 0 && end_must_be_best {
                continue;
            }
            if ends || is_last {
                let mut tokens = rows[candidate.beam].tokens.clone();
                if !ends {
                    tokens.push(candidate.token);
                }
                finished.push(rules.hypothesis(tokens, candidate.score));
                best_finished |= k == 0;
                self.chosen.extend(others.next());
            } else {
                self.chosen.push(*candidate);
            }
        }

        // Without a length penalty no sequence can overtake a best one that has ended.
        let enough = if rules.options.length_penalty == 0.0 {
            best_finished
        } else {
            finished.len() >= self.n_wanted
        };
        if is_last || enough {
            rows.clear();
        } else {
            self.grow(rows);
            for candidate in &self.chosen {
                next.push(first_row + candidate.beam, candidate.token);
            }
        }
    }

    /// Replaces the sequences by those chosen.
    fn grow(&mut self, rows: &mut Vec<Sequence>) {
        self.spare.resize_with(self.chosen.len(), Sequence::default);
        for (new, candidate) in self.spare.iter_mut().zip(&self.chosen) {
            new.tokens.clone_from(&rows[candidate.beam].tokens);
            new.tokens.push(candidate.token);
            new.sum_logprob = candidate.score;
        }
        std::mem::swap(rows, &mut self.spare);
    }
}
