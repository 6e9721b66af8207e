//! Filter banks against the numbers of the pipeline specification, made by an independent implementation.

use super::*;
use crate::testing::signal;

fn features(kind: Kind) -> Features {
    let features = Fbank::new(kind).all_frames(&Pool::new(2), &signal(24_000));
    assert_eq!(features.frames(), 0..148);
    features
}

fn check(rows: &[f32], places: [(usize, usize, f32); 4], mean: f64) {
    for (frame, band, wanted) in places {
        let got = rows[frame * BANDS + band];
        assert!(
            (got - wanted).abs() < 2e-4,
            "[{frame},{band}] is {got}, not {wanted}"
        );
    }
    let got = rows.iter().map(|x| f64::from(*x)).sum::<f64>() / rows.len() as f64;
    assert!((got - mean).abs() < 1e-5, "the mean is {got}, not {mean}");
}

#[test]
fn banks_under_the_window_of_povey_are_those_of_the_reference() {
    let features = features(Kind::Povey);
    check(
        features.rows(0..148),
        [
            (0, 0, -9.528_01),
            (0, 10, -5.453_163),
            (50, 10, -5.221_854_7),
            (147, 79, 1.148_679_7),
        ],
        -2.168_665_2,
    );
    check(
        &features.centred(0..148),
        [
            (0, 0, 0.134_468_62),
            (50, 10, 0.665_097_36),
            (147, 79, -0.173_310_94),
            (147, 79, -0.173_310_94),
        ],
        0.0,
    );
}

#[test]
fn banks_under_the_window_of_hamming_are_those_of_the_reference() {
    let features = features(Kind::Hamming);
    check(
        features.rows(0..148),
        [
            (0, 0, 12.121_504),
            (0, 10, 11.840_694),
            (50, 10, 14.126_576),
            (147, 79, 21.928_114),
        ],
        18.652_378,
    );
    check(
        &features.centred(0..148),
        [
            (0, 0, -0.410_681_5),
            (50, 10, 0.180_740_92),
            (147, 79, -0.177_752_54),
            (147, 79, -0.177_752_54),
        ],
        0.0,
    );
}

#[test]
fn a_stretch_on_the_grid_has_the_frames_of_the_recording() {
    let (fbank, pool, samples) = (Fbank::new(Kind::Povey), Pool::new(2), signal(40_000));
    let whole = fbank.all_frames(&pool, &samples);
    let part = fbank.frames(&pool, &samples, 60..208);
    let alone = fbank.all_frames(&pool, &samples[60 * HOP..60 * HOP + 24_000]);
    assert_eq!(whole.rows(60..208), part.rows(60..208));
    assert_eq!(part.centred(60..208), alone.centred(0..148));
}

#[test]
fn anything_has_a_frame_and_silence_is_finite() {
    let (fbank, pool) = (Fbank::new(Kind::Povey), Pool::new(1));
    for (n_samples, n_frames) in [(0, 0), (1, 1), (400, 1), (559, 1), (560, 2), (24_000, 148)] {
        let features = fbank.all_frames(&pool, &vec![0.0; n_samples]);
        assert_eq!(features.frames(), 0..n_frames, "{n_samples} samples");
        let floor = f32::EPSILON.ln();
        assert!(
            features
                .rows(0..n_frames)
                .iter()
                .all(|x| (x - floor).abs() < 1e-5)
        );
    }
}
