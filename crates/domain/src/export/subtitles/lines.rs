//! The lines of one cue: one if the text fits, else as few as possible, of like length, the lower ones longer.

use std::ops::Range;

use super::breaks::Gaps;
use super::limits::Limits;
use super::tokens::Script;

/// What the cost of a line break counts beside that of a cue's end.
const LINE_BREAK_WEIGHT: f64 = 0.6;
/// What it costs if a line is half as long as it should be, or twice, measured against the width squared.
const UNEVEN: f64 = 12.0;
/// What it costs, as a share of the width, if an upper line is longer than it should be.
const UPPER_LONGER: f64 = 0.8;

/// What lines are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Liner<'a> {
    pub(super) gaps: &'a Gaps,
    pub(super) limits: &'a Limits,
    sums: &'a Sums,
}

/// Widths of all beginnings of a script, spaces included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sums {
    widths: Vec<usize>,
    spaces: Vec<bool>,
}

impl Sums {
    pub(super) fn new(script: &Script) -> Self {
        let mut widths = vec![0];
        for token in &script.tokens {
            let last = widths.last().copied().unwrap_or(0);
            widths.push(last + usize::from(token.has_space) + token.width);
        }
        let spaces = script.tokens.iter().map(|token| token.has_space).collect();
        Self { widths, spaces }
    }

    /// Characters of these tokens on one line.
    pub(super) fn width(&self, tokens: &Range<usize>) -> usize {
        if tokens.is_empty() {
            return 0;
        }
        let space = usize::from(self.spaces[tokens.start]);
        self.widths[tokens.end] - self.widths[tokens.start] - space
    }
}

/// Lines and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    pub(super) cost: f64,
    pub(super) lines: Vec<Range<usize>>,
}

impl<'a> Liner<'a> {
    pub(super) fn new(gaps: &'a Gaps, limits: &'a Limits, sums: &'a Sums) -> Self {
        Self { gaps, limits, sums }
    }

    pub(super) fn width(&self, tokens: &Range<usize>) -> usize {
        self.sums.width(tokens)
    }

    /// The best lines for these tokens; `None` if they do not fit in a cue.
    pub(super) fn lay_out(&self, tokens: &Range<usize>) -> Option<Lines> {
        let width = self.width(tokens);
        if width <= self.limits.width {
            let lines = vec![tokens.clone()];
            return Some(Lines { cost: 0.0, lines });
        }
        let fewest = width.div_ceil(self.limits.width + 1);
        (fewest.max(2)..=self.limits.lines).find_map(|n_lines| self.in_lines(tokens, n_lines))
    }

    /// The best `n_lines` lines: for each number of lines and each place where they may end the cheapest way there.
    fn in_lines(&self, tokens: &Range<usize>, n_lines: usize) -> Option<Lines> {
        let target = self.width(tokens) as f64 / n_lines as f64;
        let mut layer: Vec<Option<Lines>> = vec![None; tokens.len() + 1];
        layer[0] = Some(Lines {
            cost: 0.0,
            lines: Vec::new(),
        });
        for number in 1..=n_lines {
            let is_last = number == n_lines;
            let mut next = vec![None; tokens.len() + 1];
            let ends = if is_last { tokens.len() } else { number }..=tokens.len();
            for end in ends {
                next[end] = self.best_line(tokens.start, end, &layer, (target, is_last));
            }
            layer = next;
        }
        layer.pop().flatten()
    }

    /// The cheapest way to end a line `end` tokens after `first`, given the ways to end the one before.
    fn best_line(
        &self,
        first: usize,
        end: usize,
        layer: &[Option<Lines>],
        (target, is_last): (f64, bool),
    ) -> Option<Lines> {
        let fits = |begin: &usize| self.width(&(first + begin..first + end)) <= self.limits.width;
        let ways = (0..end).rev().take_while(fits).filter_map(|begin| {
            let before = layer[begin].as_ref()?;
            let line = first + begin..first + end;
            Some((
                before.cost + self.cost(&line, target, is_last),
                before,
                line,
            ))
        });
        let (cost, before, line) = ways.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let lines = before.lines.iter().cloned().chain([line]).collect();
        Some(Lines { cost, lines })
    }

    fn cost(&self, line: &Range<usize>, target: f64, is_last: bool) -> f64 {
        let excess = (self.width(line) as f64 - target) / self.limits.width as f64;
        let uneven = UNEVEN * excess * excess;
        if is_last {
            return uneven;
        }
        let line_break = LINE_BREAK_WEIGHT * self.gaps.line_break(line.end);
        uneven + UPPER_LONGER * excess.max(0.0) + line_break
    }
}
