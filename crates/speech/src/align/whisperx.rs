//! What whisperX 3.8 computes from the same emissions, its mistakes included (`whisperx/alignment.py`): for comparing.

mod group;
mod interpolate;
mod trellis;

use domain::options::AlignOptions;
use domain::transcript::Segment;

use super::dictionary::Dictionary;
use super::emissions::Emissions;
use super::labels::Label;
use super::sentences::Splitter;

pub(crate) use trellis::CharSegment;

/// The characters that are aligned, in order: where each stands in the text, and its label.
pub(crate) fn clean(text: &[char], dictionary: &Dictionary, spaced: bool) -> Vec<(usize, Label)> {
    let n_leading = text.iter().take_while(|c| c.is_whitespace()).count();
    let n_trailing = text.iter().rev().take_while(|c| c.is_whitespace()).count();
    let mut kept = Vec::new();
    for (at, c) in text.iter().enumerate() {
        let mut key: String = c.to_lowercase().collect();
        if spaced {
            key = key.replace(' ', "|");
        }
        if at < n_leading || at >= text.len() - n_trailing.min(text.len()) {
            continue;
        }
        match dictionary.whisperx_class_of(&key) {
            Some(class) => kept.push((at, Label::Class(class))),
            None if key != " " && key != "|" => kept.push((at, Label::Wildcard)),
            None => {}
        }
    }
    kept
}

/// The sentences of one segment with their words, or the segment unchanged if it cannot be aligned.
///
/// `emissions` is `None` for a segment that begins after the recording.
pub(crate) fn align(
    segment: &Segment,
    emissions: Option<&Emissions>,
    dictionary: &Dictionary,
    splitter: &Splitter,
    spaced: bool,
    options: AlignOptions,
) -> Vec<Segment> {
    let text: Vec<char> = segment.text.chars().collect();
    let kept = clean(&text, dictionary, spaced);
    let labels: Vec<Label> = kept.iter().map(|(_, label)| *label).collect();
    let found = emissions
        .filter(|_| !kept.is_empty())
        .and_then(|emissions| {
            Some((
                emissions,
                trellis::align(emissions, &labels, dictionary.blank())?,
            ))
        });
    let Some((emissions, found)) = found else {
        return vec![Segment {
            words: Some(Vec::new()),
            chars: options.return_char_alignments.then(Vec::new),
            ..segment.clone()
        }];
    };
    let ratio = (segment.end.0 - segment.start.0) / emissions.n_frames() as f64;
    let time = |frame: usize| group::rounded(frame as f64 * ratio + segment.start.0);
    let mut characters = vec![group::Char::default(); text.len()];
    for ((at, _), char_segment) in kept.iter().zip(&found) {
        let CharSegment { start, end, score } = *char_segment;
        characters[*at].start = Some(time(start));
        characters[*at].end = Some(time(end));
        characters[*at].score = Some(group::rounded(score));
    }
    group::group(segment, &text, &characters, splitter, spaced, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_keeps_strange_characters_as_wildcards_and_drops_spaces_of_chinese() {
        let keys = ["-", "|", "a", "b"].map(String::from);
        let dictionary = Dictionary::new(keys.into_iter().zip(0..), "|", 0);
        let check = |text: &str, spaced: bool, expected: &[(usize, Label)]| {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(clean(&text, &dictionary, spaced), expected);
        };
        let class = Label::Class;
        check(
            " A 1-b ",
            true,
            &[
                (1, class(2)),
                (2, class(1)),
                (3, Label::Wildcard),
                (4, class(0)),
                (5, class(3)),
            ],
        );
        check("a b", false, &[(0, class(2)), (2, class(3))]);
        check("  ", true, &[]);
    }
}
