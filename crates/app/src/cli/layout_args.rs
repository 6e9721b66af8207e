//! Flags that say how subtitles and texts are laid out, wherever they are written.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::ValueEnum;
use domain::export::{
    self, ExportOptions, Format, OptionRange, SpeakerLabels, SubtitleStyle, TextStyle,
};
use domain::transcript::Transcript;
use domain::units::Seconds;

use super::dialogue::{self, Look};
use super::out_of_range;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// How subtitles and texts are laid out.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Subtitles and text")]
pub(in crate::cli) struct LayoutArgs {
    /// What a subtitle is [default: broadcast]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub(in crate::cli) subtitle_style: Option<SubtitleStyleArg>,

    /// Characters in a line [default: 42, or 16 in Chinese, Japanese and Korean, or 35 in Thai]
    #[arg(long, value_name = "N", value_parser = max_line_width)]
    pub(in crate::cli) max_line_width: Option<NonZeroUsize>,

    /// Lines in a subtitle [default: 2]; in the style sentences only beside --max-line-width
    #[arg(long, value_name = "N", value_parser = max_line_count)]
    pub(in crate::cli) max_line_count: Option<NonZeroUsize>,

    /// Characters to be read in a second, where the speaker allows [default: 20, fewer in East Asia; 17 suits translations and
    /// children]
    #[arg(long, value_name = "N", value_parser = max_cps)]
    pub(in crate::cli) max_cps: Option<f64>,

    /// Seconds for which a subtitle is shown at least [default: 0.833]
    #[arg(long, value_name = "S", value_parser = min_duration)]
    pub(in crate::cli) min_duration: Option<f64>,

    /// Seconds for which a subtitle is shown at most [default: 7]
    #[arg(long, value_name = "S", value_parser = max_duration)]
    pub(in crate::cli) max_duration: Option<f64>,

    /// Seconds without a subtitle between two [default: 0.08]
    #[arg(long, value_name = "S", value_parser = gap)]
    pub(in crate::cli) gap: Option<f64>,

    /// How subtitles say who speaks [default: dashes]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(in crate::cli) speaker_labels: Option<SpeakerLabelsArg>,

    /// Underline each word of a subtitle while it is spoken
    #[arg(long)]
    pub(in crate::cli) highlight_words: bool,

    /// What a line of txt is [default: paragraphs on a terminal, else sentences]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub(in crate::cli) text_style: Option<TextStyleArg>,
}

/// Values of `--subtitle-style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SubtitleStyleArg {
    /// Few short lines, cut at phrases, that stay long enough to be read
    Broadcast,
    /// A sentence, however long, as whisperX writes it
    Sentences,
}

/// Values of `--speaker-labels`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SpeakerLabelsArg {
    /// A dash before each of two who speak in one subtitle; vtt also marks who they are
    Dashes,
    /// `NAME:` where somebody begins to speak
    Names,
    /// Not at all
    None,
}

/// Values of `--text-style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TextStyleArg {
    /// A sentence or so
    Sentences,
    /// What one person says without a long pause
    Paragraphs,
}

impl LayoutArgs {
    /// What is chosen by these flags.
    pub(in crate::cli) fn options(&self) -> ExportOptions {
        let style = match self.subtitle_style {
            None | Some(SubtitleStyleArg::Broadcast) => SubtitleStyle::Broadcast,
            Some(SubtitleStyleArg::Sentences) => SubtitleStyle::Sentences,
        };
        let labels = self.speaker_labels.map(|labels| match labels {
            SpeakerLabelsArg::Dashes => SpeakerLabels::Dashes,
            SpeakerLabelsArg::Names => SpeakerLabels::Names,
            SpeakerLabelsArg::None => SpeakerLabels::None,
        });
        let text_style = match self.text_style {
            None | Some(TextStyleArg::Sentences) => TextStyle::Sentences,
            Some(TextStyleArg::Paragraphs) => TextStyle::Paragraphs,
        };
        ExportOptions {
            subtitle_style: style,
            max_line_width: self.max_line_width,
            max_line_count: self.max_line_count,
            max_cps: self.max_cps,
            min_duration: self.min_duration.map(Seconds),
            max_duration: self.max_duration.map(Seconds),
            gap: self.gap.map(Seconds),
            speaker_labels: labels,
            highlight_words: self.highlight_words,
            text_style,
        }
    }

