//! Average linkage: the most similar sets of voices are joined first (UPGMA, voices weighted by length).
//!
//! Neighbours are followed until two are each other's nearest (nearest-neighbour chain), which gives the same tree as
//! looking for the best pair each time, in time that grows with the square of the number of voices.

use super::sums::Sums;

/// A tree of sets of voices.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// A set of voices.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) sums: Sums,
    /// The two sets that it was made of, and how similar they are; nothing for a leaf.
    pub(super) joined: Option<(usize, usize, f64)>,
}

impl Tree {
    /// Joins all leaves, of which there is at least one; they are nodes `0..leaves.len()`.
    pub(super) fn new(leaves: Vec<Sums>) -> Self {
        let mut matrix = Matrix::new(&leaves);
        let leaf = |sums| Node { sums, joined: None };
        let mut nodes: Vec<Node> = leaves.into_iter().map(leaf).collect();
        let mut chain: Vec<usize> = Vec::new();
        while matrix.active.len() > 1 {
            let last = *chain.last().unwrap_or(&matrix.active[0]);
            if chain.is_empty() {
                chain.push(last);
            }
            let before = chain.len().checked_sub(2).map(|at| chain[at]);
            let (nearest, similarity) = matrix.nearest(last, before);
            if Some(nearest) == before {
                chain.truncate(chain.len() - 2);
                let (kept, gone) = (last.min(nearest), last.max(nearest));
                let (left, right) = (matrix.node[kept], matrix.node[gone]);
                matrix.join(kept, gone, nodes.len());
                nodes.push(Node {
                    sums: nodes[left].sums.with(&nodes[right].sums),
                    joined: Some((left, right, similarity)),
                });
            } else {
                chain.push(nearest);
            }
        }
        Self { nodes }
    }

    /// The set of all voices.
    pub(super) fn root(&self) -> usize {
        self.nodes.len() - 1
    }

    /// A set.
    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// The leaves of a set, from the left to the right.
    pub(super) fn leaves(&self, node: usize) -> Vec<usize> {
        let (mut leaves, mut stack) = (Vec::new(), vec![node]);
        while let Some(node) = stack.pop() {
            match self.nodes[node].joined {
                Some((left, right, _)) => stack.extend([right, left]),
                None => leaves.push(node),
            }
        }
        leaves
    }
}

/// Similarities of all pairs of sets that are not joined yet.
struct Matrix {
    n: usize,
    /// `(n, n)`, symmetric.
    values: Vec<f32>,
    weights: Vec<f64>,
    /// Rows that are still sets of their own, in order.
    active: Vec<usize>,
    /// The node of the tree that each row is.
    node: Vec<usize>,
}

