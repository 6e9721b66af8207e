//! Punkt (Kiss and Strunk 2006, "Unsupervised Multilingual Sentence Boundary Detection"), deciding as NLTK's
//! `PunktSentenceTokenizer` does.

use std::ops::Range;

use super::tables::{Spelling, Tables};

/// The splitter of one language.
#[derive(Debug)]
pub(super) struct Punkt {
    tables: Tables,
}

/// A mark that may end a sentence.
struct Candidate {
    /// Where the mark is.
    mark: usize,
    /// Where the word that it ends begins.
    word_start: usize,
    /// Where the text that was looked at ends.
    context_end: usize,
    /// Where the next sentence would begin.
    next_start: usize,
}

impl Punkt {
    pub(super) fn new(tables: Tables) -> Self {
        Self { tables }
    }

    /// Sentences as ranges of characters.
    pub(super) fn spans(&self, text: &[char]) -> Vec<Range<usize>> {
        let mut slices = Vec::new();
        let mut start = 0;
        for candidate in candidates(text) {
            let context = &text[candidate.word_start..candidate.context_end];
            if self.breaks(context) {
                slices.push(start..candidate.mark + 1);
                start = candidate.next_start;
            }
        }
        let end = text.len() - trailing_spaces(text);
        slices.push(start..end.max(start));
        realign(text, &slices)
    }

    /// True if a sentence ends within `context`, at whose end one word more stands.
    fn breaks(&self, context: &[char]) -> bool {
        let mut tokens: Vec<Token> = context
            .split(|c| *c == '\n')
            .flat_map(words)
            .map(|word| self.first_pass(word))
            .collect();
        for i in 1..tokens.len() {
            let (before, after) = tokens.split_at_mut(i);
            self.second_pass(&mut before[i - 1], &after[0]);
        }
        let n_before_last = tokens.len().saturating_sub(1);
        tokens[..n_before_last].iter().any(|token| token.is_break)
    }

    /// Whether a word with a capital is seldom written without.
    pub(super) fn is_name(&self, word: &str) -> bool {
        word.starts_with(char::is_uppercase) && !self.tables.spelling(&word.to_lowercase()).lower
    }

    /// Whether a word with a capital begins a sentence more often than a name.
    pub(super) fn begins_sentence(&self, word: &str) -> bool {
        let token = Token::new(word.to_owned());
        self.tables.starters.contains(&token.kind) || self.starts_sentence(&token) == Some(true)
    }

    /// What a word looks like on its own.
    fn first_pass(&self, word: &[char]) -> Token {
        let mut token = Token::new(word.iter().collect());
        let text = token.text.as_str();
        if matches!(text, "." | "?" | "!") {
            token.is_break = true;
        } else if token.is_ellipsis() {
            token.is_open = true;
        } else if text.ends_with('.') && !text.ends_with("..") {
            let stem = text[..text.len() - 1].to_lowercase();
            let last_part = stem.rsplit('-').next().unwrap_or_default();
            let known = &self.tables.abbreviations;
            if known.contains(&stem) || known.contains(last_part) {
                token.is_open = true;
            } else {
                token.is_break = true;
            }
        }
        token
    }

    /// What the next word says about a word with a full stop.
    fn second_pass(&self, token: &mut Token, next: &Token) {
        if !token.text.ends_with('.') {
            return;
        }
        let kind = without_stop(&token.kind).to_owned();
        let next_kind = next.kind_within_sentence();
        let pair = (kind, next_kind.to_owned());
        if self.tables.collocations.contains(&pair) {
            token.is_break = false;
            return;
        }
        let (kind, is_initial) = (pair.0, token.is_initial());
        if token.is_open && !is_initial {
            let starts = self.starts_sentence(next) == Some(true);
            let is_starter = next.starts_upper() && self.tables.starters.contains(next_kind);
            if starts || is_starter {
                token.is_break = true;
                return;
            }
        }
        if is_initial || kind == NUMBER {
            let seen_lower = self.tables.spelling(next_kind).lower;
            match self.starts_sentence(next) {
                Some(false) => token.is_break = false,
                None if is_initial && next.starts_upper() && !seen_lower => token.is_break = false,
                _ => {}
            }
        }
    }

    /// Whether the spelling of a word says that a sentence starts with it; `None` where it says nothing.
    fn starts_sentence(&self, token: &Token) -> Option<bool> {
        if matches!(token.text.as_str(), ";" | ":" | "," | "." | "!" | "?") {
            return Some(false);
        }
        let Spelling {
            lower,
            upper_within,
            lower_never_starts,
        } = self.tables.spelling(token.kind_within_sentence());
        if token.starts_upper() && lower && !upper_within {
            Some(true)
        } else if token.starts_lower() && lower_never_starts {
            Some(false)
        } else {
            None
        }
    }
}

/// A word of the text around a mark.
struct Token {
    text: String,
    /// In lower case, numbers all alike.
    kind: String,
    is_break: bool,
    /// Its full stop belongs to it: an abbreviation or an ellipsis.
    is_open: bool,
}

/// The kind of all numbers.
const NUMBER: &str = "##number##";

impl Token {
    fn new(text: String) -> Self {
        let lower = text.to_lowercase();
        Self {
            kind: if is_number(&lower) {
                NUMBER.to_owned()
            } else {
                lower
            },
            text,
            is_break: false,
            is_open: false,
        }
    }

    fn is_ellipsis(&self) -> bool {
        self.text.len() >= 2 && self.text.bytes().all(|b| b == b'.')
    }

    /// One letter and a full stop.
    fn is_initial(&self) -> bool {
        let mut chars = self.text.chars();
        chars.next().is_some_and(char::is_alphabetic) && chars.as_str() == "."
    }

