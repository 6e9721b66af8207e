//! Which of pyannote's pipelines, and its parameters.

use domain::units::Seconds;

use super::Plda;
use crate::audio::SAMPLE_RATE;
use crate::diarize::cluster::centroid::CentroidOptions;
use crate::diarize::cluster::vbx::VbxOptions;
use crate::pyannet::round_half_even;

/// A pipeline: how voices become speakers, and what is done to the turns.
#[derive(Debug, Clone)]
pub struct Method {
    /// How voices become speakers.
    pub clustering: Clustering,
    /// Shorter pauses of one speaker are part of the turn.
    pub min_duration_off: Seconds,
}

/// How voices become speakers.
#[derive(Debug, Clone)]
pub enum Clustering {
    /// Centroid linkage, each local speaker then going to the nearest centroid (speaker-diarization-3.1).
    Agglomerative(Agglomerative),
    /// A mixture in the space of a PLDA, the local speakers of a window being different people (community-1).
    Vbx {
        /// That space, for the embeddings of one network.
        plda: Box<Plda>,
        /// Parameters.
        options: VbxOptions,
    },
}

/// Parameters of centroid linkage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agglomerative {
    /// Sets farther apart than this are two speakers; Euclidean, between vectors of length 1.
    pub threshold: f64,
    /// Sets of fewer windows are stray, if windows begin a second apart; of windows that begin `n` seconds apart a set has
    /// to have an `n`th as many. Never is more than a tenth of all embeddings asked for.
    pub min_cluster_size: usize,
    /// Which voices sets are made of.
    pub training: Training,
}

/// Which voices speakers are made of; all of them are then given to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Training {
    /// Those of local speakers who speak alone in this share of their window, at least (pyannote.audio 4).
    AloneFor(f64),
    /// Those of all who are active (pyannote.audio 3).
    Active,
}

impl Default for Training {
    fn default() -> Self {
        Self::AloneFor(0.2)
    }
}

impl Default for Agglomerative {
    /// Those of speaker-diarization-3.1 as pyannote.audio 4 runs it, for embeddings of `WeSpeaker`'s `ResNet34`.
    fn default() -> Self {
        let CentroidOptions {
            threshold,
            min_cluster_size,
        } = CentroidOptions::default();
        Self {
            threshold,
            min_cluster_size,
            training: Training::default(),
        }
    }
}

impl Agglomerative {
    /// The parameters for windows that begin so many samples apart.
    pub(super) fn at_step(&self, step: usize) -> CentroidOptions {
        let second = SAMPLE_RATE as usize;
        CentroidOptions {
            threshold: self.threshold,
            min_cluster_size: round_half_even(self.min_cluster_size * second, step).max(1),
        }
    }
}

impl Clustering {
    pub(super) fn training(&self) -> Training {
        match self {
            Self::Agglomerative(options) => options.training,
            Self::Vbx { .. } => Training::default(),
        }
    }
}

impl Method {
    /// pyannote/speaker-diarization-3.1.
    pub fn agglomerative() -> Self {
        Self {
            clustering: Clustering::Agglomerative(Agglomerative::default()),
            min_duration_off: Seconds(0.0),
        }
    }

    /// pyannote/speaker-diarization-community-1.
    pub fn vbx(plda: Plda) -> Self {
        Self {
            clustering: Clustering::Vbx {
                plda: Box::new(plda),
                options: VbxOptions::default(),
            },
            min_duration_off: Seconds(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_sets_are_as_long_at_every_step() {
        let size = |step: usize| Agglomerative::default().at_step(step).min_cluster_size;
        let sizes = [8_000, 16_000, 32_000, 80_000, 800_000].map(size);
        assert_eq!(sizes, [24, 12, 6, 2, 1]);
    }
}
