//! Reads `.env` files as the reference reads them (python-dotenv), so that a file written for it works here.
//!
//! The usual crate takes the quotes out of `AUDIO_EXTENSIONS=[".flac"]`, which is how lists are written there.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// The longest value, in bytes, as for a variable of a process on Linux. Without an end a few lines that name each other
/// would fill all memory.
const LONGEST_VALUE: usize = 128 * 1024;

/// Variables in the order of the file, and the numbers of the lines that are none. `variable` looks up what `${NAME}`
/// stands for where the file itself does not say.
pub(super) fn parse(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> (Vec<(String, String)>, Vec<usize>) {
    let mut parser = Parser::new(text);
    let (mut variables, mut bad_lines) = (Vec::new(), Vec::new());
    let mut known = BTreeMap::<String, String>::new();
    while let Some(start) = parser.next_entry() {
        match parser.entry() {
            Some((name, Some(raw))) => {
                let value = expand(&raw, |name| {
                    known.get(name).cloned().or_else(|| variable(name))
                });
                let Some(value) = value else {
                    bad_lines.push(start);
                    continue;
                };
                known.insert(name.clone(), value.clone());
                variables.push((name, value));
            }
            // A name without `=` sets nothing.
            Some((_, None)) => {}
            None => {
                parser.skip_line();
                bad_lines.push(start);
            }
        }
    }
    (variables, bad_lines)
}

struct Parser<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            chars: text.chars().peekable(),
            line: 1,
        }
    }

    /// Goes to the next line with something on it; its number, or `None` at the end.
    fn next_entry(&mut self) -> Option<usize> {
        loop {
            self.take_while(char::is_whitespace);
            match self.chars.peek()? {
                '#' => self.skip_line(),
                _ => return Some(self.line),
            }
        }
    }

    /// `NAME=value`, `export NAME=value` or `NAME`, with all of its line; `None` if it is something else.
    fn entry(&mut self) -> Option<(String, Option<String>)> {
        let mut name = self.name()?;
        self.skip_blanks();
        if name == "export" && self.chars.peek().is_some_and(|&c| c != '=') {
            name = self.name()?;
            self.skip_blanks();
        }
        if self.chars.next_if_eq(&'=').is_none() {
            return self.ends_line().then_some((name, None));
        }
        self.skip_blanks();
        let value = match self.chars.peek() {
            Some(&quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.unquoted(),
        };
        self.ends_line().then_some((name, Some(value)))
    }

    fn name(&mut self) -> Option<String> {
        if self.chars.next_if_eq(&'\'').is_some() {
            let name = self.take_while(|c| c != '\'' && c != '\n');
            return self.chars.next_if_eq(&'\'').map(|_| name);
        }
        let name = self.take_while(|c| !c.is_whitespace() && !matches!(c, '=' | '#' | '\''));
        (!name.is_empty()).then_some(name)
    }

    /// A text between quotes, which may span lines.
    fn quoted(&mut self, quote: char) -> Option<String> {
        self.bump();
        let mut value = String::new();
        loop {
            match self.bump()? {
                c if c == quote => return Some(value),
                '\\' => match (self.bump()?, quote) {
                    (c @ ('\\' | '\''), _) | (c @ '"', '"') => value.push(c),
                    ('n', '"') => value.push('\n'),
                    ('r', '"') => value.push('\r'),
                    ('t', '"') => value.push('\t'),
                    (c, _) => value.extend(['\\', c]),
                },
                c => value.push(c),
            }
        }
    }

    /// The rest of the line; a comment begins at a `#` after a blank.
    fn unquoted(&mut self) -> String {
        let rest = self.take_while(|c| c != '\n' && c != '\r');
        let mut before = ' ';
        let comment = rest.char_indices().find(|&(_, c)| {
            let begins = c == '#' && before.is_whitespace();
            before = c;
            begins
        });
        let end = comment.map_or(rest.len(), |(start, _)| start);
        rest[..end].trim_end().to_owned()
    }

    /// Whether nothing but a comment is left of the line.
    fn ends_line(&mut self) -> bool {
        self.skip_blanks();
        match self.chars.peek() {
            None | Some('\n' | '\r') => true,
            Some('#') => {
                self.skip_line();
                true
            }
            Some(_) => false,
        }
    }

    fn skip_blanks(&mut self) {
        self.take_while(|c| c == ' ' || c == '\t');
    }

    fn skip_line(&mut self) {
        self.take_while(|c| c != '\n');
    }

    fn take_while(&mut self, is_wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while self.chars.peek().is_some_and(|&c| is_wanted(c)) {
            taken.extend(self.bump());
        }
        taken
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }
}

