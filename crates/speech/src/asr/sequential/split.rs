//! A window's tokens cut into segments where timestamps stand in pairs.

use crate::asr::special::SpecialTokens;

/// Feature frames that a step of the timestamps stands for: 0.02 s.
const FRAMES_PER_STEP: usize = 2;

/// What a window's tokens say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split<'a> {
    /// The segments that are complete.
    pub(super) pieces: Vec<Piece<'a>>,
    /// Frames after which the next window begins; at least 1.
    pub(super) advance: usize,
    /// Whether one timestamp alone ends the tokens: nothing is said after it.
    pub(super) ends_alone: bool,
}

/// A segment inside a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Frames from the window's beginning.
    pub(super) start: usize,
    /// Frames from the window's beginning.
    pub(super) end: usize,
    /// Text and timestamps.
    pub(super) tokens: &'a [u32],
}

/// Splits the tokens of a window of `size` frames.
///
/// A pair of timestamps ends a segment and begins the next. Where the tokens end with one timestamp alone, nothing is
/// said after it, and the window is done; where they end with a pair or within a text, the rest of the window is
/// decoded again from the last complete segment on. Without any pair the whole window is one segment.
pub(super) fn split_by_timestamps<'a>(
    tokens: &'a [u32],
    size: usize,
    special: &SpecialTokens,
) -> Split<'a> {
    let is_timestamp = |token: &u32| *token >= special.timestamp_begin;
    let frames =
        |token: u32| token.saturating_sub(special.timestamp_begin) as usize * FRAMES_PER_STEP;
    let ends_alone =
        matches!(tokens, [.., text, last] if !is_timestamp(text) && is_timestamp(last));
    let mut cuts: Vec<usize> = (1..tokens.len())
        .filter(|i| is_timestamp(&tokens[i - 1]) && is_timestamp(&tokens[*i]))
        .collect();
    let Some(last_cut) = cuts.last().copied() else {
        let last = tokens.iter().copied().rfind(is_timestamp);
        let end = match last.map_or(0, frames) {
            0 => size,
            end => end,
        };
        return Split {
            pieces: vec![Piece {
                start: 0,
                end,
                tokens,
            }],
            advance: size.max(1),
            ends_alone,
        };
    };
    let advance = if ends_alone {
        cuts.push(tokens.len());
        size
    } else {
        frames(tokens[last_cut - 1])
    };
    let begins = std::iter::once(0).chain(cuts.iter().copied());
    let pieces = begins.zip(&cuts).map(|(begin, end)| {
        let tokens = &tokens[begin..*end];
        Piece {
            start: frames(tokens[0]),
            end: frames(tokens[tokens.len() - 1]),
            tokens,
        }
    });
    Split {
        pieces: pieces.collect(),
        // With timestamps off they come in any order, and a window must not be decoded twice.
        advance: if advance == 0 { size.max(1) } else { advance },
        ends_alone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::search::toy::{TS, special};
    use proptest::prelude::*;

    fn check(tokens: &[u32], pieces: &[(usize, usize, &[u32])], advance: usize) {
        let split = split_by_timestamps(tokens, 1000, &special());
        let expected = pieces.iter().map(|(start, end, tokens)| Piece {
            start: *start,
            end: *end,
            tokens,
        });
        assert_eq!(split.pieces, expected.collect::<Vec<_>>(), "{tokens:?}");
        assert_eq!(split.advance, advance, "{tokens:?}");
    }

    #[test]
    fn segments_end_at_pairs() {
        // A pair at the end: the next window begins there.
        check(
            &[TS, 1, TS + 3, TS + 3, 2, TS + 6, TS + 6],
            &[(0, 6, &[TS, 1, TS + 3]), (6, 12, &[TS + 3, 2, TS + 6])],
            12,
        );
        // One timestamp at the end: all of the window is done.
        check(
            &[TS, 1, TS + 3, TS + 4, 2, TS + 9],
            &[(0, 6, &[TS, 1, TS + 3]), (8, 18, &[TS + 4, 2, TS + 9])],
            1000,
        );
        // Within a text: what is unfinished is decoded again.
        check(
            &[TS, 1, TS + 3, TS + 4, 2, 2],
            &[(0, 6, &[TS, 1, TS + 3])],
            6,
        );
        // The beginning of the next segment stands behind the cut and does not count.
        check(
            &[TS + 1, 1, TS + 3, TS + 8],
            &[(2, 6, &[TS + 1, 1, TS + 3])],
            6,
        );
    }

    #[test]
    fn without_a_pair_the_window_is_one_segment() {
        check(&[TS, 1, TS + 5], &[(0, 10, &[TS, 1, TS + 5])], 1000);
        // It begins with the window, and ends with it where the only timestamp is the first.
        check(&[TS + 2, 1, TS + 5], &[(0, 10, &[TS + 2, 1, TS + 5])], 1000);
        check(&[TS + 4, 1, 2], &[(0, 8, &[TS + 4, 1, 2])], 1000);
        check(&[TS, 1, 2], &[(0, 1000, &[TS, 1, 2])], 1000);
        check(&[1, 2], &[(0, 1000, &[1, 2])], 1000);
        check(&[TS], &[(0, 1000, &[TS])], 1000);
        check(&[], &[(0, 1000, &[])], 1000);
    }

    #[test]
    fn a_window_is_never_decoded_twice() {
        check(&[TS, TS, 1], &[(0, 0, &[TS])], 1000);
        assert_eq!(split_by_timestamps(&[], 0, &special()).advance, 1);
    }

    proptest! {
        #[test]
        fn windows_advance_whatever_the_tokens(
            tokens in proptest::collection::vec(0..TS + 10, 0..40), size in 1usize..3000,
        ) {
            let split = split_by_timestamps(&tokens, size, &special());
            prop_assert!(split.advance > 0);
            let kept: Vec<u32> = split.pieces.iter().flat_map(|piece| piece.tokens.to_vec()).collect();
            prop_assert!(tokens.starts_with(&kept));
        }
    }
}
