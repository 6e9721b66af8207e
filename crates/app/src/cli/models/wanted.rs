//! Models of every kind by name, as the commands for models take them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use domain::align_model::AlignModel;
use domain::model::ModelName;
use domain::progress::Monitor;
use speech::models::{
    self, AlignChoice, CheckedFile, Companion, ModelAt, ModelChoice, ModelError, ModelFolder,
    ModelRequest, Places, Revision, Revisions, SpeakerModel, UnusableChoice,
};

/// A recogniser, an alignment model, or a network beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Choice(ModelAt),
    Companion(Companion),
}

impl Wanted {
    /// Every model that has a default use: networks beside the recogniser, and the alignment models of all languages.
    pub(super) fn helpers() -> impl Iterator<Item = Self> {
        let companions = Companion::ALL.into_iter().map(Self::Companion);
        let speakers = SpeakerModel::ALL.into_iter().map(Self::telling_apart);
        let aligners = AlignModel::all().map(Self::aligning);
        companions.chain(speakers).chain(aligners)
    }

    fn telling_apart(model: SpeakerModel) -> Self {
        Self::Choice(ModelChoice::Speakers(model).into())
    }

    fn aligning(model: AlignModel) -> Self {
        Self::Choice(ModelChoice::Align(AlignChoice::from(model)).into())
    }

    /// The same at `revision`.
    ///
    /// # Errors
    /// It has no revisions, or another one was asked for.
    pub(super) fn at(self, revision: Revision) -> Result<Self, UnusableChoice> {
        match self {
            Self::Choice(model) => model.at(revision).map(Self::Choice),
            Self::Companion(companion) => {
                Err(UnusableChoice::NoRevisions(companion.name().to_owned()))
            }
        }
    }

    /// Its name, if it is a published Whisper model.
    pub(super) fn name(&self) -> Option<ModelName> {
        match self {
            Self::Choice(model) => match model.choice {
                ModelChoice::Name(name) => Some(name),
                _ => None,
            },
            Self::Companion(_) => None,
        }
    }

    /// The repository it comes from; empty where it comes from elsewhere.
    pub(super) fn repository(&self) -> &str {
        match self {
            Self::Choice(model) => model.choice.repository().unwrap_or_default(),
            Self::Companion(companion) => companion.repository(),
        }
    }

    /// Where it lies on this machine, unchecked.
    pub(super) fn find(&self, places: &Places) -> Result<PathBuf, ModelError> {
        match self {
            Self::Choice(model) => found(model, &at(model, places)).map(|found| found.path),
            Self::Companion(companion) => companion.require(places),
        }
    }

    /// Where it lies on this machine, checked.
    pub(super) fn locate(
        &self,
        request: &ModelRequest,
        monitor: &dyn Monitor,
    ) -> Result<PathBuf, ModelError> {
        match self {
            Self::Choice(model) => {
                let request = ModelRequest {
                    choice: Some(model.choice.clone()),
                    places: at(model, &request.places),
                    ..request.clone()
                };
                models::locate(&request, monitor).map(|model| model.path)
            }
            Self::Companion(companion) => companion.locate(&request.places, monitor),
        }
    }

    /// Fetches it, or mends it; a network beside the recogniser can only be looked for.
    pub(super) fn pull(
        &self,
        request: &ModelRequest,
        monitor: &dyn Monitor,
    ) -> Result<PathBuf, ModelError> {
        match self {
            Self::Choice(model) => {
                let places = at(model, &request.places);
                models::pull(&model.choice, &places, &request.hub, monitor)
                    .map(|pulled| pulled.path)
            }
            Self::Companion(companion) => companion.locate(&request.places, monitor),
        }
    }

    /// Reads every file and compares its sum.
    pub(super) fn verify(
        &self,
        places: &Places,
        monitor: &dyn Monitor,
    ) -> Result<(PathBuf, Vec<CheckedFile>), ModelError> {
        match self {
            Self::Choice(model) => {
                let found = found(model, &at(model, places))?;
                let checked = models::verify(&found, places, monitor)?;
                Ok((found.path, checked))
            }
            Self::Companion(companion) => companion.verify(places, monitor),
        }
    }
}

/// The places with the revision that is wanted of `model`.
fn at(model: &ModelAt, places: &Places) -> Places {
    Places {
        revisions: Revisions::only(model),
        ..places.clone()
    }
}

fn found(model: &ModelAt, places: &Places) -> Result<ModelFolder, ModelError> {
    let found = models::find(&model.choice, places)?;
    found.ok_or_else(|| ModelError::NotHere(model.to_string()))
}

impl FromStr for Wanted {
    type Err = UnusableChoice;

    /// Reads a name of any kind; a repository that is not known for alignment is a recogniser's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let companion = Companion::ALL.into_iter().find(|one| one.name() == text);
        if let Some(companion) = companion {
            return Ok(Self::Companion(companion));
        }
        let is_it = |model: &SpeakerModel| [model.name(), model.repository()].contains(&text);
        if let Some(model) = SpeakerModel::ALL.into_iter().find(is_it) {
            return Ok(Self::telling_apart(model));
        }
        match AlignModel::all().find(|model| model.name() == text) {
            Some(model) => Ok(Self::aligning(model)),
            None => text.parse().map(Self::Choice),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(model) => model.fmt(f),
            Self::Companion(companion) => f.write_str(companion.name()),
        }
    }
}
