//! How likely it is that somebody speaks, frame by frame.

/// Samples from one frame to the next.
pub(crate) const FRAME_STEP: usize = 270;
/// Samples that a frame sees; its time is their middle.
const FRAME_WIDTH: usize = 991;
const SAMPLE_RATE: f64 = 16_000.0;

/// Speech scores of a whole recording, in `[0, 1]`, one a frame of 16.875 ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores(Vec<f32>);

impl Scores {
    /// Scores of frames from the beginning of the recording on.
    pub fn new(values: Vec<f32>) -> Self {
        Self(values)
    }

    /// The scores.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Means over `width` frames around each frame, fewer at the ends; `width` is odd.
    pub(super) fn smoothed(&self, width: usize) -> Vec<f32> {
        let (reach, n) = (width / 2, self.0.len());
        (0..n)
            .map(|frame| {
                let around = &self.0[frame.saturating_sub(reach)..(frame + reach + 1).min(n)];
                around.iter().sum::<f32>() / around.len() as f32
            })
            .collect()
    }
}

/// The middle of a frame in seconds, as pyannote.audio counts: `0.03096875 + frame·0.016875`.
pub(crate) fn time_of(frame: usize) -> f64 {
    (FRAME_WIDTH as f64 / 2.0 + (frame * FRAME_STEP) as f64) / SAMPLE_RATE
}

/// The sample in the middle of a frame.
pub(crate) fn sample_of(frame: usize) -> usize {
    FRAME_WIDTH / 2 + frame * FRAME_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_times_of_pyannote() {
        assert!((time_of(0) - 0.030_968_75).abs() < 1e-12);
        assert!((time_of(100) - 1.718_468_75).abs() < 1e-12);
    }

    #[test]
    fn smoothing_takes_what_is_there() {
        let scores = Scores::new(vec![0.0, 3.0, 0.0, 0.0, 1.0]);
        let expected = [1.5, 1.0, 1.0, 1.0 / 3.0, 0.5];
        for (got, expected) in scores.smoothed(3).iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6);
        }
        assert!(Scores::new(vec![]).smoothed(7).is_empty());
    }
}
