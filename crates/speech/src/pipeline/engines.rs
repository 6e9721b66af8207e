//! Where a run gets its models from.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use domain::language::Language;
use domain::progress::Monitor;

use crate::align::Aligner;
use crate::asr::Whisper;
use crate::diarize::Diarizer;
use crate::pyannet::PyanNet;

/// Why a model could not be had; whoever hands out models knows what is in it.
pub type EngineFailure = Box<dyn Error + Send + Sync>;

/// Hands out loaded models: a command loads each when it is first needed, a service shares a pool of them.
///
/// Each is asked for once a run, and only if the run needs it. Models that share one [`nn::Pool`] take turns on the
/// cores; each with threads of its own they get in each other's way.
pub trait Engines: Sync + fmt::Debug {
    /// The network that finds speech.
    ///
    /// # Errors
    /// It cannot be had.
    fn segmenter(&self, monitor: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure>;

    /// The recogniser; also asked for where a text is given and no aligner is there.
    ///
    /// # Errors
    /// It cannot be had, or cannot do what is asked.
    fn recogniser(&self, monitor: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure>;

    /// The model that times words of `language`; `None` where there is none: words of a text that is given are then timed
    /// by the recogniser, others keep the times they have.
    ///
    /// # Errors
    /// It cannot be had, and nothing will do instead.
    fn aligner(
        &self,
        language: Language,
        monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Aligner>>, EngineFailure>;

    /// What tells speakers apart.
    ///
    /// # Errors
    /// It cannot be had.
    fn diarizer(&self, monitor: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure>;
}
