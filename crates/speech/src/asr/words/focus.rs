//! From the attention of several heads to one matrix that tells which token is spoken when.

/// Frames that a median is taken over, this one in the middle.
const MEDIAN_WIDTH: usize = 7;
const MARGIN: usize = MEDIAN_WIDTH / 2;
/// Values worked on side by side.
const LANES: usize = 16;

/// The mean over heads of `attention (heads, tokens, frames)` for the rows `rows`, `(rows, frames)`: each column
/// standardised over all tokens of its head, each row smoothed by a median of seven frames
/// (`find_alignment` of faster-whisper, `align` of `CTranslate2`).
pub(super) fn focus(
    attention: &[f32],
    n_tokens: usize,
    n_frames: usize,
    rows: std::ops::Range<usize>,
) -> Vec<f32> {
    let mut sum = vec![0.0; rows.len() * n_frames];
    if sum.is_empty() {
        return sum;
    }
    let n_heads = attention.len() / (n_tokens * n_frames);
    let mut row_buffer = vec![0.0; n_frames];
    let mut padded = Vec::with_capacity(n_frames + 2 * MARGIN);
    for head in attention.chunks_exact(n_tokens * n_frames) {
        let (means, inverses) = moments(head, n_tokens, n_frames);
        let kept = head[rows.start * n_frames..rows.end * n_frames].chunks_exact(n_frames);
        for (row, sum) in kept.zip(sum.chunks_exact_mut(n_frames)) {
            for (((out, value), mean), inverse) in
                (row_buffer.iter_mut().zip(row).zip(&means)).zip(&inverses)
            {
                *out = (value - mean) * inverse;
            }
            add_median(&row_buffer, &mut padded, sum);
        }
    }
    let share = 1.0 / n_heads as f32;
    for value in &mut sum {
        *value *= share;
    }
    sum
}

/// Mean of each column, and one over its standard deviation (of all tokens, not of a sample).
fn moments(head: &[f32], n_tokens: usize, n_frames: usize) -> (Vec<f32>, Vec<f32>) {
    let share = 1.0 / n_tokens as f32;
    let mut means = vec![0.0; n_frames];
    for row in head.chunks_exact(n_frames) {
        (means.iter_mut().zip(row)).for_each(|(mean, value)| *mean += value * share);
    }
    let mut variances = vec![0.0; n_frames];
    for row in head.chunks_exact(n_frames) {
        for ((variance, value), mean) in variances.iter_mut().zip(row).zip(&means) {
            *variance += (value - mean) * (value - mean) * share;
        }
    }
    for variance in &mut variances {
        // A column without any difference says nothing.
        *variance = if *variance > 0.0 {
            1.0 / variance.sqrt()
        } else {
            0.0
        };
    }
    (means, variances)
}

/// Adds the running median of `row` to `sum`; at both ends the row is reflected. A row of up to three stays as it is.
fn add_median(row: &[f32], padded: &mut Vec<f32>, sum: &mut [f32]) {
    let n = row.len();
    if n <= MARGIN {
        sum.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
        return;
    }
    padded.clear();
    padded.extend((1..=MARGIN).rev().map(|i| row[i]));
    padded.extend_from_slice(row);
    padded.extend((1..=MARGIN).map(|i| row[n - 1 - i]));
    let n_whole = n / LANES * LANES;
    for (start, sum) in (0..)
        .step_by(LANES)
        .zip(sum[..n_whole].as_chunks_mut::<LANES>().0)
    {
        let mut lanes = [[0.0; LANES]; MEDIAN_WIDTH];
        for (shift, lanes) in lanes.iter_mut().enumerate() {
            lanes.copy_from_slice(&padded[start + shift..][..LANES]);
        }
        let medians = medians(lanes);
        sum.iter_mut()
            .zip(medians)
            .for_each(|(sum, median)| *sum += median);
    }
    for (i, sum) in sum.iter_mut().enumerate().skip(n_whole) {
        let mut lanes = [[0.0]; MEDIAN_WIDTH];
        for (lane, value) in lanes.iter_mut().zip(&padded[i..]) {
            *lane = [*value];
        }
        *sum += medians(lanes)[0];
    }
}

/// The medians of seven, lane by lane, by a network of comparisons that finds the fourth of seven numbers.
fn medians<const N: usize>(mut of: [[f32; N]; MEDIAN_WIDTH]) -> [f32; N] {
    const COMPARISONS: [(usize, usize); 13] = [
        (0, 5),
        (0, 3),
        (1, 6),
        (2, 4),
        (0, 1),
        (3, 5),
        (2, 6),
        (2, 3),
        (3, 6),
        (4, 5),
        (1, 4),
        (1, 3),
        (3, 4),
    ];
    for (low, high) in COMPARISONS {
        let (left, right) = of.split_at_mut(high);
        for (low, high) in left[low].iter_mut().zip(&mut right[0]) {
            let (a, b) = (*low, *high);
            *low = if a < b { a } else { b };
            *high = if a < b { b } else { a };
        }
    }
    of[3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_network_finds_the_median() {
        // A network of comparisons is right for all numbers if it is right for all of zeros and ones.
        for bits in 0..128_u8 {
            let lanes = [0, 1, 2, 3, 4, 5, 6].map(|bit| [f32::from(bits >> bit & 1)]);
            let wanted = f32::from(u8::from(bits.count_ones() > 3));
            assert!((medians(lanes)[0] - wanted).abs() < 0.1, "{bits:b}");
        }
    }

    fn plain_median(row: &[f32]) -> Vec<f32> {
        let n = row.len();
        if n <= 3 {
            return row.to_vec();
        }
        // three more on either side, counted from the reflected end
        let at = |i: usize| match i {
            0..3 => row[3 - i],
            i if i < n + 3 => row[i - 3],
            i => row[2 * n - 2 - (i - 3)],
        };
        (0..n)
            .map(|i| {
                let mut seven: Vec<f32> = (i..i + 7).map(at).collect();
                seven.sort_by(f32::total_cmp);
                seven[3]
            })
            .collect()
    }

    proptest! {
        #[test]
        fn rows_are_smoothed_with_reflected_ends(row in proptest::collection::vec(-9f32..9.0, 1..70)) {
            let mut sum = vec![0.0; row.len()];
            add_median(&row, &mut Vec::new(), &mut sum);
            prop_assert_eq!(sum, plain_median(&row));
        }
    }

    #[test]
    fn columns_are_standardised_over_all_tokens_and_heads_averaged() {
        // Two heads, three tokens, two frames: too few for a median. The second head is the first one doubled.
        let head = [1.0, 5.0, 2.0, 5.0, 3.0, 5.0];
        let attention: Vec<f32> = head.iter().chain(&head.map(|x| x * 2.0)).copied().collect();
        let found = focus(&attention, 3, 2, 1..3);
        let deviation = (2.0_f32 / 3.0).sqrt();
        let wanted = [0.0, 0.0, 1.0 / deviation, 0.0];
        assert!(
            found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5),
            "{found:?}"
        );
        assert!(focus(&[], 3, 0, 1..3).is_empty());
    }
}
