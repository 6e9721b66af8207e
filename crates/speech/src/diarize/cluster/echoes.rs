//! The same sound heard again: jingles, recordings played twice.
//!
//! What is known of a voice grows with what it says, not with how often that is played. Copies of a stretch are alike
//! down to their noise, so they would seem a voice of their own, and one that is known well.

use std::collections::BTreeMap;

use super::sums::product;
use crate::diarize::voices::Voice;

/// Stretches whose voices have at least this cosine are the same sound. In half an hour, cosines of different stretches
/// of one voice reach 0.89; those of copies, coded anew and cut anew, begin at 0.92, a hundredth of them below 0.96.
const SAME_SOUND: f64 = 0.93;
/// Copies differ by less in length, in frames of 10 ms.
const SAME_LENGTH: usize = 30;

/// The voices, by their places, with all that is the same sound together: the first of it, then its copies.
pub(super) fn by_sound(voices: &[Voice]) -> Vec<Vec<usize>> {
    let mut sounds: Vec<Vec<usize>> = Vec::new();
    // places in `sounds` by length, so that not each voice is compared with each
    let mut of_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (idx, voice) in voices.iter().enumerate() {
        let length = voice.length / SAME_LENGTH;
        let near = of_length.range(length.saturating_sub(1)..=length + 1);
        let is_copy = |sound: &&usize| is_copy(voice, &voices[sounds[**sound][0]]);
        if let Some(sound) = near.flat_map(|(_, sounds)| sounds).find(is_copy) {
            sounds[*sound].push(idx);
        } else {
            of_length.entry(length).or_default().push(sounds.len());
            sounds.push(vec![idx]);
        }
    }
    sounds
}

fn is_copy(a: &Voice, b: &Voice) -> bool {
    a.length.abs_diff(b.length) < SAME_LENGTH && product(&a.direction, &b.direction) >= SAME_SOUND
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::tests::voice;

    #[test]
    fn copies_are_together_and_others_of_the_same_voice_are_not() {
        let again = |voice: Voice, length: usize| Voice::new(voice.direction, length);
        let (first, second) = (voice(1, 239), voice(1, 250));
        let voices = [
            first,
            second,
            voice(2, 239),
            again(first, 241),
            again(second, 100), // much shorter
            again(first, 239),
        ];
        assert_eq!(
            by_sound(&voices),
            [vec![0, 3, 5], vec![1], vec![2], vec![4]]
        );
        assert!(by_sound(&[]).is_empty());
    }
}
