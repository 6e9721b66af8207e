//! A network whose logits are a function of the tokens so far, for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::language::Language;

use crate::asr::network::{Decoding, Network, Reading, Sequence};
use crate::asr::special::SpecialTokens;

/// Text tokens are `0..EOT`.
pub(crate) const EOT: u32 = 6;
pub(crate) const SOT: u32 = 7;
pub(crate) const TRANSCRIBE: u32 = 11;
pub(crate) const NO_SPEECH: u32 = 14;
pub(crate) const NO_TIMESTAMPS: u32 = 15;
/// The first of [`N_TIMESTAMPS`] timestamps.
pub(crate) const TS: u32 = 16;
pub(crate) const N_TIMESTAMPS: u32 = 10;
pub(crate) const VOCABULARY: usize = (TS + N_TIMESTAMPS) as usize;

/// The control tokens of the toy vocabulary, which knows English and German.
pub(crate) fn special() -> SpecialTokens {
    SpecialTokens {
        end_of_text: EOT,
        start_of_transcript: SOT,
        languages: vec![
            (Language::ENGLISH, 8),
            ("de".parse().expect("German is known"), 9),
        ],
        translate: 10,
        transcribe: TRANSCRIBE,
        start_of_lm: 12,
        start_of_prev: 13,
        no_speech: NO_SPEECH,
        no_timestamps: NO_TIMESTAMPS,
        timestamp_begin: TS,
        timestamp_end: TS + N_TIMESTAMPS - 1,
    }
}

/// A network that computes its logits from the number that stands for a window, and from all tokens fed to a row.
pub(crate) struct Toy<F> {
    logits: F,
    vocabulary_size: usize,
    n_encoded: AtomicU64,
}

impl<F: Fn(u64, &[u32]) -> Vec<f32> + Sync> Toy<F> {
    pub(crate) fn new(logits: F) -> Self {
        Self::sized(VOCABULARY, logits)
    }

    /// A network with another vocabulary; `logits` gives as many numbers.
    pub(crate) fn sized(vocabulary_size: usize, logits: F) -> Self {
        Self {
            logits,
            vocabulary_size,
            n_encoded: AtomicU64::new(0),
        }
    }

    /// Windows encoded so far.
    pub(crate) fn n_encoded(&self) -> u64 {
        self.n_encoded.load(Ordering::Relaxed)
    }
}

/// A network with random logits, about as uneven as real ones.
pub(crate) fn random() -> Toy<impl Fn(u64, &[u32]) -> Vec<f32> + Sync> {
    random_sized(VOCABULARY)
}

/// A random network with another vocabulary.
pub(crate) fn random_sized(n: usize) -> Toy<impl Fn(u64, &[u32]) -> Vec<f32> + Sync> {
    Toy::sized(n, move |window, tokens| {
        let seed = tokens.iter().fold(window, |hash, token| {
            (hash ^ u64::from(*token))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(29)
        });
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..n).map(|_| rng.f32() * 8.0 - 4.0).collect()
    })
}

/// Tokens so far, and weights of the tokens that may follow.
pub(crate) type Table = [(&'static [u32], &'static [(u32, f32)])];

/// A network that follows a table: after the tokens on the left (those of the prompt left out), the logarithms of the
/// weights on the right. Tokens not named are impossible; sequences not named end.
pub(crate) fn table(rows: &'static Table) -> Toy<impl Fn(u64, &[u32]) -> Vec<f32> + Sync> {
    Toy::new(move |_, tokens| {
        let begin = tokens
            .iter()
            .rposition(|token| (SOT..=NO_TIMESTAMPS).contains(token))
            .map_or(0, |i| i + 1);
        let mut logits = vec![f32::NEG_INFINITY; VOCABULARY];
        match rows.iter().find(|(after, _)| *after == &tokens[begin..]) {
            Some((_, weights)) => {
                weights
                    .iter()
                    .for_each(|(token, weight)| logits[*token as usize] = weight.ln());
            }
            None => logits[EOT as usize] = 0.0,
        }
        logits
    })
}

impl<F: Fn(u64, &[u32]) -> Vec<f32> + Sync> Network for Toy<F> {
    type Encoded = u64;

    fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    fn n_mels(&self) -> usize {
        80
    }

    /// Windows are numbered in the order in which they come.
    fn encode(&self, _mel: &[f32]) -> u64 {
        self.n_encoded.fetch_add(1, Ordering::Relaxed)
    }

    fn window_bytes(&self, _n_rows: usize) -> u64 {
        0
    }

    /// The look goes through the window at an even pace, half a frame off so that no two tokens are level.
    fn read(&self, sequences: &[Sequence<'_, u64>], n_ids: u32) -> Vec<Reading> {
        let one = |sequence: &Sequence<'_, u64>| {
            let (n_tokens, n_frames) = (sequence.tokens.len(), sequence.n_frames);
            let pace = n_frames as f32 / n_tokens as f32;
            let weight = |row: usize, frame: usize| {
                let off = (frame as f32 + 0.5) / pace - (row as f32 + 0.5);
                (-off * off).exp()
            };
            let attention = (0..n_tokens)
                .flat_map(|row| (0..n_frames).map(move |frame| weight(row, frame)))
                .collect();
            let probabilities = (1..n_tokens)
                .map(|end| {
                    let logits = (self.logits)(*sequence.encoded, &sequence.tokens[..end]);
                    let text = &logits[..n_ids as usize];
                    let sum: f32 = text.iter().map(|logit| logit.exp()).sum();
                    text.get(sequence.tokens[end] as usize)
                        .map_or(0.0, |logit| logit.exp() / sum)
                })
                .collect();
            Reading {
                attention,
                probabilities,
            }
        };
        sequences.iter().map(one).collect()
    }

    fn lateness(&self) -> f64 {
        0.0
    }

    fn decode<'a>(&'a self, items: &[&'a u64]) -> Box<dyn Decoding + 'a> {
        Box::new(Rows {
            logits_of: &self.logits,
            sequences: items.iter().map(|window| (**window, Vec::new())).collect(),
            logits: Vec::new(),
        })
    }
}

struct Rows<'a, F> {
    logits_of: &'a F,
    sequences: Vec<(u64, Vec<u32>)>,
    logits: Vec<f32>,
}

impl<F: Fn(u64, &[u32]) -> Vec<f32> + Sync> Decoding for Rows<'_, F> {
    fn n_rows(&self) -> usize {
        self.sequences.len()
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> &mut [f32] {
        assert_eq!(tokens.len(), self.sequences.len(), "every row is fed");
        assert!(
            tokens
                .iter()
                .all(|row| row.len() == tokens[0].len() && !row.is_empty()),
            "rows stay in step"
        );
        self.logits.clear();
        for ((window, fed), new) in self.sequences.iter_mut().zip(tokens) {
            fed.extend_from_slice(new);
            self.logits.extend((self.logits_of)(*window, fed));
        }
        &mut self.logits
    }

    fn reorder(&mut self, parents: &[usize]) {
        self.sequences = parents
            .iter()
            .map(|parent| self.sequences[*parent].clone())
            .collect();
    }
}
