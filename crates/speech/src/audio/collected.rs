//! What remains of a recording that was decoded: its samples, or only how many there are.

use super::Samples;

/// What is kept while a recording is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The samples.
    Samples,
    /// Only their number: memory does not grow with the recording.
    Count,
}

/// What was kept of a recording.
#[derive(Debug)]
pub(super) enum Collected {
    Samples(Vec<i16>),
    Count(usize),
}

impl Collected {
    pub(super) fn new(keep: Keep) -> Self {
        match keep {
            Keep::Samples => Self::Samples(Vec::new()),
            Keep::Count => Self::Count(0),
        }
    }

    pub(super) fn reserve(&mut self, n_samples: usize) {
        if let Self::Samples(samples) = self {
            samples.reserve_exact(n_samples);
        }
    }

    pub(super) fn extend(&mut self, more: impl Iterator<Item = i16>) {
        match self {
            Self::Samples(samples) => samples.extend(more),
            Self::Count(n_samples) => *n_samples += more.count(),
        }
    }

    /// What was kept of this and then of `next`.
    pub(super) fn followed_by(self, next: Self) -> Self {
        match (self, next) {
            (Self::Samples(mut samples), Self::Samples(more)) => {
                samples.extend(more);
                Self::Samples(samples)
            }
            (one, other) => Self::Count(one.len() + other.len()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Samples(samples) => samples.len(),
            Self::Count(n_samples) => *n_samples,
        }
    }

    /// Gives back memory of which more than an eighth and `slack` samples is unused.
    pub(super) fn shrink(&mut self, slack: usize) {
        if let Self::Samples(samples) = self
            && samples.capacity() > samples.len() + samples.len() / 8 + slack
        {
            samples.shrink_to_fit();
        }
    }

    /// The samples; none where they were only counted.
    pub(super) fn into_samples(self) -> Samples {
        match self {
            Self::Samples(samples) => Samples::from_shorts(samples),
            Self::Count(_) => Samples::default(),
        }
    }
}
