//! `VBx`: speakers as a mixture of Gaussians in the space of a PLDA, found by variational Bayes. Speakers that the data do
//! not need fade away (Landini, Profant, Diez, Burget 2022; `VBx` and `cluster_vbx` of pyannote.audio 4, which leave the
//! Markov chain over time out). Equation numbers are those of the paper.

use super::centroid;

/// Most times that speakers and responsibilities are computed anew.
const MOST_ITERATIONS: usize = 20;
/// Less gained than this ends it.
const LEAST_GAIN: f64 = 1e-4;
/// How sure the first responsibilities are.
const SHARPNESS: f64 = 7.0;
/// Speakers with a smaller share have faded away.
const LEAST_SHARE: f64 = 1e-7;
/// Keeps the logarithm of a share finite.
const TINY: f64 = 1e-8;

/// Parameters of the method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VbxOptions {
    /// Sets farther apart than this begin as two speakers; Euclidean, between embeddings of length 1.
    pub threshold: f64,
    /// What one embedding counts, since neighbours in time are not independent.
    pub fa: f64,
    /// How hard it is to be one more speaker.
    pub fb: f64,
}

impl Default for VbxOptions {
    /// Those of speaker-diarization-community-1.
    fn default() -> Self {
        Self {
            threshold: 0.6,
            fa: 0.07,
            fb: 0.8,
        }
    }
}

/// Who is how likely to have said what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture {
    /// `(embeddings, speakers)`; each row sums to 1.
    pub(crate) responsibilities: Vec<Vec<f64>>,
    /// How much each speaker says; sums to 1.
    pub(crate) shares: Vec<f64>,
}

impl Mixture {
    /// The speakers who have not faded away.
    pub(crate) fn kept(&self) -> Vec<usize> {
        let is_kept = |speaker: &usize| self.shares[*speaker] > LEAST_SHARE;
        (0..self.shares.len()).filter(is_kept).collect()
    }

    /// Means of all embeddings, weighted by how likely this speaker said them.
    pub(crate) fn centroid(&self, speaker: usize, embeddings: &[Vec<f32>]) -> Vec<f64> {
        let mut sum = vec![0.0; embeddings.first().map_or(0, Vec::len)];
        let mut total = 0.0;
        for (embedding, of) in embeddings.iter().zip(&self.responsibilities) {
            let weight = of[speaker];
            total += weight;
            (sum.iter_mut().zip(embedding)).for_each(|(sum, x)| *sum += weight * f64::from(*x));
        }
        for x in &mut sum {
            *x /= total;
        }
        sum
    }
}

/// The speakers of embeddings, from what centroid linkage makes of them. `features (embeddings, axes)` and `between
/// (axes)` are what a PLDA says.
pub(crate) fn cluster(
    embeddings: &[Vec<f32>],
    features: &[Vec<f64>],
    between: &[f64],
    options: &VbxOptions,
) -> Mixture {
    let first = centroid::within(embeddings, options.threshold);
    infer(features, between, &first, options)
}

/// Variational Bayes from a first guess, a speaker for each embedding.
fn infer(features: &[Vec<f64>], between: &[f64], first: &[usize], options: &VbxOptions) -> Mixture {
    let n_speakers = first.iter().max().map_or(0, |most| most + 1);
    let mut mixture = Mixture {
        responsibilities: first.iter().map(|of| softened(*of, n_speakers)).collect(),
        shares: vec![1.0 / n_speakers as f64; n_speakers],
    };
    let points: Vec<Point> = features.iter().map(|x| Point::new(x, between)).collect();
    let mut before = f64::NEG_INFINITY;
    for _ in 0..MOST_ITERATIONS {
        let speakers = speakers(&points, &mixture, between, options);
        let likelihood = update(&mut mixture, &points, &speakers, options);
        let prior: f64 = speakers.iter().map(|speaker| speaker.prior).sum();
        let bound = likelihood + options.fb * 0.5 * prior; // (25)
        if bound - before < LEAST_GAIN {
            break;
        }
        before = bound;
    }
    mixture
}

/// Nearly sure of one speaker.
fn softened(speaker: usize, n_speakers: usize) -> Vec<f64> {
    let total = SHARPNESS.exp() + (n_speakers - 1) as f64;
    let weight = |other: usize| {
        if other == speaker {
            SHARPNESS.exp()
        } else {
            1.0
        }
    };
    (0..n_speakers).map(|other| weight(other) / total).collect()
}

/// An embedding as the equations want it.
struct Point {
    /// ρ (18)
    scaled: Vec<f64>,
    /// What all speakers have in common (23).
    constant: f64,
}

impl Point {
    fn new(features: &[f64], between: &[f64]) -> Self {
        let norm: f64 = features.iter().map(|x| x * x).sum();
        let axes = features.len() as f64;
        Self {
            scaled: (features.iter().zip(between))
                .map(|(x, between)| x * between.sqrt())
                .collect(),
            constant: -0.5 * (norm + axes * std::f64::consts::TAU.ln()),
        }
    }
}

