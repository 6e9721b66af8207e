//! Windows become one: three tracks through the whole recording.
//!
//! The network numbers speakers anew in each window. Where two windows overlap, the later one's speakers are put in the
//! order in which they agree best with what was heard before; then what the windows say of a frame is averaged, their
//! middles counting more than their edges. A track is nobody in particular: whoever speaks after a pause on it may be
//! another person, and clustering says who.

use crate::pyannet::{Segmentation, Windows};
use crate::vad::FRAME_STEP;

use super::powerset::{Classes, ORDERS, Order, TRACKS, likeliest, reordered, speakers};

/// Who speaks in each frame of a recording, frames being 16.875 ms apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tracks {
    /// The tracks that are heard in each frame, a bit each.
    active: Vec<u8>,
    /// How likely each track is heard, `(frames, 3)`.
    likely: Vec<[f32; TRACKS]>,
}

impl Tracks {
    /// How many frames there are.
    pub(super) fn len(&self) -> usize {
        self.active.len()
    }

    /// Whether a track is heard in a frame.
    pub(super) fn is_active(&self, frame: usize, track: usize) -> bool {
        self.active[frame] & 1 << track != 0
    }

    /// How many speak in a frame.
    pub(super) fn count(&self, frame: usize) -> usize {
        self.active[frame].count_ones() as usize
    }

    /// How likely a track is heard in a frame.
    pub(super) fn likely(&self, frame: usize, track: usize) -> f32 {
        self.likely[frame][track]
    }

    /// Some frames in which nobody is heard.
    #[cfg(test)]
    pub(super) fn silent(n_frames: usize) -> Self {
        Self {
            active: vec![0; n_frames],
            likely: vec![[0.0; TRACKS]; n_frames],
        }
    }

    fn push(&mut self, sum: &Sum) {
        let mean = sum.mean();
        self.active.push(likeliest(&mean));
        self.likely.push(speakers(&mean));
    }

    /// Nothing is known beyond the end of the recording.
    fn truncate(&mut self, len: usize) {
        self.active.truncate(len);
        self.likely.truncate(len);
    }
}

/// The tracks of a recording. What is summed up at any time is what one window sees.
pub(super) fn stitch(segmentation: &Segmentation) -> Tracks {
    let windows = segmentation.windows();
    let weights = weights(windows);
    let mut tracks = Tracks::default();
    let mut open: Vec<Sum> = Vec::new();
    for index in 0..windows.count {
        let first = windows.first_frame(index);
        let n_closed = (first - tracks.len()).min(open.len());
        open.drain(..n_closed).for_each(|sum| tracks.push(&sum));
        while tracks.len() < first {
            tracks.push(&Sum::default()); // windows further apart than they are long
        }
        let window = probabilities(&segmentation.window(index));
        let order = best_order(&open, &window);
        open.resize(open.len().max(window.len()), Sum::default());
        for ((sum, classes), weight) in open.iter_mut().zip(&window).zip(&weights) {
            sum.add(&reordered(classes, order), *weight);
        }
    }
    for sum in &open {
        tracks.push(sum);
    }
    tracks.truncate(windows.n_samples / FRAME_STEP + 1);
    tracks
}

/// What windows said about one frame so far.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    classes: Classes,
    weight: f32,
}

impl Sum {
    fn add(&mut self, classes: &Classes, weight: f32) {
        for (sum, probability) in self.classes.iter_mut().zip(classes) {
            *sum += probability * weight;
        }
        self.weight += weight;
    }

    /// The mean; nobody where no window looked.
    fn mean(&self) -> Classes {
        if self.weight > 0.0 {
            self.classes.map(|sum| sum / self.weight)
        } else {
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        }
    }
}

/// How much each frame of a window counts: most in the middle (Hamming).
fn weights(windows: &Windows) -> Vec<f32> {
    let n = windows.n_frames();
    let last = n.saturating_sub(1).max(1) as f32;
    (0..n)
        .map(|frame| 0.54 - 0.46 * (std::f32::consts::TAU * frame as f32 / last).cos())
        .collect()
}

/// The log-probabilities of a window, `(frames, 7)`, as probabilities.
fn probabilities(window: &[f32]) -> Vec<Classes> {
    let (rows, _) = window.as_chunks::<7>();
    rows.iter().map(|row| row.map(f32::exp)).collect()
}

/// The order of a window's speakers that agrees best with what was heard where both look; unchanged if all are alike.
fn best_order(open: &[Sum], window: &[Classes]) -> Order {
    /// Less agreement more than this is none.
    const NOTHING: f32 = 1e-3;
    let mut agreement = [[0.0_f32; TRACKS]; TRACKS];
    for (sum, classes) in open.iter().zip(window) {
        let (before, now) = (speakers(&sum.mean()), speakers(classes));
        for (row, before) in agreement.iter_mut().zip(before) {
            (row.iter_mut().zip(now)).for_each(|(total, now)| *total += before * now);
        }
    }
    let of = |order: Order| -> f32 {
        (0..TRACKS)
            .map(|track| agreement[track][order[track]])
            .sum()
    };
    (ORDERS.into_iter())
        .reduce(|best, order| {
            if of(order) > of(best) + NOTHING {
                order
            } else {
                best
            }
        })
        .unwrap_or(ORDERS[0])
}
