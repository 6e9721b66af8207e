//! Features of a whole file without holding them.

use std::ops::Range;

use super::frames::{HOP, Signal};
use super::{LogMel, Scale, WINDOW_FRAMES};
use crate::audio::Sound;

/// The features of one file, of which any window can be computed when it is wanted.
///
/// Holds nothing that grows with the file: one pass over it finds its loudest frame, and a window is computed anew
/// whenever it is asked for. Samples are read a window at a time.
#[derive(Debug)]
pub struct FileFeatures<'a> {
    log_mel: &'a LogMel,
    sound: Sound<'a>,
    scale: Scale,
}

impl<'a> FileFeatures<'a> {
    pub(super) fn new(log_mel: &'a LogMel, sound: Sound<'a>) -> Self {
        let n_frames = n_computed(sound);
        let mut loudest = 0.0;
        for start in (0..n_frames).step_by(WINDOW_FRAMES) {
            let frames = start..n_frames.min(start + WINDOW_FRAMES);
            loudest = with_part(sound, &frames, |signal| {
                log_mel.loudest(signal, frames.clone(), loudest)
            });
        }
        Self {
            log_mel,
            sound,
            scale: Scale::below(loudest),
        }
    }

    /// Frames that hold audio: one for each full 10 ms. One more can be asked for, which begins in the audio's end.
    pub fn n_frames(&self) -> usize {
        self.sound.len() / HOP
    }

    /// The features of frames `seek..seek + size`, row-major `(n_mels, 3000)`, with literal 0.0 in the columns behind
    /// them. At most 3000 frames; frames behind the end of the file are 0.0 too.
    pub fn window(&self, seek: usize, size: usize) -> Vec<f32> {
        let n_frames = n_computed(self.sound).saturating_sub(seek);
        let n_frames = n_frames.min(size).min(WINDOW_FRAMES);
        let mut features = vec![0.0; self.log_mel.n_mels() * WINDOW_FRAMES];
        with_part(self.sound, &(seek..seek + n_frames), |signal| {
            self.log_mel
                .write_energies(signal, seek, n_frames, &mut features);
        });
        for row in features.chunks_exact_mut(WINDOW_FRAMES) {
            for value in &mut row[..n_frames] {
                *value = self.scale.apply(*value);
            }
        }
        features
    }
}

/// The file with zeros for one frame behind it.
fn padded_len(sound: Sound<'_>) -> usize {
    sound.len() + HOP
}

/// Number of frames, without the very last, which Whisper drops.
fn n_computed(sound: Sound<'_>) -> usize {
    padded_len(sound) / HOP
}

/// Does something with the samples that some frames hold.
fn with_part<T>(sound: Sound<'_>, frames: &Range<usize>, work: impl FnOnce(Signal<'_>) -> T) -> T {
    let reach = Signal::reach(frames, sound.len());
    let samples = sound.read(reach.clone());
    let signal = Signal::part(&samples, reach.start, sound.len(), padded_len(sound));
    work(signal)
}
