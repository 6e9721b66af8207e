//! Average linkage, with a second look at large clusters.
//!
//! Voices are joined as long as they are alike; what is joined then is parted again where both parts are known well and
//! each is much closer to itself than to the other: two similar voices, whose similarity a threshold cannot tell from
//! that of one voice in noise. A number of speakers that was asked for is approached from there, by parting where the case
//! for two is best, but nobody who sounds like one person; or it is reached by joining those most alike.

use domain::options::SpeakerRange;

use super::echoes;
use super::sums::{NOISE, Sums};
use super::tree::Tree;
use crate::diarize::voices::Voice;

/// Voices at least so alike may be one.
const SAME: f64 = 0.62;
/// Two are parted if they are less than this alike, measured by how alike each is to itself.
const APART: f64 = 0.75;
/// The same where more speakers are asked for than were found. Random parts of one voice have 0.82 and more.
const APART_IF_ASKED: f64 = 0.8;
/// How much of each must have been heard to part them, in frames of 10 ms: 6 s.
const WELL_KNOWN: f64 = 600.0;
/// Most voices that are compared each with each: 16 MB.
const LARGEST: usize = 2000;

/// The speaker of each voice, numbered from 0; no more than the range allows, and fewer where voices sound like one
/// person's.
pub(crate) fn group(voices: &[Voice], range: SpeakerRange) -> Vec<usize> {
    let sets: Vec<Set> = (echoes::by_sound(voices).into_iter())
        .map(|members| Set::of_one(voices, members))
        .collect();
    let mut speakers = vec![0; voices.len()];
    for (speaker, set) in group_sets(sets, range, LARGEST).iter().enumerate() {
        set.members.iter().for_each(|idx| speakers[*idx] = speaker);
    }
    speakers
}

/// Some voices, by their places in the list.
#[derive(Debug, Clone)]
struct Set {
    sums: Sums,
    members: Vec<usize>,
}

impl Set {
    /// What sounds like the first of its members, and counts as much.
    fn of_one(voices: &[Voice], members: Vec<usize>) -> Self {
        Self {
            sums: Sums::of(&voices[members[0]]),
            members,
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.sums = self.sums.with(&other.sums);
        self.members.extend(other.members);
        self
    }
}

/// Joins sets to speakers. More than `largest` are joined in blocks of neighbours first, each to half as many at most.
fn group_sets(mut sets: Vec<Set>, range: SpeakerRange, largest: usize) -> Vec<Set> {
    while sets.len() > largest {
        let half = SpeakerRange {
            min: 1,
            max: largest / 2,
        };
        let mut joined = Vec::new();
        while !sets.is_empty() {
            let rest = sets.split_off(largest.min(sets.len()));
            joined.extend(Forest::grow(sets).speakers(half));
            sets = rest;
        }
        sets = joined;
    }
    if sets.is_empty() {
        return sets;
    }
    Forest::grow(sets).speakers(range)
}

/// A tree, and the sets that are its leaves.
struct Forest {
    tree: Tree,
    leaves: Vec<Set>,
}

impl Forest {
    fn grow(leaves: Vec<Set>) -> Self {
        Self {
            tree: Tree::new(leaves.iter().map(|set| set.sums.clone()).collect()),
            leaves,
        }
    }

    /// As many speakers as there seem to be, but within the range.
    fn speakers(&self, range: SpeakerRange) -> Vec<Set> {
        let mut nodes = self.found();
        while nodes.len() < range.min && self.part_best(&mut nodes) {}
        let mut sets: Vec<Set> = nodes.iter().map(|node| self.set(*node)).collect();
        while sets.len() > range.max {
            join_most_alike(&mut sets);
        }
        sets.sort_by_key(|set| set.members.iter().min().copied());
        sets
    }

    /// The largest sets that are one voice.
    fn found(&self) -> Vec<usize> {
        let (mut found, mut stack) = (Vec::new(), vec![self.tree.root()]);
        while let Some(node) = stack.pop() {
            match self.parts(node) {
                Some(parts) if parts.are_two() => stack.extend([parts.right, parts.left]),
                _ => found.push(node),
            }
        }
        found
    }

    /// Parts the set with the best case for being two; false if all sound like one person each.
    fn part_best(&self, nodes: &mut Vec<usize>) -> bool {
        let cases = (nodes.iter().enumerate())
            .filter_map(|(at, node)| Some((at, self.parts(*node)?)))
            .filter(|(_, parts)| parts.ratio < APART_IF_ASKED)
            .reduce(|best, case| {
                if case.1.case() > best.1.case() {
                    case
                } else {
                    best
                }
            });
        let Some((at, parts)) = cases else {
            return false;
        };
        nodes[at] = parts.left;
        nodes.push(parts.right);
        true
    }

