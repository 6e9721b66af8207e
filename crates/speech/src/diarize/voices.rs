//! What each piece sounds like: filter banks of the moments in which nobody else speaks, and the network that makes a
//! voice of them.
//!
//! Every moment of speech is heard once, however many windows of the segmentation saw it. The recording is read in
//! parts, so memory does not grow with it.

use std::ops::Range;

use domain::progress::Monitor;
use domain::units::Seconds;

use super::cost::{Cost, timed};
use super::error::DiarizeError;
use super::pieces::Piece;
use super::stitch::Tracks;
use crate::audio::{SAMPLE_RATE, Sound};
use crate::embedding::fbank::{FRAME, HOP, Kind};
use crate::embedding::{CamPlusPlus, EMBEDDING, Embedding, Fbank};
use crate::vad::{FRAME_STEP, sample_of};

/// Pieces that begin within so many samples are heard together: 120 s.
const PART: usize = 1_920_000;
/// Filter bank frames below which all of a piece is heard, whoever else speaks: 0.3 s.
const ENOUGH: usize = 30;

/// A voice as it was heard in one piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Voice {
    /// Its direction, of length 1.
    pub(super) direction: Embedding,
    /// How long it was heard with nobody else speaking, in frames of 10 ms.
    pub(super) length: usize,
}

impl Voice {
    /// A voice of any loudness; one that is nothing at all stays so.
    pub(super) fn new(mut embedding: Embedding, length: usize) -> Self {
        let norm = embedding.iter().map(|x| x * x).sum::<f32>().sqrt();
        if norm > 0.0 {
            for x in &mut embedding {
                *x /= norm;
            }
        }
        Self {
            direction: embedding,
            length,
        }
    }

    /// The cosine of the angle to a direction of length 1.
    pub(super) fn cosine(&self, direction: &Embedding) -> f32 {
        let product = self.direction.iter().zip(direction);
        product.map(|(a, b)| a * b).sum()
    }
}

/// What pieces are heard with.
pub(super) struct Ear<'a> {
    pub(super) network: &'a CamPlusPlus,
    pub(super) sound: Sound<'a>,
    pub(super) tracks: &'a Tracks,
    pub(super) monitor: &'a dyn Monitor,
}

impl Ear<'_> {
    /// The voices of pieces, which are in the order of the recording. `progress` is told how much of it is done.
    pub(super) fn hear(
        &self,
        pieces: &[Piece],
        cost: &mut Cost,
        progress: impl Fn(Seconds),
    ) -> Result<Vec<Voice>, DiarizeError> {
        let fbank = Fbank::new(Kind::Povey);
        let start = |piece: &Piece| piece.frames.start * FRAME_STEP;
        let mut voices = Vec::with_capacity(pieces.len());
        let mut rest = pieces;
        while let Some(first) = rest.first() {
            if self.monitor.is_cancelled() {
                return Err(DiarizeError::Cancelled);
            }
            progress(Seconds::from_samples(
                start(first).min(self.sound.len()),
                SAMPLE_RATE,
            ));
            let n = rest.partition_point(|piece| start(piece) < start(first) + PART);
            let (part, later) = rest.split_at(n);
            voices.extend(self.hear_part(&fbank, part, cost));
            rest = later;
        }
        Ok(voices)
    }

    fn hear_part(&self, fbank: &Fbank, pieces: &[Piece], cost: &mut Cost) -> Vec<Voice> {
        let n_frames = Fbank::n_frames(self.sound.len());
        let stretches: Vec<Stretch> = (pieces.iter())
            .map(|piece| Stretch::new(self.tracks, piece, n_frames))
            .collect();
        let centred = timed(&mut cost.fbank, || self.listen(fbank, &stretches));
        let embeddings = timed(&mut cost.embedding, || self.network.embed(&centred));
        (embeddings.into_iter().zip(stretches))
            .map(|(embedding, stretch)| Voice::new(embedding, stretch.length))
            .collect()
    }

    /// The filter banks of stretches that lie near each other.
    fn listen(&self, fbank: &Fbank, stretches: &[Stretch]) -> Vec<Vec<f32>> {
        let first = stretches.iter().map(Stretch::first).min().unwrap_or(0);
        let end = stretches.iter().map(Stretch::end).max().unwrap_or(0);
        let last_sample = (end.max(1) - 1) * HOP + FRAME;
        let samples = self
            .sound
            .read(first * HOP..last_sample.min(self.sound.len()));
        let features = fbank.frames(self.network.pool(), &samples, 0..end - first);
        let centred =
            |stretch: &Stretch| features.centred(stretch.frames.iter().map(|frame| frame - first));
        stretches.iter().map(centred).collect()
    }
}

