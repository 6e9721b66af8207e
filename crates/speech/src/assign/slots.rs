//! Words on their way to a speaker.

use domain::transcript::Word;

use super::timeline::Timeline;
use crate::segments::marks::Mark;

/// A word without a turn over it takes the speaker of one that is no farther away than this.
const NEAR_SECONDS: f64 = 1.0;

/// A word, and who seems to say it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slot {
    /// Start and end in seconds, where both are known.
    pub(super) times: Option<(f64, f64)>,
    pub(super) speaker: Option<usize>,
    /// For how long that speaker is heard during the word, in seconds.
    pub(super) overlap: f64,
}

impl Slot {
    /// Each word with the speaker heard most during it, or else near it.
    pub(super) fn of_words(words: &[Word], timeline: &Timeline<'_>) -> Vec<Self> {
        let slots = words.iter().map(|word| {
            let times = word.start.zip(word.end);
            Self::of_times(times.map(|(start, end)| (start.0, end.0)), timeline)
        });
        slots.collect()
    }

    fn of_times(times: Option<(f64, f64)>, timeline: &Timeline<'_>) -> Self {
        let winner = times.and_then(|(start, end)| timeline.winner(start, end));
        let near = || {
            let (start, end) = times?;
            let (speaker, distance) = timeline.nearest_edge(start, end)?;
            (distance <= NEAR_SECONDS).then_some(speaker)
        };
        Self {
            times,
            speaker: winner.map(|winner| winner.speaker).or_else(near),
            overlap: winner.map_or(0.0, |winner| winner.overlap),
        }
    }

    /// In seconds; 0 where it is not known.
    pub(super) fn duration(&self) -> f64 {
        self.times
            .map_or(0.0, |(start, end)| (end - start).max(0.0))
    }
}

/// Gives words without a speaker that of the nearest word in their sentence, else in the segment; where nobody has one,
/// that of the turn nearest to the segment `whole`, in seconds.
pub(super) fn fill_gaps(
    slots: &mut [Slot],
    marks: &[Mark],
    whole: (f64, f64),
    timeline: &Timeline<'_>,
) {
    if slots.iter().all(|slot| slot.speaker.is_some()) {
        return;
    }
    let mut begin = 0;
    for end in 1..=slots.len() {
        if end == slots.len() || marks[end] == Mark::Sentence {
            inherit(&mut slots[begin..end]);
            begin = end;
        }
    }
    inherit(slots);
    let nearest = timeline.speaker_near(whole.0, whole.1);
    for slot in slots.iter_mut().filter(|slot| slot.speaker.is_none()) {
        slot.speaker = nearest;
    }
}

/// Gives words without a speaker that of the nearest word with one: in time where it is known, else in words. Of two
/// the word before wins.
fn inherit(slots: &mut [Slot]) {
    let neighbours = |slots: &[Slot]| {
        let mut last = None;
        let step = |(idx, slot): (usize, &Slot)| {
            last = slot.speaker.map(|_| idx).or(last);
            last
        };
        slots.iter().enumerate().map(step).collect::<Vec<_>>()
    };
    let before = neighbours(slots);
    let reversed: Vec<_> = slots.iter().rev().copied().collect();
    let after = neighbours(&reversed);
    let n_slots = slots.len();
    let given: Vec<_> = (0..n_slots)
        .map(|idx| {
            let before = before[idx];
            let after = after[n_slots - 1 - idx].map(|from_end| n_slots - 1 - from_end);
            let nearest = match (before, after) {
                (Some(a), Some(b)) if distance(slots, idx, b) < distance(slots, idx, a) => Some(b),
                (a, b) => a.or(b),
            };
            nearest.and_then(|neighbour| slots[neighbour].speaker)
        })
        .collect();
    for (slot, speaker) in slots.iter_mut().zip(given) {
        slot.speaker = slot.speaker.or(speaker);
    }
}

/// How far two words are apart: seconds between them, or words where a time is not known.
fn distance(slots: &[Slot], a: usize, b: usize) -> f64 {
    match (slots[a].times, slots[b].times) {
        (Some(a), Some(b)) => (a.0 - b.1).max(b.0 - a.1).max(0.0),
        _ => a.abs_diff(b) as f64,
    }
}

/// Whose words take the longest time together, else who says the most of them; of several the one who begins. Each word
/// is given by its speaker and its duration in seconds.
pub(crate) fn majority<S: Ord + Copy>(words: impl Iterator<Item = (S, f64)>) -> Option<S> {
    let mut words: Vec<_> = words
        .enumerate()
        .map(|(idx, (speaker, duration))| (speaker, idx, duration))
        .collect();
    words.sort_by_key(|(speaker, idx, _)| (*speaker, *idx));
    let sums = words.chunk_by(|a, b| a.0 == b.0).map(|words| {
        let duration: f64 = words.iter().map(|(.., duration)| duration).sum();
        (words[0].0, words[0].1, duration, words.len())
    });
    let most = sums.max_by(|a, b| {
        let by_words = a.3.cmp(&b.3).then(b.1.cmp(&a.1));
        milliseconds(a.2)
            .total_cmp(&milliseconds(b.2))
            .then(by_words)
    });
    most.map(|(speaker, ..)| speaker)
}

/// So that sums of equal times are equal.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round()
}
