//! Which values an option may have, and which options go together.

use std::ops::RangeInclusive;

use super::{AsrOptions, AsrTask, LONGEST_CHUNK, WordTimes};
use crate::language::Language;
use crate::units::Seconds;

/// An option has a value that it cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} {reason}")]
pub struct OptionProblem {
    /// The option as the API names it, such as `beam_size`.
    pub option: &'static str,
    /// What the value must be, such as `must be from 1 to 100, not 0`.
    pub reason: String,
}

/// Beams and samples a search may keep side by side; each costs memory like a decoder of its own.
const SEARCH_WIDTH: RangeInclusive<usize> = 1..=100;
/// Chunks decoded side by side.
const BATCH_SIZE: RangeInclusive<usize> = 1..=256;

/// Characters of a prompt.
const LONGEST_TEXT: usize = 4000;

/// Seconds in a window.
const WINDOW_SECONDS: f32 = 30.0;

impl AsrOptions {
    /// All values that are out of range; empty if the options can be used.
    pub fn problems(&self) -> Vec<OptionProblem> {
        [
            within("beam_size", self.beam_size, &SEARCH_WIDTH),
            within("batch_size", self.batch_size, &BATCH_SIZE),
            chunk_size(self.chunk_size),
            within("best_of", self.best_of, &SEARCH_WIDTH),
            above_zero("patience", self.patience),
            finite("length_penalty", Some(self.length_penalty)),
            above_zero("repetition_penalty", self.repetition_penalty),
            temperatures(&self.temperatures),
            finite(
                "compression_ratio_threshold",
                self.compression_ratio_threshold,
            ),
            finite("log_prob_threshold", self.log_prob_threshold),
            finite("no_speech_threshold", self.no_speech_threshold),
            finite(
                "prompt_reset_on_temperature",
                Some(self.prompt_reset_on_temperature),
            ),
            not_too_long("initial_prompt", self.initial_prompt.as_deref()),
            not_too_long("prefix", self.prefix.as_deref()),
            not_too_long("hotwords", self.hotwords.as_deref()),
            token_ids(&self.suppress_tokens),
            from_to(
                "max_initial_timestamp",
                self.max_initial_timestamp,
                WINDOW_SECONDS,
            ),
            within(
                "language_detection_segments",
                self.language_detection_segments,
                &(1..=1000),
            ),
            from_to(
                "language_detection_threshold",
                self.language_detection_threshold,
                1.0,
            ),
            silence_threshold(self),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What these options ask of an English-only model that it cannot do.
    pub fn problems_with_english_only(&self, model: &str) -> Vec<OptionProblem> {
        let other = self
            .language
            .filter(|language| *language != Language::ENGLISH);
        let language = other.map(|language| {
            let name = language.name();
            problem(
                "language",
                format!("cannot be {name}: the model '{model}' knows only English"),
            )
        });
        let task = (self.task == AsrTask::Translate).then(|| {
            problem(
                "task",
                format!("cannot be translate: the model '{model}' knows only English"),
            )
        });
        let multilingual = self.multilingual.then(|| {
            problem(
                "multilingual",
                format!("cannot be true: the model '{model}' knows only English"),
            )
        });
        [language, task, multilingual]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn problem(option: &'static str, reason: String) -> OptionProblem {
    OptionProblem { option, reason }
}

fn within(
    option: &'static str,
    value: usize,
    range: &RangeInclusive<usize>,
) -> Option<OptionProblem> {
    let (first, last) = (range.start(), range.end());
    (!range.contains(&value)).then(|| {
        problem(
            option,
            format!("must be from {first} to {last}, not {value}"),
        )
    })
}

pub(super) fn from_to(option: &'static str, value: f32, last: f32) -> Option<OptionProblem> {
    (!(0.0..=last).contains(&value))
        .then(|| problem(option, format!("must be from 0 to {last}, not {value}")))
}

fn chunk_size(value: Seconds) -> Option<OptionProblem> {
    const OPTION: &str = "chunk_size";
    let seconds = single(value);
    above_zero(OPTION, seconds).or_else(|| from_to(OPTION, seconds, single(LONGEST_CHUNK)))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only to be compared and shown"
)]
pub(super) fn single(seconds: Seconds) -> f32 {
    seconds.0 as f32
}

fn silence_threshold(options: &AsrOptions) -> Option<OptionProblem> {
    const OPTION: &str = "hallucination_silence_threshold";
    let value = options.hallucination_silence_threshold?;
    let needs_words = || {
        let reason = "needs the times of words, which are off";
        (options.word_times == WordTimes::Off).then(|| problem(OPTION, reason.into()))
    };
    above_zero(OPTION, value).or_else(needs_words)
}

pub(super) fn above_zero(option: &'static str, value: f32) -> Option<OptionProblem> {
    (!value.is_finite() || value <= 0.0)
        .then(|| problem(option, format!("must be a number above 0, not {value}")))
}

fn finite(option: &'static str, value: Option<f32>) -> Option<OptionProblem> {
    value
        .filter(|value| !value.is_finite())
        .map(|value| problem(option, format!("must be a finite number, not {value}")))
}

fn temperatures(values: &[f32]) -> Option<OptionProblem> {
    if values.is_empty() {
        return Some(problem(
            "temperatures",
            "must hold at least one number".into(),
        ));
    }
    let wrong = values
        .iter()
        .find(|value| !value.is_finite() || **value < 0.0)?;
    Some(problem(
        "temperatures",
        format!("must be numbers from 0 upwards, not {wrong}"),
    ))
}

fn not_too_long(option: &'static str, text: Option<&str>) -> Option<OptionProblem> {
    let n_characters = text?.chars().count();
    (n_characters > LONGEST_TEXT).then(|| {
        problem(
            option,
            format!("must have at most {LONGEST_TEXT} characters, not {n_characters}"),
        )
    })
}

fn token_ids(ids: &[i64]) -> Option<OptionProblem> {
    let wrong = ids
        .iter()
        .find(|id| **id < -1 || u32::try_from((**id).max(0)).is_err())?;
    Some(problem(
        "suppress_tokens",
        format!("must be token ids, or -1 for the model's own set, not {wrong}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut AsrOptions), expected: &str) {
        let mut options = AsrOptions::default();
        change(&mut options);
        let problems: Vec<_> = options.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.join("; "), expected);
    }

    #[test]
    fn the_defaults_can_be_used() {
        check(|_| (), "");
    }

    #[test]
    fn each_value_out_of_range_is_named() {
        check(
            |o| o.batch_size = 0,
            "batch_size must be from 1 to 256, not 0",
        );
        check(
            |o| o.beam_size = 0,
            "beam_size must be from 1 to 100, not 0",
        );
        check(
            |o| o.chunk_size = Seconds(31.0),
            "chunk_size must be from 0 to 30, not 31",
        );
        check(
            |o| o.chunk_size = Seconds(0.0),
            "chunk_size must be a number above 0, not 0",
        );
        check(
            |o| o.best_of = 101,
            "best_of must be from 1 to 100, not 101",
        );
        check(
            |o| o.patience = 0.0,
            "patience must be a number above 0, not 0",
        );
        check(
            |o| o.length_penalty = f32::NAN,
            "length_penalty must be a finite number, not NaN",
        );
        check(
            |o| o.repetition_penalty = -1.0,
            "repetition_penalty must be a number above 0, not -1",
        );
        check(
            |o| o.no_speech_threshold = Some(f32::INFINITY),
            "no_speech_threshold must be a finite number, not inf",
        );
        check(|o| o.no_speech_threshold = None, "");
        check(
            |o| o.temperatures = vec![0.0, -0.5],
            "temperatures must be numbers from 0 upwards, not -0.5",
        );
        check(
            |o| o.temperatures = vec![],
            "temperatures must hold at least one number",
        );
        check(
            |o| o.hotwords = Some("é".repeat(4001)),
            "hotwords must have at most 4000 characters, not 4001",
        );
        check(|o| o.hotwords = Some("é".repeat(4000)), "");
        check(
            |o| o.suppress_tokens = vec![-1, -2],
            "suppress_tokens must be token ids, or -1 for the model's own set, not -2",
        );
        check(|o| o.suppress_tokens = vec![], "");
        check(
            |o| o.max_initial_timestamp = 31.0,
            "max_initial_timestamp must be from 0 to 30, not 31",
        );
        check(
            |o| o.language_detection_threshold = f32::NAN,
            "language_detection_threshold must be from 0 to 1, not NaN",
        );
        check(
            |o| o.hallucination_silence_threshold = Some(0.0),
            "hallucination_silence_threshold must be a number above 0, not 0",
        );
        check(
            |o| {
                o.hallucination_silence_threshold = Some(2.0);
                o.word_times = WordTimes::Off;
            },
            "hallucination_silence_threshold needs the times of words, which are off",
        );
        check(
            |o| o.language_detection_segments = 0,
            "language_detection_segments must be from 1 to 1000, not 0",
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        check(
            |o| (o.beam_size, o.patience) = (0, -1.0),
            "beam_size must be from 1 to 100, not 0; patience must be a number above 0, not -1",
        );
    }

    #[test]
    fn an_english_only_model_takes_only_english() {
        let problems = |language: &str, task| {
            let options = AsrOptions {
                language: language.parse().ok(),
                task,
                ..AsrOptions::default()
            };
            let problems = options.problems_with_english_only("tiny.en");
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(problems("auto", AsrTask::Transcribe).is_empty());
        assert!(problems("en", AsrTask::Transcribe).is_empty());
        assert_eq!(
            problems("de", AsrTask::Translate),
            [
                "language cannot be german: the model 'tiny.en' knows only English",
                "task cannot be translate: the model 'tiny.en' knows only English"
            ]
        );
    }
}
