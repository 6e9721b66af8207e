//! What is known of several voices together, and how alike two such sets are.
//!
//! An embedding of a short stretch is a noisy look at a voice: over `n` frames, its cosine with the voice itself is about
//! √(n/(n + 120)), measured on CAM++. Dividing by that gives the cosine that two voices would have if each had been heard
//! for long, whatever the lengths were; without it, a threshold would mean something else for each pair. Means of such
//! cosines need no matrix: the mean over all pairs is the product of two means.

use crate::diarize::voices::Voice;
use crate::embedding::EMBEDDING;

/// The stretch, in frames of 10 ms, of which half is noise.
pub(super) const NOISE: f64 = 120.0;

/// Some voices. All numbers add up.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// Directions, each divided by its reliability and weighted by its length.
    direction: [f32; EMBEDDING],
    /// Lengths.
    pub(super) weight: f64,
    /// Squares of lengths.
    squares: f64,
    /// Squares of lengths times the similarity of each voice with itself.
    own: f64,
    /// How many voices.
    pub(super) count: usize,
}

impl Sums {
    /// One voice.
    pub(crate) fn of(voice: &Voice) -> Self {
        let weight = voice.length.max(1) as f64;
        let reliability = weight / (weight + NOISE);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "embeddings are single precision"
        )]
        let scale = (weight / reliability.sqrt()) as f32;
        Self {
            direction: voice.direction.map(|x| x * scale),
            weight,
            squares: weight * weight,
            own: weight * weight / reliability,
            count: 1,
        }
    }

    /// All of some voices; nothing if there is none.
    pub(crate) fn of_all(voices: &[&Voice]) -> Option<Self> {
        let sums = voices.iter().map(|voice| Self::of(voice));
        sums.reduce(|all, one| all.with(&one))
    }

    /// Both together.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let mut direction = self.direction;
        (direction.iter_mut().zip(&other.direction)).for_each(|(a, b)| *a += b);
        Self {
            direction,
            weight: self.weight + other.weight,
            squares: self.squares + other.squares,
            own: self.own + other.own,
            count: self.count + other.count,
        }
    }

    /// How alike two sets are: 1 is one voice, 0 has nothing in common.
    pub(crate) fn similarity(&self, other: &Self) -> f64 {
        product(&self.direction, &other.direction) / (self.weight * other.weight)
    }

    /// How alike the voices of a set are among each other; 1 for a single one. More than 1 is chance, or sound that was
    /// heard more than once.
    pub(super) fn coherence(&self) -> f64 {
        let pairs = self.weight * self.weight - self.squares;
        if self.count < 2 || pairs <= 0.0 {
            return 1.0;
        }
        (product(&self.direction, &self.direction) - self.own) / pairs
    }
}

pub(super) fn product(a: &[f32; EMBEDDING], b: &[f32; EMBEDDING]) -> f64 {
    let (a, _) = a.as_chunks::<16>();
    let (b, _) = b.as_chunks::<16>();
    let mut sums = [0.0_f32; 16];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.into_iter().map(f64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::tests::voice;

    #[test]
    fn lengths_of_stretches_do_not_change_how_alike_voices_are() {
        for (a, b) in [(150, 150), (120, 400), (300, 300)] {
            let same = Sums::of(&voice(2, a)).similarity(&Sums::of(&voice(2, b + 1)));
            assert!((same - 1.0).abs() < 0.3, "{a} and {b} frames: {same}");
            let other = Sums::of(&voice(2, a)).similarity(&Sums::of(&voice(5, b)));
            assert!(other.abs() < 0.3, "{a} and {b} frames: {other}");
        }
    }

    #[test]
    fn sums_give_the_means_over_all_pairs() {
        let voices = [voice(0, 100), voice(0, 250), voice(1, 170)].map(|voice| Sums::of(&voice));
        let [a, b, c] = &voices;
        let pairs = [(a, b), (a, c), (b, c)];
        let weight = |(x, y): &(&Sums, &Sums)| x.weight * y.weight;
        let total: f64 = pairs.iter().map(weight).sum();
        let mean: f64 = pairs
            .iter()
            .map(|pair| weight(pair) * pair.0.similarity(pair.1))
            .sum();
        let all = a.with(b).with(c);
        assert!((all.coherence() - mean / total).abs() < 1e-5);
        let (to_a, to_b) = (a.similarity(c) * a.weight, b.similarity(c) * b.weight);
        let expected = (to_a + to_b) / (a.weight + b.weight);
        assert!((a.with(b).similarity(c) - expected).abs() < 1e-5);
        assert!((a.coherence() - 1.0).abs() < 1e-12);
    }
}
