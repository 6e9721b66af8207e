//! Why a run failed, under the name of the stage that did.

use domain::progress::Stage;

use super::engines::EngineFailure;
use crate::align::error::AlignError;
use crate::asr::error::AsrError;
use crate::audio::AudioError;
use crate::diarize::DiarizeError;
use crate::pyannet;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The recording cannot be read.
    #[error(transparent)]
    Decode(AudioError),
    /// Speech was not found, for the caller no longer wants it.
    #[error(transparent)]
    Vad(pyannet::Cancelled),
    /// Words were not recognised.
    #[error(transparent)]
    Transcribe(AsrError),
    /// Words got no times.
    #[error(transparent)]
    Align(AlignError),
    /// Nobody can say who speaks.
    #[error(transparent)]
    Diarize(DiarizeError),
    /// The model that a stage needs cannot be had.
    #[error("{source}")]
    Model {
        /// The stage that needs it.
        stage: Stage,
        /// What [`Engines`](super::Engines) said.
        source: EngineFailure,
    },
}

impl PipelineError {
    pub(super) fn model(stage: Stage) -> impl Fn(EngineFailure) -> Self {
        move |source| Self::Model { stage, source }
    }

    /// The stage that failed.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Decode(_) => Stage::Decode,
            Self::Vad(_) => Stage::Vad,
            Self::Transcribe(_) => Stage::Transcribe,
            Self::Align(_) => Stage::Align,
            Self::Diarize(_) => Stage::Diarize,
            Self::Model { stage, .. } => *stage,
        }
    }

    /// True if nothing failed: the caller no longer wanted the result.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Decode(error) => matches!(error, AudioError::Cancelled),
            Self::Vad(_) | Self::Align(AlignError::Cancelled) => true,
            Self::Transcribe(error) => *error == AsrError::Cancelled,
            Self::Diarize(error) => *error == DiarizeError::Cancelled,
            Self::Model { .. } => false,
        }
    }
}
