//! Options of diarization: how many people speak.

use super::OptionProblem;

/// Options of diarization; without any the number of speakers is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiarizeOptions {
    /// Exactly so many people speak; at least 1. The other two then count for nothing.
    pub num_speakers: Option<usize>,
    /// No fewer people speak; at least 1.
    pub min_speakers: Option<usize>,
    /// No more people speak; at least 1, and at least `min_speakers`.
    pub max_speakers: Option<usize>,
}

/// How many people may speak; both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeakerRange {
    /// At least 1.
    pub min: usize,
    /// At least `min`; `usize::MAX` where nobody set a limit.
    pub max: usize,
}

impl SpeakerRange {
    /// The number of speakers, if only one is possible.
    pub fn exact(self) -> Option<usize> {
        (self.min == self.max).then_some(self.min)
    }

    /// What to tell people if fewer speakers were found than were asked for, such as "asked for 5 speakers, found 3: too
    /// little speech to tell more apart". Nothing if there are enough, or nobody was asked for.
    pub fn shortfall(self, found: usize) -> Option<String> {
        let nobody_asked = self.min <= 1 && self.exact().is_none();
        if found >= self.min || nobody_asked {
            return None;
        }
        let at_least = if self.exact().is_some() {
            ""
        } else {
            "at least "
        };
        let asked = match self.min {
            1 => "1 speaker".into(),
            min => format!("{min} speakers"),
        };
        let (found, why) = match found {
            0 => ("none".into(), "nobody is heard to speak"),
            found => (found.to_string(), "too little speech to tell more apart"),
        };
        Some(format!("asked for {at_least}{asked}, found {found}: {why}"))
    }
}

impl DiarizeOptions {
    /// Options that can be used.
    ///
    /// # Errors
    /// Every value that is out of range.
    pub fn new(
        num_speakers: Option<usize>,
        min_speakers: Option<usize>,
        max_speakers: Option<usize>,
    ) -> Result<Self, Vec<OptionProblem>> {
        let options = Self {
            num_speakers,
            min_speakers,
            max_speakers,
        };
        let problems = options.problems();
        if problems.is_empty() {
            Ok(options)
        } else {
            Err(problems)
        }
    }

    /// All values that are out of range; empty if the options can be used.
    pub fn problems(&self) -> Vec<OptionProblem> {
        [
            from_one("num_speakers", self.num_speakers),
            from_one("min_speakers", self.min_speakers),
            from_one("max_speakers", self.max_speakers).or_else(|| self.max_below_min()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How many people may speak, all three options taken together.
    pub fn speakers(&self) -> SpeakerRange {
        let min = self.num_speakers.or(self.min_speakers).unwrap_or(1);
        let max = self
            .num_speakers
            .or(self.max_speakers)
            .unwrap_or(usize::MAX);
        SpeakerRange { min, max }
    }

    fn max_below_min(&self) -> Option<OptionProblem> {
        let (min, max) = (self.min_speakers?, self.max_speakers?);
        (max < min).then(|| OptionProblem {
            option: "max_speakers",
            reason: format!("must be at least the minimum, {min}, not {max}"),
        })
    }
}

fn from_one(option: &'static str, value: Option<usize>) -> Option<OptionProblem> {
    (value == Some(0)).then(|| OptionProblem {
        option,
        reason: "must be a whole number from 1 upwards, not 0".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(num: Option<usize>, min: Option<usize>, max: Option<usize>) -> (usize, usize) {
        let range = DiarizeOptions::new(num, min, max).unwrap().speakers();
        (range.min, range.max)
    }

    fn check_wrong(num: Option<usize>, min: Option<usize>, max: Option<usize>, expected: &str) {
        let problems = DiarizeOptions::new(num, min, max).unwrap_err();
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.join("; "), expected);
    }

    #[test]
    fn nothing_said_leaves_every_number_possible() {
        assert_eq!(range(None, None, None), (1, usize::MAX));
        assert_eq!(DiarizeOptions::default().speakers().exact(), None);
    }

    #[test]
    fn the_number_overrides_the_range_and_a_range_of_one_is_a_number() {
        assert_eq!(range(Some(3), Some(1), Some(2)), (3, 3));
        assert_eq!(range(None, Some(2), None), (2, usize::MAX));
        assert_eq!(range(None, None, Some(5)), (1, 5));
        let two = DiarizeOptions::new(None, Some(2), Some(2)).unwrap();
        assert_eq!(two.speakers().exact(), Some(2));
    }

    fn shortfall(num: Option<usize>, min: Option<usize>, found: usize) -> Option<String> {
        let options = DiarizeOptions::new(num, min, None).unwrap();
        options.speakers().shortfall(found)
    }

    #[test]
    fn fewer_speakers_than_asked_for_are_told() {
        for (num, min, found, expected) in [
            (
                Some(5),
                None,
                3,
                "asked for 5 speakers, found 3: too little speech to tell more apart",
            ),
            (
                None,
                Some(2),
                1,
                "asked for at least 2 speakers, found 1: too little speech to tell more apart",
            ),
            (
                Some(1),
                None,
                0,
                "asked for 1 speaker, found none: nobody is heard to speak",
            ),
            (
                None,
                Some(4),
                0,
                "asked for at least 4 speakers, found none: nobody is heard to speak",
            ),
        ] {
            assert_eq!(shortfall(num, min, found).as_deref(), Some(expected));
        }
    }

    #[test]
    fn who_asked_for_nobody_or_got_enough_is_told_nothing() {
        for (num, min, found) in [
            (None, None, 0),
            (None, None, 7),
            (None, Some(1), 0),
            (Some(3), None, 3),
            (None, Some(3), 4),
        ] {
            assert_eq!(shortfall(num, min, found), None, "{num:?} {min:?} {found}");
        }
    }

    #[test]
    fn values_out_of_range_are_named() {
        check_wrong(
            Some(0),
            Some(0),
            Some(0),
            "num_speakers must be a whole number from 1 upwards, not 0; \
             min_speakers must be a whole number from 1 upwards, not 0; \
             max_speakers must be a whole number from 1 upwards, not 0",
        );
        check_wrong(
            None,
            Some(3),
            Some(2),
            "max_speakers must be at least the minimum, 3, not 2",
        );
    }
}
