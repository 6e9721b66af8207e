//! Where decoded blocks end up: mixed to mono, brought to 16 kHz, counted and reported.

use domain::progress::Stage;
use domain::units::Seconds;
use symphonia::core::audio::{Channels, GenericAudioBufferRef};

use super::collected::Collected;
use super::guard::Watch;
use super::resample::{Resampler, UnusableRate};
use super::samples::to_short;
use super::{AudioError, SAMPLE_RATE, downmix};

/// A value no recording reaches; beyond it the resampler would lose all precision, so it is cut off here.
const LARGEST_VALUE: f32 = 1e6;

/// Samples between two progress reports: one second.
const REPORT_SAMPLES: usize = SAMPLE_RATE as usize;

/// Samples that a resampler may take back at its end.
const HELD_SAMPLES: usize = 1 << 15;

/// Collects one recording.
///
/// A value that is NaN or infinite counts as silence; a recording of which most values are so is refused. Values
/// are rounded to 16 bits and clipped to full scale at the very end.
pub(super) struct Sink<'a> {
    watch: Watch<'a>,
    out: Collected,
    /// What was resampled last, not yet rounded.
    fresh: Vec<f32>,
    resampler: Option<Resampler>,
    layout: (Channels, Vec<f32>),
    planes: Vec<Vec<f32>>,
    mono: Vec<f32>,
    total: Seconds,
    n_reported: usize,
    n_in: u64,
    n_bad: u64,
}

/// A block could not be taken.
pub(super) enum Rejected {
    /// Its sample rate is absurd.
    Rate(UnusableRate),
    /// The whole recording is refused.
    Recording(AudioError),
}

impl<'a> Sink<'a> {
    pub(super) fn new(watch: Watch<'a>) -> Self {
        Self {
            watch,
            out: Collected::new(watch.keep()),
            fresh: Vec::new(),
            resampler: None,
            layout: (Channels::None, Vec::new()),
            planes: Vec::new(),
            mono: Vec::new(),
            total: Seconds::default(),
            n_reported: 0,
            n_in: 0,
            n_bad: 0,
        }
    }

    /// Believes a header that the recording lasts `total`, for the progress and to reserve memory; `n_bytes` is the
    /// file's size, which keeps a lying header from reserving much.
    pub(super) fn expect(&mut self, total: Seconds, n_bytes: u64) {
        if !total.0.is_finite() || total.0 <= 0.0 || total > self.watch.settings().max_duration {
            return;
        }
        self.total = total;
        // The thinnest codecs spend about a byte on two samples of ours.
        let plausible = usize::try_from(n_bytes.saturating_mul(16)).unwrap_or(usize::MAX);
        let expected = super::samples_in(total.0, SAMPLE_RATE) + REPORT_SAMPLES;
        self.out.reserve(expected.min(plausible));
    }

    /// Takes a decoded block, less its first `n_skip` frames.
    pub(super) fn push(
        &mut self,
        block: &GenericAudioBufferRef<'_>,
        n_skip: usize,
    ) -> Result<(), Rejected> {
        let channels = block.spec().channels();
        if self.layout.0 != *channels {
            self.layout = (channels.clone(), downmix::weights(channels));
        }
        block.copy_to_vecs_planar(&mut self.planes);
        let mut mono = std::mem::take(&mut self.mono);
        downmix::mix(&self.planes, &self.layout.1, &mut mono);
        let pushed = self.push_mono(
            block.spec().rate(),
            mono.get_mut(n_skip..).unwrap_or_default(),
        );
        self.mono = mono;
        pushed
    }

    /// Fills a gap where `n_frames` at `rate` Hz could not be decoded, so that later times stay true.
    pub(super) fn push_gap(&mut self, rate: u32, n_frames: usize) -> Result<(), Rejected> {
        self.push_mono(rate, &mut vec![0.0; n_frames])
    }

    /// Takes mono samples at `rate` Hz; they are repaired in place.
    pub(super) fn push_mono(&mut self, rate: u32, mono: &mut [f32]) -> Result<(), Rejected> {
        self.repair(mono);
        let mut resampler = match self.resampler.take() {
            Some(current) if current.rate() == rate => current,
            previous => {
                self.end_resampler(previous);
                Resampler::new(rate).map_err(Rejected::Rate)?
            }
        };
        resampler.push(mono, &mut self.fresh);
        self.resampler = Some(resampler);
        self.keep(HELD_SAMPLES);
        self.account().map_err(Rejected::Recording)
    }

    /// The recording, complete.
    pub(super) fn finish(mut self) -> Result<Collected, AudioError> {
        let last = self.resampler.take();
        self.end_resampler(last);
        if self.n_bad * 2 > self.n_in {
            return Err(AudioError::NotFinite {
                n_bad: self.n_bad,
                n_total: self.n_in,
            });
        }
        self.out.shrink(REPORT_SAMPLES);
        let duration = Seconds::from_samples(self.out.len(), SAMPLE_RATE);
        (self.watch.monitor()).progress(Stage::Decode, duration, duration);
        Ok(self.out)
    }

    fn end_resampler(&mut self, resampler: Option<Resampler>) {
        if let Some(resampler) = resampler {
            resampler.finish(&mut self.fresh);
        }
        self.keep(0);
    }

    fn repair(&mut self, mono: &mut [f32]) {
        self.n_in += mono.len() as u64;
        for sample in mono {
            if sample.is_finite() {
                *sample = sample.clamp(-LARGEST_VALUE, LARGEST_VALUE);
            } else {
                *sample = 0.0;
                self.n_bad += 1;
            }
        }
    }

    /// Rounds what was resampled, but for the last `n_held` samples.
    fn keep(&mut self, n_held: usize) {
        let n = self.fresh.len().saturating_sub(n_held);
        self.out.extend(self.fresh.drain(..n).map(to_short));
    }

    /// Samples so far.
    fn n_out(&self) -> usize {
        self.out.len() + self.fresh.len()
    }

    /// Checks the length and reports progress once a second of audio.
    fn account(&mut self) -> Result<(), AudioError> {
        let done = Seconds::from_samples(self.n_out(), SAMPLE_RATE);
        let limit = self.watch.settings().max_duration;
        if done > limit {
            return Err(AudioError::TooLong {
                limit_hours: limit.0 / 3600.0,
            });
        }
        if self.n_out() >= self.n_reported + REPORT_SAMPLES {
            self.n_reported = self.n_out();
            let total = if self.total < done {
                Seconds::default()
            } else {
                self.total
            };
            self.watch.monitor().progress(Stage::Decode, done, total);
        }
        Ok(())
    }
}
