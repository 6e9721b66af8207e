//! The network against pyannote.audio's (fixtures/resnet34), with weights that a formula gives both.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::embedding::cosine;
use crate::testing::signal;
use crate::weights::{Weights, WeightsError};

/// Frames of a mask.
const FRAMES: usize = 589;

/// Weights that `fixtures/scripts/make_resnet34_goldens.py` knows too; one of them may have another shape.
#[derive(Debug)]
struct Formula {
    other: Option<(&'static str, Option<Vec<usize>>)>,
}

impl Weights for Formula {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        match &self.other {
            Some((other, shape)) if *other == name => shape.clone(),
            _ => Some(shape_of(name)),
        }
    }

    fn names(&self) -> Vec<String> {
        unreachable!("nobody asks")
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let shape = shape_of(name);
        let row_len: usize = shape[1..].iter().product();
        let (middle, spread) = match name.rsplit_once('.') {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "weights are single precision"
            )]
            _ if shape.len() > 1 => (0.0, (6.0 / row_len as f64).sqrt() as f32),
            Some((layer, "weight")) if layer.contains("layer") && layer.contains("bn2") => {
                (0.5, 0.1)
            }
            Some((_, "weight")) => (1.0, 0.2),
            Some((_, "running_var")) => (1.0, 0.3),
            _ => (0.0, 0.1),
        };
        for (index, value) in (first * row_len..).zip(rows) {
            *value = middle + spread * noise(name, index);
        }
        Ok(())
    }

    fn path(&self) -> &Path {
        Path::new("a formula")
    }

    fn wanted(&self) -> &'static str {
        "speaker embedding (WeSpeaker's ResNet34)"
    }
}

