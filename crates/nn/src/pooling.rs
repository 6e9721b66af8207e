//! Max pooling over time, rows `(time, channels)`.

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

#[cfg(test)]
mod tests {
    use super::*;

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
