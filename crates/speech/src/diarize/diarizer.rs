//! What tells speakers apart, whichever method it follows.

use domain::diarization::Diarization;
use domain::options::{ComputeType, DiarizeOptions};
use domain::progress::Monitor;
use nn::Pool;

use super::{DiarizeError, STEP, diarize};
use crate::audio::Sound;
use crate::embedding::CamPlusPlus;
use crate::models::VoiceFolder;
use crate::pyannet::Segmentation;
use crate::weights::WeightsError;

/// What tells speakers apart: a network of voices, and the method by which voices become speakers.
#[derive(Debug)]
pub enum Diarizer {
    /// CAM++ and our own method ([`diarize`]).
    CamPlusPlus(CamPlusPlus),
}

impl Diarizer {
    /// Loads what was found, for the threads of `pool`.
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
                CamPlusPlus::load_for(folder, pool.clone(), compute).map(Self::CamPlusPlus)
            }
            VoiceFolder::ResNet34 { .. } => todo!(),
        }
    }

    /// Samples from one window of the segmentation to the next that it is to be given.
    pub fn step(&self) -> usize {
        match self {
            Self::CamPlusPlus(_) => STEP,
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
        }
    }
}
