//! The speech engine as the commands use it: a model that is found first, and loaded when it is needed.

use std::env;

use domain::model::ModelName;
use domain::options::{AsrOptions, ComputeType};
use domain::progress::Monitor;
use domain::transcript::Transcript;
use speech::asr::error::AsrError;
use speech::asr::{self, Whisper};
use speech::audio::{self, AudioError, Samples, Settings, Source};
use speech::models::{self, ModelFolder, ModelRequest};

use crate::cli::transcribe::Input;
use crate::exit::{Exit, Failure};

/// A model on this machine, perhaps not loaded yet.
#[derive(Debug)]
pub(crate) struct Engine {
    folder: ModelFolder,
    compute_type: ComputeType,
    n_threads: usize,
    whisper: Option<Whisper>,
}

impl Engine {
    /// Finds or fetches the model, without loading it.
    pub(crate) fn find(
        request: &ModelRequest,
        compute_type: ComputeType,
        n_threads: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, Failure> {
        let folder = models::locate(request, monitor)
            .map_err(|error| Failure::from_error(Exit::Model, &error))?;
        Ok(Self {
            folder,
            compute_type,
            n_threads,
            whisper: None,
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

    /// Loads the model unless that was done.
    pub(crate) fn load(&mut self) -> Result<&Whisper, Failure> {
        let whisper = match self.whisper.take() {
            Some(whisper) => whisper,
            None => Whisper::load(&self.folder.path, self.compute_type, self.n_threads)
                .map_err(|error| Failure::from_error(Exit::Model, &error))?,
        };
        Ok(self.whisper.insert(whisper))
    }
}

/// True if the model knows only English, whatever it is called.
pub(crate) fn is_english_only(whisper: &Whisper) -> bool {
    !whisper.tokenizer().special().is_multilingual()
}

/// Recognises what is said.
pub(crate) fn transcribe(
    whisper: &Whisper,
    samples: &Samples,
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, Failure> {
    asr::transcribe(whisper, samples.as_slice(), options, monitor).map_err(|error| {
        let exit = match error {
            AsrError::Cancelled => Exit::Interrupted,
            // The model cannot do what the flags ask for.
            _ => Exit::Usage,
        };
        Failure::from_error(exit, &error)
    })
}

/// Turns a recording of any kind into samples.
pub(crate) fn decode(input: &Input, monitor: &dyn Monitor) -> Result<Samples, Failure> {
    let settings = Settings {
        ffmpeg: env::var_os("FFMPEG_BINARY")
            .filter(|program| !program.is_empty())
            .map_or_else(|| Settings::default().ffmpeg, Into::into),
        ..Settings::default()
    };
    let source = match input {
        Input::File(path) => Source::File(path.clone()),
        Input::Stdin => Source::stdin(),
    };
    audio::decode(source, &settings, monitor).map_err(|error| {
        let exit = match error {
            AudioError::Cancelled => Exit::Interrupted,
            _ => Exit::Input,
        };
        Failure::from_error(exit, &error)
    })
}
