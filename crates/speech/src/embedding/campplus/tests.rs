//! The network against numbers of the pipeline specification, made by an independent implementation.

use domain::options::ComputeType;

use super::*;
use crate::embedding::cosine;
use crate::embedding::fbank::{Fbank, Kind};
use crate::models::Companion;
use crate::testing::{checked_folder, signal};

fn network(compute: ComputeType) -> Option<CamPlusPlus> {
    let companion = Companion::CamPlusPlus;
    let folder = checked_folder(companion.name(), companion.file())?;
    Some(CamPlusPlus::load(&folder, compute, 2).unwrap())
}

fn stretch(network: &CamPlusPlus, n_samples: usize) -> Vec<f32> {
    let features = Fbank::new(Kind::Povey).all_frames(network.pool(), &signal(n_samples));
    features.centred(features.frames())
}

#[test]
fn a_voice_has_the_numbers_of_the_reference() {
    let Some(network) = network(ComputeType::Float32) else {
        return;
    };
    let embedding = network.embed(&[stretch(&network, 24_000)])[0];
    let wanted = [
        -1.274_721,
        -0.455_412_48,
        0.483_240_54,
        -1.795_073_6,
        -0.430_986_67,
        1.565_958_9,
    ];
    for (got, wanted) in embedding.iter().zip(wanted) {
        assert!((got - wanted).abs() < 1e-3_f32, "{got} is not {wanted}");
    }
    let norm = embedding.iter().map(|x| x * x).sum::<f32>().sqrt();
    let mean = embedding.iter().sum::<f32>() / EMBEDDING as f32;
    assert!((norm - 14.198_104).abs() < 1e-3, "norm {norm}");
    assert!((mean - 0.170_455_46).abs() < 1e-4, "mean {mean}");
}

#[test]
fn voices_side_by_side_are_what_each_is_alone() {
    let Some(network) = network(ComputeType::Float32) else {
        return;
    };
    let lengths = [24_000, 400, 40_000, 24_000, 3_000, 24_000, 24_000, 24_000];
    let mut features: Vec<Vec<f32>> = lengths.map(|n| stretch(&network, n)).to_vec();
    for (index, features) in features.iter_mut().enumerate() {
        let swing = |i: usize| ((i / BANDS) as f32 / (index + 3) as f32).sin();
        features
            .iter_mut()
            .enumerate()
            .for_each(|(i, x)| *x *= swing(i));
    }
    let together = network.embed(&features);
    for (features, together) in features.iter().zip(together) {
        let alone = network.embed(&[features])[0];
        for (a, b) in alone.iter().zip(together) {
            assert!((a - b).abs() < 1e-3, "{a} alone, {b} together");
        }
    }
    assert!(network.embed::<Vec<f32>>(&[]).is_empty());
}

#[test]
fn whole_numbers_find_nearly_the_same_voice() {
    let (Some(exact), Some(quick)) = (network(ComputeType::Float32), network(ComputeType::Int8))
    else {
        return;
    };
    let features = [stretch(&exact, 24_000), stretch(&exact, 50_000)];
    for (a, b) in exact.embed(&features).iter().zip(quick.embed(&features)) {
        let cosine = cosine(a, &b);
        assert!(cosine > 0.995, "{cosine}");
    }
}
