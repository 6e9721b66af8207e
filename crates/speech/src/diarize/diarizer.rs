//! What tells speakers apart, whichever method it follows.

use std::path::Path;

use domain::diarization::Diarization;
use domain::options::{ComputeType, DiarizeOptions};
use domain::progress::Monitor;
use nn::Pool;

use super::pyannote::{self, Method, Plda};
use super::{DiarizeError, STEP, diarize};
use crate::audio::Sound;
use crate::embedding::{CamPlusPlus, ResNet34, resnet34};
use crate::models::VoiceFolder;
use crate::pyannet::Segmentation;
use crate::weights::WeightsError;

/// What tells speakers apart: a network of voices, and the method by which voices become speakers.
#[derive(Debug)]
pub enum Diarizer {
    /// CAM++ and our own method ([`diarize`]).
    CamPlusPlus(Box<CamPlusPlus>),
    /// `WeSpeaker`'s `ResNet34` and a method of pyannote's ([`pyannote::diarize`]).
    Pyannote {
        /// What hears voices.
        network: Box<ResNet34>,
        /// What makes speakers of them.
        method: Method,
    },
}

impl Diarizer {
    /// Loads what was found, for the threads of `pool`. A model with a PLDA is run as community-1, one without as
    /// speaker-diarization-3.1.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of the network that it should be.
    pub fn load(
        voices: &VoiceFolder,
        compute: ComputeType,
        pool: &Pool,
    ) -> Result<Self, WeightsError> {
        match voices {
            VoiceFolder::CamPlusPlus(folder) => {
                let network = CamPlusPlus::load(folder, compute, pool.clone())?;
                Ok(Self::CamPlusPlus(Box::new(network)))
            }
            VoiceFolder::ResNet34 { embedding, plda } => Ok(Self::Pyannote {
                // First what is read in no time, so that a mistake shows at once.
                method: match plda {
                    Some(folder) => Method::vbx(fitting_plda(folder)?),
                    None => Method::agglomerative(),
                },
                network: Box::new(ResNet34::load(embedding, pool.clone())?),
            }),
        }
    }

    /// Samples from one window of the segmentation to the next that it is to be given.
    pub fn step(&self) -> usize {
        match self {
            Self::CamPlusPlus(_) => STEP,
            Self::Pyannote { .. } => pyannote::STEP,
        }
    }

    /// Finds out who speaks when in a recording, from what the segmentation network said about it.
    ///
    /// # Errors
    /// When the monitor cancels, or the segmentation is of a network that does not tell speakers apart.
    ///
    /// # Panics
    /// When the segmentation is that of a recording of another length.
    pub fn diarize<'a>(
        &self,
        segmentation: &Segmentation,
        sound: impl Into<Sound<'a>>,
        options: &DiarizeOptions,
        monitor: &dyn Monitor,
    ) -> Result<Diarization, DiarizeError> {
        match self {
            Self::CamPlusPlus(network) => diarize(segmentation, sound, network, options, monitor),
            Self::Pyannote { network, method } => {
                let network: &ResNet34 = network;
                let found =
                    pyannote::diarize(segmentation, sound, network, method, options, monitor);
                found.map(|(diarization, _)| diarization)
            }
        }
    }
}

/// The PLDA of a folder, if it is for the vectors of `ResNet34`.
fn fitting_plda(folder: &Path) -> Result<Plda, WeightsError> {
    let plda = Plda::open(folder)?;
    if plda.dimension() == resnet34::EMBEDDING {
        return Ok(plda);
    }
    Err(WeightsError::Unfit {
        path: folder.to_owned(),
        wanted: "PLDA",
        reason: format!(
            "it compares voices of {} numbers, and the network gives {}",
            plda.dimension(),
            resnet34::EMBEDDING
        ),
    })
}
