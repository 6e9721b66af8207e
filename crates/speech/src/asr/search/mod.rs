//! From logits to token sequences: beam search, greedy search and sampling, with the semantics of `CTranslate2`.
//!
//! [`generate`] decodes a batch of items side by side. Each item holds a few rows of the decoder (its beams or its
//! samples); in every step each item reads the logits of its rows, says which rows go on with which token, and may end
//! rows. An item that is done leaves the batch; the others do not notice.

mod beam;
mod item;
mod processors;
mod prompt;
mod row;
mod sample;
mod timestamps;
mod top;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod toy;

use domain::options::AsrOptions;
use domain::progress::Monitor;

use super::error::AsrError;
use super::network::Network;
use super::special::SpecialTokens;
use super::suppress::{suppressed, suppressed_at_begin};
use super::tokenizer::Tokenizer;
use item::{Item, NextStep, Rules, Scratch, Step};
use prompt::Prompt;
use row::softmax_at;

/// Positions of the decoder: prompt and text together.
pub const CONTEXT: usize = 448;
/// Steps of the timestamps in a second.
const TIMESTAMPS_PER_SECOND: f32 = 50.0;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Keeps the `size` most likely sequences; with one, the most likely token of each step.
    Beam {
        /// Sequences kept side by side; at least 1.
        size: usize,
        /// Finished sequences wanted, as a multiple of `size`.
        patience: f32,
    },
    /// Draws every token at random, `best_of` times over.
    Sample {
        /// By what the logits are divided; above 0.
        temperature: f32,
        /// Sequences drawn; at least 1.
        best_of: usize,
        /// Start of the random numbers. The same seed gives the same tokens, whatever else is in the batch.
        seed: u64,
    },
}

impl Method {
    /// Beam search at temperature 0, else sampling with random numbers from `seed` on.
    pub fn at(temperature: f32, options: &AsrOptions, seed: u64) -> Self {
        if temperature > 0.0 {
            Self::Sample {
                temperature,
                best_of: options.best_of,
                seed,
            }
        } else {
            Self::Beam {
                size: options.beam_size,
                patience: options.patience,
            }
        }
    }
}

/// Options of [`generate`].
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOptions {
    /// How the next token is chosen.
    pub method: Method,
    /// Exponent of the length by which the score of a sequence is divided.
    pub length_penalty: f32,
    /// Logits of tokens already there are divided by it (multiplied where negative); 1 is off.
    pub repetition_penalty: f32,
    /// Length of token sequences that may not come twice; 0 is off.
    pub no_repeat_ngram_size: usize,
    /// Tokens never chosen.
    pub suppress: Vec<u32>,
    /// Tokens not chosen first.
    pub suppress_at_begin: Vec<u32>,
    /// The largest first timestamp, in steps of 0.02 s.
    pub max_initial_timestamp: u32,
}

impl SearchOptions {
    /// What `options` say about the search, for temperature 0.
    pub fn of(tokenizer: &Tokenizer, options: &AsrOptions) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, and the search bounds it by the last timestamp"
        )]
        let max_initial_timestamp =
            (options.max_initial_timestamp * TIMESTAMPS_PER_SECOND).round() as u32;
        Self {
            method: Method::at(0.0, options, 0),
            length_penalty: options.length_penalty,
            repetition_penalty: options.repetition_penalty,
            no_repeat_ngram_size: options.no_repeat_ngram_size,
            suppress: suppressed(tokenizer, options),
            suppress_at_begin: if options.suppress_blank {
                suppressed_at_begin(tokenizer)
            } else {
                Vec::new()
            },
            max_initial_timestamp,
        }
    }
}

/// What was found for one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Best first; never empty.
    pub hypotheses: Vec<Hypothesis>,
    /// Probability that nothing is said, in `[0, 1]`.
    pub no_speech_prob: f32,
}

/// One token sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Text and timestamps, a forced prefix included, the end token left out.
    pub tokens: Vec<u32>,
    /// Sum of the log-probabilities of the tokens chosen and of the end token.
    pub sum_logprob: f32,
    /// The sum divided by the length to the power of the length penalty: hypotheses are ordered by it.
    pub score: f32,
}

