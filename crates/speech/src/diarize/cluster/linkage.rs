//! The tree of joins of centroid linkage, as `scipy.cluster.hierarchy` grows and cuts it.
//!
//! The distances of all pairs are held, four bytes each: 200 MB for as many vectors as [`LARGEST`] allows. More are
//! joined in blocks of neighbours first, so that memory does not grow with the square of the recording.

use super::vectors::{direction, distance_squared};

/// Most vectors that are compared each with each; a window every second gives so many in about two hours.
pub(super) const LARGEST: usize = 10_000;

/// Vectors that are one in the tree, by their places in the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) centroid: Vec<f64>,
    pub(super) members: Vec<usize>,
}

/// Two sets were joined. Sets `0..n` are the leaves, set `n + i` is what join `i` made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Join {
    sets: [usize; 2],
    pub(super) distance: f64,
    /// How many vectors are in it.
    pub(super) size: usize,
}

/// All joins, in the order in which they were made.
#[derive(Debug)]
pub(super) struct Dendrogram {
    n_leaves: usize,
    pub(super) joins: Vec<Join>,
}

/// A leaf for each embedding, scaled to length 1. More than `largest` are joined in blocks, each to half as many leaves.
pub(super) fn leaves(embeddings: &[Vec<f32>], largest: usize) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = (embeddings.iter().enumerate())
        .map(|(index, embedding)| Leaf {
            centroid: direction(embedding),
            members: vec![index],
        })
        .collect();
    while leaves.len() > largest {
        let blocks = leaves.chunks(largest);
        leaves = blocks
            .flat_map(|block| halved(block, largest / 2))
            .collect();
    }
    leaves
}

/// Joins the nearest until about so many are left.
fn halved(block: &[Leaf], wanted: usize) -> Vec<Leaf> {
    let n_joins = block.len().saturating_sub(wanted);
    let labels = Dendrogram::grow(block).cut(|join| join < n_joins);
    let mut joined: Vec<Leaf> = Vec::new();
    let mut place = vec![None; 2 * block.len()];
    for (leaf, label) in block.iter().zip(labels) {
        if let Some(at) = place[label] {
            joined[at] = together(&joined[at], leaf);
        } else {
            place[label] = Some(joined.len());
            joined.push(leaf.clone());
        }
    }
    joined
}

fn together(a: &Leaf, b: &Leaf) -> Leaf {
    let [n_a, n_b] = [a, b].map(|leaf| leaf.members.len() as f64);
    let mean = |(x, y): (&f64, &f64)| (n_a * x + n_b * y) / (n_a + n_b);
    Leaf {
        centroid: a.centroid.iter().zip(&b.centroid).map(mean).collect(),
        members: [&a.members[..], &b.members].concat(),
    }
}

impl Dendrogram {
    /// Joins the two nearest sets until one is left; among equals the first.
    ///
    /// `d²(k, a∪b) = (nₐ·d²(k,a) + n_b·d²(k,b))/(nₐ+n_b) − nₐ·n_b·d²(a,b)/(nₐ+n_b)²` (Lance and Williams).
    pub(super) fn grow(leaves: &[Leaf]) -> Self {
        let n_leaves = leaves.len();
        let mut rows = Rows::new(leaves);
        let mut joins = Vec::with_capacity(n_leaves.saturating_sub(1));
        for set in n_leaves..(2 * n_leaves).saturating_sub(1) {
            let (a, b) = rows.nearest_pair();
            joins.push(Join {
                sets: [rows.set[a], rows.set[b]],
                distance: rows.squared(a, b).max(0.0).sqrt(),
                size: rows.size[a] + rows.size[b],
            });
            rows.join(a, b, set);
        }
        Self { n_leaves, joins }
    }

    /// The sets that are left when only joins count that are allowed, with all joins below them. A label a leaf; labels
    /// are numbers of sets.
    pub(super) fn cut(&self, is_allowed: impl Fn(usize) -> bool) -> Vec<usize> {
        let n = self.n_leaves;
        let mut is_whole = vec![true; n + self.joins.len()];
        for (index, join) in self.joins.iter().enumerate() {
            is_whole[n + index] = is_allowed(index) && join.sets.iter().all(|set| is_whole[*set]);
        }
        let mut label: Vec<usize> = (0..n + self.joins.len()).collect();
        for (index, join) in self.joins.iter().enumerate().rev() {
            if is_whole[n + index] {
                let [a, b] = join.sets;
                (label[a], label[b]) = (label[n + index], label[n + index]);
            }
        }
        label.truncate(n);
        label
    }

    /// The sets within which no two were joined that are farther apart than the threshold.
    pub(super) fn cut_at(&self, threshold: f64) -> Vec<usize> {
        self.cut(|join| self.joins[join].distance <= threshold)
    }
}

/// Squared distances between the sets that are left, and the nearest later row of each row.
struct Rows {
    n: usize,
    /// Of each row to all later ones.
    squared: Vec<f32>,
    size: Vec<usize>,
    set: Vec<usize>,
    is_left: Vec<bool>,
    nearest: Vec<usize>,
}

