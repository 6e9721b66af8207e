//! Units that cross crate walls.

use serde::{Deserialize, Serialize};

/// A time in the audio, in seconds from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub f64);

impl Seconds {
    /// The time of sample `n_samples` at `rate` samples a second.
    pub fn from_samples(n_samples: usize, rate: u32) -> Self {
        Self(n_samples as f64 / f64::from(rate))
    }
}