/// The filter bank frames by which a piece is heard; never empty.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    frames: Vec<usize>,
    /// How many frames there are in which nobody else speaks.
    length: usize,
}

impl Stretch {
    fn new(tracks: &Tracks, piece: &Piece, n_frames: usize) -> Self {
        let all = banks(&piece.frames, n_frames);
        let is_alone = |bank: &usize| tracks.count(frame_of(*bank).min(tracks.len() - 1)) == 1;
        let alone: Vec<usize> = all.clone().filter(is_alone).collect();
        let length = alone.len();
        let frames = if length < ENOUGH {
            all.collect()
        } else {
            alone
        };
        Self { frames, length }
    }

    fn first(&self) -> usize {
        self.frames[0]
    }

    /// One past the last.
    fn end(&self) -> usize {
        self.frames[self.frames.len() - 1] + 1
    }
}

/// The filter bank frames whose middles lie in some frames of the segmentation, at least one.
fn banks(frames: &Range<usize>, n_frames: usize) -> Range<usize> {
    let bank = |frame: usize| {
        let edge = sample_of(frame).saturating_sub(FRAME_STEP / 2 + FRAME / 2);
        edge.div_ceil(HOP)
    };
    let start = bank(frames.start).min(n_frames.saturating_sub(1));
    start..bank(frames.end).min(n_frames).max(start + 1)
}

/// The frame of the segmentation in which the middle of a filter bank frame lies.
pub(super) fn frame_of(bank: usize) -> usize {
    let middle = bank * HOP + FRAME / 2;
    (middle + FRAME_STEP / 2).saturating_sub(sample_of(0)) / FRAME_STEP
}

/// The mean direction of voices, each counting by how long it was heard.
pub(super) fn mean<'a>(voices: impl IntoIterator<Item = &'a Voice>) -> Embedding {
    let mut sum = [0.0; EMBEDDING];
    for voice in voices {
        let weight = voice.length.max(1) as f32;
        (sum.iter_mut().zip(&voice.direction)).for_each(|(sum, x)| *sum += x * weight);
    }
    Voice::new(sum, 1).direction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::tests::tracks;

    #[test]
    fn filter_banks_lie_in_the_frames_that_they_are_heard_for() {
        for frame in 0..2000 {
            for bank in banks(&(frame..frame + 1), 10_000) {
                assert_eq!(frame_of(bank), frame, "bank {bank}");
            }
        }
        let n_banks: usize = (0..2000)
            .map(|frame| banks(&(frame..frame + 1), 10_000).len())
            .sum();
        assert!((3374..=3376).contains(&n_banks), "{n_banks} of 3375");
    }

    #[test]
    fn a_piece_is_heard_where_nobody_else_speaks_if_that_is_long_enough() {
        let piece = |track: usize, frames: Range<usize>| Piece { track, frames };
        let heard = |other: Range<usize>| {
            let tracks = tracks(200, &[piece(0, 0..100), piece(1, other)]);
            Stretch::new(&tracks, &piece(0, 0..100), 10_000)
        };
        let (alone, half, little) = (heard(150..160), heard(50..120), heard(10..160));
        assert_eq!(alone.length, 169); // 100 frames of 16.875 ms
        assert_eq!(half.frames, alone.frames[..half.length]);
        assert!(half.frames.iter().all(|bank| frame_of(*bank) < 50));
        assert_eq!(half.length, 85);
        assert!(little.length < ENOUGH && little.length > 0);
        assert_eq!(little.frames, alone.frames);
    }

    #[test]
    fn the_last_frames_are_heard_by_what_there_is() {
        assert_eq!(banks(&(50..60), 60), 59..60);
        assert_eq!(banks(&(0..3), 1), 0..1);
    }

    #[test]
    fn the_mean_counts_long_voices_more() {
        let mut axes = [[0.0; EMBEDDING]; 2];
        (axes[0][0], axes[1][1]) = (5.0, 1.0);
        let mean = mean(&[Voice::new(axes[0], 300), Voice::new(axes[1], 400)]);
        assert!((mean[0] - 0.6).abs() < 1e-6 && (mean[1] - 0.8).abs() < 1e-6);
    }
}
