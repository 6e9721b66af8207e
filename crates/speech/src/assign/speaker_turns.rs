//! The turns of one speaker.

use super::timeline::Span;

/// The turns of one speaker, which may overlap.
#[derive(Debug, Default)]
pub(super) struct SpeakerTurns {
    /// Start and end of each in seconds, sorted by both.
    turns: Vec<(f64, f64)>,
    /// The latest end among the turns up to this one, for each.
    reach: Vec<f64>,
    /// End and start of each, sorted by both.
    by_end: Vec<(f64, f64)>,
}

/// What is heard of a speaker in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heard {
    /// For how long, in seconds, all turns added up; above 0.
    pub(super) overlap: f64,
    /// Where the first of the turns heard there starts, in seconds.
    pub(super) first_start: f64,
}

impl Heard {
    /// Whether it is more than another: it is longer, or starts earlier.
    pub(super) fn is_more(self, other: Self) -> bool {
        let by_overlap = self.overlap.total_cmp(&other.overlap);
        let by_start = other.first_start.total_cmp(&self.first_start);
        by_overlap.then(by_start).is_gt()
    }
}

impl SpeakerTurns {
    /// The turns of each of `n_speakers`, of all turns sorted by start and end.
    pub(super) fn of_each(spans: &[Span], n_speakers: usize) -> Vec<Self> {
        let mut speakers: Vec<Self> = Vec::new();
        speakers.resize_with(n_speakers, Self::default);
        for span in spans {
            let speaker = &mut speakers[span.speaker];
            let before = speaker.reach.last().copied();
            let reach = before.map_or(span.end, |before| before.max(span.end));
            speaker.turns.push((span.start, span.end));
            speaker.reach.push(reach);
            speaker.by_end.push((span.end, span.start));
        }
        for speaker in &mut speakers {
            let order =
                |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
            speaker.by_end.sort_by(order);
        }
        speakers
    }

    /// How many turns are under way just after `time`.
    pub(super) fn n_at(&self, time: f64) -> usize {
        self.n_started(time).saturating_sub(self.n_ended(time))
    }

    /// Where the first of the turns that are under way just after `time` starts.
    pub(super) fn first_start_at(&self, time: f64) -> Option<f64> {
        let first = self.reach.partition_point(|reach| *reach <= time);
        (first < self.n_started(time)).then(|| self.turns[first].0)
    }

    /// What is heard from `start` to `end`, which is later.
    pub(super) fn heard(&self, start: f64, end: f64) -> Option<Heard> {
        let begun = &self.turns[self.n_started(start)..];
        let begun = begun.iter().take_while(|turn| turn.0 < end);
        let ended = self.by_end[self.n_ended(start)..].iter();
        let ended = ended.take_while(|turn| turn.0 < end);
        let parts = |(from, to): &(f64, f64)| to.min(end) - from;
        let mut n_throughout = self.n_at(start);
        let mut overlap = 0.0;
        for (until, _) in ended.filter(|turn| turn.1 <= start) {
            n_throughout -= 1;
            overlap += until - start;
        }
        overlap += n_throughout as f64 * (end - start);
        overlap += begun.clone().map(parts).sum::<f64>();
        let first_start = self.first_start_at(start).or_else(|| {
            let mut begun = begun.filter(|turn| parts(turn) > 0.0);
            begun.next().map(|turn| turn.0)
        });
        first_start.map(|first_start| Heard {
            overlap,
            first_start,
        })
    }

    fn n_started(&self, time: f64) -> usize {
        self.turns.partition_point(|turn| turn.0 <= time)
    }

    fn n_ended(&self, time: f64) -> usize {
        self.by_end.partition_point(|turn| turn.0 <= time)
    }
}
