//! How text files and subtitles are laid out: the options that the command line and the API share.
//!
//! Each option has one name: `max_cps` here and in the API is `--max-cps` on the command line. Numbers are read by the
//! [`OptionRange`] of their name, words by `parse` of their enum; both answer a wrong text with a sentence for the person.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::options::OptionProblem;
use crate::units::Seconds;
use crate::words::words;

/// The name of an option whose value is a number, and the values that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionRange<T> {
    /// As the API names it.
    pub name: &'static str,
    /// The smallest value.
    pub least: T,
    /// The largest value.
    pub most: T,
    /// What the value is, such as `a whole number`.
    kind: &'static str,
}

impl<T: Copy + PartialOrd + Display + FromStr> OptionRange<T> {
    /// The value that a text stands for.
    ///
    /// # Errors
    /// If the text is no such number, or a number out of the range.
    pub fn parse(&self, text: &str) -> Result<T, OptionProblem> {
        let value = text.trim().parse().ok();
        let value = value.filter(|value| self.contains(*value));
        value.ok_or_else(|| self.problem(&format!("'{text}'")))
    }

    fn contains(&self, value: T) -> bool {
        (self.least..=self.most).contains(&value)
    }

    fn check(&self, value: Option<T>) -> Option<OptionProblem> {
        let wrong = value.filter(|value| !self.contains(*value))?;
        Some(self.problem(&wrong.to_string()))
    }

    fn problem(&self, value: &str) -> OptionProblem {
        let (kind, least, most) = (self.kind, self.least, self.most);
        OptionProblem {
            option: self.name,
            reason: format!("must be {kind} from {least} to {most}, not {value}"),
        }
    }
}

const fn whole(name: &'static str, least: usize, most: usize) -> OptionRange<usize> {
    OptionRange {
        name,
        least,
        most,
        kind: "a whole number",
    }
}

const fn number(name: &'static str, least: f64, most: f64) -> OptionRange<f64> {
    OptionRange {
        name,
        least,
        most,
        kind: "a number",
    }
}

/// See [`ExportOptions::max_line_width`].
pub const MAX_LINE_WIDTH: OptionRange<usize> = whole("max_line_width", 1, 1000);
/// See [`ExportOptions::max_line_count`].
pub const MAX_LINE_COUNT: OptionRange<usize> = whole("max_line_count", 1, 10);
/// See [`ExportOptions::max_cps`].
pub const MAX_CPS: OptionRange<f64> = number("max_cps", 1.0, 100.0);
/// See [`ExportOptions::min_duration`]; in seconds.
pub const MIN_DURATION: OptionRange<f64> = number("min_duration", 0.0, 10.0);
/// See [`ExportOptions::max_duration`]; in seconds.
pub const MAX_DURATION: OptionRange<f64> = number("max_duration", 1.0, 60.0);
/// See [`ExportOptions::gap`]; in seconds.
pub const GAP: OptionRange<f64> = number("gap", 0.0, 1.0);

words! {
    /// What a cue of `srt` and `vtt` is.
    pub enum SubtitleStyle {
        /// As the guides of broadcasters ask: few short lines that are cut at phrases, and stay long enough to be read.
        Broadcast = "broadcast",
        /// A sentence or segment, however long, at the time of its words, as whisperX writes it.
        Sentences = "sentences",
    }
}

words! {
    /// How subtitles say who speaks.
    pub enum SpeakerLabels {
        /// Two people who speak in one cue get a line each, which begins with a dash; names are not shown. WebVTT also
        /// marks what each says by `<v Name>`, which players do not show.
        Dashes = "dashes",
        /// `NAME: ` before the words with which somebody begins to speak.
        Names = "names",
        /// Not at all.
        None = "none",
    }
}

words! {
    /// What a line of `txt` is.
    pub enum TextStyle {
        /// A sentence or segment, for programs.
        Sentences = "sentences",
        /// What one person says without a long pause, for people.
        Paragraphs = "paragraphs",
    }
}

impl SubtitleStyle {
    /// Reads the option `subtitle_style`.
    ///
    /// # Errors
    /// If the text is none of the styles.
    pub fn parse(text: &str) -> Result<Self, OptionProblem> {
        word("subtitle_style", Self::ALL, text)
    }
}

impl SpeakerLabels {
    /// Reads the option `speaker_labels`.
    ///
    /// # Errors
    /// If the text is none of the kinds.
    pub fn parse(text: &str) -> Result<Self, OptionProblem> {
        word("speaker_labels", Self::ALL, text)
    }
}

