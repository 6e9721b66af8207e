//! Agglomerative clustering as pyannote's speaker-diarization-3.1 does it (`AgglomerativeClustering` with centroid
//! linkage), for embeddings that its threshold was tuned on.
//!
//! Sets are joined by the distance of their centroids, which may shrink as they grow; sets with few members count as
//! stray and go to the nearest large one.

use std::collections::BTreeMap;

use domain::options::SpeakerRange;

use super::linkage::{Dendrogram, LARGEST, Leaf, leaves};
use super::renumbered;
use crate::pyannet::round_half_even;

/// Parameters of the method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CentroidOptions {
    /// Sets farther apart than this are two speakers; Euclidean, between vectors of length 1.
    pub threshold: f64,
    /// Smaller sets are stray, but never more than a tenth of all embeddings is asked for.
    pub min_cluster_size: usize,
}

impl Default for CentroidOptions {
    /// Those of speaker-diarization-3.1.
    fn default() -> Self {
        Self {
            threshold: 0.704_565_496_394_579_9,
            min_cluster_size: 12,
        }
    }
}

/// The speaker of each embedding, numbered from 0 in their order.
///
/// The range is kept to where the tree of joins allows it.
///
/// # Panics
/// When embeddings differ in length.
pub fn cluster(
    embeddings: &[Vec<f32>],
    range: SpeakerRange,
    options: &CentroidOptions,
) -> Vec<usize> {
    let n = embeddings.len();
    let (min, max) = (range.min.min(n), range.max.min(n));
    if max < 2 {
        return vec![0; n];
    }
    let leaves = leaves(embeddings, LARGEST);
    let tree = Dendrogram::grow(&leaves);
    let large_from = round_half_even(n, 10).clamp(1, options.min_cluster_size.max(1));
    let labels = tree.cut_at(options.threshold);
    let n_large = large(&leaves, &labels, large_from).len();
    let wanted = n_large.clamp(min, max);
    let labels = if n_large == wanted {
        labels
    } else {
        nearest_partition(&leaves, &tree, options.threshold, large_from, wanted)
    };
    of_members(&leaves, &without_stray(&leaves, &labels, large_from))
}

/// The sets of embeddings that no join farther than `threshold` made, small ones too; numbered from 0 in their order.
///
/// # Panics
/// When embeddings differ in length.
pub fn within(embeddings: &[Vec<f32>], threshold: f64) -> Vec<usize> {
    let leaves = leaves(embeddings, LARGEST);
    let labels = Dendrogram::grow(&leaves).cut_at(threshold);
    of_members(&leaves, &labels)
}

/// The labels of leaves as numbers of their members.
fn of_members(leaves: &[Leaf], labels: &[usize]) -> Vec<usize> {
    let n = leaves.iter().map(|leaf| leaf.members.len()).sum();
    let mut of_members = vec![0; n];
    for (leaf, label) in leaves.iter().zip(labels) {
        (leaf.members.iter()).for_each(|member| of_members[*member] = *label);
    }
    renumbered(&of_members)
}

/// The labels with at least so many members, in order.
fn large(leaves: &[Leaf], labels: &[usize], from: usize) -> Vec<usize> {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for (leaf, label) in leaves.iter().zip(labels) {
        *sizes.entry(*label).or_default() += leaf.members.len();
    }
    let large = sizes.into_iter().filter(|(_, size)| *size >= from);
    large.map(|(label, _)| label).collect()
}

/// The partition whose number of large sets comes nearest to `wanted`, looked for from the threshold outwards.
fn nearest_partition(
    leaves: &[Leaf],
    tree: &Dendrogram,
    threshold: f64,
    large_from: usize,
    wanted: usize,
) -> Vec<usize> {
    let joins = &tree.joins;
    let mut order: Vec<usize> = (0..joins.len()).collect();
    let from_threshold = |join: usize| (joins[join].distance - threshold).abs();
    order.sort_by(|a, b| from_threshold(*a).total_cmp(&from_threshold(*b)));
    let (mut best, mut n_best) = (joins.len().saturating_sub(1), 1_usize);
    for last in order {
        if joins[last].size < large_from {
            continue;
        }
        let labels = tree.cut(|join| join <= last);
        let n_large = large(leaves, &labels, large_from).len();
        if n_large.abs_diff(wanted) < n_best.abs_diff(wanted) {
            (best, n_best) = (last, n_large);
        }
        if n_large == wanted {
            break;
        }
    }
    tree.cut(|join| join <= best)
}

/// Members of small sets go to the large set whose centroid is nearest by angle to theirs. If no set is large, there is one.
fn without_stray(leaves: &[Leaf], labels: &[usize], large_from: usize) -> Vec<usize> {
    let large = large(leaves, labels, large_from);
    if large.is_empty() {
        return vec![0; labels.len()];
    }
    let directions = directions(leaves, labels);
    let home = |label: &usize| -> usize {
        let stray = &directions[label];
        let cosine = |other: &usize| -> f64 {
            (stray.iter().zip(&directions[other]))
                .map(|(a, b)| a * b)
                .sum()
        };
        let mut homes = large.iter().map(|label| (*label, cosine(label)));
        let nearest = homes
            .by_ref()
            .reduce(|best, other| if other.1 > best.1 { other } else { best });
        nearest.map_or(*label, |(label, _)| label)
    };
    let homes: BTreeMap<usize, usize> = (directions.keys())
        .filter(|label| large.binary_search(label).is_err())
        .map(|label| (*label, home(label)))
        .collect();
    (labels.iter())
        .map(|label| homes.get(label).copied().unwrap_or(*label))
        .collect()
}

/// The direction of the centroid of each label.
fn directions(leaves: &[Leaf], labels: &[usize]) -> BTreeMap<usize, Vec<f64>> {
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (leaf, label) in leaves.iter().zip(labels) {
        let sum = (sums.entry(*label)).or_insert_with(|| vec![0.0; leaf.centroid.len()]);
        let weight = leaf.members.len() as f64;
        (sum.iter_mut().zip(&leaf.centroid)).for_each(|(sum, x)| *sum += weight * x);
    }
    for sum in sums.values_mut() {
        let norm = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        let norm = norm.max(f64::MIN_POSITIVE);
        for x in sum {
            *x /= norm;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        items: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        embeddings: Vec<Vec<f32>>,
        min: usize,
        max: Option<usize>,
        clusters: Vec<usize>,
    }

    #[test]
    fn clusters_are_those_of_pyannote() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/clustering/centroid.json");
        let golden: Golden = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert!(golden.items.len() > 10);
        for (number, case) in golden.items.iter().enumerate() {
            let range = SpeakerRange {
                min: case.min,
                max: case.max.unwrap_or(usize::MAX),
            };
            let found = cluster(&case.embeddings, range, &CentroidOptions::default());
            assert_eq!(found, renumbered(&case.clusters), "case {number}");
        }
    }

    #[test]
    fn nothing_has_no_speakers() {
        let range = SpeakerRange { min: 1, max: 3 };
        assert!(cluster(&[], range, &CentroidOptions::default()).is_empty());
    }
}
