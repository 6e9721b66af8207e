//! Band-pass filters made from their corner frequencies (`SincNet`, as asteroid's `ParamSincFB` has them).

use std::f64::consts::PI;

/// Taps of each filter.
pub(super) const TAPS: usize = 251;
/// Bands; each has a cosine and a sine filter.
pub(super) const BANDS: usize = 40;

const SAMPLE_RATE: f64 = 16_000.0;
/// Lowest corner and narrowest band, in Hz.
const LOWEST: f64 = 50.0;
const NARROWEST: f64 = 50.0;

/// The filters `(80, 251)`, cosine ones first, from `low_hz_` and `band_hz_` of the checkpoint.
pub(super) fn filters(low_hz: &[f32], band_hz: &[f32]) -> Vec<f32> {
    let bands: Vec<_> = (low_hz.iter().zip(band_hz))
        .map(|(low, band)| {
            let low = LOWEST + f64::from(*low).abs();
            let high = low + NARROWEST + f64::from(*band).abs();
            (low, high.clamp(NARROWEST, SAMPLE_RATE / 2.0))
        })
        .collect();
    let cosine = bands
        .iter()
        .flat_map(|(low, high)| filter(*low, *high, false));
    let sine = bands
        .iter()
        .flat_map(|(low, high)| filter(*low, *high, true));
    cosine.chain(sine).collect()
}

/// One filter; a sine filter is odd about its centre, a cosine filter even.
fn filter(low: f64, high: f64, is_sine: bool) -> [f32; TAPS] {
    const HALF: usize = TAPS / 2;
    let band = high - low;
    let mut taps = [0.0; TAPS];
    for i in 0..HALF {
        let n = 2.0 * PI * (i as f64 - HALF as f64) / SAMPLE_RATE;
        let window = 0.54 - 0.46 * (2.0 * PI * i as f64 / (TAPS - 1) as f64).cos();
        let wave = if is_sine {
            (low * n).cos() - (high * n).cos()
        } else {
            (high * n).sin() - (low * n).sin()
        };
        let tap = wave / (n / 2.0) * window / (2.0 * band);
        taps[i] = single(tap);
        taps[TAPS - 1 - i] = single(if is_sine { -tap } else { tap });
    }
    taps[HALF] = if is_sine { 0.0 } else { 1.0 };
    taps
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are single precision"
)]
fn single(x: f64) -> f32 {
    x as f32
}
