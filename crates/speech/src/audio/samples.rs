//! The result of decoding: one channel at 16 kHz.

use std::fmt;

use domain::units::Seconds;

use super::SAMPLE_RATE;

/// Mono audio at 16 kHz, full scale being `[-1, 1]`; every value is finite.
#[derive(Clone, PartialEq, Default)]
pub struct Samples(Vec<f32>);

impl Samples {
    /// Takes samples as they are, except that a value which is no number becomes silence.
    pub fn new(mut samples: Vec<f32>) -> Self {
        for sample in &mut samples {
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        Self(samples)
    }

    /// How long the audio lasts.
    pub fn duration(&self) -> Seconds {
        Seconds::from_samples(self.0.len(), SAMPLE_RATE)
    }

    /// The samples, shape `(samples)`.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no sound at all, as in a WAV file that is only a header.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the samples away without copying them.
    pub fn into_vec(self) -> Vec<f32> {
        self.0
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
    fn what_is_no_number_becomes_silence() {
        let samples = Samples::new(vec![0.5, f32::NAN, f32::INFINITY, -0.5]);
        assert_eq!(samples.as_slice(), [0.5, 0.0, 0.0, -0.5]);
    }

    #[test]
    fn duration_counts_at_sixteen_kilohertz() {
        assert_eq!(Samples::new(vec![0.0; 8_000]).duration(), Seconds(0.5));
    }
}