/// What is believed of one speaker.
struct Speaker {
    /// α (16)
    mean: Vec<f64>,
    /// `½·Σ (L⁻¹ + α²)·Φ` (23)
    spread: f64,
    /// `Σ (ln L⁻¹ − L⁻¹ − α² + 1)` (25)
    prior: f64,
}

fn speakers(
    points: &[Point],
    mixture: &Mixture,
    between: &[f64],
    options: &VbxOptions,
) -> Vec<Speaker> {
    let ratio = options.fa / options.fb;
    let n_speakers = mixture.shares.len();
    let mut counts = vec![0.0; n_speakers];
    let mut sums = vec![vec![0.0; between.len()]; n_speakers];
    for (point, responsibilities) in points.iter().zip(&mixture.responsibilities) {
        for (speaker, weight) in responsibilities.iter().enumerate() {
            counts[speaker] += weight;
            let sum = sums[speaker].iter_mut().zip(&point.scaled);
            sum.for_each(|(sum, x)| *sum += weight * x);
        }
    }
    let speaker = |(count, sum): (f64, Vec<f64>)| {
        let mut speaker = Speaker {
            mean: sum,
            spread: 0.0,
            prior: 0.0,
        };
        for (mean, between) in speaker.mean.iter_mut().zip(between) {
            let variance = 1.0 / (1.0 + ratio * count * between); // (17)
            *mean *= ratio * variance;
            speaker.spread += 0.5 * (variance + *mean * *mean) * between;
            speaker.prior += variance.ln() - variance - *mean * *mean + 1.0;
        }
        speaker
    };
    counts.into_iter().zip(sums).map(speaker).collect()
}

/// Computes responsibilities and shares anew, and says how likely all embeddings are.
fn update(
    mixture: &mut Mixture,
    points: &[Point],
    speakers: &[Speaker],
    options: &VbxOptions,
) -> f64 {
    let log_shares: Vec<f64> = (mixture.shares.iter())
        .map(|share| (share + TINY).ln())
        .collect();
    let mut shares = vec![0.0; speakers.len()];
    let mut total = 0.0;
    for (point, responsibilities) in points.iter().zip(&mut mixture.responsibilities) {
        let each = speakers.iter().zip(&log_shares).zip(&mut *responsibilities);
        for ((speaker, log_share), log) in each {
            let product: f64 = (point.scaled.iter().zip(&speaker.mean))
                .map(|(a, b)| a * b)
                .sum();
            *log = options.fa * (product - speaker.spread + point.constant) + log_share;
        }
        let log_sum = log_sum_exp(responsibilities);
        total += log_sum;
        for (responsibility, share) in responsibilities.iter_mut().zip(&mut shares) {
            *responsibility = (*responsibility - log_sum).exp();
            *share += *responsibility;
        }
    }
    let sum: f64 = shares.iter().sum();
    mixture.shares = shares.iter().map(|share| share / sum).collect();
    total
}

fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = values.iter().map(|value| (value - largest).exp()).sum();
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two speakers 6 apart along the first axis, of whom the first guess makes four.
    fn talk() -> (Vec<Vec<f64>>, Vec<usize>) {
        let mut noise = fastrand::Rng::with_seed(3);
        let points = (0..200).map(|n| {
            let mut point: Vec<f64> = (0..4).map(|_| noise.f64() - 0.5).collect();
            point[0] += if n % 2 == 0 { 3.0 } else { -3.0 };
            point
        });
        (points.collect(), (0..200).map(|n| n % 4).collect())
    }

    #[test]
    fn who_was_guessed_to_be_two_is_not_mixed_up_with_another() {
        let (points, first) = talk();
        let options = VbxOptions {
            fa: 1.0,
            ..VbxOptions::default()
        };
        let mixture = infer(&points, &[9.0, 1.0, 0.5, 0.1], &first, &options);
        assert_eq!(mixture.shares.len(), 4);
        for (n, row) in mixture.responsibilities.iter().enumerate() {
            let wrong = row[(n + 1) % 2] + row[(n + 1) % 2 + 2];
            assert!(wrong < 1e-3, "{n}: {row:?}");
        }
        let share = mixture.shares[0] + mixture.shares[2];
        assert!((share - 0.5).abs() < 1e-3, "{:?}", mixture.shares);
    }

    #[test]
    fn one_speaker_is_one() {
        let mixture = infer(&[vec![1.0, 2.0]], &[2.0, 1.0], &[0], &VbxOptions::default());
        assert_eq!(mixture.responsibilities, [[1.0]]);
        assert_eq!(mixture.kept(), [0]);
        assert_eq!(mixture.centroid(0, &[vec![3.0, 4.0]]), [3.0, 4.0]);
    }
}
