//! Which tokens stand in a cue together: the cheapest of all ways to cut the whole script, found by dynamic programming.
//!
//! A cue holds what one person says, or, with a dash each, the last words of one turn and the first of the next. Its cost
//! adds up what is wrong with it ([`Cutter::cost`]), and what it costs to end it where it ends.

use std::ops::Range;

use super::breaks::{FORBIDDEN, Gaps};
use super::limits::Limits;
use super::lines::{Liner, Lines};
use super::tokens::{Milliseconds, Script};
use crate::export::SpeakerLabels;

/// Every cue costs this, so that there are no more than need be.
const CUE: f64 = 3.0;
/// A full cue costs this; the square of what is in it counts, which makes the cues of a long sentence alike.
const FULL: f64 = 4.0;
/// A cue on the screen for no time; one of the shortest duration costs nothing.
const FLASH: f64 = 30.0;
/// A cue that has half the time that reading takes.
const TOO_FAST: f64 = 4.0;
/// Each second, and the first moment, for which the next cue waits because its speaker interrupts this one.
const LATE_SECOND: f64 = 2.0;
const LATE: f64 = 2.0;
/// The end of a sentence inside a cue all of whose sentences are whole.
const SECOND_SENTENCE: f64 = 2.0;
/// The same where part of a sentence stands beside it.
const PART_OF_SECOND_SENTENCE: f64 = 5.0;
/// A word or two that are cut off their sentence.
const ORPHAN: f64 = 5.0;
/// Two people in a cue.
const TWO_SPEAKERS: f64 = 2.0;
/// Each second of silence inside a cue, beyond the first part of one.
const PAUSE_SECOND: f64 = 6.0;
const FREE_PAUSE: Milliseconds = 300;
/// Longer silence stands in no cue, if that can be avoided.
const LONGEST_PAUSE: Milliseconds = 2000;
const LONG_PAUSE: f64 = 40.0;

/// A cue is held so long after its last sound, if its reader needs the time.
pub(super) const LONGEST_HOLD: Milliseconds = 1000;
/// Fewer characters are an orphan.
const ORPHAN_WIDTH_SHARE: f64 = 0.25;
/// Tokens of a cue, at most; twice what anybody says or reads in seven seconds.
const MAX_TOKENS: usize = 100;
/// What two dashes take of their lines.
pub(super) const DASH: &str = "- ";

/// A cue before it has its times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Tokens of each line.
    pub(super) lines: Vec<Range<usize>>,
    /// Whether each line is said by somebody else.
    pub(super) is_dialogue: bool,
}

impl Piece {
    /// All its tokens.
    pub(super) fn tokens(&self) -> Range<usize> {
        let first = self.lines.first().map_or(0, |line| line.start);
        first..self.lines.last().map_or(first, |line| line.end)
    }
}

/// Cuts a script into cues.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cutter<'a> {
    pub(super) script: &'a Script,
    pub(super) gaps: &'a Gaps,
    pub(super) limits: &'a Limits,
    pub(super) liner: Liner<'a>,
}

/// The cheapest way to lay out the tokens up to one.
#[derive(Debug, Clone)]
struct Way {
    cost: f64,
    last: Piece,
}

