//! Plain text: `text` or `[SPEAKER]: text`, a line per segment; or paragraphs with an empty line between.

use std::fmt::{self, Write};

use super::{TextStyle, one_line, paragraphs, speaker_prefix};
use crate::transcript::Transcript;

pub(super) fn write(
    transcript: &Transcript,
    style: TextStyle,
    out: &mut impl Write,
) -> fmt::Result {
    match style {
        TextStyle::Sentences => write_lines(transcript, out),
        TextStyle::Paragraphs => write_paragraphs(transcript, out),
    }
}

fn write_lines(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    for segment in &transcript.segments {
        let (speaker, text) = (speaker_prefix(segment), one_line(&segment.text));
        writeln!(out, "{speaker}{text}")?;
    }
    Ok(())
}

/// The speaker stands where it changes.
fn write_paragraphs(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    let mut last_speaker = None;
    for (idx, paragraph) in paragraphs(transcript).into_iter().enumerate() {
        let gap = if idx == 0 { "" } else { "\n" };
        let label = paragraph
            .speaker
            .as_ref()
            .filter(|_| last_speaker != paragraph.speaker);
        let label = label.map_or_else(String::new, |name| format!("[{name}]: "));
        writeln!(out, "{gap}{label}{}", paragraph.text)?;
        last_speaker = paragraph.speaker;
    }
    Ok(())
}
