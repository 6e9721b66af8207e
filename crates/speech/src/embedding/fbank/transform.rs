//! The power spectrum of one frame: centred, the high end raised, under a window.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::{FRAME, Kind};

/// Length of the transform; a frame is padded with zeros to it.
pub(super) const FFT: usize = 512;
/// Bins of the spectrum that the filters see: all but the last, at 8 kHz, where every triangle is zero.
pub(super) const N_BINS: usize = FFT / 2;
/// How much of the sample before is taken from each (pre-emphasis).
const EMPHASIS: f32 = 0.97;

/// The transform of one frame. Shared by threads; each brings a [`Scratch`].
pub(super) struct FrameTransform {
    fft: Arc<dyn RealToComplex<f32>>,
    /// The window, times what the samples are multiplied by.
    window: [f32; FRAME],
}

/// Room for the intermediate results of one frame.
pub(super) struct Scratch {
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    fft: Vec<Complex32>,
    power: [f32; N_BINS],
}

impl FrameTransform {
    pub(super) fn new(kind: Kind) -> Self {
        let cosine = |i: usize| (std::f64::consts::TAU * i as f64 / (FRAME - 1) as f64).cos();
        let weight = |i: usize| match kind {
            Kind::Povey => (0.5 - 0.5 * cosine(i)).powf(0.85),
            Kind::Hamming => (0.54 - 0.46 * cosine(i)) * 32_768.0,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the arithmetic goes on in single precision"
        )]
        let window = std::array::from_fn(|i| weight(i) as f32);
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window,
        }
    }

    pub(super) fn scratch(&self) -> Scratch {
        Scratch {
            frame: self.fft.make_input_vec(),
            spectrum: self.fft.make_output_vec(),
            fft: self.fft.make_scratch_vec(),
            power: [0.0; N_BINS],
        }
    }

    /// The power spectrum of up to [`FRAME`] samples, with zeros behind them.
    pub(super) fn power<'s>(&self, samples: &[f32], scratch: &'s mut Scratch) -> &'s [f32; N_BINS] {
        let frame = &mut scratch.frame;
        frame[..samples.len()].copy_from_slice(samples);
        frame[samples.len()..].fill(0.0);
        let sum: f64 = samples.iter().map(|x| f64::from(*x)).sum();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "samples are single precision"
        )]
        let mean = (sum / FRAME as f64) as f32;
        // the mean cancels in the difference of neighbours, but for what emphasis leaves of it
        let mut before = frame[0];
        for (x, weight) in frame.iter_mut().zip(&self.window) {
            let emphasised = (*x - mean) - EMPHASIS * (before - mean);
            before = std::mem::replace(x, emphasised * weight);
        }
        self.fft
            .process_with_scratch(frame, &mut scratch.spectrum, &mut scratch.fft)
            .expect("the plan made these buffers in its own lengths");
        for (power, bin) in scratch.power.iter_mut().zip(&scratch.spectrum) {
            *power = bin.norm_sqr();
        }
        &scratch.power
    }
}
