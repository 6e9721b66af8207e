//! Agglomerative clustering as pyannote's speaker-diarization-3.1 does it (`AgglomerativeClustering` with centroid
//! linkage), for embeddings that its threshold was tuned on.
//!
//! Sets are joined by the distance of their centroids, which may shrink as they grow; sets with few members count as
//! stray and go to the nearest large one.

use domain::options::SpeakerRange;

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
    let points: Vec<Vec<f64>> = embeddings.iter().map(|e| unit(e)).collect();
    let joins = join_all(&points);
    let large_from = round_half_even_tenth(n).clamp(1, options.min_cluster_size);
    let labels = flat(n, &joins, |join| joins[join].distance <= options.threshold);
    let n_large = large(&labels, large_from).len();
    let wanted = n_large.clamp(min, max);
    let labels = if n_large == wanted {
        labels
    } else {
        nearest_partition(n, &joins, options.threshold, large_from, wanted)
    };
    renumbered(&without_stray(&points, &labels, large_from))
}

/// Two sets were joined. Sets `0..n` are the points, set `n + i` is what join `i` made.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Join {
    sets: [usize; 2],
    distance: f64,
    size: usize,
}

fn unit(embedding: &[f32]) -> Vec<f64> {
    let norm = embedding
        .iter()
        .map(|x| f64::from(*x).powi(2))
        .sum::<f64>()
        .sqrt();
    let norm = if norm > 0.0 { norm } else { 1.0 };
    embedding.iter().map(|x| f64::from(*x) / norm).collect()
}

/// `n/10` rounded to a whole number, halves to the even one.
fn round_half_even_tenth(n: usize) -> usize {
    let (whole, rest) = (n / 10, n % 10);
    whole + usize::from(rest > 5 || rest == 5 && whole % 2 == 1)
}

/// Joins the two nearest sets until one is left; among equals the first.
///
/// `d²(k, a∪b) = (nₐ·d²(k,a) + n_b·d²(k,b))/(nₐ+n_b) − nₐ·n_b·d²(a,b)/(nₐ+n_b)²` (Lance and Williams).
fn join_all(points: &[Vec<f64>]) -> Vec<Join> {
    let mut rows = Rows::new(points);
    let mut joins = Vec::with_capacity(points.len().saturating_sub(1));
    for set in points.len()..(2 * points.len()).saturating_sub(1) {
        let (a, b) = rows.nearest_pair();
        let distance = rows.squared(a, b);
        joins.push(Join {
            sets: [rows.set[a], rows.set[b]],
            distance: distance.max(0.0).sqrt(),
            size: rows.size[a] + rows.size[b],
        });
        rows.join(a, b, set);
    }
    joins
}

/// Squared distances between the sets that are left, and the nearest later row of each row.
struct Rows {
    n: usize,
    squared: Vec<f64>,
    size: Vec<usize>,
    set: Vec<usize>,
    is_left: Vec<bool>,
    nearest: Vec<usize>,
}

impl Rows {
    fn new(points: &[Vec<f64>]) -> Self {
        let n = points.len();
        let mut squared = vec![0.0; n * n];
        for a in 0..n {
            for b in 0..n {
                let differences = points[a]
                    .iter()
                    .zip(&points[b])
                    .map(|(x, y)| (x - y).powi(2));
                squared[a * n + b] = differences.sum();
            }
        }
        let mut rows = Self {
            n,
            squared,
            size: vec![1; n],
            set: (0..n).collect(),
            is_left: vec![true; n],
            nearest: vec![n; n],
        };
        (0..n).for_each(|row| rows.look_again(row));
        rows
    }

    fn squared(&self, a: usize, b: usize) -> f64 {
        self.squared[a * self.n + b]
    }

    /// Finds the nearest of the rows after one; `n` if there is none.
    fn look_again(&mut self, row: usize) {
        self.nearest[row] = (row + 1..self.n)
            .filter(|other| self.is_left[*other])
            .reduce(|best, other| {
                let is_nearer = self.squared(row, other) < self.squared(row, best);
                if is_nearer { other } else { best }
            })
            .unwrap_or(self.n);
    }

    fn nearest_pair(&self) -> (usize, usize) {
        let distance = |row: usize| self.squared(row, self.nearest[row]);
        let row = (0..self.n)
            .filter(|row| self.is_left[*row] && self.nearest[*row] < self.n)
            .reduce(|best, row| {
                if distance(row) < distance(best) {
                    row
                } else {
                    best
                }
            })
            .unwrap_or(0);
        (row, self.nearest[row])
    }

