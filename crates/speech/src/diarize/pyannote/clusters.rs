//! Local speakers become speakers of the recording.

use domain::options::SpeakerRange;

use super::activity::{Activity, Local};
use super::method::{Clustering, Training};
use crate::diarize::cluster::assignment::one_to_one;
use crate::diarize::cluster::kmeans::kmeans;
use crate::diarize::cluster::vectors::{direction, unit};
use crate::diarize::cluster::{centroid, vbx};
use crate::diarize::powerset::TRACKS;

/// Who the local speakers of each window are; `None` where nobody is active.
pub(super) type Clustered = Vec<[Option<usize>; TRACKS]>;

/// The speakers of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clusters {
    /// `(windows, local speakers)`
    pub(super) of_window: Clustered,
    /// Whom those resemble most who are nobody there, though they are active: they are heard where nobody else is.
    pub(super) left_over: Clustered,
    /// The mean voice of each speaker.
    pub(super) centroids: Vec<Vec<f64>>,
}

/// Finds speakers among local speakers, whose voices are given in the same order, and who of them each local speaker is.
///
/// Speakers are numbered as they first become active.
pub(super) fn cluster(
    activity: &Activity,
    locals: &[Local],
    voices: &[Vec<f32>],
    clustering: &Clustering,
    range: SpeakerRange,
) -> Clusters {
    let training = training(activity, locals, voices, clustering.training());
    let (centroids, is_constrained) = match clustering {
        _ if training.len() < 2 => (
            one(if training.is_empty() {
                voices
            } else {
                &training
            }),
            false,
        ),
        Clustering::Agglomerative(options) => {
            let options = options.at_step(activity.windows.step);
            (
                means(&training, &centroid::cluster(&training, range, &options)),
                false,
            )
        }
        Clustering::Vbx { plda, options } => {
            let features: Vec<_> = training.iter().map(|voice| plda.features(voice)).collect();
            let mixture = vbx::cluster(&training, &features, plda.between(), options);
            let kept = mixture.kept();
            let wanted = kept.len().clamp(range.min, range.max);
            if wanted == kept.len() {
                let centroid = |speaker: &usize| mixture.centroid(*speaker, &training);
                (kept.iter().map(centroid).collect(), true)
            } else {
                let directions: Vec<_> = training.iter().map(|voice| direction(voice)).collect();
                (means(&training, &kmeans(&directions, wanted)), false)
            }
        }
    };
    let (of_window, left_over) = assign(activity, locals, voices, &centroids, is_constrained);
    Clusters {
        of_window,
        left_over,
        centroids,
    }
    .in_order(activity)
}

/// The voices that clusters are made of.
fn training(
    activity: &Activity,
    locals: &[Local],
    voices: &[Vec<f32>],
    rule: Training,
) -> Vec<Vec<f32>> {
    let n_frames = activity.windows.n_frames() as f64;
    let is_long = |local: &Local| match rule {
        Training::AloneFor(share) => local.n_alone as f64 >= share * n_frames,
        Training::Active => true,
    };
    (locals.iter().zip(voices))
        .filter(|(local, voice)| is_long(local) && voice.iter().all(|x| x.is_finite()))
        .map(|(_, voice)| voice.clone())
        .collect()
}

/// All are one.
fn one(voices: &[Vec<f32>]) -> Vec<Vec<f64>> {
    means(voices, &vec![0; voices.len()])
}

/// The mean voice of each label that there is.
fn means(voices: &[Vec<f32>], labels: &[usize]) -> Vec<Vec<f64>> {
    let n_labels = labels.iter().max().map_or(0, |most| most + 1);
    let mut sums = vec![vec![0.0; voices.first().map_or(0, Vec::len)]; n_labels];
    let mut counts = vec![0.0; n_labels];
    for (voice, label) in voices.iter().zip(labels) {
        counts[*label] += 1.0;
        let sum = sums[*label].iter_mut().zip(voice);
        sum.for_each(|(sum, x)| *sum += f64::from(*x));
    }
    (sums.into_iter().zip(counts))
        .filter(|(_, count)| *count > 0.0)
        .map(|(sum, count)| sum.iter().map(|x| x / count).collect())
        .collect()
}

