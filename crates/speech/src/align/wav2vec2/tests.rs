//! Small networks of each kind give what PyTorch gives (`fixtures/scripts/make_wav2vec2_goldens.py`).

use std::path::PathBuf;

use nn::{Isa, Pool, Precision};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Expected {
    n_samples: usize,
    n_frames: usize,
    first_frames: Vec<Vec<f32>>,
    sums: Vec<f32>,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/wav2vec2")
        .join(name)
}

/// A sine of 440 Hz with noise: the same signal as in the script.
fn signal(n_samples: usize) -> Vec<f32> {
    let mut state = 12_345_u32;
    (0..n_samples)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 23) - 1.0;
            let sine = (2.0 * std::f64::consts::PI * 440.0 * n as f64 / 16_000.0).sin();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "samples are in single precision"
            )]
            let sample = (0.25 * sine + 0.05 * noise) as f32;
            sample
        })
        .collect()
}

fn normalised(samples: &[f32]) -> Vec<f32> {
    let mut samples = samples.to_vec();
    crate::align::ear::normalise(&mut samples);
    samples
}

/// The largest difference from what PyTorch gives, for each precision.
fn check(name: &str, tolerances: [(Precision, f32); 2]) {
    let expected = std::fs::read(fixture(name).join("emissions.json")).unwrap();
    let expected: Expected = serde_json::from_slice(&expected).unwrap();
    for isa in Isa::available() {
        for (precision, tolerance) in tolerances {
            let loaded = load(&fixture(name), precision, isa, Pool::new(2)).unwrap();
            let samples = signal(expected.n_samples);
            let samples = if loaded.normalises {
                normalised(&samples)
            } else {
                samples
            };
            let found = loaded.network.emit(&[&samples]).pop().unwrap();
            assert_eq!(found.n_frames(), expected.n_frames, "{name}");
            for (frame, wanted) in expected.first_frames.iter().enumerate() {
                for (found, wanted) in found.frame(frame).iter().zip(wanted) {
                    let off = (found - wanted).abs();
                    assert!(
                        off < tolerance,
                        "{name} {isa} {precision:?}, frame {frame}: {found} for {wanted}"
                    );
                }
            }
            for (frame, wanted) in expected.sums.iter().enumerate() {
                let sum: f32 = found.frame(frame).iter().sum();
                let off = (sum - wanted).abs() / found.n_classes() as f32;
                assert!(
                    off < tolerance,
                    "{name} {isa} {precision:?}, frame {frame}: {sum} for {wanted}"
                );
            }
        }
    }
}

/// int8 is compared on networks whose random weights leave it little room: real ones are wider.
const TOLERANCES: [(Precision, f32); 2] = [(Precision::Float32, 1e-4), (Precision::Int8, 0.6)];

#[test]
fn a_base_network_is_pytorch_s() {
    check("base", TOLERANCES);
}

#[test]
fn a_large_network_in_half_precision_is_pytorch_s() {
    check("large", TOLERANCES);
}

#[test]
fn a_network_with_adapters_out_of_a_pytorch_file_is_pytorch_s() {
    check("adapters", TOLERANCES);
}

#[test]
fn a_torchaudio_file_is_pytorch_s_without_its_unused_rows() {
    check("torchaudio", TOLERANCES);
}

#[test]
fn pieces_that_are_heard_together_do_not_see_each_other() {
    let samples = signal(20_000);
    for name in ["base", "large"] {
        let loaded = load(
            &fixture(name),
            Precision::Float32,
            Isa::detect(),
            Pool::new(2),
        )
        .unwrap();
        let pieces = [
            &samples[..7000],
            &samples[7000..7400],
            &samples[300..20_000],
        ];
        let together = loaded.network.emit(&pieces);
        for (piece, together) in pieces.iter().zip(&together) {
            let alone = loaded.network.emit(&[piece]).pop().unwrap();
            assert_eq!(alone.n_frames(), together.n_frames());
            let off = alone
                .values()
                .iter()
                .zip(together.values())
                .map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f32::max) < 1e-5, "{name}");
        }
    }
}

#[test]
fn what_cannot_be_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let attempt = |config: &str| {
        for file in ["vocab.json", "model.safetensors"] {
            std::fs::copy(fixture("base").join(file), folder.path().join(file)).unwrap();
        }
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let outcome = load(folder.path(), Precision::Int8, Isa::detect(), Pool::new(1));
        outcome.unwrap_err().to_string()
    };
    for (config, part) in [
        ("{\"model_type\": \"hubert\"}", "its model_type is 'hubert'"),
        ("{\"hidden_size\": 0}", "hidden_size is 0"),
        (
            "{\"num_attention_heads\": 5}",
            "does not divide by num_attention_heads 5",
        ),
        ("{\"add_adapter\": true}", "lowers the frame rate"),
        ("{\"hidden_act\": \"relu\"}", "its activation is 'relu'"),
        (
            "{}",
            "conv_layers.0.conv.weight' has the shape [16, 1, 10], not [512, 1, 10]",
        ),
        ("{\"conv_dim\": [16]}", "differ in length"),
        ("{", "config.json cannot be used"),
    ] {
        let error = attempt(config);
        assert!(error.contains(part), "{config}: {error}");
    }
    let empty = tempfile::tempdir().unwrap();
    let error = load(empty.path(), Precision::Int8, Isa::detect(), Pool::new(1)).unwrap_err();
    assert!(error.to_string().contains("has no config.json"), "{error}");
}
