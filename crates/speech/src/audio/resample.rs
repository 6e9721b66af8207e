//! Any sample rate becomes 16 kHz, block by block.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

use super::SAMPLE_RATE;

/// The sample rates that are converted, in Hz.
pub const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;

/// Output samples that one block aims at; longer blocks have a steeper filter and cost a little more.
const BLOCK_SAMPLES: usize = 2_048;

/// The rate is no plausible rate of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sample rate of {0} Hz is outside {min} to {max} Hz", min = RATES.start(), max = RATES.end())]
pub struct UnusableRate(pub u32);

/// Converts one mono stream to 16 kHz with a linear-phase, band-limited filter.
///
/// The output is aligned with the input (no delay) and has `ceil(n * 16000 / rate)` samples for `n` of input.
/// A stream that is at 16 kHz already passes unchanged.
pub struct Resampler {
    rate: u32,
    filter: Option<Filter>,
    n_in: u64,
    n_out: u64,
}

struct Filter {
    fft: Fft<f32>,
    /// Input that does not fill a block yet.
    pending: Vec<f32>,
    /// One block of output.
    block: Vec<f32>,
    /// Leading output that is the filter's delay, still to be dropped.
    n_skip: usize,
}

impl Resampler {
    /// A converter from `rate` Hz.
    ///
    /// # Errors
    ///
    /// When the rate is outside [`RATES`].
    pub fn new(rate: u32) -> Result<Self, UnusableRate> {
        if !RATES.contains(&rate) {
            return Err(UnusableRate(rate));
        }
        let filter = if rate == SAMPLE_RATE {
            None
        } else {
            Some(Filter::new(rate)?)
        };
        Ok(Self {
            rate,
            filter,
            n_in: 0,
            n_out: 0,
        })
    }

    /// The rate of the input, in Hz.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes `input` and appends to `out` what is ready, which may be nothing yet.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.n_in += input.len() as u64;
        let before = out.len();
        match &mut self.filter {
            None => out.extend_from_slice(input),
            Some(filter) => filter.push(input, out),
        }
        self.n_out += (out.len() - before) as u64;
    }

    /// Appends to `out` what the filter still holds, cut to the exact length.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let n_due = (self.n_in * u64::from(SAMPLE_RATE)).div_ceil(u64::from(self.rate));
        let start = out.len();
        if let Some(filter) = &mut self.filter {
            while self.n_out + ((out.len() - start) as u64) < n_due {
                filter.flush_block(out);
            }
        }
        let n_surplus = self.n_out + (out.len() - start) as u64 - n_due;
        out.truncate(out.len() - usize::try_from(n_surplus).unwrap_or(0));
    }
}

impl Filter {
    fn new(rate: u32) -> Result<Self, UnusableRate> {
        let (n_in, n_out) = block_size(rate);
        let fft = Fft::new_custom(
            rate as usize,
            SAMPLE_RATE as usize,
            n_in,
            1,
            1,
            rubato::WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|_| UnusableRate(rate))?;
        let n_skip = fft.output_delay();
        debug_assert_eq!(
            (fft.input_frames_next(), fft.output_frames_next()),
            (n_in, n_out)
        );
        Ok(Self {
            fft,
            pending: Vec::with_capacity(n_in),
            block: vec![0.0; n_out],
            n_skip,
        })
    }

    fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
        let n_in = self.fft.input_frames_next();
        while self.pending.len() + input.len() >= n_in {
            let (head, rest) = input.split_at(n_in - self.pending.len());
            self.pending.extend_from_slice(head);
            input = rest;
            self.convert_block(out);
        }
        self.pending.extend_from_slice(input);
    }

    /// Fills the pending block with silence and converts it.
    fn flush_block(&mut self, out: &mut Vec<f32>) {
        self.pending.resize(self.fft.input_frames_next(), 0.0);
        self.convert_block(out);
    }

    /// Converts the full pending block and appends its output, less the delay.
    fn convert_block(&mut self, out: &mut Vec<f32>) {
        let (n_in, n_out) = (self.pending.len(), self.block.len());
        let result = (|| {
            let input = SequentialSlice::new(&self.pending, 1, n_in).ok()?;
            let mut output = SequentialSlice::new_mut(&mut self.block, 1, n_out).ok()?;
            self.fft
                .process_into_buffer(&input, &mut output, Some(&Indexing::new()))
                .ok()
        })();
        // The block sizes are the ones that the filter asked for, so it has no reason to refuse.
        assert_eq!(
            result,
            Some((n_in, n_out)),
            "the resampler refused a block of its own size"
        );
        let n_dropped = self.n_skip.min(n_out);
        self.n_skip -= n_dropped;
        out.extend_from_slice(&self.block[n_dropped..]);
        self.pending.clear();
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler")
            .field("rate", &self.rate)
            .field("n_in", &self.n_in)
            .finish_non_exhaustive()
    }
}

