//! Alignment models: found by language, loaded when a transcript needs one.

use std::sync::Arc;

use domain::language::Language;
use domain::progress::Monitor;
use speech::align::Aligner;
use speech::models::{self, AlignChoice, ModelChoice, ModelFolder, ModelRequest};

use super::{Lazy, Machine};
use crate::exit::{Exit, Failure};

/// Which alignment models are taken, and the one that is loaded.
#[derive(Debug)]
pub(crate) struct Alignment {
    /// Where models are searched; its choice is not used.
    places: ModelRequest,
    /// The model for every language; `None` takes the default of each.
    choice: Option<AlignChoice>,
    machine: Machine,
    aligner: Lazy<Aligner>,
}

impl Alignment {
    pub(crate) fn new(
        places: ModelRequest,
        choice: Option<AlignChoice>,
        machine: &Machine,
    ) -> Self {
        Self {
            places,
            choice,
            machine: machine.clone(),
            aligner: Lazy::default(),
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

    /// The model for `language` from where it was found, loaded unless that was done.
    pub(crate) fn load(
        &self,
        folder: &ModelFolder,
        language: Language,
    ) -> Result<Arc<Aligner>, Failure> {
        let Machine { compute_type, pool } = &self.machine;
        let is_for_it = |loaded: &Aligner| loaded.language() == language;
        self.aligner.get_if(is_for_it, || {
            Aligner::load(&folder.path, language, *compute_type, pool.clone())
                .map_err(|error| Failure::from_error(Exit::Model, &error))
        })
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
