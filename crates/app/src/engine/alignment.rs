//! Alignment models: found by language, loaded when a transcript needs one.

use domain::language::Language;
use domain::options::{AlignOptions, ComputeType};
use domain::progress::Monitor;
use domain::transcript::{Transcript, WordTiming};
use speech::align::{self, Aligner, error::AlignError};
use speech::audio::Samples;
use speech::models::{self, AlignChoice, ModelChoice, ModelFolder, ModelRequest};

use crate::exit::{Exit, Failure};

/// Which alignment models are taken, and the one that is loaded.
#[derive(Debug)]
pub(crate) struct Alignment {
    /// Where models are searched; its choice is not used.
    places: ModelRequest,
    /// The model for every language; `None` takes the default of each.
    choice: Option<AlignChoice>,
    compute_type: ComputeType,
    n_threads: usize,
    loaded: Option<Aligner>,
}

impl Alignment {
    pub(crate) fn new(
        places: ModelRequest,
        choice: Option<AlignChoice>,
        compute_type: ComputeType,
        n_threads: usize,
    ) -> Self {
        Self {
            places,
            choice,
            compute_type,
            n_threads,
            loaded: None,
        }
    }

    /// Whether a model for `language` is on this machine.
    pub(crate) fn has(&self, language: Language) -> bool {
        let Some(choice) = self.choice_for(language) else {
            return false;
        };
        let found = models::find(&ModelChoice::Align(choice), &self.places.places);
        matches!(found, Ok(Some(_)))
    }

    /// Finds or fetches the model for `language`, without loading it.
    pub(crate) fn find(
        &self,
        language: Language,
        monitor: &dyn Monitor,
    ) -> Result<ModelFolder, Failure> {
        let choice = self
            .choice_for(language)
            .ok_or_else(|| no_model(language))?;
        let request = ModelRequest {
            choice: Some(ModelChoice::Align(choice)),
            ..self.places.clone()
        };
        models::locate(&request, monitor).map_err(|error| Failure::from_error(Exit::Model, &error))
    }

    /// Loads the model for `language` from where it was found, unless that was done.
    pub(crate) fn load(&mut self, folder: &ModelFolder, language: Language) -> Result<(), Failure> {
        let is_loaded = |loaded: &Aligner| loaded.language() == language;
        if !self.loaded.as_ref().is_some_and(is_loaded) {
            self.loaded = None; // never two at a time
            let aligner = Aligner::load(&folder.path, language, self.compute_type, self.n_threads);
            let aligner = aligner.map_err(|error| Failure::from_error(Exit::Model, &error))?;
            self.loaded = Some(aligner);
        }
        Ok(())
    }

    /// Gives every word of the transcript its time; its segments become sentences.
    ///
    /// # Panics
    ///
    /// When nothing is loaded.
    pub(crate) fn align(
        &self,
        transcript: &mut Transcript,
        samples: &Samples,
        options: AlignOptions,
        monitor: &dyn Monitor,
    ) -> Result<(), Failure> {
        let aligner = self.loaded.as_ref().expect("the model is loaded");
        let (segments, samples) = (&transcript.segments, samples);
        let sentences = align::align(aligner, segments, samples, &options, monitor);
        transcript.segments = sentences.map_err(|error| match error {
            AlignError::Cancelled => Failure::from_error(Exit::Interrupted, &error),
        })?;
        transcript.word_timing = Some(WordTiming::Ctc);
        Ok(())
    }

    fn choice_for(&self, language: Language) -> Option<AlignChoice> {
        let default = || AlignChoice::for_language(language);
        self.choice.clone().or_else(default)
    }
}

fn no_model(language: Language) -> Failure {
    let name = language.name();
    let message = format!("there is no default alignment model for {name}");
    Failure::new(Exit::Model, message).with_hint("name one with --align-model")
}
