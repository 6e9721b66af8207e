//! A conversation for people to read in a terminal: who speaks when, a paragraph a turn.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};

use domain::export::{self, Paragraph};
use domain::transcript::Transcript;

use super::input::visible;

/// How a terminal shows things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns of a line.
    pub(crate) width: usize,
    pub(crate) has_colours: bool,
}

/// Colours of the speakers in order of their first words; there are more speakers than colours now and then.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// Lines are no longer, however wide the terminal: nobody likes to read them.
const WIDEST: usize = 100;
/// What the text gets at least, however long the names.
const NARROWEST_TEXT: usize = 24;

impl Look {
    /// Neither colours nor a line too long for anybody.
    pub(crate) const PLAIN: Self = Self {
        width: 80,
        has_colours: false,
    };

    /// The colour of what matters less.
    pub(crate) const DIM: u8 = 2;

    /// That of standard output; `None` if it is no terminal.
    pub(crate) fn of_stdout() -> Option<Self> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let size = terminal_size::terminal_size();
        Some(Self {
            width: size.map_or(80, |(width, _)| width.0.into()).min(WIDEST),
            has_colours: !is_set("NO_COLOR") && !is_dumb,
        })
    }

    /// `text` in a colour, if there are any.
    pub(crate) fn paint(self, colour: u8, text: &str) -> String {
        if self.has_colours {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// The colour of speaker `idx`, counted from 0.
    pub(crate) fn colour(idx: usize) -> u8 {
        COLOURS[idx % COLOURS.len()]
    }
}

/// The transcript as paragraphs; each with its time if anybody in it has a name, which stands where the speaker changes.
pub(crate) fn render(transcript: &Transcript, look: Look) -> String {
    let paragraphs = export::paragraphs(transcript);
    let speakers = speakers(&paragraphs);
    let names: Vec<String> = speakers.iter().map(|name| visible(name)).collect();
    match names.iter().map(|name| name.chars().count()).max() {
        Some(name_width) => dialogue(&paragraphs, &speakers, &names, (name_width, look)),
        None => plain(&paragraphs, look),
    }
}

/// Paragraphs with an empty line between.
fn plain(paragraphs: &[Paragraph], look: Look) -> String {
    let paragraphs = paragraphs.iter().map(|paragraph| {
        let lines = wrap(&visible(&paragraph.text), look.width);
        lines.join("\n") + "\n"
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn dialogue(
    paragraphs: &[Paragraph],
    speakers: &[&str],
    names: &[String],
    (name_width, look): (usize, Look),
) -> String {
    let times = paragraphs
        .iter()
        .map(|paragraph| clock(paragraph.start.0).len());
    let time_width = times.max().unwrap_or(0);
    let indent = time_width + name_width + 4;
    let text_width = look.width.saturating_sub(indent).max(NARROWEST_TEXT);
    let mut out = String::new();
    let mut last_speaker = None;
    for paragraph in paragraphs {
        let speaker = paragraph.speaker.as_deref();
        let changed = speaker.filter(|_| speaker != last_speaker);
        let idx = speakers.iter().position(|name| Some(*name) == changed);
        let name = format!("{:name_width$}", idx.map_or("", |idx| &*names[idx]));
        let name = idx.map_or_else(|| name.clone(), |idx| look.paint(Look::colour(idx), &name));
        let time = format!("{:>time_width$}", clock(paragraph.start.0));
        let mut head = format!("{}  {name}  ", look.paint(Look::DIM, &time));
        for line in wrap(&visible(&paragraph.text), text_width) {
            writeln!(out, "{head}{line}").expect("a String takes everything");
            head = " ".repeat(indent);
        }
        last_speaker = speaker;
    }
    out
}

/// Those who speak, in order of their first words.
fn speakers(paragraphs: &[Paragraph]) -> Vec<&str> {
    let mut speakers: Vec<&str> = Vec::new();
    for name in paragraphs
        .iter()
        .filter_map(|paragraph| paragraph.speaker.as_deref())
    {
        if !speakers.contains(&name) {
            speakers.push(name);
        }
    }
    speakers
}

/// Lines of at most `width` characters, broken at spaces, and within words that are longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ').flat_map(|word| pieces(word, width)) {
        let n_columns = columns(&word.1);
        let gap = usize::from(word.0 && length > 0);
        if length > 0 && length + gap + n_columns > width {
            lines.push(String::new());
            length = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if gap > 0 && length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(&word.1);
        length += n_columns;
    }
    lines
}

/// A word, or its pieces of at most `width` columns; the first comes after a space.
fn pieces(word: &str, width: usize) -> Vec<(bool, String)> {
    let mut pieces = vec![(true, String::new())];
    let mut length = 0;
    for c in word.chars() {
        if length + column(c) > width {
            pieces.push((false, String::new()));
            length = 0;
        }
        length += column(c);
        pieces
            .last_mut()
            .expect("there is always a piece")
            .1
            .push(c);
    }
    pieces
}

fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// Columns of a character: the scripts of East Asia take two.
fn column(c: char) -> usize {
    let is_wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}');
    if is_wide { 2 } else { 1 }
}

/// `1:02:03` or `02:03`.
fn clock(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times are not negative, and the cast saturates"
    )]
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use domain::transcript::Segment;
    use domain::units::Seconds;

    use super::*;

    const PLAIN: Look = Look {
        width: 48,
        ..Look::PLAIN
    };

    fn transcript(segments: &[(f64, &str, &str)]) -> Transcript {
        let segment = |(start, speaker, text): &(f64, &str, &str)| Segment {
            start: Seconds(*start),
            end: Seconds(start + 1.0),
            text: (*text).into(),
            speaker: (!speaker.is_empty()).then(|| (*speaker).into()),
            ..Segment::default()
        };
        Transcript {
            segments: segments.iter().map(segment).collect(),
            ..Transcript::default()
        }
    }

    #[test]
    fn a_turn_is_a_paragraph_with_its_time_and_speaker() {
        let dialogue = transcript(&[
            (0.4, "SPEAKER_01", " Hello? Hello?"),
            (2.0, "SPEAKER_01", " I did not know that you were there."),
            (61.9, "SPEAKER_00", "Neither did I."),
            (62.0, "", " (laughter)"),
        ]);
        assert_eq!(
            render(&dialogue, PLAIN),
            "00:00  SPEAKER_01  Hello? Hello? I did not know\n\
             \x20                  that you were there.\n\
             01:01  SPEAKER_00  Neither did I.\n\
             01:02              (laughter)\n"
        );
    }

    #[test]
    fn colours_are_of_speakers_in_order_of_their_first_words() {
        let look = Look {
            has_colours: true,
            ..PLAIN
        };
        let dialogue = transcript(&[(0.0, "B", "x"), (3600.0, "A", "y"), (7200.0, "B", "z")]);
        assert_eq!(
            render(&dialogue, look),
            "\u{1b}[2m  00:00\u{1b}[0m  \u{1b}[36mB\u{1b}[0m  x\n\
             \u{1b}[2m1:00:00\u{1b}[0m  \u{1b}[33mA\u{1b}[0m  y\n\
             \u{1b}[2m2:00:00\u{1b}[0m  \u{1b}[36mB\u{1b}[0m  z\n"
        );
    }

    #[test]
    fn without_speakers_there_are_only_paragraphs() {
        let monologue = transcript(&[
            (0.0, "", " The first thing that I have to say is that"),
            (1.2, "", " it is late."),
            (9.0, "", " The second is long."),
        ]);
        assert_eq!(
            render(&monologue, PLAIN),
            "The first thing that I have to say is that it is\nlate.\n\nThe second is long.\n"
        );
        assert_eq!(render(&transcript(&[]), PLAIN), "");
    }

    #[test]
    fn long_words_and_wide_letters_are_broken_too() {
        assert_eq!(wrap("aaa bb c", 4), ["aaa", "bb c"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("你好世界再见", 5), ["你好", "世界", "再见"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn nothing_said_or_named_moves_the_cursor() {
        let dialogue = transcript(&[(0.0, "A\u{1b}[2J", "x\u{1b}[31m\u{7}y")]);
        let shown = render(&dialogue, PLAIN);
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{7}'),
            "{shown:?}"
        );
    }
}
