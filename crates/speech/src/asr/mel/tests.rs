//! Golden values, and what the two variants of padding must agree on.
#![expect(clippy::float_cmp, reason = "what is computed alike must be equal")]

use super::*;
use crate::audio::Samples;
use crate::testing::signal;

fn assert_near(found: f32, wanted: f64, tolerance: f64, what: &str) {
    assert!(
        (f64::from(found) - wanted).abs() <= tolerance,
        "{what}: found {found}, wanted {wanted}"
    );
}

/// Checks maximum, minimum, mean and some values `(band, frame, value)` of the chunk features of `S(16000)`.
fn check_golden(n_mels: usize, [max, min, mean]: [f64; 3], values: &[(usize, usize, f64)]) {
    let features = LogMel::new(n_mels).chunk(&signal(16_000));
    assert_eq!(features.len(), n_mels * WINDOW_FRAMES);
    let found_max = features.iter().copied().fold(f32::MIN, f32::max);
    let found_min = features.iter().copied().fold(f32::MAX, f32::min);
    let sum: f64 = features.iter().map(|value| f64::from(*value)).sum();
    assert_near(found_max, max, 2e-5, "maximum");
    assert_near(found_min, min, 2e-5, "minimum");
    let found_mean = sum / features.len() as f64;
    assert!((found_mean - mean).abs() <= 2e-5, "mean: {found_mean}");
    for (band, frame, value) in values {
        let found = features[band * WINDOW_FRAMES + frame];
        assert_near(found, *value, 2e-5, &format!("[{band},{frame}]"));
    }
}

#[test]
fn the_test_signal_is_the_one_of_the_golden_values() {
    let samples = signal(16_000);
    for (found, wanted) in samples
        .iter()
        .zip([-0.047_959_73, -0.005_362_95, 0.089_000_06])
    {
        assert_near(*found, wanted, 1e-8, "sample");
    }
    assert_near(samples[15_999], -0.060_386_438, 1e-8, "last sample");
}

#[test]
fn eighty_bands_have_the_golden_values() {
    check_golden(
        80,
        [1.292_303_11, -0.707_696_89, -0.670_751_51],
        &[
            (0, 0, 0.856_069_61),
            (10, 50, 1.201_492_58),
            (20, 50, 0.314_298_83),
            (40, 99, 0.323_559_42),
            (79, 0, 0.254_123_66),
            (79, 100, 0.292_359_69),
            (5, 101, 0.202_493_18),
        ],
    );
}

#[test]
fn a_hundred_and_twenty_eight_bands_have_the_golden_values() {
    check_golden(
        128,
        [1.339_632_4, -0.660_367_6, -0.625_768_06],
        &[
            (0, 0, 0.780_310_41),
            (10, 50, 0.289_138_42),
            (20, 50, 1.140_631_23),
            (40, 99, 0.397_659_06),
            (79, 0, -0.092_857_26),
            (79, 100, 0.418_106_18),
            (5, 101, 0.112_485_26),
        ],
    );
}

#[test]
fn silence_is_the_same_everywhere() {
    let log_mel = LogMel::new(80);
    for n_samples in [0, 1, 16_000, WINDOW_SAMPLES] {
        let features = log_mel.chunk(&vec![0.0; n_samples]);
        assert!(features.iter().all(|value| (value + 1.5).abs() < 1e-6));
    }
    let silence = vec![0.0; 1600];
    let window = log_mel.file(&silence).window(0, 10);
    for row in window.chunks_exact(WINDOW_FRAMES) {
        assert!(row[..10].iter().all(|value| (value + 1.5).abs() < 1e-6));
        assert!(row[10..].iter().all(|value| *value == 0.0));
    }
}

#[test]
fn any_window_is_the_slice_of_the_whole() {
    let log_mel = LogMel::new(80);
    // The loud part lies outside of most windows, so that a floor of the window's own would show.
    let mut samples = signal(16_000 * 4 + 77);
    for sample in &mut samples[..20_000] {
        *sample *= 0.003;
    }
    let file = log_mel.file(&samples);
    let n_frames = file.n_frames();
    assert_eq!(n_frames, 400);
    let whole = file.window(0, n_frames);
    for (seek, size) in [(0, 1), (0, 400), (1, 30), (57, 300), (399, 1), (250, 150)] {
        let window = file.window(seek, size);
        for (row, whole) in window
            .chunks_exact(WINDOW_FRAMES)
            .zip(whole.chunks_exact(WINDOW_FRAMES))
        {
            assert_eq!(row[..size], whole[seek..seek + size]);
            assert!(row[size..].iter().all(|value| *value == 0.0));
        }
    }
}

