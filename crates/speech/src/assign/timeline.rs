//! Turns, kept so that those around a time are found without looking at all of them.

use domain::diarization::Turn;

/// The turns of one recording; speakers are numbers in the order of their names.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    names: Vec<&'a str>,
    /// Sorted by start, end and speaker.
    turns: Vec<Span>,
    /// A binary tree over `turns`, root at 1: the latest end, in seconds, of the turns below each node.
    latest_end: Vec<f64>,
    /// The first of the turns with the latest end among the turns up to this one, for each.
    longest_so_far: Vec<usize>,
    /// Middles of turns in seconds with their places in `turns`, sorted.
    middles: Vec<(f64, usize)>,
}

/// A turn, in seconds.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: f64,
    end: f64,
    speaker: usize,
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
        let mut middles: Vec<_> = spans.iter().map(Span::middle).zip(0..).collect();
        middles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self {
            names,
            latest_end: latest_ends(&spans),
            longest_so_far: longest_so_far(&spans),
            turns: spans,
            middles,
        }
    }

    pub(super) fn name(&self, speaker: usize) -> &'a str {
        self.names[speaker]
    }

    /// The speaker heard longest from `start` to `end`. If two are, the one whose turn there starts first; if both
    /// start at once, the one whose name sorts first.
    pub(super) fn winner(&self, start: f64, end: f64) -> Option<Winner> {
        let mut heard: Vec<(usize, f64, f64)> = Vec::new();
        for turn in self.touching(start, end) {
            let overlap = turn.end.min(end) - turn.start.max(start);
            if overlap > 0.0 {
                heard.push((turn.speaker, turn.start, overlap));
            }
        }
        heard.sort_by_key(|(speaker, ..)| *speaker); // stable: of a speaker's turns the earliest stays first
        let sums = heard.chunk_by(|a, b| a.0 == b.0).map(|turns| {
            let overlap = turns.iter().map(|(.., overlap)| overlap).sum();
            let (speaker, first_start, _) = turns[0];
            (Winner { speaker, overlap }, first_start)
        });
        let better = |a: (Winner, f64), b: (Winner, f64)| {
            let is_later = b.0.overlap < a.0.overlap || (b.0.overlap <= a.0.overlap && b.1 >= a.1);
            if is_later { a } else { b }
        };
        sums.reduce(better).map(|(winner, _)| winner)
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

    /// Turns that start before `end` and end after `start`, in order.
    fn touching(&self, start: f64, end: f64) -> Vec<Span> {
        let n_before = self.turns.partition_point(|turn| turn.start < end);
        let mut found = Vec::new();
        let n_leaves = self.latest_end.len() / 2;
        // Nodes still to be looked at; the leftmost is last.
        let mut open = vec![(1, 0, n_leaves)];
        while let Some((node, first, n_below)) = open.pop() {
            if first >= n_before || self.latest_end[node] <= start {
                continue;
            }
            if n_below == 1 {
                found.push(self.turns[first]);
                continue;
            }
            let half = n_below / 2;
            open.push((2 * node + 1, first + half, half));
            open.push((2 * node, first, half));
        }
        found
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

fn latest_ends(turns: &[Span]) -> Vec<f64> {
    let n_leaves = turns.len().next_power_of_two();
    let mut tree = vec![f64::NEG_INFINITY; 2 * n_leaves];
    for (leaf, turn) in tree[n_leaves..].iter_mut().zip(turns) {
        *leaf = turn.end;
    }
    for node in (1..n_leaves).rev() {
        tree[node] = tree[2 * node].max(tree[2 * node + 1]);
    }
    tree
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
