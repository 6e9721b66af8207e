//! Markdown: a heading where the speaker changes, and paragraphs that begin with their time.

use std::fmt::{self, Write};

use super::{paragraphs, timestamp};
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, out: &mut impl Write) -> fmt::Result {
    let mut last_speaker = None;
    for (idx, paragraph) in paragraphs(transcript).iter().enumerate() {
        let gap = if idx == 0 { "" } else { "\n" };
        out.write_str(gap)?;
        if last_speaker != Some(paragraph.speaker.clone()) {
            match &paragraph.speaker {
                Some(name) => writeln!(out, "## {}\n", escaped(name))?,
                // an end to what the last one said
                None if idx > 0 => writeln!(out, "---\n")?,
                None => {}
            }
            last_speaker = Some(paragraph.speaker.clone());
        }
        let time = timestamp::clock(paragraph.start);
        writeln!(out, "[{time}] {}", escaped(&paragraph.text))?;
    }
    Ok(())
}

/// The text with a backslash before what would be markup (`CommonMark` 0.31, "Backslash escapes"). Paragraphs begin with a
/// bracket, so signs that are markup at the beginning of a line need none; nor does a line between two letters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = letters.next() {
        let is_within_word =
            before.is_alphanumeric() && letters.peek().is_some_and(|next| next.is_alphanumeric());
        if is_markup(c) && !(c == '_' && is_within_word) {
            escaped.push('\\');
        }
        escaped.push(c);
        before = c;
    }
    escaped
}

fn is_markup(c: char) -> bool {
    matches!(
        c,
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '#'
    )
}