#[test]
fn both_variants_agree_where_audio_is() {
    // Far from the end of the audio and with the same loudest frame, only the padding differs.
    let log_mel = LogMel::new(80);
    let samples = signal(32_000);
    let chunk = log_mel.chunk(&samples);
    let window = log_mel.file(&samples).window(0, 200);
    for band in 0..80 {
        for frame in 0..198 {
            let at = band * WINDOW_FRAMES + frame;
            assert_near(chunk[at], window[at].into(), 1e-6, "both variants");
        }
        assert!((chunk[band * WINDOW_FRAMES + 2999] - -0.7).abs() < 0.1);
        assert!(window[band * WINDOW_FRAMES + 2999] == 0.0);
    }
}

#[test]
fn audio_shorter_than_a_frame_has_finite_features() {
    let log_mel = LogMel::new(80);
    for (n_samples, n_frames) in [(0, 0), (1, 0), (10, 0), (159, 0), (160, 1), (399, 2)] {
        let samples = signal(n_samples);
        assert!(
            log_mel
                .chunk(&samples)
                .iter()
                .all(|value| value.is_finite())
        );
        let file = log_mel.file(&samples);
        assert_eq!(file.n_frames(), n_frames);
        // One frame more than the audio fills, and no more, holds something.
        let window = file.window(0, 5);
        assert!(window.iter().all(|value| value.is_finite()));
        assert!(window[n_frames] != 0.0, "{n_samples} samples");
        assert!(
            window[n_frames + 1..]
                .iter()
                .take(100)
                .all(|value| *value == 0.0)
        );
    }
}

#[test]
fn the_loudest_frame_is_found_without_transforming_all() {
    let log_mel = LogMel::new(80);
    for seed in 1..20_usize {
        // Tones and noise that come and go, each louder or softer than the one before.
        let mut samples = signal(16_000);
        for (i, block) in samples.chunks_mut(997).enumerate() {
            let gain = [0.1, 0.7, 0.3, 1.0, 0.02, 0.9][(i * seed + i / 3) % 6];
            for sample in block {
                *sample *= gain;
            }
        }
        let signal = Signal::whole(&samples, samples.len() + HOP);
        let mut energies = vec![0.0; 80 * WINDOW_FRAMES];
        let n_frames = samples.len() / HOP + 1;
        log_mel.write_energies(signal, 0, n_frames, &mut energies);
        let wanted = energies.iter().copied().fold(0.0, f32::max);
        assert_eq!(log_mel.loudest(signal, 0..n_frames, 0.0), wanted);
    }
}

#[test]
fn samples_of_sixteen_bits_have_the_features_of_their_values() {
    let log_mel = LogMel::new(80);
    // longer than a window, and loudest behind it
    let mut samples = signal(WINDOW_SAMPLES + 40_000);
    for sample in &mut samples[..WINDOW_SAMPLES + 20_000] {
        *sample *= 0.01;
    }
    let shorts = Samples::new(&samples);
    let floats = shorts.to_vec();
    let (one, other) = (log_mel.file(&shorts), log_mel.file(&floats));
    assert_eq!(one.n_frames(), other.n_frames());
    for (seek, size) in [(0, 3000), (2990, 260), (3100, 150)] {
        assert_eq!(one.window(seek, size), other.window(seek, size), "{seek}");
    }
    let loudest = Signal::whole(&floats, floats.len() + HOP);
    let loudest = log_mel.loudest(loudest, 0..floats.len() / HOP + 1, 0.0);
    let floor = Scale::below(loudest).apply(0.0);
    let lowest = |features: Vec<f32>| features.into_iter().fold(f32::INFINITY, f32::min);
    assert_eq!(lowest(one.window(0, 3000)), floor);
}
