//! Whose voices are whose: voices become speakers, and how many there are is found.
//!
//! `own.rs` holds the method of the pipeline; `docs/decisions/0004-speaker-clustering.md` says what else was tried.
//! [`centroid`] is that of pyannote's speaker-diarization-3.1, for embeddings of its kind. Another method is another
//! file here.

pub mod centroid;
pub(super) mod own;
mod sums;
mod tree;

pub(super) use sums::Sums;