/// A number in [−1, 1): the hash of the name (FNV-1a) and the index, mixed as `MurmurHash3` ends.
#[expect(clippy::cast_possible_truncation, reason = "a hash")]
fn noise(name: &str, index: usize) -> f32 {
    let seed = name.bytes().fold(2_166_136_261_u32, |seed, byte| {
        (seed ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    let mut x = (index as u32)
        .wrapping_mul(2_654_435_761)
        .wrapping_add(seed);
    x ^= x >> 16;
    x = x.wrapping_mul(0x85eb_ca6b);
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^= x >> 16;
    (x >> 8) as f32 / 8_388_608.0 - 1.0
}

/// The shape of a tensor as pyannote's checkpoint has it.
fn shape_of(name: &str) -> Vec<usize> {
    let parts: Vec<&str> = name.split('.').collect();
    let digit = |text: &str| usize::from(text.as_bytes()[text.len() - 1] - b'1');
    let (stage, layer) = match parts[..] {
        ["resnet", "seg_1", "weight"] => return vec![256, 5120],
        ["resnet", "seg_1", _] => return vec![256],
        ["resnet", "conv1", _] => return vec![32, 1, 3, 3],
        ["resnet", "bn1", _] => return vec![32],
        ["resnet", stage, ref layer @ ..] => (digit(stage), layer),
        _ => panic!("'{name}' is not asked for"),
    };
    let n_out = 32 << stage;
    match *layer {
        ["0", "conv1", _] if stage > 0 => vec![n_out, n_out / 2, 3, 3],
        [_, "conv1" | "conv2", _] => vec![n_out, n_out, 3, 3],
        ["0", "shortcut", "0", _] => vec![n_out, n_out / 2, 1, 1],
        [_, "bn1" | "bn2", _] | ["0", "shortcut", "1", _] => vec![n_out],
        _ => panic!("'{name}' is not asked for"),
    }
}

fn network() -> ResNet34 {
    ResNet34::of(&Formula { other: None }, Pool::new(2)).unwrap()
}

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/resnet34/voices.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The masks of the script.
fn mask(name: &str) -> Vec<f32> {
    let counts = |frame: usize| match name {
        "all" => true,
        "stretch" => (100..230).contains(&frame),
        "pieces" => frame % 40 < 20,
        "one" => frame == 419,
        _ => false,
    };
    (0..FRAMES)
        .map(|frame| f32::from(u8::from(counts(frame))))
        .collect()
}

/// Samples, and embeddings by the name of their mask.
type Case = (Vec<f32>, Vec<(String, Embedding)>);

/// Every golden case.
fn cases() -> Vec<Case> {
    let golden = golden();
    let cases = golden["voices"].as_array().unwrap().iter();
    let case = |case: &Value| {
        let n_samples = usize::try_from(case["n_samples"].as_u64().unwrap()).unwrap();
        let embeddings = case["embeddings"].as_object().unwrap().iter();
        let embeddings = embeddings
            .map(|(name, embedding)| (name.clone(), numbers(embedding).try_into().unwrap()));
        (signal(n_samples), embeddings.collect())
    };
    cases.map(case).collect()
}

/// The least cosine to the reference, and the greatest difference by the reference's root mean square.
fn compare(network: &ResNet34) -> (f32, f32) {
    let cases = cases();
    let masks = cases
        .iter()
        .map(|(_, voices)| voices.iter().map(|(name, _)| mask(name)).collect());
    let masks: Vec<Vec<Vec<f32>>> = masks.collect();
    let windows = cases
        .iter()
        .zip(&masks)
        .map(|((samples, _), masks)| Window { samples, masks });
    let found = network.embed_windows(&windows.collect::<Vec<_>>());
    let (mut least, mut most) = (1.0_f32, 0.0_f32);
    for ((_, wanted), found) in cases.iter().zip(&found) {
        assert_eq!(wanted.len(), found.len());
        for ((name, wanted), found) in wanted.iter().zip(found) {
            let cosine = cosine(wanted, found);
            let rms = (wanted.iter().map(|x| x * x).sum::<f32>() / EMBEDDING as f32).sqrt();
            let off = wanted
                .iter()
                .zip(found)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            eprintln!("{name}: cosine {cosine}, off by {}", off / rms);
            (least, most) = (least.min(cosine), most.max(off / rms));
        }
    }
    (least, most)
}

#[test]
fn voices_are_those_of_the_reference() {
    let (cosine, off) = compare(&network());
    assert!(
        cosine > 0.999_999 && off < 1e-3,
        "cosine {cosine}, off by {off}"
    );
}

#[test]
fn convolutions_are_those_of_the_reference() {
    let network = network();
    let mut scratch = Scratch::default();
    for case in golden()["voices"].as_array().unwrap() {
        let n_samples = usize::try_from(case["n_samples"].as_u64().unwrap()).unwrap();
        let features = network.fbank.all_frames(network.pool(), &signal(n_samples));
        let image = network
            .trunk
            .forward(&mut scratch, &features.centred(features.frames()));
        let wanted = numbers(&case["trunk_row"]);
        let got = &image.row(3)[7 * trunk::OUTPUT_CHANNELS..];
        for (got, wanted) in got.iter().zip(&wanted) {
            assert!((got - wanted).abs() < 1e-3, "{got} is not {wanted}");
        }
        let rows = (0..trunk::OUTPUT_BANDS).flat_map(|row| image.row(row));
        let mean = rows.map(|x| f64::from(*x)).sum::<f64>()
            / (trunk::OUTPUT_BANDS * image.width() * trunk::OUTPUT_CHANNELS) as f64;
        let wanted = case["trunk_mean"].as_f64().unwrap();
        assert!(
            (mean - wanted).abs() < 1e-4,
            "a mean of {mean}, not {wanted}"
        );
    }
}

#[test]
fn stretches_of_any_length_are_heard_side_by_side() {
    let network = network();
    let lengths = [30_000, 400, 12_345, 30_000, 1_000];
    let features = lengths.map(|n| {
        let features = network.fbank.all_frames(network.pool(), &signal(n));
        features.centred(features.frames())
    });
    let masks = [vec![1.0], vec![0.0, 1.0, 1.0]];
    let stretch = |features| Stretch {
        features,
        masks: &masks,
    };
    let together = network.embed(&features.each_ref().map(|features| stretch(features)));
    assert_eq!(together[0], together[3]);
    for (features, together) in features.iter().zip(&together) {
        let alone = &network.embed(&[stretch(features)])[0];
        assert_eq!(alone, together);
        assert_eq!(alone.len(), 2);
        assert!(alone.as_flattened().iter().all(|x| x.is_finite()));
    }
    assert!(network.embed(&[]).is_empty());
    let nobody = Stretch {
        features: &features[0],
        masks: &[],
    };
    assert_eq!(network.embed(&[nobody]), [Vec::<Embedding>::new()]);
}

#[test]
fn masks_take_the_step_that_a_moment_falls_into() {
    let mask: Vec<f32> = (0..589_u16).map(f32::from).collect();
    let taken = resampled(&mask, 125);
    assert_eq!(taken[..4], [0.0, 4.0, 9.0, 14.0]);
    assert_eq!((taken[124], taken.len()), (584.0, 125));
    assert_eq!(resampled(&[1.0, 2.0], 5), [1.0, 1.0, 1.0, 2.0, 2.0]);
    assert_eq!(resampled(&[3.0], 2), [3.0, 3.0]);
}

fn refusal(other: &'static str, shape: Option<Vec<usize>>) -> String {
    let weights = Formula {
        other: Some((other, shape)),
    };
    ResNet34::of(&weights, Pool::new(1))
        .unwrap_err()
        .to_string()
}

#[test]
fn another_network_is_refused_with_what_does_not_fit() {
    let error = refusal("resnet.layer2.0.shortcut.0.weight", None);
    let expected = "is not a speaker embedding (WeSpeaker's ResNet34) model that scriven can run: \
                    it has no 'resnet.layer2.0.shortcut.0.weight'";
    assert!(error.contains(expected), "{error}");
    let error = refusal("resnet.seg_1.weight", Some(vec![256, 2560]));
    let expected = "'resnet.seg_1.weight' has the shape [256, 2560], not [256, 5120]";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_folder_without_the_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        ResNet34::load(folder.path(), 1_usize)
            .unwrap_err()
            .to_string()
    };
    let error = load();
    assert!(
        error.contains("cannot read") && error.contains("pytorch_model.bin"),
        "{error}"
    );
    let other =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/torch/plain_protocol4.pt");
    std::fs::copy(other, folder.path().join("pytorch_model.bin")).unwrap();
    let error = load();
    assert!(error.contains("it has no 'resnet.conv1.weight'"), "{error}");
}
