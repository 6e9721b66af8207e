//! WebVTT: `WEBVTT`, then `start --> end`, the text, and an empty line per cue.

use std::fmt::{self, Write};

use super::cue::without_arrows;
use super::{ExportOptions, cue, timestamp};
use crate::transcript::Transcript;

pub(super) fn write(
    transcript: &Transcript,
    options: &ExportOptions,
    out: &mut impl Write,
) -> fmt::Result {
    writeln!(out, "WEBVTT\n")?;
    for cue in cue::cues(transcript, options, escaped) {
        let (start, end) = (timestamp::vtt(cue.start), timestamp::vtt(cue.end));
        writeln!(out, "{start} --> {end}\n{}\n", cue.text)?;
    }
    Ok(())
}

/// The text as it is shown, not read as markup.
fn escaped(text: &str) -> String {
    let text = without_arrows(text).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
