//! The same searches written down as plainly as possible: whole sorted lists, double precision, one step at a time.

use std::collections::HashSet;

use super::*;
use crate::asr::search::toy::{EOT, N_TIMESTAMPS, TS, VOCABULARY};

/// All rules applied to a row, as log-probabilities.
fn log_probs(
    mut logits: Vec<f64>,
    prompt: &[u32],
    tokens: &[u32],
    n_forced: usize,
    options: &SearchOptions,
) -> Vec<f64> {
    let forbid = |logits: &mut Vec<f64>, id: u32| logits[id as usize] = f64::NEG_INFINITY;
    let original = logits.clone();
    for id in tokens {
        let (logit, penalty) = (
            original[*id as usize],
            f64::from(options.repetition_penalty),
        );
        logits[*id as usize] = if logit < 0.0 {
            logit * penalty
        } else {
            logit / penalty
        };
    }
    let n = options.no_repeat_ngram_size;
    if n > 0 && tokens.len() >= n {
        for i in 0..=tokens.len() - n {
            if tokens[i..i + n - 1] == tokens[tokens.len() - (n - 1)..] {
                forbid(&mut logits, tokens[i + n - 1]);
            }
        }
    }
    options
        .suppress
        .iter()
        .for_each(|id| forbid(&mut logits, *id));
    if tokens.len() == n_forced {
        options
            .suppress_at_begin
            .iter()
            .for_each(|id| forbid(&mut logits, *id));
    }
    if !prompt.contains(&NO_TIMESTAMPS) {
        forbid(&mut logits, NO_TIMESTAMPS);
        let generated = &tokens[n_forced..];
        let mut may_win = false;
        if generated.is_empty() {
            if n_forced == 0 {
                (0..TS).for_each(|id| forbid(&mut logits, id));
                (TS + options.max_initial_timestamp + 1..TS + N_TIMESTAMPS)
                    .for_each(|id| forbid(&mut logits, id));
            }
        } else {
            let last = generated[generated.len() - 1];
            let previous = if generated.len() > 1 {
                generated[generated.len() - 2]
            } else {
                last
            };
            if last >= TS && previous >= TS {
                (TS..TS + N_TIMESTAMPS).for_each(|id| forbid(&mut logits, id));
            } else if last >= TS {
                (0..EOT)
                    .chain(TS..last)
                    .for_each(|id| forbid(&mut logits, id));
                may_win = true;
            } else {
                let recent = generated.iter().rev().find(|id| **id >= TS);
                recent
                    .into_iter()
                    .flat_map(|recent| TS..=*recent)
                    .for_each(|id| forbid(&mut logits, id));
                may_win = true;
            }
        }
        if may_win {
            let normal = log_softmax(&logits);
            let timestamps: f64 = normal[TS as usize..].iter().map(|x| x.exp()).sum();
            let text = normal[..TS as usize]
                .iter()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max);
            if timestamps.ln() > text {
                (0..TS).for_each(|id| forbid(&mut logits, id));
            }
        }
    }
    log_softmax(&logits)
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|x| (x - max).exp()).sum();
    logits.iter().map(|x| x - max - sum.ln()).collect()
}

/// The logits after a prompt and tokens, by feeding a fresh decoder.
fn logits_after<N: Network<Encoded = u64>>(
    network: &N,
    window: u64,
    prompt: &[u32],
    tokens: &[u32],
) -> Vec<f64> {
    let fed = [prompt, tokens].concat();
    network
        .decode(&[&window])
        .feed(&[&fed])
        .iter()
        .copied()
        .map(f64::from)
        .collect()
}