    fn starts_upper(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    fn starts_lower(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_lowercase)
    }

    /// The kind without the full stop that ends a sentence.
    fn kind_within_sentence(&self) -> &str {
        if self.is_break {
            without_stop(&self.kind)
        } else {
            &self.kind
        }
    }
}

fn without_stop(kind: &str) -> &str {
    match kind.strip_suffix('.') {
        Some(rest) if !rest.is_empty() => rest,
        _ => kind,
    }
}

/// Digits with points, commas and hyphens among them, such as `-3,500.` or `.5`.
fn is_number(word: &str) -> bool {
    let rest = word.strip_prefix('-').unwrap_or(word);
    let rest = rest.strip_prefix(['.', ',']).unwrap_or(rest);
    let is_digit = |c: char| c.is_numeric();
    rest.starts_with(is_digit) && rest.chars().all(|c| is_digit(c) || ".,-".contains(c))
}

/// Marks that may end a sentence, with the text that decides it.
fn candidates(text: &[char]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let (mut word_start, mut word_end) = (0, 0);
    for mark in 0..text.len() {
        if !matches!(text[mark], '.' | '?' | '!') {
            continue;
        }
        let Some((context_end, next_start)) = what_follows(text, mark + 1) else {
            continue;
        };
        let space = text[word_end..mark]
            .iter()
            .rposition(char::is_ascii_whitespace);
        let start = match space {
            Some(at) if at > 0 => word_end + at + 1,
            _ => word_start,
        };
        // marks in a row, such as "!!!", belong to one word: the last of them counts
        if word_end > start {
            found.pop();
        }
        found.push(Candidate {
            mark,
            word_start: start,
            context_end,
            next_start,
        });
        (word_start, word_end) = (start, mark);
    }
    found
}

/// Where the text that follows a mark ends, and where the next sentence would begin; `None` if the mark ends none.
fn what_follows(text: &[char], after: usize) -> Option<(usize, usize)> {
    let first = *text.get(after)?;
    if is_non_word(first) {
        return Some((after + 1, after));
    }
    let is_space = |c: &char| c.is_whitespace();
    let n_spaces = text[after..].iter().take_while(|c| is_space(c)).count();
    let next = after + n_spaces;
    let n_word = text[next..].iter().take_while(|c| !is_space(c)).count();
    (n_spaces > 0 && n_word > 0).then_some((next + n_word, next))
}

/// Characters that end a word wherever they stand.
fn is_non_word(c: char) -> bool {
    ")\";}]*:@'({[!?".contains(c)
}

/// Characters that no word begins with.
fn is_no_word_start(c: char) -> bool {
    "(\"`{[:;&#*@)}]-,".contains(c)
}

/// Cuts a line into words and punctuation.
fn words(line: &[char]) -> impl Iterator<Item = &[char]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let n_spaces = rest.iter().take_while(|c| c.is_whitespace()).count();
        rest = &rest[n_spaces..];
        if rest.is_empty() {
            return None;
        }
        let (word, later) = rest.split_at(word_length(rest));
        rest = later;
        Some(word)
    })
}

/// Characters of the first word of `text`, which does not begin with white space.
fn word_length(text: &[char]) -> usize {
    if let Some(n) = run_length(text) {
        return n;
    }
    if is_no_word_start(text[0]) {
        return 1;
    }
    let ends = |at: usize| {
        let after = &text[at..];
        let is_end = |rest: &[char]| {
            rest.first()
                .is_none_or(|c| c.is_whitespace() || is_non_word(*c))
                || run_length(rest).is_some()
        };
        is_end(after) || after[0] == ',' && is_end(&after[1..])
    };
    (1..=text.len()).find(|at| ends(*at)).unwrap_or(text.len())
}

/// Length of a dash or an ellipsis at the beginning of `text`: `--`, `..`, `. . .`.
fn run_length(text: &[char]) -> Option<usize> {
    for mark in ['-', '.'] {
        let n = text.iter().take_while(|c| **c == mark).count();
        if n >= 2 {
            return Some(n);
        }
    }
    let n_pairs = text
        .chunks_exact(2)
        .take_while(|pair| pair[0] == '.' && pair[1].is_whitespace())
        .count();
    // the run ends in a full stop without a space after it
    let last = (2..=n_pairs).rev().find(|n| text.get(2 * n) == Some(&'.'));
    last.map(|n| 2 * n + 1)
}

/// Gives closing quotes and brackets to the sentence before.
fn realign(text: &[char], slices: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut spans = Vec::with_capacity(slices.len());
    let mut moved = 0;
    for (i, slice) in slices.iter().enumerate() {
        let start = slice.start + moved;
        let mut end = slice.end;
        moved = 0;
        if let Some(next) = slices.get(i + 1)
            && let Some((n_closers, n_moved)) = closers(&text[next.clone()])
        {
            moved = n_moved;
            end = next.start + n_closers;
        }
        if start < end {
            spans.push(start..end);
        }
    }
    spans
}

/// Closing punctuation at the beginning of a sentence: how many characters it has, and with the space after it.
fn closers(text: &[char]) -> Option<(usize, usize)> {
    let n = text.iter().take_while(|c| "\"')]}".contains(**c)).count();
    let rest = &text[n..];
    let n_spaces = rest.iter().take_while(|c| c.is_whitespace()).count();
    let ends = n_spaces > 0 || rest.is_empty() || rest.starts_with(&['-', '-']);
    (n > 0 && ends).then_some((n, n + n_spaces))
}

fn trailing_spaces(text: &[char]) -> usize {
    text.iter().rev().take_while(|c| c.is_whitespace()).count()
}
