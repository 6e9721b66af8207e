//! Times for words that have none of their own: between their neighbours, in order, inside the segment.

use domain::options::Interpolation;

/// Start and end, in seconds.
pub(crate) type Times = (f64, f64);

/// No word is shorter, in seconds: one frame of the model.
pub(crate) const SHORTEST: f64 = 0.02;
/// How long a character takes to say, in seconds, where nothing else tells.
const USUAL_CHARACTER: f64 = 0.07;

/// A word as far as its time goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    /// Known times.
    pub(crate) times: Option<Times>,
    /// Its share of a gap: its number of characters.
    pub(crate) weight: f64,
}

/// Times for every slot. Known ones stay as they are; they must be in order and at least [`SHORTEST`] long.
///
/// Starts never decrease, and every word ends after it starts, within `whole` as far as that is long enough.
pub(crate) fn fill(slots: &[Slot], whole: Times, method: Interpolation) -> Vec<Times> {
    let mut filled: Vec<Times> = Vec::with_capacity(slots.len());
    while let Some(rest) = slots.get(filled.len()..).filter(|rest| !rest.is_empty()) {
        if let Some(times) = rest[0].times {
            filled.push(times);
            continue;
        }
        let n_missing = rest.iter().take_while(|slot| slot.times.is_none()).count();
        let before = filled.last().copied();
        let after = rest.get(n_missing).and_then(|slot| slot.times);
        let weights: Vec<f64> = rest[..n_missing].iter().map(|slot| slot.weight).collect();
        filled.extend(gap(&weights, before, after, whole, method));
    }
    filled
}

/// Times for consecutive words between two that have some.
fn gap(
    weights: &[f64],
    before: Option<Times>,
    after: Option<Times>,
    whole: Times,
    method: Interpolation,
) -> Vec<Times> {
    let needed = SHORTEST * weights.len() as f64;
    let earliest = before.map_or(whole.0, |(start, _)| start);
    let latest = after.map_or(whole.1.max(earliest), |(start, _)| start);
    let mut from = before.map_or(whole.0, |(_, end)| end).min(latest);
    if latest - from < needed {
        from = (latest - needed).max(earliest).max(0.0);
    }
    let room = latest - from;
    if room < needed {
        // no room at all: one upon the other, but in order, and none beyond the end
        let latest_start = if after.is_some() {
            latest
        } else {
            latest - SHORTEST
        };
        let step = (latest_start - from).max(0.0) / weights.len() as f64;
        let starts = (0..weights.len()).map(|i| from + step * i as f64);
        return starts.map(|start| (start, start + SHORTEST)).collect();
    }
    let share_all = method == Interpolation::Linear || before.is_none() && after.is_none();
    // words beside the earlier neighbour; the others lie beside the later one
    let n_left = match (before, after) {
        _ if share_all || before.is_none() => 0,
        (_, None) => weights.len(),
        (_, Some(_)) => weights.len().div_ceil(2),
    };
    let total: f64 = weights.iter().sum();
    let usual = total * USUAL_CHARACTER;
    let used = if share_all || usual > room {
        room
    } else {
        usual
    };
    // every word has the least, and the rest by its length
    let extra = (used - needed).max(0.0) / total.max(f64::MIN_POSITIVE);
    let lengths: Vec<f64> = weights
        .iter()
        .map(|weight| SHORTEST + weight * extra)
        .collect();
    let right: f64 = lengths[n_left..].iter().sum();
    let mut start = from;
    let mut placed = Vec::with_capacity(weights.len());
    for (i, length) in lengths.iter().enumerate() {
        if i == n_left {
            start = start.max(latest - right);
        }
        placed.push((start, start + length));
        start += length;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills words of three characters and shows times in milliseconds.
    fn check(
        known: &[Option<Times>],
        whole: Times,
        method: Interpolation,
        expected: &[(i64, i64)],
    ) {
        let slots: Vec<Slot> = known
            .iter()
            .map(|times| Slot {
                times: *times,
                weight: 3.0,
            })
            .collect();
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let ms = |seconds: f64| (seconds * 1000.0).round() as i64;
        let times = fill(&slots, whole, method);
        let shown: Vec<_> = times
            .iter()
            .map(|(start, end)| (ms(*start), ms(*end)))
            .collect();
        assert_eq!(shown, expected, "{method}");
    }

    #[test]
    fn linear_words_share_the_gap() {
        let known = [Some((0.0, 1.0)), None, None, Some((3.0, 4.0))];
        let expected = [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000)];
        check(&known, (0.0, 5.0), Interpolation::Linear, &expected);
    }

    #[test]
    fn nearest_words_keep_to_their_neighbour() {
        let known = [None, Some((1.0, 1.5)), None, None, Some((3.0, 4.0)), None];
        let expected = [
            (790, 1000),
            (1000, 1500),
            (1500, 1710),
            (2790, 3000),
            (3000, 4000),
            (4000, 4210),
        ];
        check(&known, (0.0, 5.0), Interpolation::Nearest, &expected);
    }

    #[test]
    fn without_any_time_words_share_the_segment() {
        for method in Interpolation::ALL {
            check(
                &[None, None],
                (1.0, 2.0),
                method,
                &[(1000, 1500), (1500, 2000)],
            );
        }
    }

    #[test]
    fn where_there_is_no_room_words_overlap_in_order() {
        let known = [
            Some((1.0, 1.2)),
            None,
            Some((1.2, 1.4)),
            None,
            Some((1.4, 1.5)),
        ];
        let expected = [
            (1000, 1200),
            (1180, 1200),
            (1200, 1400),
            (1380, 1400),
            (1400, 1500),
        ];
        check(&known, (1.0, 1.5), Interpolation::Nearest, &expected);
        check(
            &[Some((1.0, 1.02)), None, None, Some((1.02, 1.1))],
            (1.0, 1.1),
            Interpolation::Linear,
            &[(1000, 1020), (1000, 1020), (1010, 1030), (1020, 1100)],
        );
    }

    proptest::proptest! {
        #[test]
        fn times_are_in_order_and_inside(
            words in proptest::collection::vec((proptest::option::of((0.0_f64..0.5, 0.02_f64..0.6)), 1.0_f64..9.0), 1..20),
            method in proptest::sample::select(&Interpolation::ALL),
        ) {
            let mut at = 0.0;
            let mut slots = Vec::new();
            for (times, weight) in words {
                let times = times.map(|(pause, length)| {
                    let start = at + pause;
                    at = start + length;
                    (start, at)
                });
                slots.push(Slot { times, weight });
            }
            let end = at + SHORTEST * slots.len() as f64;
            let mut earlier = 0.0;
            for (slot, (start, stop)) in slots.iter().zip(fill(&slots, (0.0, end), method)) {
                proptest::prop_assert!(slot.times.is_none_or(|times| times == (start, stop)));
                proptest::prop_assert!(start >= earlier - 1e-9 && stop >= start + SHORTEST - 1e-9);
                proptest::prop_assert!(stop <= end + 1e-9);
                earlier = start;
            }
        }
    }
}
