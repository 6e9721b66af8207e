//! What the local speakers of windows sound like.

use std::borrow::Cow;

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;

use super::activity::{Activity, Local};
use crate::audio::{SAMPLE_RATE, Sound};
use crate::diarize::DiarizeError;
use crate::diarize::voices::frame_of;
use crate::embedding::fbank::Kind;
use crate::embedding::resnet34::{self, ResNet34, Window};
use crate::embedding::{CamPlusPlus, EMBEDDING, Fbank};

/// Windows that are heard together, between two looks at whether to go on.
const TOGETHER: usize = 8;

/// A network that hears the local speakers of windows.
pub trait WindowVoices {
    /// Length of the vectors.
    fn dimension(&self) -> usize;

    /// A speaker is heard by the frames in which nobody else is active if they are more than this.
    fn fewest_frames(&self) -> usize {
        2
    }

    /// A vector for each mask of each window, of any length (the norm says nothing).
    ///
    /// A window is its samples at 16 kHz, full scale ±1, zeros where it reaches beyond the recording; a mask `(frames)`
    /// is 1 in the frames by which its speaker is to be heard, at least one of them, and 0 in the others. Frame `f` of
    /// the segmentation is around sample `495 + 270·f`; 10 s have 589.
    fn embed_windows(&self, windows: &[(&[f32], Vec<Vec<f32>>)]) -> Vec<Vec<Vec<f32>>>;
}

/// The vectors of local speakers, which are in the order of windows.
pub(super) fn hear(
    network: &dyn WindowVoices,
    sound: Sound<'_>,
    activity: &Activity,
    locals: &[Local],
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<f32>>, DiarizeError> {
    let total = Seconds::from_samples(sound.len(), SAMPLE_RATE);
    let windows: Vec<&[Local]> = locals.chunk_by(|a, b| a.window == b.window).collect();
    let mut voices = Vec::with_capacity(locals.len());
    for together in windows.chunks(TOGETHER) {
        if monitor.is_cancelled() {
            return Err(DiarizeError::Cancelled);
        }
        let start = |of_window: &[Local]| of_window[0].window * activity.windows.step;
        let done = Seconds::from_samples(start(together[0]).min(sound.len()), SAMPLE_RATE);
        monitor.progress(Stage::Diarize, done, total);
        let samples: Vec<Cow<'_, [f32]>> = (together.iter())
            .map(|of_window| read(sound, start(of_window), activity.windows.len))
            .collect();
        let masks = |of_window: &[Local]| -> Vec<Vec<f32>> {
            let fewest = network.fewest_frames();
            (of_window.iter().map(|local| activity.mask(local, fewest))).collect()
        };
        let windows: Vec<(&[f32], Vec<Vec<f32>>)> = (samples.iter().zip(together))
            .map(|(samples, of_window)| (&samples[..], masks(of_window)))
            .collect();
        voices.extend(network.embed_windows(&windows).into_iter().flatten());
    }
    assert_eq!(
        voices.len(),
        locals.len(),
        "a vector for each local speaker"
    );
    Ok(voices)
}

/// The samples of a window, zeros where it reaches beyond the recording.
fn read(sound: Sound<'_>, start: usize, len: usize) -> Cow<'_, [f32]> {
    if start + len <= sound.len() {
        return sound.read(start..start + len);
    }
    let mut samples = sound.read(start.min(sound.len())..sound.len()).into_owned();
    samples.resize(len, 0.0);
    Cow::Owned(samples)
}

impl WindowVoices for CamPlusPlus {
    fn dimension(&self) -> usize {
        EMBEDDING
    }

    /// 0.3 s.
    fn fewest_frames(&self) -> usize {
        18
    }

    /// Filter banks of the moments under each mask, put together.
    fn embed_windows(&self, windows: &[(&[f32], Vec<Vec<f32>>)]) -> Vec<Vec<Vec<f32>>> {
        let fbank = Fbank::new(Kind::Povey);
        let mut stretches = Vec::new();
        for (samples, masks) in windows {
            let features = fbank.all_frames(self.pool(), samples);
            let n_banks = features.frames().len();
            for mask in masks {
                let is_heard = |bank: &usize| mask[frame_of(*bank).min(mask.len() - 1)] > 0.0;
                stretches.push(features.centred((0..n_banks).filter(is_heard)));
            }
        }
        let mut voices = self
            .embed(&stretches)
            .into_iter()
            .map(|voice| voice.to_vec());
        (windows.iter())
            .map(|(_, masks)| voices.by_ref().take(masks.len()).collect())
            .collect()
    }
}

impl WindowVoices for ResNet34 {
    fn dimension(&self) -> usize {
        resnet34::EMBEDDING
    }

    fn embed_windows(&self, windows: &[(&[f32], Vec<Vec<f32>>)]) -> Vec<Vec<Vec<f32>>> {
        let windows: Vec<Window<'_>> = (windows.iter())
            .map(|(samples, masks)| Window { samples, masks })
            .collect();
        let voices = ResNet34::embed_windows(self, &windows).into_iter();
        voices
            .map(|window| window.iter().map(|voice| voice.to_vec()).collect())
            .collect()
    }
}
