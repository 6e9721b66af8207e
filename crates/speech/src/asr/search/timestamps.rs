//! The rules by which timestamps come: first, in pairs, never backwards, and when they are likely as a whole.

use std::ops::Range;

use crate::asr::special::SpecialTokens;

/// What of a row may be chosen, as far as timestamps decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowed {
    /// Text and control tokens; with timestamps off, all tokens.
    pub(super) text: Range<usize>,
    /// Timestamps.
    pub(super) timestamps: Range<usize>,
    /// Whether text falls away when all timestamps together are likelier than the likeliest text token.
    pub(super) timestamps_may_win: bool,
}

impl Allowed {
    /// Timestamps are off: they are tokens like others.
    pub(super) fn everything(vocabulary_size: usize) -> Self {
        Self {
            text: 0..vocabulary_size,
            timestamps: vocabulary_size..vocabulary_size,
            timestamps_may_win: false,
        }
    }

    /// What may follow on `generated`, the tokens after a forced prefix. `max_initial` is the largest first timestamp
    /// in steps of 0.02 s; it counts only where no prefix was forced.
    pub(super) fn after(
        generated: &[u32],
        has_prefix: bool,
        special: &SpecialTokens,
        max_initial: u32,
    ) -> Self {
        let begin = special.timestamp_begin as usize;
        let end = special.timestamp_end as usize + 1;
        let is_timestamp = |token: &u32| *token >= special.timestamp_begin;
        let mut allowed = Self {
            text: 0..begin,
            timestamps: begin..end,
            timestamps_may_win: false,
        };
        match generated {
            [] if has_prefix => {}
            [] => {
                allowed.text = begin..begin;
                allowed.timestamps.end = end.min(begin + max_initial as usize + 1);
            }
            // A pair is complete, or the text begins: what follows is no timestamp.
            [last] if is_timestamp(last) => allowed.timestamps = end..end,
            [.., previous, last] if is_timestamp(last) && is_timestamp(previous) => {
                allowed.timestamps = end..end;
            }
            // A text has ended: the next begins, at once or later, or all ends.
            [.., last] if is_timestamp(last) => {
                allowed.text.start = special.end_of_text as usize;
                allowed.timestamps.start = *last as usize;
                allowed.timestamps_may_win = true;
            }
            // Within a text: it may end, but takes some time.
            _ => {
                if let Some(recent) = generated.iter().rfind(|token| is_timestamp(token)) {
                    allowed.timestamps.start = *recent as usize + 1;
                }
                allowed.timestamps_may_win = true;
            }
        }
        allowed
    }
}
