//! The mel filter bank of HTK and Kaldi: triangles that are straight on the mel scale, without any area in common.

use super::BANDS;
use super::transform::{FFT, N_BINS};

/// Lower edge of the first filter, in Hz.
const LOWEST_HZ: f64 = 20.0;
/// Upper edge of the last filter, in Hz: half the sample rate.
const HIGHEST_HZ: f64 = 8000.0;
const SAMPLE_RATE: f64 = 16_000.0;

/// Filters stored as what they are: a run of a few bins each.
#[derive(Debug)]
pub(super) struct HtkFilters {
    filters: Vec<Filter>,
}

#[derive(Debug)]
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

impl HtkFilters {
    pub(super) fn new() -> Self {
        let (low, high) = (mel_of(LOWEST_HZ), mel_of(HIGHEST_HZ));
        let edge = |i: usize| low + (high - low) * i as f64 / (BANDS + 1) as f64;
        let filters = (0..BANDS)
            .map(|i| Filter::triangle(edge(i), edge(i + 1), edge(i + 2)))
            .collect();
        Self { filters }
    }

    /// Energies of the bands of one power spectrum.
    pub(super) fn apply(&self, power: &[f32; N_BINS], energies: &mut [f32]) {
        for (filter, energy) in self.filters.iter().zip(energies) {
            let bins = &power[filter.first_bin..][..filter.weights.len()];
            *energy = bins.iter().zip(&filter.weights).map(|(p, w)| p * w).sum();
        }
    }
}

impl Filter {
    /// Rises from `low` to 1 at `centre`, falls to `high`, all in mel.
    fn triangle(low: f64, centre: f64, high: f64) -> Self {
        let weight = |bin: usize| {
            let mel = mel_of(SAMPLE_RATE * bin as f64 / FFT as f64);
            let rise = (mel - low) / (centre - low);
            let fall = (high - mel) / (high - centre);
            rise.min(fall).max(0.0)
        };
        let mut bins = (0..N_BINS).filter(|bin| weight(*bin) > 0.0);
        let first_bin = bins.next().unwrap_or(0);
        let end = bins.next_back().unwrap_or(first_bin) + 1;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the arithmetic goes on in single precision"
        )]
        let weights = (first_bin..end).map(|bin| weight(bin) as f32).collect();
        Self { first_bin, weights }
    }
}

/// O'Shaughnessy's scale as HTK writes it.
fn mel_of(hz: f64) -> f64 {
    1127.0 * (hz / 700.0).ln_1p()
}