    /// Values that do not go together, and flags that shape none of these formats. A command may also have the format `all`.
    pub(in crate::cli) fn problems(&self, formats: &[Format], has_all: bool) -> Vec<Failure> {
        let (for_subtitles, for_text) = if has_all {
            ("srt, vtt or all", "txt or all")
        } else {
            ("srt or vtt", "txt")
        };
        let problems = self.options().problems();
        let mut problems: Vec<_> = problems.iter().map(out_of_range).collect();
        if !formats.iter().any(|format| format.is_subtitles()) {
            let flags = self.subtitle_flags();
            let given = flags.into_iter().filter(|(is_given, _)| *is_given);
            problems.extend(given.map(|(_, flag)| idle(flag, "subtitles", for_subtitles)));
        }
        if self.text_style.is_some() && !formats.contains(&Format::Txt) {
            problems.push(idle("--text-style", "plain text", for_text));
        }
        problems
    }

    fn subtitle_flags(&self) -> [(bool, &'static str); 9] {
        [
            (self.subtitle_style.is_some(), "--subtitle-style"),
            (self.max_line_width.is_some(), "--max-line-width"),
            (self.max_line_count.is_some(), "--max-line-count"),
            (self.max_cps.is_some(), "--max-cps"),
            (self.min_duration.is_some(), "--min-duration"),
            (self.max_duration.is_some(), "--max-duration"),
            (self.gap.is_some(), "--gap"),
            (self.speaker_labels.is_some(), "--speaker-labels"),
            (self.highlight_words, "--highlight-words"),
        ]
    }

    /// What the person who gave these flags should know, if anything.
    pub(in crate::cli) fn note(&self) -> Option<String> {
        let warning = self.options().warning()?;
        let flag = |word: &str| format!("--{}", word.replace('_', "-"));
        let words = warning.split(' ').map(|word| {
            if word.starts_with("max_") || word.starts_with("min_") || word == "gap" {
                flag(word)
            } else {
                word.to_owned()
            }
        });
        Some(words.collect::<Vec<_>>().join(" "))
    }

    /// Whether subtitles leave out the names of speakers although nobody said so.
    pub(in crate::cli) fn names_are_hidden_by_default(&self) -> bool {
        self.speaker_labels.is_none() && self.subtitle_style != Some(SubtitleStyleArg::Sentences)
    }

    /// Refuses the first problem with these flags, and tells what else the person should know.
    pub(in crate::cli) fn check(&self, format: Format, console: &Console) -> Result<(), Failure> {
        if let Some(problem) = self.problems(&[format], false).into_iter().next() {
            return Err(problem);
        }
        if let Some(note) = self.note() {
            console.note(&note);
        }
        Ok(())
    }

    /// The text of a file.
    pub(in crate::cli) fn render(
        &self,
        transcript: &Transcript,
        format: Format,
    ) -> Result<String, Failure> {
        export::write(format, transcript, &self.options())
            .map_err(|error| Failure::from_error(Exit::Internal, &error))
    }

    /// The text for standard output: paragraphs for the eye if a terminal shows it.
    pub(in crate::cli) fn render_for_stdout(
        &self,
        transcript: &Transcript,
        format: Format,
    ) -> Result<String, Failure> {
        let is_for_people =
            format == Format::Txt && self.text_style != Some(TextStyleArg::Sentences);
        match Look::of_stdout().filter(|_| is_for_people) {
            Some(look) => Ok(dialogue::render(transcript, look)),
            None => self.render(transcript, format),
        }
    }
}

fn idle(flag: &str, what: &str, formats: &str) -> Failure {
    let message = format!("{flag} shapes {what} and has no effect on this format");
    Failure::new(Exit::Usage, message).with_hint(format!("use it with --format {formats}"))
}

fn max_line_width(text: &str) -> Result<NonZeroUsize, String> {
    whole(&export::MAX_LINE_WIDTH, text)
}

fn max_line_count(text: &str) -> Result<NonZeroUsize, String> {
    whole(&export::MAX_LINE_COUNT, text)
}

fn max_cps(text: &str) -> Result<f64, String> {
    read(&export::MAX_CPS, text)
}

fn min_duration(text: &str) -> Result<f64, String> {
    read(&export::MIN_DURATION, text)
}

fn max_duration(text: &str) -> Result<f64, String> {
    read(&export::MAX_DURATION, text)
}

fn gap(text: &str) -> Result<f64, String> {
    read(&export::GAP, text)
}

fn whole(range: &OptionRange<usize>, text: &str) -> Result<NonZeroUsize, String> {
    NonZeroUsize::new(read(range, text)?).ok_or_else(|| "it must not be 0".to_owned())
}

fn read<T: Copy + PartialOrd + Display + FromStr>(
    range: &OptionRange<T>,
    text: &str,
) -> Result<T, String> {
    let value = range.parse(text);
    value.map_err(|problem| format!("it {}", problem.reason))
}