/// Replaces `${NAME}` and `${NAME:-default}`; an unknown name without a default is an empty text. `None` if the value gets
/// too long.
fn expand(raw: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut value = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, after)) = after.split_once('}') else {
            break;
        };
        let (name, default) = inside.split_once(":-").unwrap_or((inside, ""));
        value.push_str(before);
        value.push_str(&variable(name).unwrap_or_else(|| default.to_owned()));
        rest = after;
        if value.len() > LONGEST_VALUE {
            return None;
        }
    }
    Some(value + rest).filter(|value| value.len() <= LONGEST_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let (variables, bad_lines) = parse(text, |name| {
            (name == "HOME").then(|| "/home/ann".to_owned())
        });
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            (variables, bad_lines),
            (expected.to_vec(), vec![]),
            "{text}"
        );
    }

    #[test]
    fn lists_keep_their_quotes() {
        check(
            "AUDIO_EXTENSIONS=[\".flac\", \".mp3\"]\n",
            &[("AUDIO_EXTENSIONS", "[\".flac\", \".mp3\"]")],
        );
        check("A='[\".flac\"]'", &[("A", "[\".flac\"]")]);
    }

    #[test]
    fn what_is_no_value_is_passed_over() {
        check(
            "\u{feff}# first\n\n  export A = b c # note\r\nB\nC=\nD=#none\nE=a#b\nexport=1\n'F'=2",
            &[
                ("A", "b c"),
                ("C", ""),
                ("D", ""),
                ("E", "a#b"),
                ("export", "1"),
                ("F", "2"),
            ],
        );
    }

    #[test]
    fn quotes_may_hold_lines_and_escapes() {
        check(
            "A=\"one\\ntwo\nthree \\\" # \" # note\nB='a\\nb'\nC=\"\\d\"",
            &[("A", "one\ntwo\nthree \" # "), ("B", "a\\nb"), ("C", "\\d")],
        );
    }

    #[test]
    fn names_stand_for_values() {
        check(
            "A=x\nB=${A}/${HOME}/${NONE}/${NONE:-y}\nC=${open\nD=$A",
            &[
                ("A", "x"),
                ("B", "x//home/ann//y"),
                ("C", "${open"),
                ("D", "$A"),
            ],
        );
    }

    #[test]
    fn a_value_that_grows_by_the_names_in_it_has_an_end() {
        let tenfold =
            |name: char, of: char| format!("{name}={}\n", format!("${{{of}}}").repeat(10));
        let names: Vec<char> = ('A'..='Z').collect();
        let lines = names.windows(2).map(|pair| tenfold(pair[1], pair[0]));
        let text = format!("A=0123456789\n{}", lines.collect::<String>());
        let (variables, bad_lines) = parse(&text, |_| None);
        // Of 10, 100 … 100,000 bytes, then too long; what it is made of is nothing from there on.
        assert_eq!(bad_lines, [6]);
        assert!(
            variables
                .iter()
                .all(|(_, value)| value.len() <= LONGEST_VALUE)
        );
    }

    #[test]
    fn lines_that_say_nothing_are_named_by_number() {
        let (variables, bad_lines) = parse(
            "A=1\n=x\nB=\"a\" b\nC=2\na b\nD=\"never closed\nE=1\n",
            |_| None,
        );
        assert_eq!(bad_lines, [2, 3, 5, 6]);
        let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "C"]);
    }
}
