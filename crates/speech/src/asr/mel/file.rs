//! Features of a whole file without holding them.

use super::frames::{HOP, Signal};
use super::{LogMel, Scale, WINDOW_FRAMES};

/// The features of one file, of which any window can be computed when it is wanted.
///
/// Holds the samples and nothing that grows with them: one pass over the file finds its loudest frame, and a window is
/// computed anew whenever it is asked for.
#[derive(Debug)]
pub struct FileFeatures<'a> {
    log_mel: &'a LogMel,
    signal: Signal<'a>,
    scale: Scale,
}

impl<'a> FileFeatures<'a> {
    pub(super) fn new(log_mel: &'a LogMel, samples: &'a [f32]) -> Self {
        let signal = Signal {
            samples,
            padded_len: samples.len() + HOP,
        };
        Self {
            log_mel,
            signal,
            scale: Scale::below(log_mel.loudest(signal)),
        }
    }

    /// Frames that hold audio: one for each full 10 ms. One more can be asked for, which begins in the audio's end.
    pub fn n_frames(&self) -> usize {
        self.signal.samples.len() / HOP
    }

    /// The features of frames `seek..seek + size`, row-major `(n_mels, 3000)`, with literal 0.0 in the columns behind
    /// them. At most 3000 frames; frames behind the end of the file are 0.0 too.
    pub fn window(&self, seek: usize, size: usize) -> Vec<f32> {
        let n_frames = self.signal.n_frames().saturating_sub(seek);
        let n_frames = n_frames.min(size).min(WINDOW_FRAMES);
        let mut features = vec![0.0; self.log_mel.n_mels() * WINDOW_FRAMES];
        self.log_mel
            .write_energies(self.signal, seek, n_frames, &mut features);
        for row in features.chunks_exact_mut(WINDOW_FRAMES) {
            for value in &mut row[..n_frames] {
                *value = self.scale.apply(*value);
            }
        }
        features
    }
}
