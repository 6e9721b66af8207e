//! Who of a window's local speakers is active in each of its frames, and how many speak in each frame of the recording.

use crate::diarize::powerset::{TRACKS, likeliest};
use crate::pyannet::{Segmentation, Windows, round_half_even};

/// The segmentation decided: a byte a frame of each window, a bit in it for each local speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) windows: Windows,
    bits: Vec<u8>,
}

/// A local speaker of a window who is active in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) window: usize,
    /// Below 3.
    pub(super) speaker: usize,
    /// Frames of the window in which nobody else is.
    pub(super) n_alone: usize,
}

impl Activity {
    /// What a powerset network finds most likely in each frame of each window.
    pub(super) fn of(segmentation: &Segmentation) -> Self {
        let windows = *segmentation.windows();
        let mut bits = Vec::with_capacity(windows.count * windows.n_frames());
        for window in 0..windows.count {
            let values = segmentation.window(window);
            let (frames, _) = values.as_chunks();
            bits.extend(frames.iter().map(likeliest));
        }
        Self { windows, bits }
    }

    #[cfg(test)]
    pub(super) fn scripted(windows: Windows, bits: Vec<u8>) -> Self {
        assert_eq!(bits.len(), windows.count * windows.n_frames());
        Self { windows, bits }
    }

    /// Who is active in each frame of a window, a bit a local speaker.
    pub(super) fn window(&self, window: usize) -> &[u8] {
        let n_frames = self.windows.n_frames();
        &self.bits[window * n_frames..][..n_frames]
    }

    /// All who are active, window by window. Within one, whoever speaks earlier comes first, whatever the network's
    /// numbers, so that these change nothing later.
    pub(super) fn locals(&self) -> Vec<Local> {
        let of_window = |window: usize| {
            let frames = self.window(window);
            let is_active = |speaker: &usize| frames.iter().any(|bits| bits & 1 << speaker != 0);
            let n_alone = |speaker: usize| -> usize {
                let alone = frames.iter().map(|bits| *bits == 1 << speaker);
                alone.map(usize::from).sum()
            };
            let mut speakers: Vec<usize> = (0..TRACKS).filter(is_active).collect();
            let silent = |speaker: usize| frames.iter().map(move |bits| bits & 1 << speaker == 0);
            speakers.sort_by(|a, b| silent(*a).cmp(silent(*b)));
            speakers.into_iter().map(move |speaker| Local {
                window,
                speaker,
                n_alone: n_alone(speaker),
            })
        };
        (0..self.windows.count).flat_map(of_window).collect()
    }

    /// By which frames of its window a local speaker is heard, `(frames)` of 0 and 1: those in which nobody else is
    /// active, if they are more than `fewest`, else all of his.
    pub(super) fn mask(&self, local: &Local, fewest: usize) -> Vec<f32> {
        let his = 1 << local.speaker;
        let is_heard = |bits: u8| {
            if local.n_alone > fewest {
                bits == his
            } else {
                bits & his != 0
            }
        };
        let frames = self.window(local.window).iter();
        frames
            .map(|bits| f32::from(u8::from(is_heard(*bits))))
            .collect()
    }

    /// How many speak in each frame of the recording: the mean over the windows that see it, rounded, halves to the even
    /// number (`speaker_count`). Frames beyond the end of the recording are counted too.
    pub(super) fn counts(&self) -> Vec<usize> {
        let mut sums = vec![(0, 0); self.windows.n_all_frames()];
        for window in 0..self.windows.count {
            let sums = sums.iter_mut().skip(self.windows.first_frame(window));
            for ((sum, n), bits) in sums.zip(self.window(window)) {
                *sum += bits.count_ones() as usize;
                *n += 1;
            }
        }
        let mean = |(sum, n): (usize, usize)| round_half_even(sum, n.max(1));
        sums.into_iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of 23 frames, a frame apart.
    pub(super) fn activity(windows: &[[u8; 23]]) -> Activity {
        let windows_of = Windows {
            n_samples: 7_000 + 270 * (windows.len() - 1),
            len: 7_000,
            step: 270,
            count: windows.len(),
        };
        Activity::scripted(windows_of, windows.concat())
    }

    fn window(frames: &[u8]) -> [u8; 23] {
        std::array::from_fn(|at| frames.get(at).copied().unwrap_or(0))
    }

    #[test]
    fn who_speaks_first_comes_first_whatever_his_number() {
        let speakers = |frames: &[u8]| -> Vec<_> {
            let locals = activity(&[window(frames)]).locals();
            locals
                .iter()
                .map(|local| (local.speaker, local.n_alone))
                .collect()
        };
        assert_eq!(speakers(&[0, 0b100, 0b101, 0b001, 0b001]), [(2, 1), (0, 2)]);
        assert_eq!(speakers(&[0, 0b001, 0b101, 0b100, 0b100]), [(0, 1), (2, 2)]);
        assert_eq!(speakers(&[0b110, 0b010]), [(1, 1), (2, 0)]);
        assert_eq!(speakers(&[]), []);
    }

    #[test]
    fn a_speaker_is_heard_alone_if_that_is_enough() {
        let activity = activity(&[window(&[0b01, 0b11, 0b11, 0b01, 0b01, 0b10])]);
        let locals = activity.locals();
        let heard = |fewest: usize| -> f32 { activity.mask(&locals[0], fewest).iter().sum() };
        assert_eq!(
            [heard(2), heard(3), heard(4)].map(f32::to_bits),
            [3.0_f32, 5.0, 5.0].map(f32::to_bits)
        );
    }

    #[test]
    fn counts_are_means_over_windows_and_halves_go_to_the_even_number() {
        let windows = [window(&[1, 3, 3, 0]), window(&[1, 0, 3, 0]), window(&[])];
        // sums over windows: 1, 2 + 1, 2 + 0 + 0, 0 + 2 + 0
        assert_eq!(activity(&windows).counts()[..5], [1, 2, 1, 1, 0]);
        let halves = [window(&[0, 1, 3, 7]), window(&[0, 0, 0])];
        // 0, 1 of 2, 2 of 2, 3 of 2
        assert_eq!(activity(&halves).counts()[..4], [0, 0, 1, 2]);
    }
}
