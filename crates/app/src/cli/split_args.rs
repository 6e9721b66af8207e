//! The flag that cuts segments at changes of speaker, wherever it is one.

use std::borrow::Cow;

use clap::ArgAction;
use clap::builder::BoolishValueParser;
use domain::export::Format;
use domain::transcript::Transcript;
use speech::assign;

/// Whether each segment of a result has one speaker.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::cli) struct SplitArgs {
    /// Cut segments where the speaker changes: true or false [default: false for json, else true]
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true,
        action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    pub(in crate::cli) split_speakers: Option<bool>,
}

impl SplitArgs {
    /// The transcript as it is written in `format`.
    pub(in crate::cli) fn apply(
        self,
        transcript: &Transcript,
        format: Format,
    ) -> Cow<'_, Transcript> {
        if !self.split_speakers.unwrap_or(format != Format::Json) {
            return Cow::Borrowed(transcript);
        }
        let mut transcript = transcript.clone();
        assign::split_at_speakers(&mut transcript);
        Cow::Owned(transcript)
    }
}
