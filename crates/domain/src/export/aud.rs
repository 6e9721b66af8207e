//! Audacity labels: start and end in seconds, and `text` or `[[SPEAKER]]text`.

use std::fmt::{self, Write};

use super::{one_line, speaker};
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    for segment in &transcript.segments {
        // `{:?}` is the shortest text that reads back as the same number, and keeps the `.0` of whole seconds.
        write!(out, "{:?}\t{:?}\t", segment.start.0, segment.end.0)?;
        if let Some(speaker) = speaker(segment) {
            write!(out, "[[{}]]", speaker.replace('\t', " "))?;
        }
        writeln!(out, "{}", one_line(&segment.text).replace('\t', " "))?;
    }
    Ok(())
}
