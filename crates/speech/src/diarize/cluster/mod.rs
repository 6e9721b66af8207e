//! Whose voices are whose: voices become speakers, and how many there are is found.
//!
//! `own.rs` holds the method of the pipeline; `docs/decisions/0004-speaker-clustering.md` says what else was tried.
//! [`centroid`] is that of pyannote's speaker-diarization-3.1, for embeddings of its kind, [`vbx`] that of community-1.
//! Another method is another file here.

pub(super) mod assignment;
pub mod centroid;
mod echoes;
pub(super) mod kmeans;
mod linkage;
pub(super) mod own;
mod sums;
mod tree;
pub mod vbx;
pub(super) mod vectors;

use std::collections::BTreeMap;

pub(super) use sums::Sums;

/// Labels as numbers from 0, by first appearance.
fn renumbered(labels: &[usize]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    (labels.iter())
        .map(|label| {
            let next = numbers.len();
            *numbers.entry(*label).or_insert(next)
        })
        .collect()
}
