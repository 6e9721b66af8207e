//! Who is active in each frame of the recording (`SpeakerDiarization.reconstruct`).
//!
//! Frame by frame, the windows that see it are asked, so nothing of the size of frames times speakers is held.

use std::cmp::Reverse;
use std::ops::Range;

use super::activity::Activity;
use super::clusters::Clustered;

/// A speaker is active from one frame to another.
pub(super) type Run = (usize, Range<usize>);

/// When each speaker is active.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Runs {
    /// All who are, sorted by end.
    pub(super) all: Vec<Run>,
    /// One at a time: whom most windows hear.
    pub(super) exclusive: Vec<Run>,
}

/// In each frame as many speakers as are counted there, those whom most windows hear; of equals the one with the lower
/// number. Fewer if not so many are heard. `clusters` are asked one after the other, until one of them hears anybody.
pub(super) fn reconstruct(activity: &Activity, clusters: &[&Clustered], counts: &[usize]) -> Runs {
    let (mut all, mut exclusive) = (Open::default(), Open::default());
    let mut heard = Vec::new();
    let mut windows = 0..0;
    for (frame, count) in counts.iter().enumerate() {
        windows = seeing(activity, windows, frame);
        heard.clear();
        for clusters in clusters {
            for window in windows.clone() {
                hear(activity, clusters, window, frame, &mut heard);
            }
            if !heard.is_empty() {
                break;
            }
        }
        heard.sort_unstable_by_key(|(speaker, n_windows)| (Reverse(*n_windows), *speaker));
        heard.truncate(*count);
        all.go_on(frame, &heard);
        exclusive.go_on(frame, &heard[..heard.len().min(1)]);
    }
    Runs {
        all: all.close(counts.len()),
        exclusive: exclusive.close(counts.len()),
    }
}

/// The windows that see a frame, after those that saw the one before.
fn seeing(activity: &Activity, before: Range<usize>, frame: usize) -> Range<usize> {
    let windows = &activity.windows;
    let (mut first, mut end) = (before.start, before.end);
    while end < windows.count && windows.first_frame(end) <= frame {
        end += 1;
    }
    while first < end && windows.first_frame(first) + windows.n_frames() <= frame {
        first += 1;
    }
    first..end
}

/// Counts the window for every speaker who is active there, however many of its local speakers he is.
fn hear(
    activity: &Activity,
    clusters: &Clustered,
    window: usize,
    frame: usize,
    heard: &mut Vec<(usize, usize)>,
) {
    let bits = activity.window(window)[frame - activity.windows.first_frame(window)];
    let of_local = |local: usize| clusters[window][local].filter(|_| bits & 1 << local != 0);
    let n_locals = clusters[window].len();
    for local in 0..n_locals {
        let Some(speaker) = of_local(local) else {
            continue;
        };
        if (0..local).any(|earlier| of_local(earlier) == Some(speaker)) {
            continue;
        }
        match heard.iter_mut().find(|(other, _)| *other == speaker) {
            Some((_, n_windows)) => *n_windows += 1,
            None => heard.push((speaker, 1)),
        }
    }
}

/// Runs that have ended, and those that go on.
#[derive(Default)]
struct Open {
    ended: Vec<Run>,
    /// Speaker and first frame.
    open: Vec<(usize, usize)>,
}

impl Open {
    fn go_on(&mut self, frame: usize, active: &[(usize, usize)]) {
        let is_active = |speaker: usize| active.iter().any(|(other, _)| *other == speaker);
        let ended = self
            .open
            .extract_if(.., |(speaker, _)| !is_active(*speaker));
        (self.ended).extend(ended.map(|(speaker, start)| (speaker, start..frame)));
        for (speaker, _) in active {
            if !self.open.iter().any(|(other, _)| other == speaker) {
                self.open.push((*speaker, frame));
            }
        }
    }

    fn close(mut self, n_frames: usize) -> Vec<Run> {
        self.go_on(n_frames, &[]);
        self.ended
    }
}
