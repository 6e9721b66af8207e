//! Where decoded blocks end up: mixed to mono, brought to 16 kHz, counted and reported.

use std::ops::Range;

use domain::progress::Stage;
use domain::units::Seconds;
use symphonia::core::audio::GenericAudioBufferRef;

use super::collected::Collected;
use super::guard::Watch;
use super::mix::{Layout, Mixer};
use super::report::{Decoded, Report};
use super::resample::{Resampler, UnusableRate};
use super::samples::to_short;
use super::{AudioError, SAMPLE_RATE, samples_in};

/// A value no recording reaches; beyond it the resampler would lose all precision, so it is cut off here.
const LARGEST_VALUE: f32 = 1e6;

/// Samples between two progress reports: one second.
const REPORT_SAMPLES: usize = SAMPLE_RATE as usize;

/// Samples that a resampler may take back at its end.
const HELD_SAMPLES: usize = 1 << 15;

/// What differs from zero by more than this is sound, in steps of 16 bits: -80 dB.
const SILENT_STEPS: u16 = 3;

/// Collects one recording.
///
/// A value that is NaN or infinite counts as silence; a recording of which most values are so is refused. Values
/// are rounded to 16 bits and clipped to full scale at the very end.
pub(super) struct Sink<'a> {
    watch: Watch<'a>,
    out: Collected,
    /// What was resampled last, not yet rounded.
    fresh: Vec<f32>,
    mixer: Option<Mixer>,
    resampler: Option<Resampler>,
    /// Where the present resampler began, in samples of the output.
    begin: usize,
    /// Frames that came since then.
    n_frames: u64,
    planes: Vec<Vec<f32>>,
    mono: Vec<f32>,
    report: Report,
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
            mixer: None,
            resampler: None,
            begin: 0,
            n_frames: 0,
            planes: Vec::new(),
            mono: Vec::new(),
            report: Report::default(),
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
        let expected = samples_in(total.0, SAMPLE_RATE) + REPORT_SAMPLES;
        self.out.reserve(expected.min(plausible));
    }

    /// Whether anything was decoded so far.
    pub(super) fn has_decoded(&self) -> bool {
        self.report.losses.decoded().0 > 0.0
    }

    /// How long the recording is so far.
    pub(super) fn position(&self) -> Seconds {
        let begin = Seconds::from_samples(self.begin, SAMPLE_RATE);
        match &self.resampler {
            Some(resampler) => {
                Seconds(begin.0 + self.n_frames as f64 / f64::from(resampler.rate()))
            }
            None => begin,
        }
    }

    /// Takes some frames of a decoded block; `layout` is what is known of its channels if the decoder knows nothing.
    pub(super) fn push(
        &mut self,
        block: &GenericAudioBufferRef<'_>,
        range: Range<usize>,
        layout: Layout,
    ) -> Result<(), Rejected> {
        let rate = block.spec().rate();
        let layout = Layout::of(block.spec().channels()).unwrap_or(layout);
        let mut planes = std::mem::take(&mut self.planes);
        block.copy_to_vecs_planar(&mut planes);
        for plane in &mut planes {
            plane.truncate(range.end);
            plane.drain(..range.start);
            self.repair(plane);
        }
        self.report
            .losses
            .decode(Seconds(range.len() as f64 / f64::from(rate.max(1))));
        let pushed = self.push_planes(rate, layout, &planes);
        self.planes = planes;
        pushed
    }

    /// Keeps the place of sound that could not be decoded.
    pub(super) fn lose(&mut self, length: Seconds) -> Result<(), Rejected> {
        self.report.losses.lose(length);
        match (&self.resampler, &self.mixer) {
            (Some(resampler), Some(mixer)) => {
                let (rate, layout) = (resampler.rate(), mixer.layout());
                let silence = vec![0.0; samples_in(length.0, rate)];
                self.push_planes(rate, layout, &vec![silence; mixer.n_channels()])
            }
            _ => self.fill_until(Seconds(self.position().0 + length.0)),
        }
    }

    /// Counts sound that is not to be played.
    pub(super) fn leave_out(&mut self, length: Seconds) {
        self.report.left_out.0 += length.0;
    }

    /// Adds silence until the recording is as long as `place`, if it is shorter.
    pub(super) fn fill_until(&mut self, place: Seconds) -> Result<(), Rejected> {
        if place <= self.position() {
            return Ok(());
        }
        self.end_resampler();
        let n_due = samples_in(place.0, SAMPLE_RATE);
        while self.out.len() < n_due {
            let n_block = (n_due - self.out.len()).min(REPORT_SAMPLES);
            self.out.extend(std::iter::repeat_n(0, n_block));
            self.begin = self.out.len();
            self.account().map_err(Rejected::Recording)?;
        }
        Ok(())
    }

    /// The recording, complete.
    pub(super) fn finish(mut self) -> Result<Decoded, AudioError> {
        self.end_resampler();
        if self.n_bad * 2 > self.n_in {
            return Err(AudioError::NotFinite {
                n_bad: self.n_bad,
                n_total: self.n_in,
            });
        }
        self.out.shrink(REPORT_SAMPLES);
        let duration = Seconds::from_samples(self.out.len(), SAMPLE_RATE);
        (self.watch.monitor()).progress(Stage::Decode, duration, duration);
        Ok(Decoded {
            samples: self.out,
            report: self.report,
            damage: None,
        })
    }

    fn push_planes(
        &mut self,
        rate: u32,
        layout: Layout,
        planes: &[Vec<f32>],
    ) -> Result<(), Rejected> {
        let is_same = (self.mixer.as_ref()).is_some_and(|mixer| mixer.fits(rate, layout, planes));
        if !is_same || self.resampler.is_none() {
            self.end_resampler();
            self.resampler = Some(Resampler::new(rate).map_err(Rejected::Rate)?);
        }
        if !is_same {
            self.mixer = Some(Mixer::new(rate, layout, planes.len()));
        }
        self.n_frames += planes.first().map_or(0, Vec::len) as u64;
        if let (Some(mixer), Some(resampler)) = (&mut self.mixer, &mut self.resampler) {
            mixer.push(planes, &mut self.mono);
            resampler.push(&self.mono, &mut self.fresh);
            self.mono.clear();
        }
        self.keep(HELD_SAMPLES);
        self.account().map_err(Rejected::Recording)
    }

    fn end_resampler(&mut self) {
        if let Some(mut resampler) = self.resampler.take() {
            if let Some(mixer) = &mut self.mixer {
                mixer.flush(&mut self.mono);
                resampler.push(&self.mono, &mut self.fresh);
                self.mono.clear();
            }
            resampler.finish(&mut self.fresh);
        }
        self.keep(0);
        (self.begin, self.n_frames) = (self.out.len(), 0);
    }

    fn repair(&mut self, samples: &mut [f32]) {
        self.n_in += samples.len() as u64;
        for sample in samples {
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
        let mut loudest = 0;
        let shorts = self.fresh.drain(..n).map(to_short);
        self.out
            .extend(shorts.inspect(|short| loudest = loudest.max(short.unsigned_abs())));
        self.report.has_sound |= loudest > SILENT_STEPS;
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
            return Err(AudioError::too_long(limit));
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