    /// Row `a` becomes both, row `b` is no more.
    fn join(&mut self, a: usize, b: usize, set: usize) {
        let [n_a, n_b] = [a, b].map(|row| self.size[row] as f64);
        let (n_both, between) = (n_a + n_b, self.squared(a, b));
        self.is_left[b] = false;
        for other in (0..self.n)
            .filter(|other| self.is_left[*other] && *other != a)
            .collect::<Vec<_>>()
        {
            let [to_a, to_b] = [a, b].map(|row| self.squared(other, row));
            let squared =
                (n_a * to_a + n_b * to_b) / n_both - n_a * n_b * between / (n_both * n_both);
            self.squared[a * self.n + other] = squared;
            self.squared[other * self.n + a] = squared;
        }
        self.size[a] += self.size[b];
        self.set[a] = set;
        for row in 0..self.n {
            let is_stale = row == a || self.nearest[row] == a || self.nearest[row] == b;
            if self.is_left[row] && is_stale {
                self.look_again(row);
            } else if self.is_left[row]
                && row < a
                && self.squared(row, a) < self.squared(row, self.nearest[row])
            {
                self.nearest[row] = a;
            }
        }
    }
}

/// The sets that are left when only joins count that are allowed, with all joins below them. A label a point; labels are
/// numbers of sets.
fn flat(n: usize, joins: &[Join], is_allowed: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut is_whole = vec![true; n + joins.len()];
    for (index, join) in joins.iter().enumerate() {
        is_whole[n + index] = is_allowed(index) && join.sets.iter().all(|set| is_whole[*set]);
    }
    let mut label: Vec<usize> = (0..n + joins.len()).collect();
    for (index, join) in joins.iter().enumerate().rev() {
        if is_whole[n + index] {
            let [a, b] = join.sets;
            (label[a], label[b]) = (label[n + index], label[n + index]);
        }
    }
    label.truncate(n);
    label
}

/// The labels with at least so many members, in order.
fn large(labels: &[usize], from: usize) -> Vec<usize> {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    (sorted.chunk_by(|a, b| a == b))
        .filter(|same| same.len() >= from)
        .map(|same| same[0])
        .collect()
}

/// The partition whose number of large sets comes nearest to `wanted`, looked for from the threshold outwards.
fn nearest_partition(
    n: usize,
    joins: &[Join],
    threshold: f64,
    large_from: usize,
    wanted: usize,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..joins.len()).collect();
    let from_threshold = |join: usize| (joins[join].distance - threshold).abs();
    order.sort_by(|a, b| from_threshold(*a).total_cmp(&from_threshold(*b)));
    let (mut best, mut n_best) = (joins.len() - 1, 1_usize);
    for last in order {
        if joins[last].size < large_from {
            continue;
        }
        let n_large = large(&flat(n, joins, |join| join <= last), large_from).len();
        if n_large.abs_diff(wanted) < n_best.abs_diff(wanted) {
            (best, n_best) = (last, n_large);
        }
        if n_large == wanted {
            break;
        }
    }
    flat(n, joins, |join| join <= best)
}

/// Members of small sets go to the large set whose centroid is nearest by angle to theirs. If no set is large, there is one.
fn without_stray(points: &[Vec<f64>], labels: &[usize], large_from: usize) -> Vec<usize> {
    let large = large(labels, large_from);
    if large.is_empty() {
        return vec![0; labels.len()];
    }
    let centroid = |label: usize| -> Vec<f64> {
        let mut sum = vec![0.0; points[0].len()];
        for (point, _) in points.iter().zip(labels).filter(|(_, of)| **of == label) {
            sum.iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        }
        let norm = sum
            .iter()
            .map(|x| x * x)
            .sum::<f64>()
            .sqrt()
            .max(f64::MIN_POSITIVE);
        sum.iter().map(|x| x / norm).collect()
    };
    let centroids: Vec<Vec<f64>> = large.iter().map(|label| centroid(*label)).collect();
    let mut small: Vec<usize> = labels
        .iter()
        .copied()
        .filter(|label| !large.contains(label))
        .collect();
    small.sort_unstable();
    small.dedup();
    let homes: Vec<usize> = (small.iter())
        .map(|label| {
            let stray = centroid(*label);
            let angle =
                |at: usize| -> f64 { stray.iter().zip(&centroids[at]).map(|(a, b)| a * b).sum() };
            let best =
                (0..large.len()).reduce(|best, at| if angle(at) > angle(best) { at } else { best });
            large[best.unwrap_or(0)]
        })
        .collect();
    (labels.iter())
        .map(|label| small.binary_search(label).map_or(*label, |at| homes[at]))
        .collect()
}

/// Labels as numbers from 0, by first appearance.
fn renumbered(labels: &[usize]) -> Vec<usize> {
    let mut seen: Vec<usize> = Vec::new();
    (labels.iter())
        .map(|label| {
            seen.iter()
                .position(|other| other == label)
                .unwrap_or_else(|| {
                    seen.push(*label);
                    seen.len() - 1
                })
        })
        .collect()
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

    #[test]
    fn a_tenth_is_rounded_half_to_even() {
        let tenths = [0, 4, 5, 6, 14, 15, 16, 25, 26, 35].map(round_half_even_tenth);
        assert_eq!(tenths, [0, 0, 0, 1, 1, 2, 2, 2, 3, 4]);
    }
}
