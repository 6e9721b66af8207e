//! The cheapest way from one list to another.

/// A step on the way. Numbers are positions in the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// The next of both: alike, or one in place of the other.
    Pair(usize, usize),
    /// The next of the first list is missing in the second.
    Delete(usize),
    /// The next of the second list is not in the first.
    Insert(usize),
}

/// Where the cheapest way to a cell comes from.
#[derive(Clone, Copy)]
enum From {
    Pair,
    Delete,
    Insert,
}

/// The steps from `reference` to `found` that cost least: replacing, leaving out and putting in one each.
///
/// Where several ways cost the same, going back from the end a pair is preferred, then a deletion. Takes a byte for
/// each pair of positions.
pub(super) fn edits<T: PartialEq>(reference: &[T], found: &[T]) -> Vec<Edit> {
    let back = back_pointers(reference, found);
    let (mut i, mut j) = (reference.len(), found.len());
    let mut edits = Vec::with_capacity(i.max(j));
    while i > 0 || j > 0 {
        edits.push(match back[i * (found.len() + 1) + j] {
            From::Pair => {
                (i, j) = (i - 1, j - 1);
                Edit::Pair(i, j)
            }
            From::Delete => {
                i -= 1;
                Edit::Delete(i)
            }
            From::Insert => {
                j -= 1;
                Edit::Insert(j)
            }
        });
    }
    edits.reverse();
    edits
}

/// For each cell of the table of costs where its cost comes from, shape `(reference + 1, found + 1)`.
fn back_pointers<T: PartialEq>(reference: &[T], found: &[T]) -> Vec<From> {
    let mut back = vec![From::Insert; found.len() + 1];
    let mut costs: Vec<usize> = (0..=found.len()).collect();
    for (i, wanted) in reference.iter().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = i + 1;
        back.push(From::Delete);
        for (j, heard) in found.iter().enumerate() {
            let pair = diagonal + usize::from(wanted != heard);
            let (delete, insert) = (costs[j + 1] + 1, costs[j] + 1);
            diagonal = costs[j + 1];
            let cost = pair.min(delete).min(insert);
            costs[j + 1] = cost;
            back.push(match cost {
                _ if cost == pair => From::Pair,
                _ if cost == delete => From::Delete,
                _ => From::Insert,
            });
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(reference: &str, found: &str, expected: &[Edit]) {
        let (reference, found): (Vec<_>, Vec<_>) =
            (reference.chars().collect(), found.chars().collect());
        assert_eq!(edits(&reference, &found), expected);
    }

    #[test]
    fn the_way_is_the_one_that_the_scorer_takes() {
        use Edit::{Delete, Insert, Pair};
        check("", "", &[]);
        check("ab", "", &[Delete(0), Delete(1)]);
        check("", "ab", &[Insert(0), Insert(1)]);
        check("abc", "axc", &[Pair(0, 0), Pair(1, 1), Pair(2, 2)]);
        // Of two like letters the last is paired.
        check("a", "aa", &[Insert(0), Pair(0, 1)]);
        check("aa", "a", &[Delete(0), Pair(1, 0)]);
        check("ab", "ba", &[Pair(0, 0), Pair(1, 1)]);
    }

    proptest! {
        #[test]
        fn every_position_is_passed_once_in_order(
            reference in prop::collection::vec(0..4u8, 0..12),
            found in prop::collection::vec(0..4u8, 0..12),
        ) {
            let (mut i, mut j) = (0, 0);
            for edit in edits(&reference, &found) {
                let expected = match edit {
                    Edit::Pair(..) => Edit::Pair(i, j),
                    Edit::Delete(_) => Edit::Delete(i),
                    Edit::Insert(_) => Edit::Insert(j),
                };
                prop_assert_eq!(edit, expected);
                i += usize::from(!matches!(edit, Edit::Insert(_)));
                j += usize::from(!matches!(edit, Edit::Delete(_)));
            }
            prop_assert_eq!((i, j), (reference.len(), found.len()));
        }

        #[test]
        fn no_single_change_costs_more_than_one(
            reference in prop::collection::vec(0..4u8, 1..12),
            place in 0..12usize,
            value in 0..4u8,
        ) {
            let cost = |found: &[u8]| {
                let is_free = |edit: &&Edit| matches!(edit, Edit::Pair(i, j) if reference[*i] == found[*j]);
                let edits = edits(&reference, found);
                edits.len() - edits.iter().filter(is_free).count()
            };
            let place = place % reference.len();
            let mut other = reference.clone();
            other[place] = value;
            prop_assert_eq!(cost(&other), usize::from(value != reference[place]));
            other = reference.clone();
            other.insert(place, value);
            prop_assert_eq!(cost(&other), 1);
            other = reference.clone();
            other.remove(place);
            prop_assert_eq!(cost(&other), 1);
        }
    }
}
