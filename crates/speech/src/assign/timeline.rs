//! Turns, kept so that those around a time are found without looking at all of them.

use domain::diarization::Turn;

use super::leaders::{Leaders, TooMany};
use super::speaker_turns::{Heard, SpeakerTurns};

/// The turns of one recording; speakers are numbers in the order of their names.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    names: Vec<&'a str>,
    /// Sorted by start, end and speaker.
    turns: Vec<Span>,
    /// Places in `turns`, sorted by where those end.
    by_end: Vec<usize>,
    /// The turns of each speaker.
    speakers: Vec<SpeakerTurns>,
    leaders: Leaders,
    /// The first of the turns with the latest end among the turns up to this one, for each.
    longest_so_far: Vec<usize>,
    /// Middles of turns in seconds with their places in `turns`, sorted.
    middles: Vec<(f64, usize)>,
}

/// A turn, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) speaker: usize,
}

/// Who is heard most in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Winner {
    pub(super) speaker: usize,
    /// For how long, in seconds, all their turns added up; above 0.
    pub(super) overlap: f64,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(turns: &'a [Turn]) -> Self {
        let mut names: Vec<&str> = turns.iter().map(|turn| &*turn.speaker).collect();
        names.sort_unstable();
        names.dedup();
        let mut spans: Vec<Span> = turns.iter().map(|turn| Span::new(turn, &names)).collect();
        spans.sort_by(Span::order);
        let mut by_end: Vec<usize> = (0..spans.len()).collect();
        by_end.sort_by(|a, b| spans[*a].end.total_cmp(&spans[*b].end));
        let speakers = SpeakerTurns::of_each(&spans, names.len());
        let mut middles: Vec<_> = spans.iter().map(Span::middle).zip(0..).collect();
        middles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self {
            names,
            leaders: Leaders::new(&spans, &by_end, &speakers),
            longest_so_far: longest_so_far(&spans),
            turns: spans,
            by_end,
            speakers,
            middles,
        }
    }

    pub(super) fn name(&self, speaker: usize) -> &'a str {
        self.names[speaker]
    }

    /// The speaker heard longest from `start` to `end`. If two are, the one whose turn there starts first; if both
    /// start at once, the one whose name sorts first.
    pub(super) fn winner(&self, start: f64, end: f64) -> Option<Winner> {
        let mut best: Option<(usize, Heard)> = None;
        for speaker in self.candidates(start, end) {
            let Some(heard) = self.speakers[speaker].heard(start, end) else {
                continue;
            };
            if best.is_none_or(|best| heard.is_more(best.1)) {
                best = Some((speaker, heard));
            }
        }
        best.map(|(speaker, heard)| Winner {
            speaker,
            overlap: heard.overlap,
        })
    }

    /// Speakers of whom one is heard longest, in order: all who begin or end there, and of those heard throughout the
    /// one with most turns at once.
    pub(super) fn candidates(&self, start: f64, end: f64) -> Vec<usize> {
        if start >= end {
            return Vec::new(); // what takes no time overlaps nothing
        }
        let begun = self.turns.partition_point(|turn| turn.start <= start)
            ..self.turns.partition_point(|turn| turn.start < end);
        let end_of = |place: &usize| self.turns[*place].end;
        let ended = self.by_end.partition_point(|place| end_of(place) <= start)
            ..self.by_end.partition_point(|place| end_of(place) < end);
        let places = begun.chain(self.by_end[ended].iter().copied());
        let mut candidates: Vec<usize> = places.map(|place| self.turns[place].speaker).collect();
        candidates.sort_unstable();
        candidates.dedup();
        match self.leaders.best_but(start, &candidates) {
            Ok(leader) => candidates.extend(leader),
            Err(TooMany) => candidates = (0..self.names.len()).collect(),
        }
        candidates.sort_unstable();
        candidates
    }

    /// The speaker of the turn whose edge is nearest to what lies from `start` to `end`, and the seconds between; 0 if
    /// it lies inside. Of two at the same distance the earlier.
    pub(super) fn nearest_edge(&self, start: f64, end: f64) -> Option<(usize, f64)> {
        let n_before = self.turns.partition_point(|turn| turn.start < end);
        let before = n_before.checked_sub(1).map(|last| {
            let turn = self.turns[self.longest_so_far[last]];
            (turn.speaker, (start - turn.end).max(0.0))
        });
        let after = self.turns.get(n_before);
        let after = after.map(|turn| (turn.speaker, (turn.start - end).max(0.0)));
        match (before, after) {
            (Some(before), Some(after)) if after.1 < before.1 => Some(after),
            (before, after) => before.or(after),
        }
    }

    /// Who is heard from `start` to `end`, or else nearest to it.
    pub(super) fn speaker_near(&self, start: f64, end: f64) -> Option<usize> {
        let winner = self.winner(start, end).map(|winner| winner.speaker);
        winner.or_else(|| Some(self.nearest_edge(start, end)?.0))
    }

    /// The speaker of the turn whose middle is nearest to `time`; of several the turn that starts first.
    pub(super) fn nearest_middle(&self, time: f64) -> Option<usize> {
        let n_before = self.middles.partition_point(|(middle, _)| *middle <= time);
        // of turns with the same middle the first in `turns` comes first here too
        let before = self.middles[..n_before].last().map(|(middle, _)| {
            let first = self.middles.partition_point(|(other, _)| other < middle);
            self.middles[first]
        });
        let after = self.middles.get(n_before).copied();
        let distance = |(middle, _): (f64, usize)| (middle - time).abs();
        let nearest = match (before, after) {
            (Some(a), Some(b)) if distance(a) < distance(b) => a,
            (Some(a), Some(b)) if distance(b) < distance(a) => b,
            (Some(a), Some(b)) if a.1 < b.1 => a,
            (before, after) => after.or(before)?,
        };
        Some(self.turns[nearest.1].speaker)
    }
}

impl Span {
    fn new(turn: &Turn, names: &[&str]) -> Self {
        Self {
            start: turn.start.0,
            end: turn.end.0,
            speaker: names.partition_point(|name| **name < *turn.speaker),
        }
    }

    fn order(a: &Self, b: &Self) -> std::cmp::Ordering {
        let by_time = a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end));
        by_time.then(a.speaker.cmp(&b.speaker))
    }

    fn middle(&self) -> f64 {
        f64::midpoint(self.start, self.end)
    }
}

fn longest_so_far(turns: &[Span]) -> Vec<usize> {
    let mut longest = 0;
    let longest = turns.iter().enumerate().map(|(idx, turn)| {
        if turn.end > turns[longest].end {
            longest = idx;
        }
        longest
    });
    longest.collect()
}