/// Samples of a block before and after: in the exact ratio of the rates, and both even, so that the filter's delay of
/// half a block is a whole number of samples.
fn block_size(rate: u32) -> (usize, usize) {
    let common = greatest_common_divisor(rate, SAMPLE_RATE);
    let (step_in, step_out) = ((rate / common) as usize, (SAMPLE_RATE / common) as usize);
    let n_steps = (BLOCK_SAMPLES / step_out).next_multiple_of(2).max(2);
    (n_steps * step_in, n_steps * step_out)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "test signals are made in f64"
)]
mod tests {
    use super::*;

    /// `n` samples of a test signal: four tones up to `top` Hz.
    fn tones(rate: u32, top: f64, n: usize) -> Vec<f32> {
        let tone =
            |i: usize, hz: f64| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)).sin();
        (0..n)
            .map(|i| {
                [0.031, 0.17, 0.5, 0.99]
                    .iter()
                    .map(|part| 0.2 * tone(i, part * top))
                    .sum::<f64>() as f32
            })
            .collect()
    }

    fn convert(rate: u32, input: &[f32], block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate).unwrap();
        let mut out = Vec::new();
        for part in input.chunks(block) {
            resampler.push(part, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    #[test]
    fn tones_keep_their_shape_and_their_place() {
        for rate in [
            8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
        ] {
            let top = 0.9 * f64::from(rate.min(SAMPLE_RATE)) / 2.0;
            let out = convert(rate, &tones(rate, top, rate as usize * 2), 1_000);
            let expected = tones(SAMPLE_RATE, top, 32_000);
            assert_eq!(out.len(), expected.len(), "{rate} Hz");
            // The ends lack what lies beyond them; 0.1 s inside the filter no longer reaches there.
            let inner = 1_600..30_400;
            let power: f64 = expected[inner.clone()]
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum();
            let error: f64 = inner.map(|i| f64::from(out[i] - expected[i]).powi(2)).sum();
            let snr_db = 10.0 * (power / error).log10();
            assert!(snr_db > 90.0, "{rate} Hz: SNR {snr_db:.1} dB");
        }
    }

    #[test]
    fn an_impulse_stays_where_it_is() {
        for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000] {
            let mut input = vec![0.0; rate as usize];
            input[rate as usize / 25 * 12] = 1.0;
            let out = convert(rate, &input, 777);
            let peak = (0..out.len()).max_by(|&a, &b| out[a].abs().total_cmp(&out[b].abs()));
            assert_eq!(peak, Some(7_680), "{rate} Hz");
        }
    }

    #[test]
    fn the_length_is_exact_for_any_length_and_any_block() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000, 96_000,
        ] {
            for n in [0, 1, 2, 159, 160, 161, 4_409, 30_001] {
                let expected = (n as u64 * 16_000).div_ceil(u64::from(rate));
                for block in [1, 113, 8_192, 1 << 20] {
                    assert_eq!(
                        convert(rate, &vec![0.1; n], block).len() as u64,
                        expected,
                        "{rate} Hz, {n}, {block}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_above_the_new_band_is_folded_back() {
        for (rate, hz) in [
            (44_100, 9_000.0),
            (48_000, 12_000.0),
            (48_000, 8_500.0),
            (96_000, 30_000.0),
        ] {
            let tone: Vec<f32> = (0..rate)
                .map(|i| (std::f64::consts::TAU * hz * f64::from(i) / f64::from(rate)).sin() as f32)
                .collect();
            let out = convert(rate, &tone, 4_096);
            let loudest = out[1_600..14_400]
                .iter()
                .fold(0.0_f32, |peak, x| peak.max(x.abs()));
            assert!(loudest < 1e-4, "{hz} Hz at {rate} Hz leaves {loudest}");
        }
    }

    #[test]
    fn blocks_give_what_one_piece_gives() {
        let input = tones(44_100, 7_000.0, 50_000);
        assert_eq!(
            convert(44_100, &input, 100),
            convert(44_100, &input, 50_000)
        );
    }

    #[test]
    fn sixteen_kilohertz_pass_unchanged() {
        let input = tones(16_000, 7_000.0, 5_000);
        assert_eq!(convert(16_000, &input, 999), input);
    }

    #[test]
    fn an_absurd_rate_is_refused() {
        for rate in [0, 1, 999, 384_001, u32::MAX] {
            assert_eq!(Resampler::new(rate).err(), Some(UnusableRate(rate)));
        }
    }
}
