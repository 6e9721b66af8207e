//! pyannote's pipelines, as a second method beside our own: speaker-diarization-3.1 and community-1.
//!
//! The segmentation network has said who of up to three local speakers is active in each frame of each window. Every
//! local speaker is heard by himself (`voices`), what they sound like makes speakers of the whole recording (`clusters`),
//! and where windows overlap they vote on who speaks (`reconstruct`). `docs/decisions/0007-pyannote-pipelines.md` says
//! what is done differently from the reference.
//!
//! Memory beyond the recording and its segmentation: a byte a frame of each window, a vector for each local speaker
//! (1 kB), and the distances of all pairs of up to 10 000 of them (200 MB; 50 MB for 5000).

mod activity;
mod clusters;
#[cfg(test)]
mod golden;
mod method;
mod npz;
mod plda;
mod reconstruct;
#[cfg(test)]
mod tests;
mod turns;
mod voices;

use domain::diarization::Diarization;
use domain::options::DiarizeOptions;
use domain::progress::{Monitor, Stage};
use domain::units::Seconds;

use super::cost::{Cost, timed};
use super::{DiarizeError, check};
use crate::audio::{SAMPLE_RATE, Sound};
use crate::pyannet::Segmentation;

pub use crate::diarize::cluster::vbx::VbxOptions;
pub use method::{Agglomerative, Clustering, Method, Training};
pub use plda::Plda;
pub use voices::WindowVoices;

use activity::{Activity, Local};

/// Samples from one window of the segmentation to the next in the reference: 1 s. Any other step is served as well.
pub const STEP: usize = 16_000;

/// Finds out who speaks when in a recording, from what the segmentation network said about it, and says what each part
/// took.
///
/// A number of speakers that is asked for is met as far as the voices allow. The same input gives the same result,
/// whatever the number of threads.
///
/// # Errors
/// When the monitor cancels, or the segmentation is of a network that does not tell speakers apart.
///
/// # Panics
/// When the segmentation is that of a recording of another length, or the PLDA is for vectors of another.
pub fn diarize<'a>(
    segmentation: &Segmentation,
    sound: impl Into<Sound<'a>>,
    voices: &dyn WindowVoices,
    method: &Method,
    options: &DiarizeOptions,
    monitor: &dyn Monitor,
) -> Result<(Diarization, Cost), DiarizeError> {
    let heard = Heard::listen(segmentation, sound, voices, monitor)?;
    Ok(heard.diarize(method, options))
}

/// A recording whose local speakers were heard, which takes most of the time; speakers can then be found by several
/// methods.
#[derive(Debug)]
pub struct Heard {
    activity: Activity,
    counts: Vec<usize>,
    locals: Vec<Local>,
    voices: Vec<Vec<f32>>,
    cost: Cost,
}

impl Heard {
    /// Hears all local speakers who are active.
    ///
    /// # Errors
    /// As [`diarize`].
    ///
    /// # Panics
    /// When the segmentation is that of a recording of another length.
    pub fn listen<'a>(
        segmentation: &Segmentation,
        sound: impl Into<Sound<'a>>,
        network: &dyn WindowVoices,
        monitor: &dyn Monitor,
    ) -> Result<Self, DiarizeError> {
        let sound = sound.into();
        check(segmentation, sound)?;
        let mut cost = Cost::default();
        let (activity, counts, locals) = timed(&mut cost.stitching, || {
            let activity = Activity::of(segmentation);
            let counts = activity.counts();
            let is_silent = counts.iter().all(|count| *count == 0);
            let locals = if is_silent {
                Vec::new()
            } else {
                activity.locals()
            };
            (activity, counts, locals)
        });
        cost.n_pieces = locals.len();
        let voices = timed(&mut cost.embedding, || {
            voices::hear(network, sound, &activity, &locals, monitor)
        })?;
        let total = Seconds::from_samples(sound.len(), SAMPLE_RATE);
        monitor.progress(Stage::Diarize, total, total);
        Ok(Self {
            activity,
            counts,
            locals,
            voices,
            cost,
        })
    }

    /// Who speaks when, and what that took, hearing included.
    ///
    /// # Panics
    /// When the PLDA is for vectors of another length.
    pub fn diarize(&self, method: &Method, options: &DiarizeOptions) -> (Diarization, Cost) {
        let mut cost = self.cost;
        let range = options.speakers();
        if let (Clustering::Vbx { plda, .. }, Some(voice)) =
            (&method.clustering, self.voices.first())
        {
            assert_eq!(voice.len(), plda.dimension(), "a PLDA for these vectors");
        }
        let clusters = timed(&mut cost.clustering, || {
            let (locals, voices) = (&self.locals, &self.voices);
            clusters::cluster(&self.activity, locals, voices, &method.clustering, range)
        });
        let diarization = timed(&mut cost.reconstruction, || {
            let counts: Vec<_> = self
                .counts
                .iter()
                .map(|count| *count.min(&range.max))
                .collect();
            let who = [&clusters.of_window, &clusters.left_over];
            let runs = reconstruct::reconstruct(&self.activity, &who, &counts);
            let n_samples = self.activity.windows.n_samples;
            let (voices, pause) = (&clusters.centroids, method.min_duration_off);
            turns::turns(&runs, voices, counts.len(), n_samples, pause)
        });
        (diarization, cost)
    }
}