    fn parts(&self, node: usize) -> Option<Parts> {
        let (left, right, similarity) = self.tree.node(node).joined?;
        let [a, b] = [left, right].map(|node| &self.tree.node(node).sums);
        // nothing is more alike than one voice, only chance makes it seem so
        let [of_a, of_b] = [a, b].map(|sums| sums.coherence().clamp(0.0, 1.0));
        let within = (of_a * of_b).sqrt();
        Some(Parts {
            left,
            right,
            similarity,
            ratio: if within > 0.0 {
                similarity / within
            } else {
                1.0
            },
            heard: a.weight.min(b.weight),
            is_single: a.count.min(b.count) < 2,
        })
    }

    fn set(&self, node: usize) -> Set {
        let leaves = self.tree.leaves(node);
        let members = leaves.iter().flat_map(|leaf| &self.leaves[*leaf].members);
        Set {
            sums: self.tree.node(node).sums.clone(),
            members: members.copied().collect(),
        }
    }
}

/// The two parts of a set, and how they compare.
struct Parts {
    left: usize,
    right: usize,
    similarity: f64,
    /// Their similarity, measured by how alike each is to itself.
    ratio: f64,
    /// How much of the lesser was heard, in frames of 10 ms.
    heard: f64,
    /// Whether one of them is a single voice, which says nothing about itself.
    is_single: bool,
}

impl Parts {
    fn are_two(&self) -> bool {
        let are_known = self.heard >= WELL_KNOWN && !self.is_single;
        self.similarity < SAME || are_known && self.ratio < APART
    }