impl Cutter<'_> {
    /// The cues of the whole script, in order; each token is in one of them.
    pub(super) fn cut(&self) -> Vec<Piece> {
        let n_tokens = self.script.tokens.len();
        let mut ways: Vec<Option<Way>> = vec![None; n_tokens + 1];
        for first in 0..n_tokens {
            let cost = match &ways[first] {
                Some(way) => way.cost,
                None if first == 0 => 0.0,
                None => continue,
            };
            for (cue_cost, piece) in self.pieces_from(first) {
                let (end, cost) = (piece.tokens().end, cost + cue_cost);
                if ways[end].as_ref().is_none_or(|way| cost < way.cost) {
                    ways[end] = Some(Way { cost, last: piece });
                }
            }
        }
        let mut pieces = Vec::new();
        let mut end = n_tokens;
        while let Some(way) = ways[end].take() {
            end = way.last.tokens().start;
            pieces.push(way.last);
        }
        pieces.reverse();
        pieces
    }

    /// Every cue that may begin with token `first`, with its cost.
    fn pieces_from(&self, first: usize) -> Vec<(f64, Piece)> {
        let turn = self.script.tokens[first].turn;
        let turn_end = self.script.turns[turn].end;
        let mut pieces = Vec::new();
        for end in first + 1..=turn_end.min(first + MAX_TOKENS) {
            let Some(lines) = self.single(first..end) else {
                break;
            };
            pieces.push(lines);
        }
        if self.may_share() {
            pieces.extend(self.dialogues(first..turn_end, turn + 1));
        }
        pieces
    }

    /// A cue of one person; `None` if it is too long. A single token is never too long.
    fn single(&self, tokens: Range<usize>) -> Option<(f64, Piece)> {
        if tokens.len() > 1 && self.duration(&tokens) > self.limits.max_duration {
            return None;
        }
        let Lines { cost, lines } = self.liner.lay_out(&tokens)?;
        let is_dialogue = false;
        Some((cost + self.cost(&tokens), Piece { lines, is_dialogue }))
    }

    /// Whether two people may stand in one cue.
    fn may_share(&self) -> bool {
        self.limits.lines > 1 && self.limits.labels != SpeakerLabels::None
    }

    /// Cues of the rest of a turn and the beginning of the turn after it, a line each.
    fn dialogues(&self, rest: Range<usize>, next: usize) -> Vec<(f64, Piece)> {
        let Some(next) = self.script.turns.get(next) else {
            return Vec::new();
        };
        let room = self
            .limits
            .width
            .saturating_sub(dash(self.limits).chars().count());
        let fits = |line: &Range<usize>| self.liner.width(line) <= room;
        if rest.len() > MAX_TOKENS || !fits(&rest) {
            return Vec::new();
        }
        let ends = next.first + 1..=next.end.min(next.first + MAX_TOKENS);
        let lines = ends.map(|end| next.first..end).take_while(fits);
        let short = lines.filter(|line| {
            self.duration(&(rest.start..line.end)) <= self.limits.max_duration
                && !self.script.tokens[line.end - 1].is_label
        });
        let piece = |line: Range<usize>| {
            let tokens = rest.start..line.end;
            let piece = Piece {
                lines: vec![rest.clone(), line],
                is_dialogue: true,
            };
            (TWO_SPEAKERS + self.cost(&tokens), piece)
        };
        short.map(piece).collect()
    }

    /// From the first sound to the last.
    fn duration(&self, tokens: &Range<usize>) -> Milliseconds {
        let spoken = &self.script.tokens[tokens.clone()];
        let start = spoken.iter().map(|token| token.start).min().unwrap_or(0);
        let end = spoken.iter().map(|token| token.end).max().unwrap_or(0);
        end - start
    }

    /// What is wrong with a cue of these tokens, lines apart.
    fn cost(&self, tokens: &Range<usize>) -> f64 {
        let full = (self.limits.width * self.limits.lines) as f64;
        let share = self.liner.width(tokens) as f64 / full;
        CUE + FULL * share * share
            + self.end_cost(tokens)
            + self.time_cost(tokens)
            + self.sentence_cost(tokens)
            + self.pause_cost(tokens)
    }

    /// The cut at its end, and what it leaves alone.
    fn end_cost(&self, tokens: &Range<usize>) -> f64 {
        let label_alone = self.script.tokens[tokens.end - 1].is_label;
        let begins = self.gaps.ends_sentence(tokens.start);
        let ends = self.gaps.ends_sentence(tokens.end);
        let width = self.liner.width(tokens) as f64;
        let is_orphan = width < ORPHAN_WIDTH_SHARE * self.limits.width as f64 && !(begins && ends);
        let label = if label_alone { FORBIDDEN } else { 0.0 };
        let orphan = if is_orphan { ORPHAN } else { 0.0 };
        self.gaps.cue_end(tokens.end) + label + orphan
    }

    /// Too little time to be seen, or to be read.
    fn time_cost(&self, tokens: &Range<usize>) -> f64 {
        let all = &self.script.tokens;
        let before = tokens.start.checked_sub(1).map_or(0, |idx| all[idx].end);
        let start = all[tokens.start].start.max(before);
        let end = all[tokens.clone()].iter().map(|token| token.end).max();
        let end = end.unwrap_or(start).max(start);
        let next = all
            .get(tokens.end)
            .map(|token| token.start - self.limits.gap);
        let held = (end + LONGEST_HOLD).min(next.unwrap_or(Milliseconds::MAX));
        let time = (held.max(end) - start).min(self.limits.max_duration) as f64;
        let least = self.limits.min_duration as f64;
        let reading = self.limits.reading_time(self.liner.width(tokens)) as f64;
        let delay = next.map_or(0, |next| (end - next).max(0)) as f64 / 1000.0;
        let late = if delay > 0.1 {
            LATE + LATE_SECOND * delay
        } else {
            0.0
        };
        let flash = FLASH * (1.0 - time / least.max(1.0)).max(0.0);
        let speed = TOO_FAST * (reading / time.max(100.0) - 1.0).clamp(0.0, 2.0);
        flash + speed + late
    }

    /// More than one sentence.
    fn sentence_cost(&self, tokens: &Range<usize>) -> f64 {
        let inside = tokens.start + 1..tokens.end;
        let n_ends = inside.filter(|idx| self.gaps.ends_sentence(*idx)).count();
        let is_whole = self.gaps.ends_sentence(tokens.start) && self.gaps.ends_sentence(tokens.end);
        let each = if is_whole {
            SECOND_SENTENCE
        } else {
            PART_OF_SECOND_SENTENCE
        };
        each * n_ends as f64
    }

    /// Silence inside, which shows words long before they are said.
    fn pause_cost(&self, tokens: &Range<usize>) -> f64 {
        let pauses = (tokens.start + 1..tokens.end).map(|idx| self.gaps.pause(idx));
        let cost = |pause: Milliseconds| {
            let seconds = (pause - FREE_PAUSE).max(0) as f64 / 1000.0;
            let long = if pause > LONGEST_PAUSE {
                LONG_PAUSE
            } else {
                0.0
            };
            PAUSE_SECOND * seconds + long
        };
        pauses.map(cost).sum()
    }
}

/// What stands before each line of a cue that two people share.
pub(super) fn dash(limits: &Limits) -> &'static str {
    match limits.labels {
        SpeakerLabels::Dashes => DASH,
        SpeakerLabels::Names | SpeakerLabels::None => "",
    }
}
