//! Which language is spoken in a recording that is cut into chunks.

use domain::language::Language;

use super::texts::claim;
use super::{Recording, seconds};
use crate::asr::belief::doubt;
use crate::asr::detect::{UNSURE_VOTES, Windows, detect_language, n_looked_at};
use crate::asr::error::AsrError;
use crate::asr::fallback::Attempt;
use crate::asr::network::Network;
use crate::asr::search::generate;
use crate::vad::Chunk;

/// The speech that the first chunk looked at should have, in seconds.
const ENOUGH_SECONDS: f64 = 10.0;

impl<N: Network> Recording<'_, N> {
    /// Finds the language from some chunks; returns its probability.
    pub(super) fn detect_language(&mut self) -> Result<f32, AsrError> {
        let places = places(self.chunks, self.options.language_detection_segments);
        let special = self.tokenizer.special();
        let (network, options, monitor) = (self.network, self.options, self.monitor);
        let found = detect_language(network, special, self, &places, options, monitor)?;
        self.language = found.language;
        self.ready = found.ready;
        Ok(found.probability)
    }
}

impl<N: Network> Windows for Recording<'_, N> {
    type Encoded = N::Encoded;

    fn encode(&self, index: usize) -> N::Encoded {
        Recording::encode(self, index)
    }

    fn decode(
        &self,
        index: usize,
        encoded: &N::Encoded,
        language: Language,
    ) -> Result<Attempt, AsrError> {
        let found = generate(
            self.network,
            self.tokenizer.special(),
            &[encoded],
            &[self.prompt(index, language)],
            &self.search,
            self.monitor,
        )?;
        let temperature = self.options.temperatures[0];
        Ok(Attempt::first(found, self.tokenizer, temperature))
    }

    fn believed_seconds(&self, index: usize, attempt: &Attempt) -> f64 {
        let chunk = &self.chunks[index];
        let is_believed =
            attempt.n_words > 0.0 && doubt(&claim(chunk, attempt), self.options).is_none();
        if is_believed {
            seconds(chunk.n_speech()).0
        } else {
            0.0
        }
    }
}

/// Numbers of the chunks that are looked at, in their order: `n_wanted` spread over the recording, early ones with enough
/// speech first, then whatever has most; behind them others.
fn places(chunks: &[Chunk], n_wanted: usize) -> Vec<usize> {
    let enough = |index: &usize| seconds(chunks[*index].n_speech()).0.min(ENOUGH_SECONDS);
    let mut order: Vec<usize> = (0..chunks.len()).collect();
    order.sort_by(|a, b| enough(b).total_cmp(&enough(a)));
    let spread = |n: usize| {
        let step = order.len().div_ceil(n).max(1);
        order.iter().copied().step_by(step)
    };
    let mut places = Vec::new();
    for index in spread(n_wanted.max(UNSURE_VOTES)).chain(spread(n_looked_at(n_wanted))) {
        if !places.contains(&index) {
            places.push(index);
        }
    }
    places
}
