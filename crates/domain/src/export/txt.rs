//! Plain text: `text` or `[SPEAKER]: text`, a line per segment.

use std::fmt::{self, Write};

use super::{one_line, speaker_prefix};
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    for segment in &transcript.segments {
        writeln!(
            out,
            "{}{}",
            speaker_prefix(segment),
            one_line(&segment.text)
        )?;
    }
    Ok(())
}