/// Beam search over whole lists. Returns tokens and sums of finished sequences in the order in which they ended.
pub(super) fn beam_search<N: Network<Encoded = u64>>(
    network: &N,
    window: u64,
    prompt: &[u32],
    size: usize,
    patience: f64,
    options: &SearchOptions,
) -> Vec<(Vec<u32>, f64)> {
    let wanted = (size as f64 * patience).round();
    let mut live: Vec<(Vec<u32>, f64)> = vec![(Vec::new(), 0.0)];
    let mut finished = Vec::new();
    for step in 0..224 {
        let mut candidates = Vec::new();
        for (tokens, sum) in &live {
            let logits = logits_after(network, window, prompt, tokens);
            for (id, log_prob) in log_probs(logits, prompt, tokens, 0, options)
                .into_iter()
                .enumerate()
            {
                if log_prob > f64::NEG_INFINITY {
                    candidates.push((tokens.clone(), u32::try_from(id).unwrap(), sum + log_prob));
                }
            }
        }
        candidates.sort_by(|a, b| b.2.total_cmp(&a.2));
        candidates.truncate(2 * size);
        let mut reserve = size;
        live.clear();
        for k in 0..size.min(candidates.len()) {
            let (tokens, id, sum) = candidates[k].clone();
            let longer = [tokens.as_slice(), &[id]].concat();
            if id != EOT && step < 223 {
                live.push((longer, sum));
                continue;
            }
            finished.push((if id == EOT { tokens } else { longer }, sum));
            while reserve < candidates.len() && candidates[reserve].1 == EOT {
                reserve += 1;
            }
            if let Some((tokens, id, sum)) = candidates.get(reserve) {
                live.push(([tokens.as_slice(), &[*id]].concat(), *sum));
                reserve += 1;
            }
        }
        if finished.len() as f64 >= wanted || live.is_empty() {
            break;
        }
    }
    finished
}

/// All sequences of at most `depth` tokens that a network can end, with their sums.
fn all_sequences<N: Network<Encoded = u64>>(
    network: &N,
    window: u64,
    tokens: &[u32],
    sum: f64,
    options: &SearchOptions,
    found: &mut Vec<(Vec<u32>, f64)>,
) {
    let logits = logits_after(network, window, &PLAIN, tokens);
    for (id, log_prob) in log_probs(logits, &PLAIN, tokens, 0, options)
        .into_iter()
        .enumerate()
    {
        if log_prob == f64::NEG_INFINITY {
            continue;
        }
        let id = u32::try_from(id).unwrap();
        if id == EOT {
            found.push((tokens.to_vec(), sum + log_prob));
        } else {
            all_sequences(
                network,
                window,
                &[tokens, &[id]].concat(),
                sum + log_prob,
                options,
                found,
            );
        }
    }
}

#[test]
fn a_beam_that_holds_everything_finds_everything() {
    // Tokens 0, 1, 2 and the end, at most four tokens long: 3 + 9 + 27 + 81 sequences.
    let inner = toy::random();
    let network = toy::Toy::new(move |window, tokens| {
        let mut logits = inner.decode(&[&window]).feed(&[tokens]).to_vec();
        let n_free = if tokens.len() >= PLAIN.len() + 4 {
            0
        } else {
            3
        };
        logits[n_free..EOT as usize].fill(f32::NEG_INFINITY);
        logits[EOT as usize + 1..].fill(f32::NEG_INFINITY);
        logits
    });
    let options = options(Method::Beam {
        size: VOCABULARY * 81,
        patience: 99.0,
    });
    for window in 0..20 {
        let mut expected = Vec::new();
        all_sequences(&network, window, &[], 0.0, &options, &mut expected);
        expected.sort_by(|a, b| (b.1 / b.0.len() as f64).total_cmp(&(a.1 / a.0.len() as f64)));
        assert_eq!(expected.len(), 1 + 3 + 9 + 27 + 81);
        let found = one(&network, window, &PLAIN, &options).hypotheses;
        let distinct: HashSet<_> = found.iter().map(|h| &h.tokens).collect();
        assert_eq!(distinct.len(), expected.len());
        for (hypothesis, (tokens, sum)) in found.iter().zip(&expected) {
            assert_eq!(&hypothesis.tokens, tokens);
            assert!((f64::from(hypothesis.sum_logprob) - sum).abs() < 1e-4);
        }
    }
}
