//! The best continuations over all beams of an item.

use super::row::RowScan;

/// A beam continued by a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// Sum of log-probabilities of the whole sequence.
    pub(super) score: f32,
    /// The beam's index among the rows of the item.
    pub(super) beam: usize,
    pub(super) token: u32,
}

/// The best candidates, best first; among equals the one met first.
#[derive(Debug, Default)]
pub(super) struct Top {
    wanted: usize,
    candidates: Vec<Candidate>,
}

impl Top {
    pub(super) fn reset(&mut self, wanted: usize) {
        self.wanted = wanted;
        self.candidates.clear();
    }

    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Adds the continuations of one beam. Only blocks that hold a candidate are read.
    pub(super) fn offer(&mut self, beam: usize, beam_score: f32, logits: &[f32], scan: &RowScan) {
        for block in scan.blocks() {
            if !self.admits(beam_score + scan.log_prob(block.max)) {
                continue;
            }
            for token in block.tokens {
                let score = beam_score + scan.log_prob(logits[token]);
                if self.admits(score) {
                    let token = u32::try_from(token).expect("token ids are 32 bits wide");
                    self.insert(Candidate { score, beam, token });
                }
            }
        }
    }

    /// False for what is forbidden, is not a number, or does not beat the last of a full list.
    fn admits(&self, score: f32) -> bool {
        let bar = match self.candidates.last() {
            Some(last) if self.candidates.len() == self.wanted => last.score,
            _ => f32::NEG_INFINITY,
        };
        score > bar
    }

    fn insert(&mut self, candidate: Candidate) {
        if self.candidates.len() == self.wanted {
            self.candidates.pop();
        }
        let position = self
            .candidates
            .partition_point(|other| other.score >= candidate.score);
        self.candidates.insert(position, candidate);
    }
}
