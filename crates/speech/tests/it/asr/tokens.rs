//! Token ids window by window, greedy and with five beams.

use domain::options::AsrOptions;
use domain::progress::Silent;
use serde::Deserialize;
use speech::asr::mel::LogMel;
use speech::asr::network::Network;
use speech::asr::search::{Method, SearchOptions, generate};
use speech::asr::suppress::{suppressed, suppressed_at_begin};

use super::{Source, golden, whisper};

/// Enough to tell a mistake from bad luck, few enough for every day.
const N_DAILY: usize = 12;
/// Share of the windows whose tokens must be the same: sums in another order tip a close choice now and then.
const SHARE: f64 = 0.95;
/// The same for a dozen windows, of which one may differ.
const DAILY_SHARE: f64 = 0.9;

#[derive(Debug, Deserialize)]
struct Recording {
    #[serde(flatten)]
    source: Source,
    windows: Vec<Window>,
}

#[derive(Debug, Deserialize)]
struct Window {
    seek: usize,
    size: usize,
    prompt: Vec<u32>,
    ids: Vec<u32>,
    avg_logprob: f64,
    no_speech_prob: f64,
}

#[test]
fn greedy_search_writes_the_reference_s_tokens() {
    check("tokens_tiny.en_greedy.json", 1, N_DAILY, DAILY_SHARE);
}

#[test]
fn five_beams_write_the_reference_s_tokens() {
    check("tokens_tiny.en_beam5.json", 5, N_DAILY, DAILY_SHARE);
}

#[test]
#[ignore = "takes minutes: all windows of 75 recordings; run it with --release when the arithmetic changes"]
fn all_windows_have_the_reference_s_tokens() {
    check("tokens_tiny.en_greedy.json", 1, usize::MAX, SHARE);
    check("tokens_tiny.en_beam5.json", 5, usize::MAX, SHARE);
}

fn check(file: &str, beam_size: usize, n_windows: usize, share: f64) {
    let Some(whisper) = whisper("tiny.en") else {
        return;
    };
    let (network, tokenizer) = (whisper.network(), whisper.tokenizer());
    let options = SearchOptions {
        method: Method::Beam {
            size: beam_size,
            patience: 1.0,
        },
        length_penalty: 1.0,
        repetition_penalty: 1.0,
        no_repeat_ngram_size: 0,
        suppress: suppressed(tokenizer, &AsrOptions::default()),
        suppress_at_begin: suppressed_at_begin(tokenizer),
        max_initial_timestamp: 50,
    };
    let log_mel = LogMel::new(network.n_mels());
    let (mut n_same, mut n_all) = (0, 0);
    for recording in golden::<Recording>(file) {
        if n_all >= n_windows {
            break;
        }
        let Some(samples) = recording.source.samples() else {
            continue;
        };
        let features = log_mel.file(&samples);
        for window in &recording.windows {
            let encoded = network.encode(&features.window(window.seek, window.size));
            let prompts = [window.prompt.clone()];
            let found = generate(
                network,
                tokenizer.special(),
                &[&encoded],
                &prompts,
                &options,
                &Silent,
            );
            let found = found.unwrap().remove(0);
            n_all += 1;
            let best = &found.hypotheses[0];
            let what = format!("{} at {}", recording.source.id, window.seek);
            if best.tokens != window.ids {
                println!(
                    "{what}: found '{}', wanted '{}'",
                    tokenizer.decode(&best.tokens),
                    tokenizer.decode(&window.ids)
                );
                continue;
            }
            n_same += 1;
            super::assert_near(best.avg_logprob(), window.avg_logprob, 2e-3, &what);
            super::assert_near(found.no_speech_prob, window.no_speech_prob, 2e-3, &what);
        }
    }
    println!("{file}: {n_same} of {n_all} windows have the same tokens");
    assert!(
        f64::from(n_same) >= share * n_all as f64,
        "{n_same} of {n_all}"
    );
}
