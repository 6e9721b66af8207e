//! Diarization models by name: ours, pyannote's, folders.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use domain::progress::Monitor;

use super::folder::{ModelKind, PYTORCH_WEIGHTS};
use super::request::is_a_path;
use super::{
    Companion, Hub, ModelChoice, ModelError, ModelRequest, Places, check_obtainable, locate,
};

/// What tells speakers apart, as people ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DiarizeChoice {
    /// CAM++ and our own method, which need no account.
    #[default]
    CamPlusPlus,
    /// The pipeline pyannote/speaker-diarization-3.1.
    Pyannote31,
    /// The pipeline pyannote/speaker-diarization-community-1.
    Community1,
    /// A folder on this machine.
    Folder(PathBuf),
}

/// A model of pyannote's that can be fetched by whoever has accepted its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeakerModel {
    /// `WeSpeaker`'s `ResNet34`: voices as vectors.
    ResNet34,
    /// The whole pipeline community-1.
    Community1,
}

/// Where the parts of a diarization model lie, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiarizeFolders {
    /// The folder of the segmentation network.
    pub segmentation: PathBuf,
    /// What hears voices.
    pub voices: VoiceFolder,
}

/// What hears voices, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoiceFolder {
    /// The folder of CAM++.
    CamPlusPlus(PathBuf),
    /// Folders of `WeSpeaker`'s `ResNet34`, and of the PLDA that compares its voices if the model has one.
    ResNet34 {
        /// The folder of the network.
        embedding: PathBuf,
        /// The folder of the PLDA; without one voices are compared by their angle.
        plda: Option<PathBuf>,
    },
}

impl SpeakerModel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ResNet34, Self::Community1];

    /// Its name, which is that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet34 => "wespeaker-voxceleb-resnet34-LM",
            Self::Community1 => "speaker-diarization-community-1",
        }
    }

    /// The repository that publishes it.
    pub fn repository(self) -> &'static str {
        match self {
            Self::ResNet34 => "pyannote/wespeaker-voxceleb-resnet34-LM",
            Self::Community1 => "pyannote/speaker-diarization-community-1",
        }
    }

    pub(super) fn kind(self) -> ModelKind {
        match self {
            Self::ResNet34 => ModelKind::Voices,
            Self::Community1 => ModelKind::Speakers,
        }
    }
}

impl fmt::Display for SpeakerModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl DiarizeChoice {
    const NAMES: [(&'static str, Self); 3] = [
        ("campplus", Self::CamPlusPlus),
        ("speaker-diarization-3.1", Self::Pyannote31),
        ("speaker-diarization-community-1", Self::Community1),
    ];

    /// The parts of the model: on this machine, or fetched from the hub by whoever has access; checked.
    ///
    /// # Errors
    /// A part is nowhere, is not whole, has a wrong sum, or cannot be fetched; or the monitor cancelled.
    pub fn locate(
        &self,
        request: &ModelRequest,
        monitor: &dyn Monitor,
    ) -> Result<DiarizeFolders, ModelError> {
        let companion = |companion: Companion| companion.locate(&request.places, monitor);
        let speakers = |model| {
            let request = ModelRequest {
                choice: Some(ModelChoice::Speakers(model)),
                ..request.clone()
            };
            locate(&request, monitor).map(|model| model.path)
        };
        match self {
            Self::CamPlusPlus => Ok(DiarizeFolders {
                segmentation: companion(Companion::Segmentation)?,
                voices: VoiceFolder::CamPlusPlus(companion(Companion::CamPlusPlus)?),
            }),
            Self::Pyannote31 => Ok(DiarizeFolders {
                segmentation: companion(Companion::Segmentation)?,
                voices: VoiceFolder::ResNet34 {
                    embedding: speakers(SpeakerModel::ResNet34)?,
                    plda: None,
                },
            }),
            Self::Community1 => {
                let folder = speakers(SpeakerModel::Community1)?;
                Ok(DiarizeFolders {
                    segmentation: folder.join("segmentation"),
                    voices: VoiceFolder::ResNet34 {
                        embedding: folder.join("embedding"),
                        plda: Some(folder.join("plda")),
                    },
                })
            }
            Self::Folder(folder) => {
                let voices = voices_in(folder)?;
                let own = folder.join("segmentation");
                let has_own = own.join(Companion::Segmentation.file()).exists();
                Ok(DiarizeFolders {
                    segmentation: if has_own {
                        own
                    } else {
                        companion(Companion::Segmentation)?
                    },
                    voices,
                })
            }
        }
    }
}

impl DiarizeChoice {
    /// Whether all parts are on this machine, unchecked, or can be fetched.
    ///
    /// # Errors
    /// One is neither; or the monitor cancelled.
    pub fn check_obtainable(
        &self,
        places: &Places,
        hub: &Hub,
        monitor: &dyn Monitor,
    ) -> Result<(), ModelError> {
        let companion = |companion: Companion| companion.require(places).map(drop);
        let speakers =
            |model| check_obtainable(&ModelChoice::Speakers(model), places, hub, monitor);
        match self {
            Self::CamPlusPlus => {
                companion(Companion::Segmentation)?;
                companion(Companion::CamPlusPlus)
            }
            Self::Pyannote31 => {
                companion(Companion::Segmentation)?;
                speakers(SpeakerModel::ResNet34)
            }
            Self::Community1 => speakers(SpeakerModel::Community1),
            Self::Folder(folder) => voices_in(folder).map(drop),
        }
    }
}

/// What hears voices in a folder that somebody named.
fn voices_in(folder: &Path) -> Result<VoiceFolder, ModelError> {
    if !folder.is_dir() {
        return Err(ModelError::NoFolder(folder.to_owned()));
    }
    if folder.join(Companion::CamPlusPlus.file()).exists() {
        return Ok(VoiceFolder::CamPlusPlus(folder.to_owned()));
    }
    let embedding = folder.join("embedding");
    if !embedding.join(PYTORCH_WEIGHTS).exists() {
        return Err(ModelError::NoDiarization(folder.to_owned()));
    }
    let plda = folder.join("plda");
    Ok(VoiceFolder::ResNet34 {
        embedding,
        plda: plda.is_dir().then_some(plda),
    })
}

impl FromStr for DiarizeChoice {
    type Err = UnknownDiarizeModel;

