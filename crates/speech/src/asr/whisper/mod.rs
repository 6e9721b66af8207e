//! The Whisper network of Radford et al. 2022, every size from tiny to large-v3, on the layers of `nn`.

mod balance;
mod load;

use std::path::Path;

use domain::options::ComputeType;
use nn::conv::Conv1d;
use nn::decoder::{CrossCache, Decoder};
use nn::encoder::Encoder;
use nn::{Isa, Pool};

pub use load::{Dimensions, LoadError};

use super::network::{Decoding, Network, Reading, Sequence};
use super::tokenizer::Tokenizer;
use super::words::{Head, lateness};

/// Feature frames of a window.
pub const WINDOW_FRAMES: usize = 3000;

/// A model ready to run, with its tokenizer.
#[derive(Debug)]
pub struct Whisper {
    network: WhisperNetwork,
    tokenizer: Tokenizer,
}

/// The network alone.
#[derive(Debug)]
pub struct WhisperNetwork {
    dimensions: Dimensions,
    pool: Pool,
    conv1: Conv1d,
    conv2: Conv1d,
    /// `(1500, width)`
    encoder_positions: Vec<f32>,
    encoder: Encoder,
    decoder: Decoder,
    /// The heads of the decoder that follow the speech.
    alignment_heads: Vec<Head>,
    /// What a search may take, in bytes.
    max_search_bytes: Option<u64>,
}

impl Whisper {
    /// Loads a model folder (CTranslate2 or Hugging Face) for so many threads of its own (0 takes one a
    /// core), or for a pool that it shares.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of a Whisper model.
    pub fn load(
        folder: &Path,
        compute: ComputeType,
        threads: impl Into<Pool>,
    ) -> Result<Self, LoadError> {
        load::load(
            folder,
            crate::precision(compute),
            Isa::detect(),
            threads.into(),
        )
    }

    /// The same, whose searches may take so many bytes beside the model; a search that needs more fails. As much as one
    /// window of the usual search is always allowed.
    #[must_use]
    pub fn with_search_limit(mut self, n_bytes: u64) -> Self {
        self.network.max_search_bytes = Some(n_bytes);
        self
    }

    /// The network.
    pub fn network(&self) -> &WhisperNetwork {
        &self.network
    }

    /// The vocabulary.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }
}

impl WhisperNetwork {
    /// Sizes of the model.
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    /// The encoder's output `(1500, width)` for one window of features `(n_mels, 3000)`.
    ///
    /// # Panics
    /// When the features have another shape.
    pub fn encode_features(&self, mel: &[f32]) -> Vec<f32> {
        let Dimensions { n_mels, width, .. } = self.dimensions;
        assert_eq!(mel.len(), n_mels * WINDOW_FRAMES, "features of one window");
        let mut frames = vec![0.0; (WINDOW_FRAMES + 2) * n_mels];
        for (band, values) in mel.chunks_exact(WINDOW_FRAMES).enumerate() {
            for (frame, value) in values.iter().enumerate() {
                frames[(frame + 1) * n_mels + band] = *value;
            }
        }
        let mut first = vec![0.0; (WINDOW_FRAMES + 2) * width];
        self.conv1.forward(
            &self.pool,
            &frames,
            &mut first[width..(WINDOW_FRAMES + 1) * width],
        );
        let mut x = vec![0.0; WINDOW_FRAMES / 2 * width];
        self.conv2.forward(&self.pool, &first, &mut x);
        drop(first);
        x.iter_mut()
            .zip(&self.encoder_positions)
            .for_each(|(x, position)| *x += position);
        self.encoder.forward(&self.pool, &mut x);
        x
    }
}

impl Network for WhisperNetwork {
    type Encoded = CrossCache;

    fn vocabulary_size(&self) -> usize {
        self.dimensions.vocabulary
    }

    fn n_mels(&self) -> usize {
        self.dimensions.n_mels
    }

    fn encode(&self, mel: &[f32]) -> CrossCache {
        CrossCache::new(&self.decoder, &self.pool, &self.encode_features(mel))
    }

    fn read(&self, sequences: &[Sequence<'_, CrossCache>], n_ids: u32) -> Vec<Reading> {
        let sequences: Vec<_> = (sequences.iter())
            .map(|sequence| nn::decoder::Sequence {
                window: sequence.encoded,
                tokens: sequence.tokens,
                n_frames: sequence.n_frames,
            })
            .collect();
        nn::decoder::read(
            &self.decoder,
            &self.pool,
            &sequences,
            &self.alignment_heads,
            n_ids as usize,
        )
    }

    fn lateness(&self) -> f64 {
        lateness(&self.dimensions, &self.alignment_heads)
    }

    fn window_bytes(&self, n_rows: usize) -> u64 {
        let row = self.decoder.cache_bytes(self.decoder.max_positions());
        self.decoder.cache_bytes(WINDOW_FRAMES / 2) + row * n_rows as u64
    }

    fn max_search_bytes(&self) -> Option<u64> {
        self.max_search_bytes
    }

    fn decode<'a>(&'a self, items: &[&'a CrossCache]) -> Box<dyn Decoding + 'a> {
        Box::new(nn::decoder::Decoding::new(&self.decoder, &self.pool, items))
    }
}

impl Decoding for nn::decoder::Decoding<'_> {
    fn n_rows(&self) -> usize {
        Self::n_rows(self)
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> &mut [f32] {
        Self::feed(self, tokens)
    }

    fn reorder(&mut self, parents: &[usize]) {
        Self::reorder(self, parents);
    }
}
