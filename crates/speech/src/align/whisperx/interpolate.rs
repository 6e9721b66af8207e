//! Filling gaps in a list of times, as pandas does it for whisperX (`interpolate_nans`).

use domain::options::Interpolation;

/// Fills the gaps of `values`, as far as the method does.
pub(super) fn interpolate(values: &[Option<f64>], method: Interpolation) -> Vec<Option<f64>> {
    if method == Interpolation::Ignore {
        return values.to_vec();
    }
    let known: Vec<(usize, f64)> = values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| Some((at, (*value)?)))
        .collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        return values.to_vec();
    };
    let fill = |at: usize| {
        let after = known.partition_point(|(known, _)| *known < at);
        match (known.get(after.wrapping_sub(1)), known.get(after)) {
            (_, Some((here, value))) if *here == at => *value,
            (Some((from, before)), Some((to, after))) => match method {
                Interpolation::Linear => {
                    before + (after - before) * (at - from) as f64 / (to - from) as f64
                }
                _ if at - from <= to - at => *before,
                _ => *after,
            },
            (None, _) => first.1,
            (_, None) => last.1,
        }
    };
    (0..values.len()).map(|at| Some(fill(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[Option<f64>], method: Interpolation, expected: &[f64]) {
        let filled: Option<Vec<f64>> = interpolate(values, method).into_iter().collect();
        assert_eq!(filled.unwrap(), expected);
    }

    #[test]
    fn nearest_takes_the_earlier_of_two_as_near() {
        use Interpolation::{Linear, Nearest};
        let (one, two, three, four) = (Some(1.0), Some(2.0), Some(3.0), Some(4.0));
        check(&[one, None, None, four], Nearest, &[1.0, 1.0, 4.0, 4.0]);
        check(&[one, None, three], Nearest, &[1.0, 1.0, 3.0]);
        check(&[None, two, None], Nearest, &[2.0, 2.0, 2.0]);
        check(&[one, None, None, four], Linear, &[1.0, 2.0, 3.0, 4.0]);
        check(
            &[None, two, None, four, None],
            Linear,
            &[2.0, 2.0, 3.0, 4.0, 4.0],
        );
        assert_eq!(
            interpolate(&[one, None], Interpolation::Ignore),
            [one, None]
        );
        assert_eq!(interpolate(&[None, None], Nearest), [None, None]);
    }
}