impl Hypothesis {
    fn new(tokens: Vec<u32>, sum_logprob: f32, length_penalty: f32) -> Self {
        let score = sum_logprob / (tokens.len() as f32).powf(length_penalty);
        Self {
            // An empty sequence has no mean; it comes last.
            score: if score.is_nan() {
                f32::NEG_INFINITY
            } else {
                score
            },
            tokens,
            sum_logprob,
        }
    }

    /// Mean log-probability of a token, the end token counted.
    pub fn avg_logprob(&self) -> f32 {
        self.sum_logprob / (self.tokens.len() + 1) as f32
    }
}

/// Finds the text of encoded windows; `prompts[i]` belongs to `encoded[i]`.
///
/// A prompt is the text before (if any), the start token with the control tokens after it, and then tokens with which
/// the result is made to begin. In all prompts the start token stands at the same place, followed by the same number of
/// control tokens.
///
/// # Errors
///
/// When the monitor cancels (looked at before each step), or a prompt leaves no room for text.
///
/// # Panics
///
/// When a prompt has no start token, or its control tokens do not stand where those of the others are.
pub fn generate<N: Network>(
    network: &N,
    special: &SpecialTokens,
    encoded: &[&N::Encoded],
    prompts: &[Vec<u32>],
    options: &SearchOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Found>, AsrError> {
    let prompts: Vec<Prompt> = prompts.iter().map(|p| Prompt::split(p, special)).collect();
    let Some(first) = prompts.first() else {
        return Ok(Vec::new());
    };
    for prompt in &prompts {
        assert!(
            prompt.is_alike(first),
            "the control tokens of a batch stand at the same place"
        );
        prompt.check_room()?;
    }
    let vocabulary_size = network.vocabulary_size();
    let mut decoding = network.decode(encoded);

    // The logits after the start token tell silence; those after the last control or forced token begin the text.
    check(monitor)?;
    let starts: Vec<&[u32]> = prompts.iter().map(|prompt| prompt.start).collect();
    let mut logits = decoding.feed(&starts);
    let no_speech_probs: Vec<f32> = logits
        .chunks(vocabulary_size)
        .map(|row| softmax_at(row, special.no_speech))
        .collect();
    let n_forced = prompts
        .iter()
        .map(|prompt| prompt.forced.len())
        .min()
        .unwrap_or(0);
    let rest: Vec<Vec<u32>> = prompts
        .iter()
        .map(|prompt| [prompt.control, &prompt.forced[..n_forced]].concat())
        .collect();
    if !rest[0].is_empty() {
        check(monitor)?;
        logits = decoding.feed(&rest.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    let mut items: Vec<Item> = prompts
        .iter()
        .map(|prompt| Item::new(Rules::new(prompt, special, options), n_forced))
        .collect();
    let mut scratch = Scratch::default();
    let mut next = NextStep::default();
    loop {
        next.clear();
        let mut first_row = 0;
        for item in items.iter_mut().filter(|item| item.n_rows() > 0) {
            let n_rows = item.n_rows();
            item.advance(Step {
                logits: &mut logits[first_row * vocabulary_size..][..n_rows * vocabulary_size],
                first_row,
                scratch: &mut scratch,
                next: &mut next,
            });
            first_row += n_rows;
        }
        if next.parents.is_empty() {
            break;
        }
        check(monitor)?;
        if !next.keeps_rows(first_row) {
            decoding.reorder(&next.parents);
        }
        logits = decoding.feed(&next.tokens.chunks(1).collect::<Vec<_>>());
    }
    let hypotheses = items.into_iter().map(Item::finish);
    Ok(hypotheses
        .zip(no_speech_probs)
        .map(|(hypotheses, no_speech_prob)| Found {
            hypotheses,
            no_speech_prob,
        })
        .collect())
}

fn check(monitor: &dyn Monitor) -> Result<(), AsrError> {
    if monitor.is_cancelled() {
        Err(AsrError::Cancelled)
    } else {
        Ok(())
    }
}
