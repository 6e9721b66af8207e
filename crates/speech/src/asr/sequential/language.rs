//! Which language is spoken in a recording that is read window by window.

use domain::language::Language;

use super::split::split_by_timestamps;
use super::{Recording, claim, seconds};
use crate::asr::belief::doubt;
use crate::asr::detect::{Windows, detect_language, loud_frames};
use crate::asr::error::AsrError;
use crate::asr::fallback::{Attempt, Try};
use crate::asr::mel::WINDOW_FRAMES;
use crate::asr::network::Network;

impl<N: Network> Recording<'_, N> {
    /// Finds the language from some windows; returns its probability.
    pub(super) fn detect_language(&mut self) -> Result<f32, AsrError> {
        let places = loud_frames(self.samples, self.options);
        let special = self.tokenizer.special();
        let (network, options, monitor) = (self.network, self.options, self.monitor);
        let found = detect_language(network, special, self, &places, options, monitor)?;
        self.language = found.language;
        self.ready = found.ready;
        Ok(found.probability)
    }

    /// Frames of the window from `seek` on.
    fn size(&self, seek: usize) -> usize {
        WINDOW_FRAMES.min(self.features.n_frames().saturating_sub(seek))
    }
}

impl<N: Network> Windows for Recording<'_, N> {
    type Encoded = N::Encoded;

    fn encode(&self, seek: usize) -> N::Encoded {
        self.network
            .encode(&self.features.window(seek, self.size(seek)))
    }

    fn decode(
        &self,
        seek: usize,
        encoded: &N::Encoded,
        language: Language,
    ) -> Result<Attempt, AsrError> {
        let prompt = self.prompt(seek, language);
        self.attempt(seek, encoded, &prompt, Try::first(self.options))
    }

    fn believed_seconds(&self, seek: usize, attempt: &Attempt) -> f64 {
        let size = self.size(seek);
        if attempt.n_words == 0.0 || doubt(&claim(attempt, size), self.options).is_some() {
            return 0.0;
        }
        let split = split_by_timestamps(&attempt.hypothesis.tokens, size, self.tokenizer.special());
        let n_frames = |start: usize, end: usize| end.min(size).saturating_sub(start);
        let spoken = split
            .pieces
            .iter()
            .map(|piece| n_frames(piece.start, piece.end));
        seconds(spoken.sum::<usize>().max(1)).0
    }
}