/// Each local speaker is the speaker whose centroid is nearest by angle; if constrained, no two of a window are the same,
/// and those who are left over are nobody: the second result says whom they resemble.
fn assign(
    activity: &Activity,
    locals: &[Local],
    voices: &[Vec<f32>],
    centroids: &[Vec<f64>],
    is_constrained: bool,
) -> (Clustered, Clustered) {
    let directions: Vec<Vec<f64>> = centroids
        .iter()
        .map(|centroid| unit(centroid.clone()))
        .collect();
    let scores: Vec<Vec<f64>> = (voices.iter())
        .map(|voice| cosines(voice, &directions))
        .collect();
    let mut of_window = vec![[None; TRACKS]; activity.windows.count];
    let mut left_over = of_window.clone();
    let together = locals.chunk_by(|a, b| a.window == b.window);
    let mut rest = &scores[..];
    for locals in together {
        let (scores, later) = rest.split_at(locals.len());
        rest = later;
        let nearest = scores.iter().map(|scores| first_largest(scores));
        let speakers = if is_constrained {
            one_to_one(scores)
        } else {
            nearest.clone().collect()
        };
        for ((local, speaker), nearest) in locals.iter().zip(speakers).zip(nearest) {
            of_window[local.window][local.speaker] = speaker;
            if speaker.is_none() {
                left_over[local.window][local.speaker] = nearest;
            }
        }
    }
    (of_window, left_over)
}

/// The cosines of a voice with directions of length 1; −1 where there is none.
fn cosines(voice: &[f32], directions: &[Vec<f64>]) -> Vec<f64> {
    let voice = direction(voice);
    let cosine = |of_speaker: &Vec<f64>| -> f64 {
        let cosine: f64 = voice.iter().zip(of_speaker).map(|(a, b)| a * b).sum();
        if cosine.is_finite() { cosine } else { -1.0 }
    };
    directions.iter().map(cosine).collect()
}

fn first_largest(scores: &[f64]) -> Option<usize> {
    let larger = |best: usize, other: usize| {
        if scores[other] > scores[best] {
            other
        } else {
            best
        }
    };
    (0..scores.len()).reduce(larger)
}

impl Clusters {
    /// The same, numbered by the frame in which each speaker is first active, in whatever window; of several the one who
    /// is active in more frames first. Those who never are, are left out.
    fn in_order(self, activity: &Activity) -> Self {
        let mut seen = vec![(usize::MAX, 0_usize); self.centroids.len()];
        for (window, locals) in self.of_window.iter().enumerate() {
            let first = activity.windows.first_frame(window);
            for (local, speaker) in locals.iter().enumerate() {
                let Some(speaker) = speaker else { continue };
                let bits = activity.window(window).iter().zip(first..);
                for (_, frame) in bits.filter(|(bits, _)| **bits & 1 << local != 0) {
                    let seen = &mut seen[*speaker];
                    *seen = (seen.0.min(frame), seen.1 + 1);
                }
            }
        }
        let mut order: Vec<usize> = (0..seen.len())
            .filter(|speaker| seen[*speaker].1 > 0)
            .collect();
        order.sort_by_key(|speaker| (seen[*speaker].0, std::cmp::Reverse(seen[*speaker].1)));
        let number = |speaker: usize| order.iter().position(|other| *other == speaker);
        let renumber = |locals: [Option<usize>; TRACKS]| locals.map(|speaker| number(speaker?));
        Self {
            of_window: self.of_window.into_iter().map(renumber).collect(),
            left_over: self.left_over.into_iter().map(renumber).collect(),
            centroids: (order.iter())
                .map(|speaker| self.centroids[*speaker].clone())
                .collect(),
        }
    }
}
