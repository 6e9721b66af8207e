//! Who among those found is who in truth.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// The pairing of rows with columns, one to one, that has the greatest weight in all: pairs (row, column).
///
/// `weights` has shape `(rows, columns)`, and no weight is below zero; pairs without weight are left out.
pub(super) fn best(weights: &[Vec<u64>]) -> Vec<(usize, usize)> {
    let n_columns = weights.first().map_or(0, Vec::len);
    let size = weights.len().max(n_columns);
    if n_columns == 0 {
        return Vec::new();
    }
    let weight = |(i, j): (usize, usize)| -> i64 {
        let weight = weights.get(i).and_then(|row| row.get(j));
        weight.map_or(0, |weight| i64::try_from(*weight).unwrap_or(i64::MAX))
    };
    // The algorithm wants no more rows than columns.
    let square = Matrix::from_fn(size, size, weight);
    let (_, columns) = kuhn_munkres(&square);
    let pairs = columns.into_iter().enumerate();
    pairs.filter(|pair| weight(*pair) > 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(weights: &[Vec<u64>], pairs: &[(usize, usize)]) -> u64 {
        pairs.iter().map(|(i, j)| weights[*i][*j]).sum()
    }

    /// The greatest weight of all pairings, by trying them.
    fn greatest(weights: &[Vec<u64>], taken: u32) -> u64 {
        let Some((row, rest)) = weights.split_first() else {
            return 0;
        };
        let unpaired = greatest(rest, taken);
        let free = (0..row.len()).filter(|j| taken & (1 << j) == 0);
        free.map(|j| row[j] + greatest(rest, taken | (1 << j)))
            .fold(unpaired, u64::max)
    }

    #[test]
    fn nothing_is_paired_with_nothing() {
        assert_eq!(best(&[]), []);
        assert_eq!(best(&[vec![], vec![]]), []);
        assert_eq!(best(&[vec![0, 0]]), []);
    }

    #[test]
    fn the_greedy_choice_is_not_always_the_best() {
        assert_eq!(best(&[vec![9, 8], vec![8, 1]]), [(0, 1), (1, 0)]);
    }

    proptest! {
        #[test]
        fn no_other_pairing_weighs_more(
            weights in (1..6usize, 1..6usize).prop_flat_map(|(n_rows, n_columns)| {
                prop::collection::vec(prop::collection::vec(0..50u64, n_columns), n_rows)
            }),
        ) {
            let pairs = best(&weights);
            prop_assert_eq!(total(&weights, &pairs), greatest(&weights, 0));
            let mut columns: Vec<usize> = pairs.iter().map(|pair| pair.1).collect();
            columns.sort_unstable();
            columns.dedup();
            prop_assert_eq!(columns.len(), pairs.len(), "a column is taken twice");
        }
    }
}
