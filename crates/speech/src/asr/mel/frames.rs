//! Power spectra of overlapping frames of the samples.

use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples from one frame to the next: 10 ms.
pub(super) const HOP: usize = 160;
/// Samples in a frame: 25 ms.
const FRAME: usize = 400;
/// Bins of the spectrum of a frame, 40 Hz apart.
pub(super) const N_BINS: usize = FRAME / 2 + 1;

/// The transform of one frame. Shared by threads; each brings a [`Scratch`].
pub(super) struct FrameTransform {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: [f32; FRAME],
}

/// Room for the intermediate results of one frame.
pub(super) struct Scratch {
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    fft: Vec<Complex32>,
    power: [f32; N_BINS],
}

impl FrameTransform {
    pub(super) fn new() -> Self {
        let angle = |i: usize| std::f64::consts::TAU * i as f64 / FRAME as f64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the arithmetic goes on in single precision"
        )]
        let hann = std::array::from_fn(|i| (0.5 - 0.5 * angle(i).cos()) as f32);
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FRAME),
            hann,
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

    /// Takes the frame whose centre is sample `HOP * frame_idx` under the window; `false` where all samples are 0.
    pub(super) fn take(&self, signal: Signal<'_>, frame_idx: usize, scratch: &mut Scratch) -> bool {
        if let Some(inner) = signal.inner_frame(frame_idx) {
            for ((sample, weight), taken) in inner.iter().zip(&self.hann).zip(&mut scratch.frame) {
                *taken = sample * weight;
            }
            return true;
        }
        let holds_audio = signal.edge_frame(frame_idx, &mut scratch.frame);
        for (sample, weight) in scratch.frame.iter_mut().zip(&self.hann) {
            *sample *= weight;
        }
        holds_audio
    }

    /// The power spectrum of the frame last taken.
    pub(super) fn power<'s>(&self, scratch: &'s mut Scratch) -> &'s [f32; N_BINS] {
        self.fft
            .process_with_scratch(&mut scratch.frame, &mut scratch.spectrum, &mut scratch.fft)
            .expect("the plan made these buffers in its own lengths");
        for (power, bin) in scratch.power.iter_mut().zip(&scratch.spectrum) {
            *power = bin.norm_sqr();
        }
        &scratch.power
    }
}

impl Scratch {
    /// What the powers of all bins between the first and the last sum up to (Parseval), found without the transform.
    pub(super) fn total_power(&self) -> f32 {
        let mut lanes = [0.0_f32; 16];
        for samples in self.frame.chunks_exact(16) {
            for (lane, sample) in lanes.iter_mut().zip(samples) {
                *lane += sample * sample;
            }
        }
        lanes.iter().sum::<f32>() * (FRAME / 2) as f32
    }
}

/// Samples with zeros behind them, mirrored at both ends as far as the outermost frames reach. Only those that the frames
/// asked for hold need be at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signal<'a> {
    /// The samples at hand.
    samples: &'a [f32],
    /// Where they begin.
    offset: usize,
    /// How many samples there are, those at hand and all others.
    n_samples: usize,
    /// Length with the zeros, at least 2 and at least as long as the samples.
    padded_len: usize,
}

impl<'a> Signal<'a> {
    /// All samples, with zeros up to `padded_len`.
    pub(super) fn whole(samples: &'a [f32], padded_len: usize) -> Self {
        Self {
            samples,
            offset: 0,
            n_samples: samples.len(),
            padded_len,
        }
    }

    /// A part of `n_samples` samples, those from `offset` on; see [`Self::reach`].
    pub(super) fn part(
        samples: &'a [f32],
        offset: usize,
        n_samples: usize,
        padded_len: usize,
    ) -> Self {
        Self {
            samples,
            offset,
            n_samples,
            padded_len,
        }
    }

    /// Which of `n_samples` samples the frames `frames` may hold, mirrored ones included.
    pub(super) fn reach(frames: &Range<usize>, n_samples: usize) -> Range<usize> {
        // the last frames are mirrored from up to two frames before the end
        let start = (frames.start * HOP).min(n_samples.saturating_sub(FRAME));
        start.saturating_sub(FRAME)..(frames.end * HOP + FRAME).min(n_samples)
    }

    /// The frame, if it lies wholly in the samples.
    fn inner_frame(&self, frame_idx: usize) -> Option<&[f32]> {
        let start = (frame_idx * HOP).checked_sub(FRAME / 2)?;
        let start = start.checked_sub(self.offset)?;
        self.samples.get(start..start + FRAME)
    }

    /// Copies a frame that may reach beyond the samples; `false` if no sample is in it.
    fn edge_frame(self, frame_idx: usize, frame: &mut [f32]) -> bool {
        let mut holds_audio = false;
        for (i, sample) in frame.iter_mut().enumerate() {
            let place = self.mirrored(frame_idx * HOP + i, FRAME / 2);
            let value = (place < self.n_samples).then(|| self.samples[place - self.offset]);
            holds_audio |= value.is_some();
            *sample = value.unwrap_or(0.0);
        }
        holds_audio
    }

    /// The index that `index - offset` mirrors to. The mirrors stand on the first and the last sample, which are not
    /// repeated; a signal shorter than a frame is mirrored to and fro.
    fn mirrored(self, index: usize, offset: usize) -> usize {
        let last = self.padded_len - 1;
        let period = 2 * last;
        let place = (index + period * offset - offset) % period;
        place.min(period - place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_mirrored_without_repeating_the_edge() {
        let samples: Vec<f32> = (1..=600_u16).map(f32::from).collect();
        let signal = Signal::whole(&samples, 601);
        let mut frame = vec![0.0; FRAME];
        assert!(signal.edge_frame(0, &mut frame));
        assert_eq!(frame[..2], [201.0, 200.0]);
        assert_eq!(frame[198..203], [3.0, 2.0, 1.0, 2.0, 3.0]);
        assert!(signal.edge_frame(3, &mut frame));
        assert_eq!(frame[319..322], [600.0, 0.0, 600.0]);
    }

    #[test]
    fn a_signal_shorter_than_a_frame_is_mirrored_to_and_fro() {
        let signal = Signal::whole(&[1.0, 2.0, 3.0], 3);
        let mut frame = vec![0.0; FRAME];
        assert!(signal.edge_frame(0, &mut frame));
        assert_eq!(frame[196..206], [1., 2., 3., 2., 1., 2., 3., 2., 1., 2.]);
    }
}
