//! Sentence ends by marks alone, for languages without tables and for scripts with full stops of their own.

use std::ops::Range;

/// Ends sentences after `.`, `?`, `!` and what closes quotes and brackets, where white space follows and neither an
/// initial, a numbering nor a word in lower case speaks against it.
pub(super) fn spans(text: &[char]) -> Vec<Range<usize>> {
    let mut ends = Vec::new();
    for mark in 0..text.len() {
        if !matches!(text[mark], '.' | '?' | '!') {
            continue;
        }
        let end = mark + 1 + n_leading(&text[mark + 1..], is_closer);
        let n_spaces = n_leading(&text[end..], char::is_whitespace);
        let next = text.get(end + n_spaces);
        let word = text[..mark].rsplit(|c| c.is_whitespace()).next();
        let word = word.unwrap_or_default();
        let is_short = text[mark] == '.'
            && (word.len() == 1 || word.iter().all(|c| c.is_numeric()) || word.contains(&'.'));
        let goes_on = next.is_some_and(|c| c.is_lowercase());
        if n_spaces > 0 && next.is_some() && !is_short && !goes_on {
            ends.push(end);
        }
    }
    cut(text, 0..text.len(), ends)
}

/// Cuts one span after the full stops of Chinese, Japanese, Hindi, Urdu and others, which need no space after them.
pub(super) fn split_at_own_marks(text: &[char], span: Range<usize>) -> Vec<Range<usize>> {
    let mut ends = Vec::new();
    let mut at = span.start;
    while at < span.end {
        at += 1;
        // in other scripts an ellipsis is followed by more of the sentence as often as not
        let in_ideographs = at >= 2 && text[at - 2] >= '\u{2e80}';
        if is_own_mark(text[at - 1]) || text[at - 1] == '…' && in_ideographs {
            at += n_leading(&text[at..span.end], |c| {
                is_own_mark(c) || c == '…' || is_closer(c)
            });
            ends.push(at);
        }
    }
    cut(text, span, ends)
}

/// Cuts `span` at `ends`; leading white space stays only with the first part, trailing with none.
fn cut(text: &[char], span: Range<usize>, mut ends: Vec<usize>) -> Vec<Range<usize>> {
    ends.push(span.end);
    let mut parts = Vec::with_capacity(ends.len());
    let mut start = span.start;
    for end in ends {
        let from = if parts.is_empty() {
            start
        } else {
            start + n_leading(&text[start..end], char::is_whitespace)
        };
        let part = &text[from..end];
        let n_trailing = part.iter().rev().take_while(|c| c.is_whitespace()).count();
        if n_trailing < part.len() {
            parts.push(from..end - n_trailing);
        }
        start = end;
    }
    parts
}

fn n_leading(text: &[char], is_wanted: impl Fn(char) -> bool) -> usize {
    text.iter().take_while(|c| is_wanted(**c)).count()
}

fn is_own_mark(c: char) -> bool {
    matches!(
        c,
        '。' | '！' | '？' | '｡' | '।' | '॥' | '۔' | '؟' | '။' | '።'
    )
}

fn is_closer(c: char) -> bool {
    "\"')]}”’»」』）】》〉".contains(c)
}
