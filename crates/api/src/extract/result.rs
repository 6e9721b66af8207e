//! The query of a result: in which format it is given, and how that is laid out.

use std::num::NonZeroUsize;

use domain::export::{
    ExportOptions, GAP, MAX_CPS, MAX_DURATION, MAX_LINE_COUNT, MAX_LINE_WIDTH, MIN_DURATION,
    OptionRange,
};
use domain::units::Seconds;

use super::parameters::{About, Parameters};
use super::query::QueryGroup;
use crate::state::ApiSettings;
use crate::wire::ResultFormat;

/// The query of `/task/{identifier}/result`.
#[derive(Debug)]
pub(crate) struct ResultQuery {
    /// `None` leaves it to the header `Accept`.
    pub(crate) format: Option<ResultFormat>,
    pub(crate) options: ExportOptions,
    /// `None` cuts segments where the speaker changes in every format but `json`.
    pub(crate) split_speakers: Option<bool>,
    /// Whether a browser is to save the answer.
    pub(crate) download: bool,
}

impl QueryGroup for ResultQuery {
    fn read(query: &mut impl Parameters, _settings: &ApiSettings) -> Self {
        Self {
            format: query.optional_word(About(
                "format",
                "In which format; without it the best that the header `Accept` asks for, else `json`.",
            )),
            options: options(query),
            split_speakers: query.optional_boolean(About(
                "split_speakers",
                "Whether segments are cut where the speaker changes; without it they are, but in `json`.",
            )),
            download: query.boolean(
                About("download", "Whether a browser is to save the answer as a file."),
                false,
            ),
        }
    }
}

fn options(query: &mut impl Parameters) -> ExportOptions {
    let defaults = ExportOptions::default();
    let options = ExportOptions {
        subtitle_style: query.word(
            About("subtitle_style", "What a cue of `srt` and `vtt` is: `broadcast` has short lines that are cut at phrases and stay long enough to be read, `sentences` a sentence or segment each."),
            defaults.subtitle_style,
        ),
        max_line_width: whole(query, MAX_LINE_WIDTH, "Characters of a line of subtitles; without it 42, in Chinese, Japanese and Korean 16, in the style `sentences` 1000."),
        max_line_count: whole(query, MAX_LINE_COUNT, "Lines of a cue; without it 2. In the style `sentences` only beside `max_line_width`."),
        max_cps: query.number_within(About(MAX_CPS.name, "Characters a second at which a cue may have to be read; without it 20, in Chinese 11, Japanese 7, Korean 14. Only in the style `broadcast`, like the next three."), MAX_CPS),
        min_duration: seconds(query, MIN_DURATION, "Seconds that a cue lasts at least; without it 5/6."),
        max_duration: seconds(query, MAX_DURATION, "Seconds that a cue lasts at most; without it 7."),
        gap: seconds(query, GAP, "Seconds without a cue between two that follow each other; without it 0.08."),
        speaker_labels: query.optional_word(About("speaker_labels", "How subtitles say who speaks: a dash where two speak in one cue, names, or not at all; without it `dashes`, in the style `sentences` `names`.")),
        highlight_words: query.boolean(About("highlight_words", "Whether subtitles underline each word while it is spoken; needs words with times."), defaults.highlight_words),
        text_style: query.word(About("text_style", "What a line of `txt` is: `sentences` a sentence or segment, `paragraphs` what one person says without a long pause."), defaults.text_style),
    };
    for problem in options.problems() {
        query.refuse(problem.option, &problem.reason);
    }
    options
}

fn whole(
    query: &mut impl Parameters,
    range: OptionRange<usize>,
    description: &'static str,
) -> Option<NonZeroUsize> {
    let number = query.whole_within(About(range.name, description), range);
    number.and_then(NonZeroUsize::new)
}

fn seconds(
    query: &mut impl Parameters,
    range: OptionRange<f64>,
    description: &'static str,
) -> Option<Seconds> {
    query
        .number_within(About(range.name, description), range)
        .map(Seconds)
}
