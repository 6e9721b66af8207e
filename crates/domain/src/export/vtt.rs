//! WebVTT: `WEBVTT`, then `start --> end`, the text, and an empty line per cue.

use std::fmt::{self, Write};

use super::markup::Markup;
use super::{ExportOptions, cues, timestamp};
use crate::transcript::Transcript;

pub(super) fn write(
    transcript: &Transcript,
    options: &ExportOptions,
    out: &mut impl Write,
) -> fmt::Result {
    writeln!(out, "WEBVTT\n")?;
    for cue in cues(transcript, options, Markup::WebVtt) {
        let (start, end) = (timestamp::vtt(cue.start), timestamp::vtt(cue.end));
        writeln!(out, "{start} --> {end}\n{}\n", cue.text)?;
    }
    Ok(())
}