impl TextStyle {
    /// Reads the option `text_style`.
    ///
    /// # Errors
    /// If the text is none of the styles.
    pub fn parse(text: &str) -> Result<Self, OptionProblem> {
        word("text_style", Self::ALL, text)
    }
}

fn word<W: Copy + Display + FromStr>(
    option: &'static str,
    all: &[W],
    text: &str,
) -> Result<W, OptionProblem> {
    text.parse().map_err(|_| {
        let all: Vec<_> = all.iter().map(ToString::to_string).collect();
        let reason = format!("must be one of {}, not '{text}'", all.join(", "));
        OptionProblem { option, reason }
    })
}

/// How text files and subtitles are laid out; the other formats ignore it. What is `None` has the value that the guides
/// of broadcasters give for the language.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportOptions {
    /// What a cue is.
    pub subtitle_style: SubtitleStyle,
    /// Characters that a line of a subtitle may have, [`MAX_LINE_WIDTH`].
    ///
    /// In the style `broadcast` characters are counted as they are shown: spaces and labels of speakers count, tags do
    /// not, and an escape such as `&amp;` is one. `None` is 42, or 16 in Chinese, Japanese and Korean, or 35 in Thai.
    ///
    /// In the style `sentences` they are counted as they stand in the file, tags and escapes too, and `None` is 1000.
    /// There a longer word has a line of its own.
    pub max_line_width: Option<NonZeroUsize>,
    /// Lines that a cue may have, [`MAX_LINE_COUNT`]. In the style `broadcast` `None` is 2. In the style `sentences` the
    /// number has an effect only beside `max_line_width`: cues are then cut across segments.
    pub max_line_count: Option<NonZeroUsize>,
    /// Characters a second, spaces included, at which a cue may have to be read: it is held longer where there is time,
    /// and its words are parted otherwise. [`MAX_CPS`]; `None` is 20, or 11 in Chinese, 7 in Japanese, 14 in Korean. Guides ask
    /// for 17 of translations and of subtitles for children. Only in the style `broadcast`, like the next three.
    pub max_cps: Option<f64>,
    /// What a cue lasts at least, where the next leaves it the time, [`MIN_DURATION`]. `None` is 5/6 s.
    pub min_duration: Option<Seconds>,
    /// What a cue lasts at most, [`MAX_DURATION`]. `None` is 7 s.
    pub max_duration: Option<Seconds>,
    /// Time without a cue between two that follow each other, [`GAP`]. `None` is 0.08 s, two frames of a film.
    pub gap: Option<Seconds>,
    /// How subtitles say who speaks. `None` is `dashes` in the style `broadcast`. In the style `sentences` it is `names`,
    /// which there is `[NAME]: ` before every cue, and `dashes` means the same.
    pub speaker_labels: Option<SpeakerLabels>,
    /// A cue for each word, in which that word is underlined; needs words with times.
    pub highlight_words: bool,
    /// What a line of `txt` is.
    pub text_style: TextStyle,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            subtitle_style: SubtitleStyle::Broadcast,
            max_line_width: None,
            max_line_count: None,
            max_cps: None,
            min_duration: None,
            max_duration: None,
            gap: None,
            speaker_labels: None,
            highlight_words: false,
            text_style: TextStyle::Sentences,
        }
    }
}

