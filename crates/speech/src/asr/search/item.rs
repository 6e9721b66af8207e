//! One window being decoded: what it may choose, and its rows of the decoder.

use super::beam::BeamSearch;
use super::processors::{forbid, forbid_repeated_ngrams, penalise_repetition};
use super::prompt::Prompt;
use super::row::RowScan;
use super::sample::Sampling;
use super::timestamps::Allowed;
use super::top::Top;
use super::{Hypothesis, Method, SearchOptions};
use crate::asr::special::SpecialTokens;

/// A token sequence that grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence {
    pub(super) tokens: Vec<u32>,
    pub(super) sum_logprob: f32,
}

/// Which rows go on, and with which tokens.
#[derive(Debug, Default)]
pub(super) struct NextStep {
    /// For each new row, the old row that it continues.
    pub(super) parents: Vec<usize>,
    /// For each new row, its token.
    pub(super) tokens: Vec<u32>,
}

impl NextStep {
    pub(super) fn clear(&mut self) {
        self.parents.clear();
        self.tokens.clear();
    }

    pub(super) fn push(&mut self, parent: usize, token: u32) {
        self.parents.push(parent);
        self.tokens.push(token);
    }

    /// Whether the `n_rows` rows stay as they are.
    pub(super) fn keeps_rows(&self, n_rows: usize) -> bool {
        self.parents.iter().copied().eq(0..n_rows)
    }
}

/// Buffers shared by all items.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) scan: RowScan,
    pub(super) top: Top,
}

/// What an item may choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) options: &'a SearchOptions,
    pub(super) special: &'a SpecialTokens,
    pub(super) forced: &'a [u32],
    pub(super) max_tokens: usize,
    with_timestamps: bool,
}

impl<'a> Rules<'a> {
    pub(super) fn new(
        prompt: &Prompt<'a>,
        special: &'a SpecialTokens,
        options: &'a SearchOptions,
    ) -> Self {
        Self {
            options,
            special,
            forced: prompt.forced,
            max_tokens: prompt.max_tokens(),
            with_timestamps: prompt.wants_timestamps(special),
        }
    }

    /// Applies all rules to the logits that follow on `tokens`, and reads what is left.
    pub(super) fn scan(&self, logits: &mut [f32], tokens: &[u32], scan: &mut RowScan) {
        let options = self.options;
        if options.repetition_penalty.to_bits() != 1f32.to_bits() {
            penalise_repetition(logits, tokens, options.repetition_penalty);
        }
        if options.no_repeat_ngram_size > 0 {
            forbid_repeated_ngrams(logits, tokens, options.no_repeat_ngram_size);
        }
        forbid(logits, &options.suppress);
        if tokens.len() == self.forced.len() {
            forbid(logits, &options.suppress_at_begin);
        }
        let allowed = if self.with_timestamps {
            forbid(logits, &[self.special.no_timestamps]);
            let generated = &tokens[self.forced.len()..];
            Allowed::after(
                generated,
                !self.forced.is_empty(),
                self.special,
                options.max_initial_timestamp,
            )
        } else {
            Allowed::everything(logits.len())
        };
        scan.scan(logits, allowed);
    }

    /// Whether a token chosen after `n_tokens` others is the last, whatever it is.
    pub(super) fn is_last(&self, n_tokens: usize) -> bool {
        n_tokens + 1 >= self.max_tokens
    }

    pub(super) fn ends(&self, token: u32) -> bool {
        token == self.special.end_of_text
    }

    pub(super) fn hypothesis(&self, tokens: Vec<u32>, sum_logprob: f32) -> Hypothesis {
        Hypothesis::new(tokens, sum_logprob, self.options.length_penalty)
    }
}

/// One step of one item.
#[derive(Debug)]
pub(super) struct Step<'s> {
    /// The logits of the item's rows, which may be changed.
    pub(super) logits: &'s mut [f32],
    /// Where the item's rows begin among those of the decoder.
    pub(super) first_row: usize,
    pub(super) scratch: &'s mut Scratch,
    /// Takes the rows that go on.
    pub(super) next: &'s mut NextStep,
}

/// The sequences of an item.
#[derive(Debug)]
pub(super) struct Growing<'a> {
    pub(super) rules: Rules<'a>,
    /// Those still growing, one for each row of the decoder.
    pub(super) rows: Vec<Sequence>,
    pub(super) finished: Vec<Hypothesis>,
}

/// One window being decoded.
#[derive(Debug)]
pub(super) struct Item<'a> {
    growing: Growing<'a>,
    search: Search,
}

#[derive(Debug)]
enum Search {
    Beam(BeamSearch),
    Sample(Sampling),
}

impl<'a> Item<'a> {
    /// An item whose one row has been fed `n_forced` of its forced tokens.
    pub(super) fn new(rules: Rules<'a>, n_forced: usize) -> Self {
        let search = match rules.options.method {
            Method::Beam { size: 0 | 1, .. } => Search::Sample(Sampling::greedy()),
            Method::Beam { size, patience } => Search::Beam(BeamSearch::new(size, patience)),
            Method::Sample {
                temperature,
                best_of,
                seed,
            } => Search::Sample(Sampling::new(temperature, best_of, seed)),
        };
        let first = Sequence {
            tokens: rules.forced[..n_forced].to_vec(),
            sum_logprob: 0.0,
        };
        Self {
            growing: Growing {
                rules,
                rows: vec![first],
                finished: Vec::new(),
            },
            search,
        }
    }

    /// Rows that the item has among those of the decoder.
    pub(super) fn n_rows(&self) -> usize {
        self.growing.rows.len()
    }

    /// Chooses the next tokens.
    pub(super) fn advance(&mut self, step: Step) {
        if let [row] = self.growing.rows.as_mut_slice()
            && let Some(token) = self.growing.rules.forced.get(row.tokens.len())
        {
            row.tokens.push(*token);
            step.next.push(step.first_row, *token);
            return;
        }
        match &mut self.search {
            Search::Beam(beam) => beam.advance(&mut self.growing, step),
            Search::Sample(sampling) => sampling.advance(&mut self.growing, step),
        }
    }

    /// The hypotheses, best first. There is always one: where the network gave no numbers, an empty one.
    pub(super) fn finish(self) -> Vec<Hypothesis> {
        let Growing {
            rules,
            mut finished,
            ..
        } = self.growing;
        if finished.is_empty() {
            finished.push(rules.hypothesis(Vec::new(), f32::NEG_INFINITY));
        }
        finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        finished
    }
}
