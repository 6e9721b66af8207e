//! The result of decoding: one channel at 16 kHz.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use domain::units::Seconds;

use super::SAMPLE_RATE;

/// Full scale of a 16-bit sample.
const FULL_SCALE: f32 = 32_768.0;

/// Mono audio at 16 kHz, kept as 16-bit samples, as the recognisers were trained on: 115 MB an hour.
#[derive(Clone, PartialEq, Default)]
pub struct Samples(Vec<i16>);

impl Samples {
    /// Takes samples whose full scale is `[-1, 1]`, rounded to 16 bits; a value which is no number becomes silence.
    pub fn new(samples: &[f32]) -> Self {
        Self(samples.iter().map(|sample| to_short(*sample)).collect())
    }

    /// Takes samples as they are.
    pub(super) fn from_shorts(samples: Vec<i16>) -> Self {
        Self(samples)
    }

    /// How long the audio lasts.
    pub fn duration(&self) -> Seconds {
        Seconds::from_samples(self.0.len(), SAMPLE_RATE)
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no sound at all, as in a WAV file that is only a header.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All samples, shape `(samples)`, in `[-1, 1)`: twice the memory again.
    pub fn to_vec(&self) -> Vec<f32> {
        Sound::from(self).read(0..self.len()).into_owned()
    }
}

/// One sample in 16 bits, the nearest there is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "conversion to an integer saturates"
)]
pub(super) fn to_short(sample: f32) -> i16 {
    (sample * FULL_SCALE).round() as i16
}

/// A view of a recording, whatever its samples are kept as: what the stages of the pipeline read, part by part.
#[derive(Clone, Copy)]
pub enum Sound<'a> {
    /// Full scale is `[-1, 1]`.
    Float(&'a [f32]),
    /// Full scale is the type's.
    Short(&'a [i16]),
}

impl<'a> Sound<'a> {
    /// How many samples there are.
    pub fn len(self) -> usize {
        match self {
            Self::Float(samples) => samples.len(),
            Self::Short(samples) => samples.len(),
        }
    }

    /// True when there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Some of the samples, full scale being `[-1, 1]`.
    ///
    /// # Panics
    /// When the range reaches beyond the recording.
    pub fn read(self, range: Range<usize>) -> Cow<'a, [f32]> {
        match self {
            Self::Float(samples) => Cow::Borrowed(&samples[range]),
            Self::Short(samples) => {
                let floats = samples[range]
                    .iter()
                    .map(|sample| f32::from(*sample) / FULL_SCALE);
                Cow::Owned(floats.collect())
            }
        }
    }

    /// A part of the recording.
    ///
    /// # Panics
    /// When the range reaches beyond the recording.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        match self {
            Self::Float(samples) => Self::Float(&samples[range]),
            Self::Short(samples) => Self::Short(&samples[range]),
        }
    }
}

impl<'a> From<&'a Samples> for Sound<'a> {
    fn from(samples: &'a Samples) -> Self {
        Self::Short(&samples.0)
    }
}

impl<'a> From<&'a [f32]> for Sound<'a> {
    fn from(samples: &'a [f32]) -> Self {
        Self::Float(samples)
    }
}

impl<'a> From<&'a Vec<f32>> for Sound<'a> {
    fn from(samples: &'a Vec<f32>) -> Self {
        Self::Float(samples)
    }
}

impl fmt::Debug for Sound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sound({} at {SAMPLE_RATE} Hz)", self.len())
    }
}

impl fmt::Debug for Samples {
    /// Says how many, not which: a recording has millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Samples({} at {SAMPLE_RATE} Hz)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_rounded_to_sixteen_bits() {
        let samples = Samples::new(&[0.5, f32::NAN, 1.0, 2.0, -1.0, 0.6 / FULL_SCALE]);
        let top = 32_767.0 / FULL_SCALE;
        let expected = [0.5, 0.0, top, top, -1.0, 1.0 / FULL_SCALE];
        assert_eq!(samples.to_vec(), expected);
    }

    #[test]
    fn duration_counts_at_sixteen_kilohertz() {
        assert_eq!(Samples::new(&[0.0; 800]).duration(), Seconds(0.05));
    }

    #[test]
    fn parts_are_read_alike_from_both_kinds() {
        let floats: Vec<f32> = (-4..4).map(|i| i as f32 / 8.0).collect();
        let samples = Samples::new(&floats);
        for sound in [Sound::from(&floats), Sound::from(&samples)] {
            assert_eq!(sound.len(), 8);
            assert_eq!(sound.read(2..5).as_ref(), &floats[2..5]);
            assert_eq!(sound.part(1..6).read(1..4).as_ref(), &floats[2..5]);
        }
    }
}
