//! The search on toy networks: hand-made tables, random ones, and plain reference searches.

mod by_hand;
mod properties;
mod reference;
mod speed;

use domain::progress::Silent;

use super::toy::{self, NO_TIMESTAMPS, SOT, TRANSCRIBE};
use super::*;

/// A prompt that wants no timestamps.
const PLAIN: [u32; 4] = [SOT, 8, TRANSCRIBE, NO_TIMESTAMPS];
/// A prompt that wants timestamps.
const TIMED: [u32; 3] = [SOT, 8, TRANSCRIBE];

fn options(method: Method) -> SearchOptions {
    SearchOptions {
        method,
        length_penalty: 1.0,
        repetition_penalty: 1.0,
        no_repeat_ngram_size: 0,
        suppress: Vec::new(),
        suppress_at_begin: Vec::new(),
        max_initial_timestamp: 50,
    }
}

fn beam(size: usize) -> SearchOptions {
    options(Method::Beam {
        size,
        patience: 1.0,
    })
}

fn sample(best_of: usize) -> SearchOptions {
    options(Method::Sample {
        temperature: 0.8,
        best_of,
        seed: 1,
    })
}

/// Decodes one window.
fn one<N: Network<Encoded = u64>>(
    network: &N,
    window: u64,
    prompt: &[u32],
    options: &SearchOptions,
) -> Found {
    batch(network, &[window], prompt, options).remove(0)
}

/// Decodes several windows at once.
fn batch<N: Network<Encoded = u64>>(
    network: &N,
    windows: &[u64],
    prompt: &[u32],
    options: &SearchOptions,
) -> Vec<Found> {
    let encoded: Vec<&u64> = windows.iter().collect();
    let prompts = vec![prompt.to_vec(); windows.len()];
    generate(
        network,
        &toy::special(),
        &encoded,
        &prompts,
        options,
        &Silent,
    )
    .unwrap()
}

/// Token sequences with scores, as text.
fn show(found: &Found) -> String {
    let lines = found
        .hypotheses
        .iter()
        .map(|h| format!("{:?} {:.3}", h.tokens, h.score));
    lines.collect::<Vec<_>>().join("\n")
}