impl Rows {
    fn new(leaves: &[Leaf]) -> Self {
        let n = leaves.len();
        let mut squared = Vec::with_capacity(n * n.saturating_sub(1) / 2);
        for (row, a) in leaves.iter().enumerate() {
            let later = leaves[row + 1..].iter();
            squared.extend(later.map(|b| stored(distance_squared(&a.centroid, &b.centroid))));
        }
        let mut rows = Self {
            n,
            squared,
            size: leaves.iter().map(|leaf| leaf.members.len()).collect(),
            set: (0..n).collect(),
            is_left: vec![true; n],
            nearest: vec![n; n],
        };
        (0..n).for_each(|row| rows.look_again(row));
        rows
    }

    /// Where the distances of a row to those after it are, the first being that to the next.
    fn start(&self, row: usize) -> usize {
        row * (2 * self.n - row - 1) / 2
    }

    fn place(&self, a: usize, b: usize) -> usize {
        let (row, later) = (a.min(b), a.max(b));
        self.start(row) + later - row - 1
    }

    fn squared(&self, a: usize, b: usize) -> f64 {
        f64::from(self.squared[self.place(a, b)])
    }

    /// Finds the nearest of the rows after one; `n` if there is none.
    fn look_again(&mut self, row: usize) {
        let start = self.start(row);
        let distances = &self.squared[start..start + self.n - row - 1];
        let left = distances.iter().zip(&self.is_left[row + 1..]);
        let mut nearest = (self.n, f32::INFINITY);
        for (other, (squared, _)) in (row + 1..).zip(left).filter(|(_, (_, is_left))| **is_left) {
            if *squared < nearest.1 {
                nearest = (other, *squared);
            }
        }
        self.nearest[row] = nearest.0;
    }

    fn nearest_pair(&self) -> (usize, usize) {
        let distance = |row: usize| self.squared(row, self.nearest[row]);
        let row = (0..self.n)
            .filter(|row| self.is_left[*row] && self.nearest[*row] < self.n)
            .map(|row| (row, distance(row)))
            .reduce(|best, row| if row.1 < best.1 { row } else { best })
            .map_or(0, |(row, _)| row);
        (row, self.nearest[row])
    }

    /// Row `a` becomes both, row `b` is no more.
    fn join(&mut self, a: usize, b: usize, set: usize) {
        let [n_a, n_b] = [a, b].map(|row| self.size[row] as f64);
        let (n_both, between) = (n_a + n_b, self.squared(a, b));
        self.is_left[b] = false;
        for other in (0..self.n).filter(|other| *other != a && *other != b) {
            if self.is_left[other] {
                let [to_a, to_b] = [a, b].map(|row| self.squared(other, row));
                let squared =
                    (n_a * to_a + n_b * to_b) / n_both - n_a * n_b * between / (n_both * n_both);
                let place = self.place(other, a);
                self.squared[place] = stored(squared);
            }
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

#[expect(
    clippy::cast_possible_truncation,
    reason = "embeddings are single precision"
)]
fn stored(squared: f64) -> f32 {
    squared as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points near the corners of a square, ten at each, in turn.
    fn four_groups() -> Vec<Vec<f32>> {
        let mut noise = fastrand::Rng::with_seed(7);
        let mut near = |corner: usize| {
            let mut point = vec![0.0; 5];
            point[corner] = 1.0;
            for x in &mut point {
                *x += 0.1 * noise.f32();
            }
            point
        };
        (0..40).map(|n| near(n % 4)).collect()
    }

    #[test]
    fn more_than_can_be_compared_are_joined_in_blocks_to_the_same_sets() {
        let points = four_groups();
        let sets = |largest: usize| {
            let leaves = leaves(&points, largest);
            assert!(leaves.len() <= largest.max(1));
            let labels = Dendrogram::grow(&leaves).cut_at(0.7);
            let mut label = vec![0; points.len()];
            for (leaf, found) in leaves.iter().zip(labels) {
                leaf.members
                    .iter()
                    .for_each(|member| label[*member] = found);
            }
            let first = |of: &usize| label.iter().position(|label| label == of);
            label.iter().map(first).collect::<Vec<_>>()
        };
        let whole = sets(usize::MAX);
        assert_eq!(whole[..8], [0, 1, 2, 3, 0, 1, 2, 3].map(Some));
        for largest in [39, 20, 16] {
            assert_eq!(sets(largest), whole, "{largest}");
        }
    }

    #[test]
    fn a_leaf_of_many_weighs_as_many() {
        let joined = halved(&leaves(&four_groups(), 40), 4);
        assert_eq!(joined.len(), 4);
        let sizes: Vec<_> = joined.iter().map(|leaf| leaf.members.len()).collect();
        assert_eq!(sizes, [10; 4]);
        let points = leaves(&four_groups(), 40);
        let mean = |at: usize| {
            let mine = joined[0].members.iter();
            mine.map(|member| points[*member].centroid[at]).sum::<f64>() / 10.0
        };
        for (at, got) in joined[0].centroid.iter().enumerate() {
            assert!((got - mean(at)).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_is_a_tree_without_joins() {
        assert!(Dendrogram::grow(&[]).cut_at(1.0).is_empty());
        assert_eq!(Dendrogram::grow(&leaves(&[vec![1.0]], 9)).cut_at(1.0), [0]);
    }
}
