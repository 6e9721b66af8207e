//! Alignment models by name: pipelines of torchaudio, repositories of the hub, folders.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use domain::align_model::{AlignModel, TorchaudioBundle};
use domain::language::Language;

use super::request::{is_a_path, is_repository};

/// An alignment model as people ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlignChoice {
    /// A pipeline of torchaudio.
    Torchaudio(TorchaudioBundle),
    /// A repository of the hub, as `owner/name`.
    Repository(String),
    /// A folder on this machine.
    Folder(PathBuf),
}

impl AlignChoice {
    /// The model that is taken for `language` where none is asked for, if there is one.
    pub fn for_language(language: Language) -> Option<Self> {
        AlignModel::for_language(language).map(Self::from)
    }
}

impl AlignChoice {
    /// Reads a pipeline's name or `owner/name`, for people who may not name folders of this machine.
    ///
    /// # Errors
    /// The text is something else.
    pub fn published(text: &str) -> Result<Self, UnknownAlignModel> {
        if let Some(bundle) = TorchaudioBundle::find(text) {
            Ok(Self::Torchaudio(bundle))
        } else if is_repository(text) {
            Ok(Self::Repository(text.to_owned()))
        } else {
            Err(UnknownAlignModel(text.to_owned()))
        }
    }
}

impl From<AlignModel> for AlignChoice {
    fn from(model: AlignModel) -> Self {
        match model {
            AlignModel::Torchaudio(bundle) => Self::Torchaudio(bundle),
            AlignModel::Hub(repository) => Self::Repository(repository.to_owned()),
        }
    }
}

impl FromStr for AlignChoice {
    type Err = UnknownAlignModel;

    /// Reads a pipeline's name, a path, or `owner/name`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(bundle) = TorchaudioBundle::find(text) {
            Ok(Self::Torchaudio(bundle))
        } else if is_a_path(text) {
            Ok(Self::Folder(PathBuf::from(text)))
        } else if is_repository(text) {
            Ok(Self::Repository(text.to_owned()))
        } else {
            Err(UnknownAlignModel(text.to_owned()))
        }
    }
}

impl fmt::Display for AlignChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torchaudio(bundle) => f.write_str(bundle.name),
            Self::Repository(repository) => f.write_str(repository),
            Self::Folder(path) => path.display().fmt(f),
        }
    }
}

/// The text names no alignment model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownAlignModel(pub String);

impl fmt::Display for UnknownAlignModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundles = TorchaudioBundle::all().iter().map(|bundle| bundle.name);
        write!(
            f,
            "there is no alignment model named '{}'; give a repository as 'owner/name', a folder, or one of {}",
            self.0,
            bundles.collect::<Vec<_>>().join(", ")
        )
    }
}

impl std::error::Error for UnknownAlignModel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_pipeline_a_folder_or_a_repository() {
        let check = |text: &str, expected: &str| {
            let kind = match text.parse() {
                Ok(AlignChoice::Torchaudio(bundle)) => format!("pipeline {}", bundle.language),
                Ok(AlignChoice::Repository(name)) => format!("repository {name}"),
                Ok(AlignChoice::Folder(path)) => format!("folder {}", path.display()),
                Err(UnknownAlignModel(name)) => format!("unknown {name}"),
            };
            assert_eq!(kind, expected);
        };
        check("VOXPOPULI_ASR_BASE_10K_FR", "pipeline fr");
        check(
            "facebook/wav2vec2-base-960h",
            "repository facebook/wav2vec2-base-960h",
        );
        check("./mine", "folder ./mine");
        check("wav2vec2", "unknown wav2vec2");
    }
}
