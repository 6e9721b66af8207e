//! Where several people speak at once.

use domain::diarization::Turn;
use domain::transcript::Transcript;

/// A word is spoken in company if somebody else speaks during so much of it.
const SHARE: f64 = 0.5;

/// The times at which at least two people speak, in order and apart.
struct Overlaps(Vec<(f64, f64)>);

/// Marks the words and segments during which somebody else speaks, by all turns, overlapping ones included.
pub(super) fn mark(transcript: &mut Transcript, turns: &[Turn]) {
    let overlaps = Overlaps::new(turns);
    for segment in &mut transcript.segments {
        let whole = overlaps.fill(segment.start.0, segment.end.0);
        for word in segment.words.iter_mut().flatten() {
            let times = word.start.zip(word.end);
            word.overlap = times.is_some_and(|(start, end)| overlaps.fill(start.0, end.0));
        }
        segment.overlap = match &segment.words {
            Some(words) if !words.is_empty() => words.iter().any(|word| word.overlap),
            _ => whole,
        };
    }
}

impl Overlaps {
    fn new(turns: &[Turn]) -> Self {
        // Turns of one person that touch or overlap are one.
        let mut of_speaker: Vec<(&str, f64, f64)> = Vec::new();
        let mut sorted: Vec<_> = turns.iter().collect();
        sorted.sort_by(|a, b| {
            let start = || a.start.0.total_cmp(&b.start.0);
            a.speaker.cmp(&b.speaker).then_with(start)
        });
        for turn in sorted {
            match of_speaker.last_mut() {
                Some((name, _, end)) if *name == turn.speaker && turn.start.0 <= *end => {
                    *end = end.max(turn.end.0);
                }
                _ => of_speaker.push((&turn.speaker, turn.start.0, turn.end.0)),
            }
        }
        let edges = of_speaker
            .iter()
            .flat_map(|(_, start, end)| [(*start, 1), (*end, -1)]);
        let mut edges: Vec<(f64, i32)> = edges.collect();
        edges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (mut n_speak, mut since, mut overlaps) = (0, 0.0, Vec::new());
        for (time, change) in edges {
            let before = n_speak;
            n_speak += change;
            if before < 2 && n_speak >= 2 {
                since = time;
            } else if before >= 2 && n_speak < 2 && time > since {
                overlaps.push((since, time));
            }
        }
        Self(overlaps)
    }

    /// Whether they take at least [`SHARE`] of the time from `start` to `end`.
    fn fill(&self, start: f64, end: f64) -> bool {
        let first = self.0.partition_point(|overlap| overlap.1 <= start);
        let inside = self.0[first..].iter().take_while(|overlap| overlap.0 < end);
        let shared: f64 = inside
            .map(|overlap| overlap.1.min(end) - overlap.0.max(start))
            .sum();
        shared > 0.0 && shared >= SHARE * (end - start)
    }
}

#[cfg(test)]
mod tests {
    use domain::transcript::{Segment, Word};
    use domain::units::Seconds;

    use super::*;

    fn turn(speaker: &str, start: f64, end: f64) -> Turn {
        Turn {
            start: Seconds(start),
            end: Seconds(end),
            speaker: speaker.into(),
        }
    }

    fn marked(turns: &[Turn], words: &[(f64, f64)]) -> (bool, Vec<bool>) {
        let words = words.iter().map(|(start, end)| Word {
            start: Some(Seconds(*start)),
            end: Some(Seconds(*end)),
            ..Word::default()
        });
        let segment = Segment {
            start: Seconds(0.0),
            end: Seconds(10.0),
            words: Some(words.collect()),
            ..Segment::default()
        };
        let mut transcript = Transcript {
            segments: vec![segment],
            ..Transcript::default()
        };
        mark(&mut transcript, turns);
        let segment = &transcript.segments[0];
        let words = segment.words.iter().flatten();
        (segment.overlap, words.map(|word| word.overlap).collect())
    }

    #[test]
    fn words_that_others_speak_over_are_marked_and_so_is_their_segment() {
        let turns = [turn("A", 0.0, 5.0), turn("B", 4.0, 8.0)];
        let words = [(0.0, 1.0), (3.4, 4.5), (3.6, 4.6), (4.0, 5.0), (4.6, 5.6)];
        let expected = vec![false, false, true, true, false];
        assert_eq!(marked(&turns, &words), (true, expected));
        assert_eq!(marked(&turns, &[(0.0, 1.0)]), (false, vec![false]));
    }

    #[test]
    fn nobody_overlaps_with_himself_or_by_touching() {
        let turns = [
            turn("A", 0.0, 5.0),
            turn("A", 2.0, 6.0),
            turn("B", 6.0, 8.0),
        ];
        let (segment, words) = marked(&turns, &[(2.0, 5.0), (5.9, 6.1)]);
        assert!(!segment && words == [false, false]);
    }

    #[test]
    fn a_segment_without_words_is_marked_by_its_own_times() {
        let segment = |start, end| Segment {
            start: Seconds(start),
            end: Seconds(end),
            ..Segment::default()
        };
        let mut transcript = Transcript {
            segments: vec![segment(0.0, 1.0), segment(0.0, 3.0)],
            ..Transcript::default()
        };
        mark(&mut transcript, &[turn("A", 0.0, 3.0), turn("B", 0.0, 1.0)]);
        assert!(transcript.segments[0].overlap && !transcript.segments[1].overlap);
    }
}
