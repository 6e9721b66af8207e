//! The classes of the segmentation network: nobody, each of three local speakers, each pair of them.

/// Speakers that the network tells apart in one window, and tracks that a recording has.
pub(super) const TRACKS: usize = 3;
/// What the network says of a frame: the probability of each class.
pub(super) type Classes = [f32; 7];

/// The speakers of each class, a bit each.
const MEMBERS: [u8; 7] = [0b000, 0b001, 0b010, 0b100, 0b011, 0b101, 0b110];

/// Which local speaker of a window each track is.
pub(super) type Order = [usize; TRACKS];

/// All orders, the unchanged one first.
pub(super) const ORDERS: [Order; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// The speakers of the most likely class, a bit each; the first of equals.
pub(super) fn likeliest(classes: &Classes) -> u8 {
    let mut best = 0;
    for class in 1..classes.len() {
        if classes[class] > classes[best] {
            best = class;
        }
    }
    MEMBERS[best]
}

/// How likely each speaker speaks, alone or with another.
pub(super) fn speakers(classes: &Classes) -> [f32; TRACKS] {
    std::array::from_fn(|speaker| {
        (classes.iter().zip(MEMBERS))
            .filter(|(_, members)| members & 1 << speaker != 0)
            .map(|(probability, _)| probability)
            .sum()
    })
}

/// The classes once track `t` stands for what was local speaker `order[t]`.
pub(super) fn reordered(classes: &Classes, order: Order) -> Classes {
    MEMBERS.map(|members| {
        let local = (0..TRACKS)
            .filter(|track| members & 1 << track != 0)
            .fold(0, |local, track| local | 1 << order[track]);
        let same = |other: &u8| *other == local;
        MEMBERS.iter().position(same).map_or(0.0, |at| classes[at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: Classes = [0.1, 0.2, 0.05, 0.05, 0.3, 0.2, 0.1];

    #[test]
    fn a_class_stands_for_its_speakers() {
        assert_eq!(likeliest(&SEVEN), 0b011);
        assert_eq!(likeliest(&[0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
        for (got, wanted) in speakers(&SEVEN).into_iter().zip([0.7, 0.45, 0.35]) {
            assert!((got - wanted).abs() < 1e-6_f32, "{got} is not {wanted}");
        }
    }

    #[test]
    fn another_order_moves_speakers_and_keeps_their_probabilities() {
        assert_eq!(
            reordered(&SEVEN, ORDERS[0]).map(f32::to_bits),
            SEVEN.map(f32::to_bits)
        );
        for order in ORDERS {
            let moved = speakers(&reordered(&SEVEN, order));
            let wanted = order.map(|local| speakers(&SEVEN)[local]);
            for (got, wanted) in moved.into_iter().zip(wanted) {
                assert!(
                    (got - wanted).abs() < 1e-6,
                    "{order:?}: {got} is not {wanted}"
                );
            }
        }
    }
}
