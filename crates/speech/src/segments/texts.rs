//! A text cut between its words.

use std::ops::Range;

use domain::transcript::{Word, word_places};

/// Cuts `text` before each of the words `cuts`, which rise and are neither the first word nor past the last. All
/// pieces together are the text again; white space between two goes with the second, as that before a text does.
///
/// Where the words are not found in the text, they are joined by `joiner` instead if that loses no letter; else there
/// is no way, and `None`.
pub(super) fn cut(text: &str, words: &[Word], cuts: &[usize], joiner: &str) -> Option<Vec<String>> {
    let Some(places) = word_places(text, words) else {
        return join(text, words, cuts, joiner);
    };
    let mut pieces = Vec::with_capacity(cuts.len() + 1);
    let mut begin = 0;
    for idx in cuts {
        let end = end_before(text, places[idx - 1].end..places[*idx].start);
        pieces.push(text[begin..end].to_owned());
        begin = end;
    }
    pieces.push(text[begin..].to_owned());
    Some(pieces)
}

/// Where to cut in `gap`, which lies between two words: what stands there stays with the first, but for the white space
/// before the second and the signs that open it.
fn end_before(text: &str, gap: Range<usize>) -> usize {
    let opens = |c: char| {
        matches!(
            c,
            '"' | '“' | '«' | '„' | '(' | '[' | '¿' | '¡' | '「' | '『'
        )
    };
    let between = &text[gap.clone()];
    let kept = between.trim_end();
    let opened = kept.trim_end_matches(opens);
    // what opens something stands after a space
    let kept = if opened.ends_with(char::is_whitespace) || opened.is_empty() {
        opened.trim_end()
    } else {
        kept
    };
    gap.start + kept.len()
}

fn join(text: &str, words: &[Word], cuts: &[usize], joiner: &str) -> Option<Vec<String>> {
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    let of_words: String = words.iter().map(|word| letters(&word.word)).collect();
    if letters(text) != of_words {
        return None;
    }
    let lead = if text.starts_with(char::is_whitespace) {
        " "
    } else {
        ""
    };
    let bounds: Vec<_> = [0]
        .iter()
        .chain(cuts)
        .chain([&words.len()])
        .copied()
        .collect();
    let pieces = bounds.windows(2).map(|bounds| {
        let words = words[bounds[0]..bounds[1]]
            .iter()
            .map(|word| word.word.trim());
        lead.to_owned() + &words.collect::<Vec<_>>().join(joiner)
    });
    Some(pieces.collect())
}
