//! The speech engine as the commands use it: a model that is found first, and loaded when it is needed.

mod alignment;
mod segmenter;
mod voices;

use std::env;

use domain::model::ModelName;
use domain::options::{AsrOptions, ComputeType};
use domain::progress::{Monitor, Stage};
use domain::transcript::Transcript;
use domain::units::Seconds;
use speech::asr::error::AsrError;
use speech::asr::{self, Whisper};
use speech::audio::{self, AudioError, Samples, Settings, Source};
use speech::models::{self, ModelFolder, ModelRequest};
use speech::vad::Chunk;

pub(crate) use self::alignment::Alignment;
pub(crate) use self::segmenter::Segmenter;
pub(crate) use self::voices::Voices;
use crate::cli::Input;
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

    /// Loads what is needed unless that was done.
    pub(crate) fn load(&mut self) -> Result<(), Failure> {
        if self.whisper.is_none() {
            let whisper = Whisper::load(&self.folder.path, self.compute_type, self.n_threads)
                .map_err(|error| Failure::from_error(Exit::Model, &error))?;
            self.whisper = Some(whisper);
        }
        Ok(())
    }

    /// True if the loaded model knows only English, whatever it is called.
    pub(crate) fn is_english_only(&self) -> bool {
        let whisper = self.whisper.as_ref();
        whisper.is_some_and(|whisper| !whisper.tokenizer().special().is_multilingual())
    }

    /// Recognises what is said: in chunks of speech where they are known, else window by window.
    ///
    /// # Panics
    ///
    /// When nothing is loaded.
    pub(crate) fn transcribe(
        &self,
        samples: &Samples,
        chunks: Option<&[Chunk]>,
        options: &AsrOptions,
        monitor: &dyn Monitor,
    ) -> Result<Transcript, Failure> {
        let whisper = self.whisper.as_ref().expect("the model is loaded");
        // The stage speaks up after its first window; its time counts too.
        monitor.progress(Stage::Transcribe, Seconds(0.0), samples.duration());
        let transcript = match chunks {
            Some(chunks) => asr::transcribe_chunks(whisper, samples, chunks, options, monitor),
            None => asr::transcribe(whisper, samples, options, monitor),
        };
        transcript.map_err(|error| {
            let exit = match error {
                AsrError::Cancelled => Exit::Interrupted,
                // The model cannot do what the flags ask for.
                _ => Exit::Usage,
            };
            Failure::from_error(exit, &error)
        })
    }
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
