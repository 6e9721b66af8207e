//! Dynamic time warping: the cheapest way through a matrix of tokens and frames that never goes back.

/// Where the way came from.
const DIAGONAL: u8 = 0;
const UP: u8 = 1;
const LEFT: u8 = 2;

/// For each row of `gains (rows, columns)`, the first column of the way with the largest sum from the first corner to
/// the last, by steps of one row, one column, or both.
///
/// Ties go as in Whisper's reference (`dtw_cpu` of openai/whisper): both only if strictly better than either alone, a
/// row only if strictly better than the others, else a column, even if that is the worst. Costs are in single precision, two rows of them at a
/// time; the steps take one byte a cell.
pub(super) fn first_columns(gains: &[f32], n_columns: usize) -> Vec<usize> {
    if gains.is_empty() || n_columns == 0 {
        return Vec::new();
    }
    let n_rows = gains.len() / n_columns;
    let mut steps = vec![LEFT; n_rows * n_columns];
    // Costs of the row before, and of the row at hand; cell 0 stands before the first column.
    let mut above = vec![f32::INFINITY; n_columns + 1];
    let mut costs = vec![f32::INFINITY; n_columns + 1];
    above[0] = 0.0;
    for (gains, steps) in gains
        .chunks_exact(n_columns)
        .zip(steps.chunks_exact_mut(n_columns))
    {
        costs[0] = f32::INFINITY;
        for (column, (gain, step)) in gains.iter().zip(steps).enumerate() {
            let (diagonal, up, left) = (above[column], above[column + 1], costs[column]);
            let (cheapest, from) = if diagonal < up && diagonal < left {
                (diagonal, DIAGONAL)
            } else if up < diagonal && up < left {
                (up, UP)
            } else {
                (left, LEFT)
            };
            costs[column + 1] = cheapest - gain;
            *step = from;
        }
        std::mem::swap(&mut above, &mut costs);
    }
    walk_back(&steps, n_rows, n_columns)
}

fn walk_back(steps: &[u8], n_rows: usize, n_columns: usize) -> Vec<usize> {
    let mut first = vec![0; n_rows];
    let (mut row, mut column) = (n_rows - 1, n_columns - 1);
    loop {
        first[row] = column;
        let step = match (row, column) {
            (0, 0) => return first,
            (0, _) => LEFT,
            (_, 0) => UP,
            _ => steps[row * n_columns + column],
        };
        row -= usize::from(step != LEFT);
        column -= usize::from(step != UP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(gains: &[&[f32]], expected: &[usize]) {
        assert_eq!(first_columns(&gains.concat(), gains[0].len()), expected);
    }

    #[test]
    fn the_way_follows_the_gains() {
        check(
            &[
                &[3.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 2.0, 3.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 2.0, 3.0],
            ],
            &[0, 1, 2],
        );
        check(&[&[1.0, 1.0, 1.0]], &[0]);
        check(&[&[1.0], &[1.0], &[1.0]], &[0, 0, 0]);
        check(&[&[0.0, 0.0, 5.0], &[0.0, 0.0, 5.0]], &[0, 2]);
        assert_eq!(first_columns(&[], 5), [0; 0]);
    }

    #[test]
    fn ties_go_to_the_left_first() {
        // All ways of a kind are equal here: the last cell is reached along its row, which begins as early as it can.
        check(&[&[0.0; 4], &[0.0; 4], &[0.0; 4]], &[0, 0, 0]);
        check(&[&[1.0, 0.0], &[0.0, 1.0]], &[0, 0]);
    }

    /// The largest sum of all ways, found by trying each.
    fn best(gains: &[f32], n_columns: usize, at: (usize, usize)) -> f32 {
        let (row, column) = at;
        let before = match at {
            (0, 0) => 0.0,
            (0, _) => best(gains, n_columns, (0, column - 1)),
            (_, 0) => best(gains, n_columns, (row - 1, 0)),
            _ => best(gains, n_columns, (row - 1, column - 1))
                .max(best(gains, n_columns, (row - 1, column)))
                .max(best(gains, n_columns, (row, column - 1))),
        };
        before + gains[row * n_columns + column]
    }

    proptest! {
        #[test]
        fn no_way_is_better(
            (n_columns, gains) in (1usize..6, 1usize..5).prop_flat_map(|(columns, rows)| {
                (Just(columns), proptest::collection::vec(-3f32..3.0, rows * columns))
            })
        ) {
            let n_rows = gains.len() / n_columns;
            let first = first_columns(&gains, n_columns);
            prop_assert_eq!(first[0], 0);
            prop_assert!(first.is_sorted() && first[n_rows - 1] < n_columns);
            // In each row the way goes on to where the next begins, straight or diagonally.
            let mut sums = vec![f32::NEG_INFINITY; n_rows];
            for row in (0..n_rows).rev() {
                let part = |last: usize| gains[row * n_columns..][first[row]..=last].iter().sum::<f32>();
                sums[row] = match first.get(row + 1) {
                    None => part(n_columns - 1),
                    Some(next) => {
                        let diagonal = next.checked_sub(1).filter(|last| *last >= first[row]);
                        let ways = [Some(*next), diagonal].into_iter().flatten();
                        ways.map(part).fold(f32::NEG_INFINITY, f32::max) + sums[row + 1]
                    }
                };
            }
            let best = best(&gains, n_columns, (n_rows - 1, n_columns - 1));
            prop_assert!((sums[0] - best).abs() < 1e-3, "{} for {}", sums[0], best);
        }
    }
}
