//! Numbers that stand for many.

/// The middle of `values`; of two in the middle their mean. `None` of none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The middle of `values`; of two in the middle the greater, as the scorer takes it.
pub(super) fn upper_median(values: &[f64]) -> Option<f64> {
    sorted(values).get(values.len() / 2).copied()
}

/// The smallest of `values` that is no less than `per_cent` of them (nearest rank); `None` of none.
pub(crate) fn percentile(values: &[f64], per_cent: usize) -> Option<f64> {
    let rank = (values.len() * per_cent).div_ceil(100);
    sorted(values).get(rank.saturating_sub(1)).copied()
}

/// How many of `values` are at most `limit`, in per cent; `None` of none.
pub(super) fn per_cent_within(values: &[f64], limit: f64) -> Option<f64> {
    let n_within = values.iter().filter(|value| **value <= limit).count();
    (!values.is_empty()).then(|| 100.0 * n_within as f64 / values.len() as f64)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(percentile(&ten, 90), Some(9.0));
        assert_eq!(percentile(&ten, 91), Some(10.0));
        assert_eq!(percentile(&[3.0, 1.0], 50), Some(1.0));
        assert_eq!(percentile(&[], 90), None);
    }

    #[test]
    fn the_scorer_takes_the_greater_of_two_in_the_middle() {
        assert_eq!(upper_median(&[]), None);
        assert_eq!(upper_median(&[9.0, 1.0, 4.0, 2.0]), Some(4.0));
    }

    #[test]
    fn a_value_at_the_limit_is_within() {
        assert_eq!(per_cent_within(&[], 0.1), None);
        assert_eq!(per_cent_within(&[0.1, 0.2, 0.3, 0.0], 0.1), Some(50.0));
    }
}