impl Matrix {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "embeddings are single precision"
    )]
    fn new(leaves: &[Sums]) -> Self {
        let n = leaves.len();
        let mut values = vec![0.0; n * n];
        for (row, a) in leaves.iter().enumerate() {
            for (column, b) in leaves.iter().enumerate().take(row) {
                let similarity = a.similarity(b) as f32;
                values[row * n + column] = similarity;
                values[column * n + row] = similarity;
            }
        }
        Self {
            n,
            values,
            weights: leaves.iter().map(|sums| sums.weight).collect(),
            active: (0..n).collect(),
            node: (0..n).collect(),
        }
    }

    /// The most similar set: among equals `before`, then the first.
    fn nearest(&self, row: usize, before: Option<usize>) -> (usize, f64) {
        let values = &self.values[row * self.n..][..self.n];
        let mut best = before;
        for &other in &self.active {
            if other != row && best.is_none_or(|best| values[other] > values[best]) {
                best = Some(other);
            }
        }
        let best = best.unwrap_or(row);
        (best, f64::from(values[best]))
    }

    /// `gone` becomes part of `kept`, whose similarities become means.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "similarities are single precision"
    )]
    fn join(&mut self, kept: usize, gone: usize, node: usize) {
        let weight = self.weights[kept] + self.weights[gone];
        let share = (self.weights[kept] / weight) as f32;
        self.active.retain(|row| *row != gone);
        for &other in self.active.iter().filter(|row| **row != kept) {
            let [a, b] = [kept, gone].map(|row| self.values[row * self.n + other]);
            let mean = a * share + b * (1.0 - share);
            self.values[kept * self.n + other] = mean;
            self.values[other * self.n + kept] = mean;
        }
        self.weights[kept] = weight;
        self.node[kept] = node;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diarize::voices::Voice;
    use crate::embedding::EMBEDDING;

    /// Voices of three numbers each, heard so long that noise counts for little.
    fn leaves(directions: &[[f32; 3]], length: usize) -> Vec<Sums> {
        let voice = |direction: &[f32; 3]| {
            let mut embedding = [0.0; EMBEDDING];
            embedding[..3].copy_from_slice(direction);
            Sums::of(&Voice::new(embedding, length))
        };
        directions.iter().map(voice).collect()
    }

    #[test]
    fn the_most_similar_are_joined_first_and_similarities_are_means() {
        // cosines: 0.96 between the first two, 0.6 and 0.352 with the third, 0 and 0.28 with the fourth
        let directions = [
            [1.0, 0.0, 0.0],
            [0.96, 0.28, 0.0],
            [0.6, -0.8, 0.0],
            [0.0, 1.0, 0.0],
        ];
        let tree = Tree::new(leaves(&directions, 12_000_000));
        let (left, right, similarity) = tree.node(tree.root()).joined.unwrap();
        assert_eq!(
            [tree.leaves(left), tree.leaves(right)],
            [vec![0, 1, 2], vec![3]]
        );
        assert!(
            (similarity - (0.0 + 0.28 - 0.8) / 3.0).abs() < 1e-4,
            "{similarity}"
        );
        let (left, right, similarity) = tree.node(left).joined.unwrap();
        assert_eq!(
            [tree.leaves(left), tree.leaves(right)],
            [vec![0, 1], vec![2]]
        );
        assert!(
            (similarity - f64::midpoint(0.6, 0.352)).abs() < 1e-4,
            "{similarity}"
        );
        assert_eq!(tree.leaves(tree.root()).len(), 4);
    }

    #[test]
    fn one_voice_is_a_tree() {
        let tree = Tree::new(leaves(&[[1.0, 0.0, 0.0]], 100));
        assert!(tree.node(tree.root()).joined.is_none());
    }

    /// Similarities of all joins, found by looking for the best pair each time; `None` where two pairs are so nearly as
    /// good that the rounding of single precision decides between them.
    fn by_looking(mut sets: Vec<Sums>) -> Option<Vec<f64>> {
        let mut found = Vec::new();
        while sets.len() > 1 {
            let pairs = (0..sets.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
            let pairs = pairs.map(|(a, b)| (sets[a].similarity(&sets[b]), a, b));
            let mut pairs: Vec<_> = pairs.collect();
            pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
            let (similarity, a, b) = pairs[0];
            if pairs.get(1).is_some_and(|next| similarity - next.0 < 1e-5) {
                return None;
            }
            let gone = sets.remove(b);
            sets[a] = sets[a].with(&gone);
            found.push(similarity);
        }
        Some(found)
    }

    proptest! {
        #[test]
        fn following_neighbours_finds_the_same_joins_as_looking_at_all_pairs(
            directions in prop::collection::vec(prop::array::uniform3(-1.0_f32..1.0), 2..25),
        ) {
            let leaves = leaves(&directions, 200);
            let looked = by_looking(leaves.clone());
            prop_assume!(looked.is_some());
            let mut looked = looked.unwrap_or_default();
            let tree = Tree::new(leaves);
            let mut found: Vec<f64> = tree.nodes.iter().filter_map(|node| Some(node.joined?.2)).collect();
            looked.sort_by(f64::total_cmp);
            found.sort_by(f64::total_cmp);
            for (looked, found) in looked.iter().zip(&found) {
                prop_assert!((looked - found).abs() < 1e-4, "{looked} {found}");
            }
            prop_assert_eq!(looked.len(), found.len());
        }
    }
}
