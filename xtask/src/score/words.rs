//! How well words are placed in time.

use serde::{Deserialize, Serialize};

use super::edits::{Edit, edits};
use super::normalise::normalise;
use super::statistics::{per_cent_within, upper_median};

/// A word and when it is said, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimedWord {
    pub(crate) word: String,
    #[serde(default)]
    pub(crate) start: Option<f64>,
    #[serde(default)]
    pub(crate) end: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) speaker: Option<String>,
}

/// How far words lie from where they were said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct WordTimes {
    /// Words whose time is known.
    pub(crate) n_reference: usize,
    /// Those of them that were recognised.
    pub(crate) n_matched: usize,
    /// For each of these that has a time, how far its start is off, in seconds.
    pub(crate) starts: Vec<f64>,
    /// The same of its end.
    pub(crate) ends: Vec<f64>,
}

impl WordTimes {
    /// Of words found against words with known times, which may be only some of those said.
    ///
    /// Words are matched by the cheapest edits; only those written alike count.
    pub(crate) fn of(reference: &[TimedWord], found: &[TimedWord]) -> Self {
        let (reference, found) = (spelt(reference), spelt(found));
        let mut times = Self {
            n_reference: reference.len(),
            ..Self::default()
        };
        let spelling = |words: &[(String, &TimedWord)]| -> Vec<String> {
            words.iter().map(|(word, _)| word.clone()).collect()
        };
        for edit in edits(&spelling(&reference), &spelling(&found)) {
            if let Edit::Pair(i, j) = edit
                && reference[i].0 == found[j].0
            {
                times.add(reference[i].1, found[j].1);
            }
        }
        times
    }

    fn add(&mut self, reference: &TimedWord, found: &TimedWord) {
        self.n_matched += 1;
        if let (Some(start), Some(end)) = (found.start, found.end)
            && let (Some(true_start), Some(true_end)) = (reference.start, reference.end)
        {
            self.starts.push((true_start - start).abs());
            self.ends.push((true_end - end).abs());
        }
    }

    /// How many of the matched words have a time, in per cent.
    pub(crate) fn per_cent_timed(&self) -> Option<f64> {
        let share = 100.0 * self.starts.len() as f64 / self.n_matched as f64;
        (self.n_matched > 0).then_some(share)
    }

    pub(crate) fn start_errors(&self) -> TimeErrors {
        TimeErrors::of(&self.starts)
    }

    pub(crate) fn end_errors(&self) -> TimeErrors {
        TimeErrors::of(&self.ends)
    }

    pub(crate) fn all_errors(&self) -> TimeErrors {
        TimeErrors::of(&[&self.starts[..], &self.ends].concat())
    }
}

impl std::iter::Sum for WordTimes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.n_reference += one.n_reference;
            sum.n_matched += one.n_matched;
            sum.starts.extend(one.starts);
            sum.ends.extend(one.ends);
            sum
        })
    }
}

/// Many errors of times in few numbers; all are `None` where there is no error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct TimeErrors {
    /// Of two in the middle the greater, in milliseconds.
    pub(crate) median_ms: Option<f64>,
    pub(crate) mean_ms: Option<f64>,
    pub(crate) within_100_ms_per_cent: Option<f64>,
    pub(crate) within_200_ms_per_cent: Option<f64>,
}

impl TimeErrors {
    fn of(seconds: &[f64]) -> Self {
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        Self {
            median_ms: upper_median(seconds).map(|median| 1000.0 * median),
            mean_ms: (!seconds.is_empty()).then_some(1000.0 * mean),
            within_100_ms_per_cent: per_cent_within(seconds, 0.1),
            within_200_ms_per_cent: per_cent_within(seconds, 0.2),
        }
    }
}

/// Each word as it is compared: the first of what is left of its spelling. Words of which nothing is left fall out.
fn spelt(words: &[TimedWord]) -> Vec<(String, &TimedWord)> {
    let spelling = |timed: &TimedWord| normalise(&timed.word).into_iter().next();
    (words.iter())
        .filter_map(|timed| Some((spelling(timed)?, timed)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, start: Option<f64>, end: Option<f64>) -> TimedWord {
        TimedWord {
            word: word.to_owned(),
            start,
            end,
            speaker: None,
        }
    }

    fn timed(text: &str, start: f64, end: f64) -> TimedWord {
        word(text, Some(start), Some(end))
    }

    #[test]
    fn a_matched_word_without_a_time_counts_as_matched_only() {
        let reference = [timed("hello", 1.0, 1.5), timed("world", 1.5, 2.0)];
        let found = [word("Hello,", None, None), timed("world!", 1.625, 2.25)];
        let times = WordTimes::of(&reference, &found);
        assert_eq!((times.n_reference, times.n_matched), (2, 2));
        assert_eq!(times.per_cent_timed(), Some(50.0));
        assert_eq!(times.starts, [0.125]);
        assert_eq!(times.ends, [0.25]);
    }

    #[test]
    fn another_word_in_its_place_is_no_match() {
        let times = WordTimes::of(&[timed("cat", 0.0, 1.0)], &[timed("hat", 0.0, 1.0)]);
        assert_eq!((times.n_reference, times.n_matched), (1, 0));
        assert_eq!(times.per_cent_timed(), None);
        assert_eq!(times.start_errors().median_ms, None);
    }

    #[test]
    fn errors_of_recordings_are_pooled() {
        let one = WordTimes::of(&[timed("a", 0.0, 1.0)], &[timed("a", 0.05, 1.0)]);
        let other = WordTimes::of(&[timed("b", 0.0, 1.0)], &[timed("b", 0.15, 1.0)]);
        let starts = [one, other].into_iter().sum::<WordTimes>().start_errors();
        assert_eq!(starts.median_ms, Some(150.0));
        assert_eq!(starts.within_100_ms_per_cent, Some(50.0));
        assert_eq!(starts.within_200_ms_per_cent, Some(100.0));
    }
}
