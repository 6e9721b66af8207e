//! Tab-separated values: start and end in milliseconds, and the text.

use std::fmt::{self, Write};

use super::{one_line, timestamp};
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "start\tend\ttext")?;
    for segment in &transcript.segments {
        writeln!(
            out,
            "{}\t{}\t{}",
            timestamp::milliseconds(segment.start),
            timestamp::milliseconds(segment.end),
            one_line(&segment.text).replace('\t', " ")
        )?;
    }
    Ok(())
}
