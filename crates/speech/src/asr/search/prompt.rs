//! A prompt taken apart into what the search does with each piece.

use super::CONTEXT;
use crate::asr::error::AsrError;
use crate::asr::special::SpecialTokens;

/// The pieces of one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prompt<'a> {
    /// The text before, and the start token.
    pub(super) start: &'a [u32],
    /// Language, task and the wish for no timestamps, as far as given.
    pub(super) control: &'a [u32],
    /// Tokens with which the result is made to begin.
    pub(super) forced: &'a [u32],
}

impl<'a> Prompt<'a> {
    /// # Panics
    ///
    /// When there is no start token.
    pub(super) fn split(tokens: &'a [u32], special: &SpecialTokens) -> Self {
        let controls = special.start_of_transcript..=special.no_timestamps;
        let start = tokens
            .iter()
            .position(|token| *token == special.start_of_transcript)
            .expect("a prompt has a start token");
        let (start, rest) = tokens.split_at(start + 1);
        let n_control = rest
            .iter()
            .take_while(|token| controls.contains(token))
            .count();
        let (control, forced) = rest.split_at(n_control);
        Self {
            start,
            control,
            forced,
        }
    }

    /// The most tokens that may be generated, forced ones included: half the context, or what the prompt leaves.
    pub(super) fn max_tokens(&self) -> usize {
        // The last control token is the first input of the search, so its position counts as free.
        let n_before = self.start.len() + self.control.len() - 1;
        (CONTEXT / 2).min(CONTEXT.saturating_sub(n_before))
    }

    /// Whether both can be fed side by side.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.start.len() == other.start.len() && self.control.len() == other.control.len()
    }

    pub(super) fn check_room(&self) -> Result<(), AsrError> {
        if self.forced.len() < self.max_tokens() {
            return Ok(());
        }
        Err(AsrError::PromptTooLong {
            n_tokens: self.start.len() + self.control.len() + self.forced.len(),
            context: CONTEXT,
        })
    }

    /// Whether the result is to have timestamps.
    pub(super) fn wants_timestamps(&self, special: &SpecialTokens) -> bool {
        self.control.last() != Some(&special.no_timestamps)
    }
}
