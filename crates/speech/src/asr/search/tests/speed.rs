//! What a step costs beyond the network. Run with `cargo test --profile desk -p speech speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::*;
use crate::asr::search::item::{Item, NextStep, Rules, Scratch, Step};

const VOCABULARY: usize = 51_865;

/// Logits spread like real ones: a wide bulk, a few that stand out, the end unlikely.
fn logits(rng: &mut fastrand::Rng) -> Vec<f32> {
    let mut logits: Vec<f32> = (0..VOCABULARY)
        .map(|_| rng.f32() + rng.f32() + rng.f32() - 8.0)
        .collect();
    for _ in 0..200 {
        logits[rng.usize(..50_000)] = rng.f32() * 12.0;
    }
    logits[50_257] = -9.0;
    logits
}

#[test]
#[ignore = "prints times, and checks none"]
fn a_step_of_five_beams() {
    let special = SpecialTokens::look_up(
        |name| match name {
            "<|endoftext|>" => Some(50_257),
            "<|startoftranscript|>" => Some(50_258),
            "<|notimestamps|>" => Some(50_363),
            _ => Some(50_300),
        },
        VOCABULARY,
    )
    .unwrap();
    let prompt = [50_258, 50_259, 50_359];
    let options = SearchOptions {
        suppress: (0..90).map(|i| i * 500).collect(),
        ..beam(5)
    };
    let mut rng = fastrand::Rng::with_seed(1);
    let given: Vec<f32> = (0..8 * 5).flat_map(|_| logits(&mut rng)).collect();
    let mut times = Vec::new();
    for _ in 0..5 {
        let rules = Rules::new(&Prompt::split(&prompt, &special), &special, &options);
        let mut item = Item::new(rules, 0);
        let (mut scratch, mut next) = (Scratch::default(), NextStep::default());
        for step in 0..200 {
            let n_values = item.n_rows() * VOCABULARY;
            let mut logits = given[step % 8 * 5 * VOCABULARY..][..n_values].to_vec();
            let begin = Instant::now();
            next.clear();
            item.advance(Step {
                logits: &mut logits,
                first_row: 0,
                scratch: &mut scratch,
                next: &mut next,
            });
            if step > 0 {
                times.push(begin.elapsed());
            }
        }
    }
    times.sort();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    eprintln!(
        "least {:.0} µs, median {:.0} µs",
        micros(times[0]),
        micros(times[times.len() / 2])
    );
}
