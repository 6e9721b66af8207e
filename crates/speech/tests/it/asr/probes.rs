//! Features, encoder output and logits of the first window of a few recordings, each checked by itself, so that a wrong
//! number is found in the step that made it.

use serde::Deserialize;
use speech::asr::Whisper;
use speech::asr::mel::{LogMel, WINDOW_FRAMES};
use speech::asr::network::Network;

use super::{Source, assert_near, golden, whisper};

#[derive(Debug, Deserialize)]
struct Probe {
    #[serde(flatten)]
    source: Source,
    size: usize,
    mel: Mel,
    encoder: Encoder,
    logits: Logits,
}

/// Values at `bands` × `frames`.
#[derive(Debug, Deserialize)]
struct Mel {
    bands: Vec<usize>,
    frames: Vec<usize>,
    values: Vec<f64>,
    mean: f64,
    max: f64,
}

/// Values at `rows` × `dims`.
#[derive(Debug, Deserialize)]
struct Encoder {
    rows: Vec<usize>,
    dims: Vec<usize>,
    values: Vec<f64>,
    mean: f64,
    rms: f64,
}

/// Greedy decoding without any rule.
#[derive(Debug, Deserialize)]
struct Logits {
    prompt: Vec<u32>,
    ids: Vec<u32>,
    fixed_ids: Vec<usize>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    fixed: Vec<f64>,
    best: Vec<usize>,
    best_values: Vec<f64>,
}

#[test]
fn tiny_en_computes_what_the_reference_computes() {
    check("tiny.en");
}

#[test]
fn base_computes_what_the_reference_computes() {
    check("base");
}

fn check(model: &str) {
    let Some(whisper) = whisper(model) else {
        return;
    };
    let mut n_checked = 0;
    for probe in golden::<Probe>(&format!("probes_{model}.json")) {
        let Some(samples) = probe.source.samples() else {
            continue;
        };
        let log_mel = LogMel::new(whisper.network().n_mels());
        let features = log_mel.file(&samples).window(0, probe.size);
        check_features(&probe, &features);
        check_encoder(&probe, &whisper.network().encode_features(&features));
        check_logits(&probe, &whisper, &features);
        n_checked += 1;
    }
    println!("{model}: {n_checked} recordings checked");
}

fn check_features(Probe { source, mel, .. }: &Probe, features: &[f32]) {
    let mut wanted = mel.values.iter();
    for band in &mel.bands {
        for frame in &mel.frames {
            let found = features[band * WINDOW_FRAMES + frame];
            assert_near(
                found,
                *wanted.next().unwrap(),
                1e-4,
                &format!("{} mel [{band},{frame}]", source.id),
            );
        }
    }
    assert_near(mean(features), mel.mean, 1e-5, "mean of the features");
    let max = features.iter().copied().fold(f32::MIN, f32::max);
    assert_near(max, mel.max, 1e-5, "highest feature");
}

fn check_encoder(
    Probe {
        source, encoder, ..
    }: &Probe,
    states: &[f32],
) {
    let width = states.len() / 1500;
    let mut wanted = encoder.values.iter();
    for row in &encoder.rows {
        for dim in &encoder.dims {
            let found = states[row * width + dim];
            assert_near(
                found,
                *wanted.next().unwrap(),
                2e-3,
                &format!("{} encoder [{row},{dim}]", source.id),
            );
        }
    }
    assert_near(
        mean(states),
        encoder.mean,
        1e-4,
        "mean of the encoder's output",
    );
    let squares: Vec<f32> = states.iter().map(|x| x * x).collect();
    assert_near(
        mean(&squares).sqrt(),
        encoder.rms,
        1e-4,
        "size of the encoder's output",
    );
}

fn check_logits(Probe { source, logits, .. }: &Probe, whisper: &Whisper, features: &[f32]) {
    let encoded = whisper.network().encode(features);
    let mut decoding = whisper.network().decode(&[&encoded]);
    let mut fed = &logits.prompt[..];
    for (i, step) in logits.steps.iter().enumerate() {
        let found = decoding.feed(&[fed]);
        let ids = logits.fixed_ids.iter().chain(&step.best);
        for (id, wanted) in ids.zip(step.fixed.iter().chain(&step.best_values)) {
            assert_near(
                found[*id],
                *wanted,
                2e-3,
                &format!("{} step {i}, logit {id}", source.id),
            );
        }
        let Some(next) = logits.ids.get(i..=i) else {
            break;
        };
        fed = next;
    }
}

fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64) as f32
}
