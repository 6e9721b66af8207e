//! The recogniser as the search sees it: an encoder for windows, and a decoder that is fed tokens row by row.
//!
//! A *row* is one token sequence that grows: one per item at first, then one per beam. Rows of all items of a batch
//! are decoded side by side; each row attends to the encoded window of its item.

pub use nn::decoder::Reading;

/// A Whisper network ready to run.
pub trait Network: Sync {
    /// The encoder's output for one window, with the decoder's cross-attention keys and values.
    type Encoded: Send + Sync;

    /// Number of token ids, and so of logits a row.
    fn vocabulary_size(&self) -> usize;

    /// Mel bands of the features: 80 or 128.
    fn n_mels(&self) -> usize;

    /// Encodes one window of log-mel features, row-major `(n_mels, 3000)`.
    fn encode(&self, mel: &[f32]) -> Self::Encoded;

    /// Reads complete token sequences at once, each with its window: where the heads look that follow the speech, and
    /// how likely each token is among the ids below `n_ids`.
    fn read(&self, sequences: &[Sequence<'_, Self::Encoded>], n_ids: u32) -> Vec<Reading>;

    /// Seconds by which the attention of [`Self::read`] passes from word to word later than the speaker does.
    fn lateness(&self) -> f64;

    /// What the caches of one window take while it is decoded in `n_rows` rows to their full length, in bytes; 0 if they
    /// are nothing to speak of.
    fn window_bytes(&self, n_rows: usize) -> u64;

    /// The most that a search may take beside the model, in bytes, if there is a limit.
    fn max_search_bytes(&self) -> Option<u64> {
        None
    }

    /// Begins decoding: row `i` belongs to `items[i]`.
    fn decode<'a>(&'a self, items: &[&'a Self::Encoded]) -> Box<dyn Decoding + 'a>;
}

/// A token sequence to read.
#[derive(Debug)]
pub struct Sequence<'a, E> {
    /// The window that it is about.
    pub encoded: &'a E,
    /// Control tokens, text and end.
    pub tokens: &'a [u32],
    /// Frames of the encoder, 0.02 s each, that hold sound.
    pub n_frames: usize,
}

/// Rows being decoded, with their key and value caches.
pub trait Decoding {
    /// Number of rows now.
    fn n_rows(&self) -> usize;

    /// Appends tokens to every row and returns the logits after the **last** of them, row-major
    /// `(rows, vocabulary)`. All rows get the same number of tokens, at least one; `tokens[r]` goes to row `r`.
    fn feed(&mut self, tokens: &[&[u32]]) -> &mut [f32];

    /// Replaces the rows: new row `r` continues old row `parents[r]`, with its cache and its item. Grows one row
    /// to several beams, drops finished rows, and repeats or reorders at will.
    fn reorder(&mut self, parents: &[usize]);
}
