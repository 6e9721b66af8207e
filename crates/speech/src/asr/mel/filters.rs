//! The mel filter bank: triangles on the Slaney scale, each of unit area.

use super::frames::N_BINS;

/// Distance of two bins of the spectrum, in Hz.
const BIN_WIDTH_HZ: f64 = 40.0;
/// Upper edge of the last filter, in Hz: half the sample rate.
const HIGHEST_HZ: f64 = 8000.0;
/// Below this frequency the scale is linear, above it logarithmic.
const BREAK_HZ: f64 = 1000.0;
/// Width of a mel below the break, in Hz.
const LINEAR_HZ: f64 = 200.0 / 3.0;
/// Mels within one factor of 6.4 above the break.
const MELS_PER_OCTAVE: f64 = 27.0;

/// Filters stored as what they are: a run of a few bins each.
#[derive(Debug)]
pub(super) struct MelFilters {
    filters: Vec<Filter>,
}

#[derive(Debug)]
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

impl MelFilters {
    pub(super) fn new(n_mels: usize) -> Self {
        let top = mel_of(HIGHEST_HZ);
        let edge = |i: usize| hz_of(top * i as f64 / (n_mels + 1) as f64);
        let filters = (0..n_mels)
            .map(|i| Filter::triangle(edge(i), edge(i + 1), edge(i + 2)))
            .collect();
        Self { filters }
    }

    pub(super) fn len(&self) -> usize {
        self.filters.len()
    }

    pub(super) fn largest_weight(&self) -> f32 {
        let weights = self.filters.iter().flat_map(|filter| &filter.weights);
        weights.copied().fold(0.0, f32::max)
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
    /// Rises from `low` to `centre`, falls to `high`, all in Hz, and covers an area of 1.
    fn triangle(low: f64, centre: f64, high: f64) -> Self {
        let weight = |bin: usize| {
            let f = bin as f64 * BIN_WIDTH_HZ;
            let rise = (f - low) / (centre - low);
            let fall = (high - f) / (high - centre);
            rise.min(fall).max(0.0) * 2.0 / (high - low)
        };
        let mut bins = (0..N_BINS).filter(|bin| weight(*bin) > 0.0);
        // A filter narrower than a bin, as with very many bands, may hold none: its energy is always 0.
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

fn mel_of(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / LINEAR_HZ
    } else {
        BREAK_HZ / LINEAR_HZ + MELS_PER_OCTAVE * (hz / BREAK_HZ).ln() / 6.4_f64.ln()
    }
}

fn hz_of(mel: f64) -> f64 {
    let mel_above = mel - BREAK_HZ / LINEAR_HZ;
    if mel_above < 0.0 {
        mel * LINEAR_HZ
    } else {
        BREAK_HZ * (mel_above * 6.4_f64.ln() / MELS_PER_OCTAVE).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n_mels: usize) -> Vec<Vec<f32>> {
        let filters = MelFilters::new(n_mels);
        let mut rows = vec![vec![0.0; N_BINS]; n_mels];
        for bin in 0..N_BINS {
            let mut power = [0.0; N_BINS];
            power[bin] = 1.0;
            let mut energies = vec![0.0; n_mels];
            filters.apply(&power, &mut energies);
            for (row, energy) in rows.iter_mut().zip(energies) {
                row[bin] = energy;
            }
        }
        rows
    }

    #[test]
    fn the_scale_ends_where_it_should_and_goes_both_ways() {
        assert!((mel_of(8000.0) - 45.245_640_471_924_965).abs() < 1e-12);
        for hz in [0.0, 440.0, 999.0, 1000.0, 1001.0, 8000.0] {
            assert!((hz_of(mel_of(hz)) - hz).abs() < 1e-9);
        }
    }

    #[test]
    fn the_rows_sum_as_in_the_published_filters() {
        let check = |n_mels: usize, wanted: [(usize, f64); 4], total: f64| {
            let sum = |row: &Vec<f32>| row.iter().map(|weight| f64::from(*weight)).sum::<f64>();
            let sums: Vec<f64> = rows(n_mels).iter().map(sum).collect();
            for (i, wanted) in wanted {
                assert!((sums[i] - wanted).abs() < 1e-7, "filter {i}: {}", sums[i]);
            }
            assert!((sums.iter().sum::<f64>() - total).abs() < 1e-6);
        };
        check(
            80,
            [
                (0, 0.024_862_59),
                (20, 0.024_862_59),
                (40, 0.026_664_86),
                (79, 0.024_925_34),
            ],
            1.999_024_1,
        );
        check(
            128,
            [
                (0, 0.012_373_99),
                (32, 0.021_493_57),
                (64, 0.024_841_2),
                (127, 0.024_936_04),
            ],
            3.190_985_5,
        );
    }

    #[test]
    fn every_bin_feeds_at_most_two_neighbouring_filters() {
        for n_mels in [80, 128] {
            let rows = rows(n_mels);
            for bin in 0..N_BINS {
                let fed = |(m, row): (usize, &Vec<f32>)| (row[bin] > 0.0).then_some(m);
                let fed: Vec<usize> = rows.iter().enumerate().filter_map(fed).collect();
                assert!(fed.len() <= 2 && fed.windows(2).all(|f| f[1] == f[0] + 1));
            }
        }
    }
}
