//! SubRip: a number, `start --> end`, the text, and an empty line per cue.

use std::fmt::{self, Write};

use super::markup::Markup;
use super::{ExportOptions, cues, timestamp};
use crate::transcript::Transcript;

pub(super) fn write(
    transcript: &Transcript,
    options: &ExportOptions,
    out: &mut impl Write,
) -> fmt::Result {
    for (cue, number) in cues(transcript, options, Markup::SubRip).iter().zip(1..) {
        let (start, end) = (timestamp::srt(cue.start), timestamp::srt(cue.end));
        writeln!(out, "{number}\n{start} --> {end}\n{}\n", cue.text)?;
    }
    Ok(())
}