    /// Reads a name, with or without its owner, or a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_prefix("pyannote/").unwrap_or(text);
        if let Some((_, choice)) = Self::NAMES.into_iter().find(|(known, _)| *known == name) {
            Ok(choice)
        } else if is_a_path(text) {
            Ok(Self::Folder(PathBuf::from(text)))
        } else {
            Err(UnknownDiarizeModel(text.to_owned()))
        }
    }
}

impl fmt::Display for DiarizeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Folder(path) = self {
            return path.display().fmt(f);
        }
        let mut names = Self::NAMES.into_iter();
        let name = names.find(|(_, choice)| choice == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// The text names no diarization model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDiarizeModel(pub String);

impl fmt::Display for UnknownDiarizeModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = DiarizeChoice::NAMES.iter().map(|(name, _)| *name).collect();
        write!(
            f,
            "there is no diarization model named '{}'; give a folder, or one of {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownDiarizeModel {}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::progress::Silent;

    use super::*;
    use crate::models::{Hub, Places};

    fn offline(shelf: &Path) -> ModelRequest {
        ModelRequest {
            choice: None,
            places: Places {
                model_dir: Some(shelf.to_owned()),
                ..Places::default()
            },
            hub: Hub {
                endpoint: String::new(),
                torchaudio: String::new(),
                token: None,
                offline: true,
            },
        }
    }

    /// A file of some bytes, with the folders that it needs.
    fn put(folder: &Path, file: &str) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"numbers").unwrap();
    }

    #[test]
    fn a_choice_is_a_name_with_or_without_its_owner_or_a_folder() {
        let check = |text: &str, expected: Result<DiarizeChoice, ()>| {
            assert_eq!(text.parse::<DiarizeChoice>().map_err(drop), expected);
        };
        check("campplus", Ok(DiarizeChoice::CamPlusPlus));
        check("speaker-diarization-3.1", Ok(DiarizeChoice::Pyannote31));
        check(
            "pyannote/speaker-diarization-community-1",
            Ok(DiarizeChoice::Community1),
        );
        check("./mine", Ok(DiarizeChoice::Folder("./mine".into())));
        check("speaker-diarization-4", Err(()));
        for name in ["campplus", "speaker-diarization-3.1"] {
            assert_eq!(name.parse::<DiarizeChoice>().unwrap().to_string(), name);
        }
        let error = "nothing".parse::<DiarizeChoice>().unwrap_err().to_string();
        assert!(error.ends_with(
            "or one of campplus, speaker-diarization-3.1, speaker-diarization-community-1"
        ));
    }

    #[test]
    fn the_parts_of_community_1_lie_in_one_folder() {
        let shelf = tempfile::tempdir().unwrap();
        let request = offline(shelf.path());
        let error = DiarizeChoice::Community1.locate(&request, &Silent);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("'speaker-diarization-community-1' is not on this machine"),
            "{error}"
        );

        let folder = shelf.path().join("speaker-diarization-community-1");
        put(&folder, "embedding/pytorch_model.bin");
        put(&folder, "segmentation/pytorch_model.bin");
        put(&folder, "plda/plda.npz");
        let error = DiarizeChoice::Community1.locate(&request, &Silent);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("has no plda/xvec_transform.npz"), "{error}");

        put(&folder, "plda/xvec_transform.npz");
        let expected = DiarizeFolders {
            segmentation: folder.join("segmentation"),
            voices: VoiceFolder::ResNet34 {
                embedding: folder.join("embedding"),
                plda: Some(folder.join("plda")),
            },
        };
        let named = DiarizeChoice::Folder(folder);
        for choice in [DiarizeChoice::Community1, named] {
            assert_eq!(choice.locate(&request, &Silent).unwrap(), expected);
        }
    }

    #[test]
    fn a_folder_without_a_model_is_told_what_it_lacks() {
        let shelf = tempfile::tempdir().unwrap();
        let request = offline(shelf.path());
        let named = |folder: PathBuf| DiarizeChoice::Folder(folder).locate(&request, &Silent);
        let error = named(shelf.path().to_owned()).unwrap_err().to_string();
        assert!(error.contains("holds no diarization model"), "{error}");
        let error = named(shelf.path().join("none")).unwrap_err().to_string();
        assert!(error.starts_with("there is no model folder"), "{error}");
    }
}
