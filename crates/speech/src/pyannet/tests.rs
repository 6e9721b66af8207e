//! The network against numbers of the pipeline specification, made by an independent implementation.

use domain::progress::Silent;

use super::*;
use crate::testing::{checked_folder, signal};

fn network() -> Option<PyanNet> {
    let folder = checked_folder("segmentation-3.0", "pytorch_model.bin")?;
    Some(PyanNet::load(&folder, 2).unwrap())
}

fn check(got: &[f32], wanted: &[f32], tolerance: f32) {
    for (got, wanted) in got.iter().zip(wanted) {
        assert!((got - wanted).abs() < tolerance, "{got} is not {wanted}");
    }
}

#[test]
fn windows_cover_the_recording() {
    for (n_samples, count, is_padded) in [
        (0, 0, false),
        (1, 1, true),
        (160_000, 1, false),
        (160_001, 2, true),
        (176_000, 2, false),
        (176_001, 3, true),
    ] {
        let windows = Windows::new(n_samples, 160_000, 16_000);
        assert_eq!(
            (windows.count, windows.is_padded()),
            (count, is_padded),
            "{n_samples}"
        );
    }
    for (len, n_frames) in [(16_000, 56), (32_000, 115), (80_000, 293), (160_000, 589)] {
        assert_eq!(Windows::new(len, len, 10).n_frames(), n_frames);
    }
}

#[test]
fn filters_are_those_of_the_reference() {
    let Some(network) = network() else { return };
    let mut taps = vec![0.0; 80 * 251];
    // a filter's answer to a unit impulse is its taps, last one first
    for tap in 0..251 {
        let mut impulse = [0.0; 251];
        impulse[tap] = 1.0;
        let mut answers = [0.0; 80];
        network
            .front
            .sinc
            .forward(&mut Rows::default(), &impulse, 0, &mut answers);
        for (filter, answer) in answers.iter().enumerate() {
            taps[filter * 251 + tap] = *answer;
        }
    }
    let tap = |filter: usize, tap: usize| taps[filter * 251 + tap];
    check(
        &[tap(0, 0), tap(0, 124), tap(0, 125)],
        &[0.029_897_971, 0.998_476_5, 1.0],
        1e-5,
    );
    check(
        &[tap(40, 0), tap(40, 124), tap(40, 125), tap(40, 126)],
        &[-0.004_805_13, -0.051_507_34, 0.0, 0.051_507_34],
        1e-5,
    );
    check(&[tap(79, 120)], &[-0.462_862_16], 1e-5);
}

#[test]
fn each_layer_gives_the_numbers_of_the_reference() {
    let Some(network) = network() else { return };
    let samples = signal(160_000);
    let windows = Windows::new(samples.len(), 160_000, 16_000);
    let front = network
        .front
        .forward(&network.pool, (&samples).into(), &windows, 0..1);
    assert_eq!(front.len(), 589 * 60);
    check(&front, &[-0.001_435_22, -0.001_543_72, 0.043_350_36], 1e-4);
    check(&front[589 * 60 - 1..], &[0.066_861_98], 1e-4);
    let mut rows = front;
    for layer in &network.lstm {
        let mut output = vec![0.0; 589 * 256];
        layer.forward(&network.pool, &rows, &mut output, 1);
        rows = output;
    }
    check(&rows, &[-0.294_223_85, 0.038_064_26, -0.008_326_59], 1e-4);
    let output = network.classify(&rows);
    for (frame, wanted) in [
        (
            0,
            [
                -0.099_909_22,
                -5.875_633,
                -4.202_325,
                -2.627_046,
                -7.673_527_7,
                -7.114_782,
                -5.587_829,
            ],
        ),
        (
            100,
            [
                -0.031_502_54,
                -7.248_141_3,
                -5.224_418,
                -3.786_969,
                -8.701_208,
                -7.746_808,
                -6.404_638_3,
            ],
        ),
        (
            588,
            [
                -0.029_315,
                -7.002_864,
                -5.255_955_7,
                -3.837_928_8,
                -9.069_325,
                -8.478_991_5,
                -7.010_07,
            ],
        ),
    ] {
        check(&output[frame * 7..], &wanted, 1e-4);
    }
}

#[test]
fn the_network_of_whisperx_gives_its_numbers() {
    let Some(folder) = checked_folder("whisperx-vad", "pytorch_model.bin") else {
        return;
    };
    let network = PyanNet::load(&folder, 2).unwrap();
    assert_eq!(
        (network.head(), network.window_len()),
        (Head::Speakers, 80_000)
    );
    let samples = signal(80_000);
    let windows = Windows::new(samples.len(), 80_000, 8_000);
    let output = network.run((&samples).into(), &windows, 0..1);
    for (frame, wanted) in [
        (0, [1.656_45e-2, 1.259_70e-3, 1.947_22e-5]),
        (100, [3.938_71e-4, 2.036_33e-5, 1.261_24e-6]),
        (292, [7.911_98e-3, 4.537_70e-4, 3.446_92e-6]),
    ] {
        for (got, wanted) in output[frame * 3..].iter().zip(wanted) {
            assert!(
                (got / wanted - 1.0_f32).abs() < 1e-3,
                "{got} is not {wanted}"
            );
        }
    }
}

#[test]
fn windows_side_by_side_give_what_each_gives_alone() {
    let Some(network) = network() else { return };
    let mut samples = signal(500_000);
    for (i, x) in samples.iter_mut().enumerate() {
        *x *= (i as f32 / 40_000.0).sin();
    }
    let windows = Windows::new(samples.len(), 160_000, 80_000);
    let together = network.run((&samples).into(), &windows, 0..windows.count);
    for index in 0..windows.count {
        let start = index * 80_000;
        let alone = &samples[start..(start + 160_000).min(samples.len())];
        let windows = Windows::new(alone.len(), 160_000, 80_000);
        let alone = network.run(alone.into(), &windows, 0..1);
        check(&together[index * 589 * 7..][..589 * 7], &alone, 1e-3);
    }
}

#[test]
fn a_recording_of_any_length_gets_one_score_a_frame() {
    let Some(network) = network() else { return };
    for (n_samples, n_scores) in [(0, 0), (1, 1), (5_000, 19), (160_000, 594), (230_000, 852)] {
        let samples = signal(n_samples);
        let segmentation = network.segment(&samples, 80_000, &Silent).unwrap();
        let scores = segmentation.speech_scores();
        assert_eq!(scores.values().len(), n_scores, "{n_samples} samples");
        assert!(
            scores
                .values()
                .iter()
                .all(|score| (0.0..=1.0).contains(score))
        );
    }
}

struct Impatient;

impl Monitor for Impatient {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn is_cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_cancelled_run_ends() {
    let Some(network) = network() else { return };
    let outcome = network.segment(&signal(20_000), 16_000, &Impatient);
    assert_eq!(outcome.err(), Some(Cancelled));
}
