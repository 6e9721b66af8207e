//! The models as the commands use them: each is found first, and loaded when it is needed. All share one set of threads.

mod alignment;
mod lazy;
mod once;
mod segmenter;
mod voices;

use std::env;
use std::num::NonZeroU16;
use std::sync::Arc;

use domain::model::ModelName;
use domain::options::ComputeType;
use domain::progress::Monitor;
use speech::Pool;
use speech::asr::Whisper;
use speech::audio::{AudioError, Settings, Source};
use speech::models::{self, ModelFolder, ModelRequest};
use speech::pipeline::{EngineFailure, PipelineError};

pub(crate) use self::alignment::Alignment;
use self::lazy::Lazy;
pub(crate) use self::once::Models;
pub(crate) use self::segmenter::Segmenter;
pub(crate) use self::voices::{Speakers, Voices};
use crate::cli::Input;
use crate::console::Progress;
use crate::exit::{Exit, Failure};

/// How models are loaded: with which arithmetic, and on whose threads.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) compute_type: ComputeType,
    pub(crate) pool: Pool,
}

impl Machine {
    /// `n_threads` of 0 stands for one a core.
    pub(crate) fn new(compute_type: ComputeType, n_threads: usize) -> Self {
        Self {
            compute_type,
            pool: Pool::new(n_threads),
        }
    }

    /// Whether stages that do not need each other had better run side by side: two threads are busy without that.
    pub(crate) fn runs_side_by_side(&self) -> bool {
        self.pool.n_threads() > 2
    }
}

/// A recogniser on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Recogniser {
    folder: ModelFolder,
    machine: Machine,
    whisper: Lazy<Whisper>,
}

impl Recogniser {
    /// Finds or fetches the model, without loading it.
    pub(crate) fn find(
        request: &ModelRequest,
        machine: &Machine,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folder = models::locate(request, monitor)
            .map_err(|error| Failure::from_error(Exit::Model, &error))?;
        Ok(Self {
            folder,
            machine: machine.clone(),
            whisper: Lazy::default(),
        })
    }

    /// How the model is called in messages: its name, else its folder.
    pub(crate) fn label(&self) -> String {
        let path = || self.folder.path.display().to_string();
        self.folder.name.map_or_else(path, |name| name.to_string())
    }

    /// The name of the model, if that alone tells that it knows only English.
    pub(crate) fn english_only_name(&self) -> Option<&'static str> {
        let name = self.folder.name.filter(|name| name.is_english_only());
        name.map(ModelName::as_str)
    }

    /// The model, loaded unless that was done.
    pub(crate) fn load(&self) -> Result<Arc<Whisper>, Failure> {
        let Machine { compute_type, pool } = &self.machine;
        self.whisper.get(|| {
            Whisper::load(&self.folder.path, *compute_type, pool.clone())
                .map_err(|error| Failure::from_error(Exit::Model, &error))
        })
    }
}

/// How recordings are read on this machine.
pub(crate) fn audio_settings() -> Settings {
    Settings {
        ffmpeg: env::var_os("FFMPEG_BINARY")
            .filter(|program| !program.is_empty())
            .map_or_else(|| Settings::default().ffmpeg, Into::into),
        ..Settings::default()
    }
}

/// Where the samples of `input` come from; see [`Source::with_track`].
pub(crate) fn source(input: &Input, track: Option<NonZeroU16>) -> Source {
    let source = match input {
        Input::File(path) => Source::file(path),
        Input::Stdin => Source::stdin(),
    };
    source.with_track(track)
}

/// Has `model` loaded while a spinner turns; a command without such a model fails.
pub(crate) fn load_shown<M, T>(
    model: Option<&M>,
    progress: &Progress<'_>,
    load: impl FnOnce(&M) -> Result<Arc<T>, Failure>,
) -> Result<Arc<T>, EngineFailure> {
    let model = model.ok_or("the command has no such model")?;
    Ok(progress.spin("loading the model", || load(model))?)
}

/// What a failed run means for the person at the keyboard.
pub(crate) fn failure(error: PipelineError) -> Failure {
    if let PipelineError::Decode(error @ AudioError::NoSuchTrack { .. }) = &error {
        let hint = "name another with --audio-track, or leave it out";
        let failure = Failure::from_error(Exit::Usage, error).with_hint(hint);
        return failure.about_recording();
    }
    let exit = match &error {
        error if error.is_cancelled() => Exit::Interrupted,
        PipelineError::Decode(_) => Exit::Input,
        // The model cannot do what the flags ask for.
        PipelineError::Transcribe(_) => Exit::Usage,
        _ => Exit::Model,
    };
    match error {
        PipelineError::Model { source, .. } => match source.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(other) => Failure::from_error(exit, &*other),
        },
        error => Failure::from_error(exit, &error),
    }
}
