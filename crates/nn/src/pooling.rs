//! Pooling over time, rows `(time, channels)`: the largest of a few, and weighted statistics of all.

use crate::math::multiversion;

/// Rows that become one.
pub const POOL: usize = 3;

multiversion! {
    /// The largest of every three rows; `input` holds at least three times the rows of `output`.
    pub fn max_pool(input: &[f32], width: usize, output: &mut [f32]) {
        for (rows, out) in input.chunks_exact(POOL * width).zip(output.chunks_exact_mut(width)) {
            let (a, rest) = rows.split_at(width);
            let (b, c) = rest.split_at(width);
            for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *out = a.max(*b).max(*c);
            }
        }
    }
}

multiversion! {
    /// The largest `|scale·x + shift|` of every three rows, with one shift a channel.
    pub fn max_pool_of_size(input: &[f32], scale: f32, shift: &[f32], output: &mut [f32]) {
        let width = shift.len();
        for (rows, out) in input.chunks_exact(POOL * width).zip(output.chunks_exact_mut(width)) {
            let (a, rest) = rows.split_at(width);
            let (b, c) = rest.split_at(width);
            for ((((out, a), b), c), shift) in out.iter_mut().zip(a).zip(b).zip(c).zip(shift) {
                let size = |x: f32| (scale * x + shift).abs();
                *out = size(*a).max(size(*b)).max(size(*c));
            }
        }
    }
}

/// Added to sums of weights, so that none may be given.
const SMALLEST_SUM: f32 = 1e-8;

/// Means of the channels of `rows (weights.len(), means.len())` and their standard deviations, rows counting as much as
/// their weights say; both are 0 where no row counts. With weights `w`, `v₁ = Σw + 1e-8` and `v₂ = Σw²`, the mean is
/// `Σw·x/v₁` and the variance `Σw·(x − mean)²/(v₁ − v₂/v₁ + 1e-8)`.
///
/// # Panics
/// When the lengths do not fit each other.
pub fn weighted_statistics(
    rows: &[f32],
    weights: &[f32],
    means: &mut [f32],
    deviations: &mut [f32],
) {
    assert_eq!(means.len(), deviations.len(), "channels");
    assert_eq!(rows.len(), weights.len() * means.len(), "rows");
    let sum = weights.iter().sum::<f32>() + SMALLEST_SUM;
    let squares = weights.iter().map(|weight| weight * weight).sum::<f32>();
    means.fill(0.0);
    deviations.fill(0.0);
    let width = means.len().max(1);
    let rows = || {
        let rows = rows.chunks_exact(width).zip(weights);
        rows.filter(|(_, weight)| **weight != 0.0)
    };
    for (row, weight) in rows() {
        add_scaled(row, *weight, means);
    }
    for mean in &mut *means {
        *mean /= sum;
    }
    for (row, weight) in rows() {
        add_squares(row, means, *weight, deviations);
    }
    // one row of a weight that is no power of two may leave less than nothing
    let divisor = (sum - squares / sum + SMALLEST_SUM).max(SMALLEST_SUM);
    for deviation in deviations {
        *deviation = (*deviation / divisor).sqrt();
    }
}

multiversion! {
    fn add_scaled(row: &[f32], weight: f32, sums: &mut [f32]) {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x * weight;
        }
    }
}

multiversion! {
    fn add_squares(row: &[f32], means: &[f32], weight: f32, sums: &mut [f32]) {
        for ((sum, x), mean) in sums.iter_mut().zip(row).zip(means) {
            *sum += (x - mean) * (x - mean) * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_as_much_as_their_weights() {
        let rows = [1.0, 5.0, 2.0, 5.0, 6.0, 5.0, 100.0, -100.0];
        let statistics = |weights: [f32; 4]| {
            let (mut means, mut deviations) = ([f32::NAN; 2], [f32::NAN; 2]);
            weighted_statistics(&rows, &weights, &mut means, &mut deviations);
            [means[0], means[1], deviations[0], deviations[1]]
        };
        // a row that counts twice is not two rows: Σw = 4, Σw² = 6, and the divisor is 4 − 6/4
        let variance: f32 = 14.75 / 2.5;
        for (weights, wanted) in [
            ([1.0, 1.0, 1.0, 0.0], [3.0, 5.0, 7.0_f32.sqrt(), 0.0]),
            ([1.0, 2.0, 1.0, 0.0], [2.75, 5.0, variance.sqrt(), 0.0]),
            ([0.0, 1.0, 0.0, 0.0], [2.0, 5.0, 0.0, 0.0]),
            ([0.0; 4], [0.0; 4]),
        ] {
            for (got, wanted) in statistics(weights).into_iter().zip(wanted) {
                assert!(
                    (got - wanted).abs() < 1e-4,
                    "{weights:?}: {got} is not {wanted}"
                );
            }
        }
    }

    #[test]
    fn every_three_rows_become_one() {
        let input = [1.0, -5.0, 2.0, -7.0, 0.0, -6.0, 9.0, 9.0];
        let mut output = [0.0; 2];
        max_pool(&input, 2, &mut output);
        assert_eq!(output.map(|x| x as i32), [2, -5]);
        max_pool_of_size(&input, 2.0, &[1.0, 10.0], &mut output);
        assert_eq!(output.map(|x| x as i32), [5, 4]);
    }
}