impl ExportOptions {
    /// All values that are out of range; empty if the options can be used.
    pub fn problems(&self) -> Vec<OptionProblem> {
        let whole = |number: Option<NonZeroUsize>| number.map(NonZeroUsize::get);
        let seconds = |time: Option<Seconds>| time.map(|time| time.0);
        [
            MAX_LINE_WIDTH.check(whole(self.max_line_width)),
            MAX_LINE_COUNT.check(whole(self.max_line_count)),
            MAX_CPS.check(self.max_cps),
            MIN_DURATION.check(seconds(self.min_duration)),
            MAX_DURATION.check(seconds(self.max_duration)),
            self.min_above_max(),
            GAP.check(seconds(self.gap)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn min_above_max(&self) -> Option<OptionProblem> {
        let min = self.min_duration.unwrap_or(DEFAULT_MIN_DURATION).0;
        let max = self.max_duration.unwrap_or(DEFAULT_MAX_DURATION).0;
        (min > max).then(|| OptionProblem {
            option: "min_duration",
            reason: format!("must be at most the maximum, {max}, not {min}"),
        })
    }

    /// The first option that was given and has no effect in its style, worded for the person who gave it.
    pub fn warning(&self) -> Option<&'static str> {
        if self.subtitle_style == SubtitleStyle::Broadcast {
            return None;
        }
        let only_count = self.max_line_count.is_some() && self.max_line_width.is_none();
        let idle = [
            (
                only_count,
                "max_line_count has no effect without max_line_width in the style sentences",
            ),
            (
                self.max_cps.is_some(),
                "max_cps has no effect in the style sentences",
            ),
            (
                self.min_duration.is_some(),
                "min_duration has no effect in the style sentences",
            ),
            (
                self.max_duration.is_some(),
                "max_duration has no effect in the style sentences",
            ),
            (
                self.gap.is_some(),
                "gap has no effect in the style sentences",
            ),
        ];
        let first = idle.iter().find(|(is_idle, _)| *is_idle);
        first.map(|(_, warning)| *warning)
    }

    /// True if cues of the style `sentences` are cut anew instead of following the segments.
    pub(super) fn cuts_anew(&self) -> bool {
        self.max_line_width.is_some() && self.max_line_count.is_some()
    }
}

/// The shortest cue, 20 frames of 24 a second (Netflix, Timed Text Style Guide: General Requirements, "Duration").
const DEFAULT_MIN_DURATION: Seconds = Seconds(5.0 / 6.0);
/// The longest cue, from the same place; TED has it too.
const DEFAULT_MAX_DURATION: Seconds = Seconds(7.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_within_their_range_and_refused_with_a_sentence() {
        assert_eq!(MAX_LINE_WIDTH.parse("42"), Ok(42));
        assert_eq!(MAX_CPS.parse(" 17.5 "), Ok(17.5));
        assert_eq!(GAP.parse("0"), Ok(0.0));
        let refusal = |range: &OptionRange<f64>, text| range.parse(text).unwrap_err().to_string();
        assert_eq!(
            refusal(&MAX_CPS, "0.5"),
            "max_cps must be a number from 1 to 100, not '0.5'"
        );
        for text in ["", "x", "nan", "inf", "-1", "60.1"] {
            assert!(MAX_DURATION.parse(text).is_err(), "{text}");
        }
        for text in ["0", "1.5", "1001", "-1", ""] {
            assert!(MAX_LINE_WIDTH.parse(text).is_err(), "{text}");
        }
        assert_eq!(
            MAX_LINE_COUNT.parse("11").unwrap_err().to_string(),
            "max_line_count must be a whole number from 1 to 10, not '11'"
        );
    }

    #[test]
    fn words_are_read_exactly_and_refused_with_a_list() {
        for style in SubtitleStyle::ALL {
            assert_eq!(SubtitleStyle::parse(style.as_str()), Ok(*style));
        }
        for labels in SpeakerLabels::ALL {
            assert_eq!(SpeakerLabels::parse(labels.as_str()), Ok(*labels));
        }
        for style in TextStyle::ALL {
            assert_eq!(TextStyle::parse(style.as_str()), Ok(*style));
        }
        assert_eq!(
            SpeakerLabels::parse("dash").unwrap_err().to_string(),
            "speaker_labels must be one of dashes, names, none, not 'dash'"
        );
    }

    #[test]
    fn values_out_of_range_are_all_named() {
        assert_eq!(ExportOptions::default().problems(), []);
        let options = ExportOptions {
            max_line_width: NonZeroUsize::new(1001),
            max_cps: Some(f64::NAN),
            min_duration: Some(Seconds(3.0)),
            max_duration: Some(Seconds(2.0)),
            gap: Some(Seconds(-1.0)),
            ..ExportOptions::default()
        };
        let problems: Vec<_> = options.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "max_line_width must be a whole number from 1 to 1000, not 1001",
                "max_cps must be a number from 1 to 100, not NaN",
                "min_duration must be at most the maximum, 2, not 3",
                "gap must be a number from 0 to 1, not -1",
            ]
        );
        let longer = ExportOptions {
            min_duration: Some(Seconds(8.0)),
            ..ExportOptions::default()
        };
        assert_eq!(longer.problems().len(), 1);
    }

    #[test]
    fn options_without_effect_in_the_style_sentences_are_named() {
        let warning = |options: ExportOptions| options.warning();
        let sentences = ExportOptions {
            subtitle_style: SubtitleStyle::Sentences,
            ..ExportOptions::default()
        };
        assert_eq!(warning(sentences), None);
        let with_gap = ExportOptions {
            gap: Some(Seconds(0.1)),
            ..sentences
        };
        let expected = "gap has no effect in the style sentences";
        assert_eq!(warning(with_gap), Some(expected));
        let broadcast = ExportOptions {
            subtitle_style: SubtitleStyle::Broadcast,
            max_line_count: NonZeroUsize::new(1),
            ..with_gap
        };
        assert_eq!(warning(broadcast), None);
    }
}
