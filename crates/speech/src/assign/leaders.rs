//! Who has most turns at once, at every time: found once for all words, since everybody may speak throughout.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::speaker_turns::SpeakerTurns;
use super::timeline::Span;

/// How many are kept for each time.
const KEPT: usize = 4;

/// The speakers with most turns under way, from each edge of a turn to the next.
#[derive(Debug)]
pub(super) struct Leaders {
    /// The edge in seconds, and the first few after it: by most turns, the earliest start, then name.
    since: Vec<(f64, Vec<usize>)>,
}

/// More speak at once than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// More turns are better, then an earlier start (as the place of the first turn with it), then the name.
type Rank = (Reverse<usize>, usize, usize);

impl Leaders {
    /// `spans` are sorted by start, and `by_end` are their places sorted by end.
    pub(super) fn new(spans: &[Span], by_end: &[usize], speakers: &[SpeakerTurns]) -> Self {
        let starts = spans.iter().map(|span| (span.start, span.speaker));
        let ends = by_end.iter().map(|place| &spans[*place]);
        let ends = ends.map(|span| (span.end, span.speaker));
        let mut edges: Vec<(f64, usize)> = starts.chain(ends).collect();
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut ranked: BTreeSet<Rank> = BTreeSet::new();
        let mut rank_of: Vec<Option<Rank>> = vec![None; speakers.len()];
        let since = edges
            .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
            .map(|edges| {
                let time = edges[0].0;
                for (_, speaker) in edges {
                    let rank = rank(spans, &speakers[*speaker], *speaker, time);
                    if let Some(before) = std::mem::replace(&mut rank_of[*speaker], rank) {
                        ranked.remove(&before);
                    }
                    ranked.extend(rank);
                }
                let first = ranked.iter().take(KEPT);
                (time, first.map(|(.., speaker)| *speaker).collect())
            });
        Self {
            since: since.collect(),
        }
    }

    /// The first just after `time` that is not among `others`, which are sorted, if there is any.
    ///
    /// # Errors
    /// All that are kept are among the others, and there may be more.
    pub(super) fn best_but(&self, time: f64, others: &[usize]) -> Result<Option<usize>, TooMany> {
        let place = self.since.partition_point(|(since, _)| *since <= time);
        let leaders = place.checked_sub(1).map(|place| &self.since[place].1);
        let leaders = leaders.map_or(&[][..], Vec::as_slice);
        let best = leaders
            .iter()
            .find(|leader| others.binary_search(leader).is_err());
        if best.is_none() && leaders.len() == KEPT {
            return Err(TooMany);
        }
        Ok(best.copied())
    }
}

fn rank(spans: &[Span], turns: &SpeakerTurns, speaker: usize, time: f64) -> Option<Rank> {
    let first_start = turns.first_start_at(time)?;
    let place = spans.partition_point(|span| span.start < first_start);
    Some((Reverse(turns.n_at(time)), place, speaker))
}
