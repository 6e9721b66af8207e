//! Who is who within one window, where no two local speakers may be the same person.

/// A column for each row, no column twice, as many as there can be, with the largest sum of scores there is
/// (`linear_sum_assignment` of scipy). All ways are tried, so rows are to be few: a window has three local speakers.
///
/// Each row need only look at as many of its best columns as there are rows, since others can take no more of them.
pub(crate) fn one_to_one(scores: &[Vec<f64>]) -> Vec<Option<usize>> {
    let n_rows = scores.len();
    let candidates: Vec<Vec<usize>> = scores.iter().map(|row| best_columns(row, n_rows)).collect();
    let mut search = Search {
        scores,
        candidates: &candidates,
        chosen: Vec::with_capacity(n_rows),
        best: (0, f64::NEG_INFINITY, vec![None; n_rows]),
    };
    search.go_on(0, 0.0);
    search.best.2
}

fn best_columns(row: &[f64], n: usize) -> Vec<usize> {
    let mut columns: Vec<usize> = (0..row.len()).collect();
    columns.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
    columns.truncate(n);
    columns
}

struct Search<'a> {
    scores: &'a [Vec<f64>],
    candidates: &'a [Vec<usize>],
    chosen: Vec<Option<usize>>,
    /// How many rows have a column, the sum of their scores, and the columns.
    best: (usize, f64, Vec<Option<usize>>),
}

impl Search<'_> {
    fn go_on(&mut self, n_assigned: usize, sum: f64) {
        let row = self.chosen.len();
        if row == self.scores.len() {
            if (n_assigned, sum) > (self.best.0, self.best.1) {
                self.best = (n_assigned, sum, self.chosen.clone());
            }
            return;
        }
        let candidates = self.candidates;
        for column in &candidates[row] {
            if !self.chosen.contains(&Some(*column)) {
                self.chosen.push(Some(*column));
                self.go_on(n_assigned + 1, sum + self.scores[row][*column]);
                self.chosen.pop();
            }
        }
        self.chosen.push(None);
        self.go_on(n_assigned, sum);
        self.chosen.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(scores: &[&[f64]], expected: &[Option<usize>]) {
        let scores: Vec<Vec<f64>> = scores.iter().map(|row| row.to_vec()).collect();
        assert_eq!(one_to_one(&scores), expected, "{scores:?}");
    }

    #[test]
    fn the_sum_counts_and_not_the_first_row() {
        check(&[&[0.9, 0.8], &[0.9, 0.1]], &[Some(1), Some(0)]);
        check(&[&[0.9, 0.2], &[0.9, 0.8]], &[Some(0), Some(1)]);
        check(&[&[0.1, 0.2, 0.3]], &[Some(2)]);
    }

    #[test]
    fn who_has_no_column_is_the_one_who_adds_least() {
        check(&[&[0.9], &[1.2], &[0.3]], &[None, Some(0), None]);
        check(
            &[&[0.9, 0.1], &[0.8, 0.7], &[0.2, 0.75]],
            &[Some(0), None, Some(1)],
        );
        check(&[&[-0.5], &[-0.7]], &[Some(0), None]);
        check(&[&[]], &[None]);
        check(&[], &[]);
    }

    proptest! {
        #[test]
        fn no_other_way_has_a_larger_sum(
            scores in prop::collection::vec(prop::collection::vec(0.0_f64..2.0, 5), 1..4),
        ) {
            let found = one_to_one(&scores);
            let sum = |columns: &[usize]| -> f64 {
                scores.iter().zip(columns).map(|(row, column)| row[*column]).sum()
            };
            let found: Vec<usize> = found.into_iter().map(|column| column.unwrap()).collect();
            for code in 0..125_usize {
                let columns = [code % 5, code / 5 % 5, code / 25];
                let columns = &columns[..scores.len()];
                let is_twice = (1..columns.len()).any(|at| columns[..at].contains(&columns[at]));
                prop_assert!(is_twice || sum(columns) <= sum(&found) + 1e-12);
            }
        }
    }
}