    /// How much speaks for two speakers: how far apart they are, and how sure that is.
    fn case(&self) -> f64 {
        (1.0 - self.ratio) * (self.heard / NOISE).sqrt()
    }
}

/// Makes one of the two most similar sets, the first of equals.
fn join_most_alike(sets: &mut Vec<Set>) {
    let mut best = (0, 1, f64::NEG_INFINITY);
    for (b, second) in sets.iter().enumerate() {
        for (a, first) in sets[..b].iter().enumerate() {
            let similarity = first.sums.similarity(&second.sums);
            if similarity > best.2 {
                best = (a, b, similarity);
            }
        }
    }
    let gone = sets.remove(best.1);
    let kept = sets[best.0].clone();
    sets[best.0] = kept.with(gone);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diarize::tests::voice;
    use crate::embedding::EMBEDDING;

    const ANY: SpeakerRange = SpeakerRange {
        min: 1,
        max: usize::MAX,
    };

    /// The direction between two speakers' voices.
    fn between(a: &Voice, b: &Voice, share: f32) -> Voice {
        let mut direction = a.direction;
        (direction.iter_mut().zip(&b.direction)).for_each(|(a, b)| *a += b * share);
        Voice::new(direction, a.length)
    }

    /// Voices of two people of whom one sounds a good deal like the other, `n` of each.
    fn similar(n: usize, length: usize) -> Vec<Voice> {
        let other =
            |idx: usize| between(&voice(1, length + idx), &voice(0, length + idx + 50), 0.9);
        let both = (0..n).flat_map(|idx| [voice(0, length + idx), other(idx)]);
        both.collect()
    }

    #[test]
    fn nobody_and_somebody() {
        assert_eq!(group(&[], ANY), [] as [usize; 0]);
        assert_eq!(group(&[voice(3, 200)], ANY), [0]);
    }

    #[test]
    fn two_similar_voices_are_parted_once_they_are_known_well() {
        let alike = Sums::of(&similar(1, 300)[0]).similarity(&Sums::of(&similar(1, 300)[1]));
        assert!((SAME..APART).contains(&alike), "{alike}");
        assert_eq!(group(&similar(3, 300), ANY), [0, 1, 0, 1, 0, 1]);
        assert_eq!(group(&similar(3, 150), ANY), [0; 6], "4.5 seconds of each");
        assert_eq!(
            group(&similar(1, 900), ANY),
            [0; 2],
            "a single stretch says nothing about itself"
        );
    }

    #[test]
    fn the_same_sound_again_says_nothing_new() {
        // 4.5 s of each of two similar voices, played over and over
        let voices = similar(3, 150).repeat(4);
        assert_eq!(group(&voices, ANY), [0; 24]);
    }

    /// One of several stretches of the same voice, whose noise is partly the same: `shared` of it lies on `axis`.
    fn stretch(idx: usize, length: usize, axis: usize, shared: f32) -> Voice {
        let reliability = length as f32 / (length as f32 + 120.0);
        let noise = 1.0 - reliability;
        let mut direction = [0.0; EMBEDDING];
        direction[0] = reliability.sqrt();
        direction[axis] = (noise * shared).sqrt();
        direction[axis + 1 + idx] = (noise * (1.0 - shared)).sqrt();
        Voice::new(direction, length)
    }

    #[test]
    fn what_is_more_alike_than_one_voice_is_no_voice_of_its_own() {
        let alike = (0..6).map(|idx| stretch(idx, 110, 10, 0.8));
        let rest = (0..6).map(|idx| stretch(idx, 200, 20, 0.15));
        let voices: Vec<Voice> = alike.chain(rest).collect();
        let [alike, rest] = [&voices[..6], &voices[6..]]
            .map(|voices| Sums::of_all(&voices.iter().collect::<Vec<_>>()).unwrap());
        let similarity = alike.similarity(&rest);
        let ratio = similarity / (alike.coherence() * rest.coherence()).sqrt();
        assert!(
            similarity > 0.99 && ratio < APART,
            "{similarity} and {ratio}"
        );
        assert_eq!(group(&voices, ANY), [0; 12]);
    }

    #[test]
    fn asked_for_one_more_speaker_those_most_surely_two_are_parted() {
        // three stretches of two similar voices, and one long stretch of somebody else
        let mut voices = similar(3, 190);
        voices.push(voice(9, 500));
        assert_eq!(group(&voices, ANY), [0, 0, 0, 0, 0, 0, 1]);
        let three = SpeakerRange { min: 3, max: 3 };
        assert_eq!(group(&voices, three), [0, 1, 0, 1, 0, 1, 2]);
    }

    #[test]
    fn who_sounds_like_one_person_is_never_parted() {
        let voices: Vec<Voice> = (0..8).map(|idx| voice(idx % 2, 200 + idx)).collect();
        let five = SpeakerRange { min: 5, max: 5 };
        assert_eq!(group(&voices, five), [0, 1, 0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn asked_for_fewer_those_most_alike_are_one() {
        let mut voices = similar(3, 300);
        voices.push(voice(9, 500));
        assert_eq!(
            group(&voices, SpeakerRange { min: 1, max: 2 }),
            [0, 0, 0, 0, 0, 0, 1]
        );
        assert_eq!(group(&voices, SpeakerRange { min: 1, max: 1 }), [0; 7]);
    }

    #[test]
    fn blocks_find_who_is_found_at_once() {
        let voices: Vec<Voice> = (0..300)
            .map(|idx| voice(idx * idx % 7, 110 + idx % 200))
            .collect();
        let sets = |largest: usize| -> Vec<Vec<usize>> {
            let sets = voices.iter().enumerate().map(|(idx, voice)| Set {
                sums: Sums::of(voice),
                members: vec![idx],
            });
            let sorted = |set: Set| {
                let mut members = set.members;
                members.sort_unstable();
                members
            };
            group_sets(sets.collect(), ANY, largest)
                .into_iter()
                .map(sorted)
                .collect()
        };
        assert_eq!(sets(20), sets(1000));
        assert_eq!(sets(1000).len(), 4); // squares modulo 7
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn voices_of_each_speaker_are_together_in_any_order(
            said in prop::collection::vec((0_usize..8, 100_usize..400), 1..60),
        ) {
            let voices: Vec<Voice> = said.iter().map(|(speaker, length)| voice(*speaker, *length)).collect();
            let found = group(&voices, ANY);
            for (a, of_a) in said.iter().zip(&found) {
                for (b, of_b) in said.iter().zip(&found) {
                    prop_assert_eq!(a.0 == b.0, of_a == of_b);
                }
            }
        }

        #[test]
        fn hearing_all_of_it_twice_finds_nobody_else(
            said in prop::collection::vec((0_usize..6, 60_usize..400), 1..40), share in 0.0_f32..1.5,
        ) {
            // voices of which some resemble each other
            let voice = |(speaker, length): &(usize, usize)| {
                between(&voice(*speaker, *length), &voice(speaker / 2 * 2, length + 1), share)
            };
            let once: Vec<Voice> = said.iter().map(voice).collect();
            let found = group(&once, ANY);
            let twice = group(&once.repeat(2), ANY);
            prop_assert_eq!(&twice[..once.len()], &found);
            prop_assert_eq!(&twice[once.len()..], &found);
        }

        #[test]
        fn there_are_no_more_than_asked_for_and_no_fewer_than_are_found(
            said in prop::collection::vec((0_usize..4, 60_usize..300), 1..30),
            (min, more) in (1_usize..12, 0_usize..4),
        ) {
            let voices: Vec<Voice> = said.iter().map(|(speaker, length)| voice(*speaker, *length)).collect();
            let range = SpeakerRange { min, max: min + more };
            let found = group(&voices, range);
            let n_speakers = found.iter().max().unwrap() + 1;
            prop_assert!(n_speakers <= range.max);
            let unasked = group(&voices, ANY).iter().max().unwrap() + 1;
            prop_assert!(n_speakers >= unasked.min(range.max));
        }
    }
}
