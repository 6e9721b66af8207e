//! What can be wrong with a model, in words for the person who asked for it.

use std::io;
use std::path::PathBuf;

use domain::model::UnknownModel;

use super::folder::ModelKind;
use super::revision::Revision;

/// A model cannot be had, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The text names no model, no folder and no repository.
    #[error("{0}; a folder or a repository as 'owner/name' may be given too")]
    Unknown(#[from] UnknownModel),

    /// A folder was asked for that is not there.
    #[error("there is no model folder {}", .0.display())]
    NoFolder(PathBuf),

    /// A folder cannot be fetched.
    #[error("'{0}' is a folder on this machine; only names and repositories can be fetched")]
    NothingToFetch(String),

    /// No model was asked for, and none of the usual ones is there.
    #[error(
        "no model is installed (looked for 'base' and 'tiny.en' in {}); \
         run scripts/fetch-models or 'scriven models pull base'",
        list(.0)
    )]
    NoneInstalled(Vec<PathBuf>),

    /// The model is not on this machine.
    #[error("model '{0}' is not on this machine; run 'scriven models pull {0}'")]
    NotHere(String),

    /// The model is not on this machine, and downloads are switched off.
    #[error(
        "model '{model}' is not on this machine (looked in {}) and downloads are switched off; \
         run 'scriven models pull {model}' without --offline and HF_HUB_OFFLINE",
        list(.looked)
    )]
    Offline {
        /// What was asked for.
        model: String,
        /// Folders searched.
        looked: Vec<PathBuf>,
    },

    /// A network that works beside the recogniser is not on this machine.
    #[error(
        "'{name}', which {purpose}, is not on this machine (looked in {}); run scripts/fetch-models {name}",
        list(.looked)
    )]
    NoCompanion {
        /// Its name.
        name: &'static str,
        /// What it does, such as `finds the speech`.
        purpose: &'static str,
        /// Folders searched.
        looked: Vec<PathBuf>,
    },

    /// A folder was asked for that holds nothing to tell speakers apart with.
    #[error(
        "{} holds no diarization model: it needs embedding/pytorch_model.bin, as pyannote's models have it, \
         or campplus_cn_en_common.pt", .0.display()
    )]
    NoDiarization(PathBuf),

    /// A model folder is there, but not whole.
    #[error("the model folder {} has no {file}; {remedy}", .folder.display())]
    MissingFile {
        /// The folder.
        folder: PathBuf,
        /// The file it should hold.
        file: String,
        /// What to do about it.
        remedy: String,
    },

    /// A file is not the one that was published.
    #[error(
        "{} is damaged or is another file: its SHA-256 is {actual}, expected {expected}; {remedy}",
        .file.display()
    )]
    WrongChecksum {
        /// The file.
        file: PathBuf,
        /// The sum it should have, in hexadecimal.
        expected: String,
        /// The sum it has.
        actual: String,
        /// What to do about it.
        remedy: String,
    },

    /// Another revision of a model lies where the wanted one should.
    #[error("{} holds {source_of_it}, not revision '{wanted}'; {remedy}", .folder.display())]
    OtherRevision {
        /// The folder.
        folder: PathBuf,
        /// The revision that was asked for.
        wanted: Revision,
        /// What the list beside the model says of its origin.
        source_of_it: String,
        /// What to do about it.
        remedy: String,
    },

    /// The list of sums beside a model cannot be understood.
    #[error("{} is not a list of files and sums: {reason}; run 'scriven models pull' for this model again", .path.display())]
    BadManifest {
        /// The list.
        path: PathBuf,
        /// Why not.
        reason: String,
    },

    /// A file or folder of a model cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// A download cannot be stored.
    #[error("cannot write {}: {source}; give another folder with --model-dir", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// Nothing says where downloads go.
    #[error(
        "no folder for downloads is known: set HOME, XDG_CACHE_HOME or MODEL_DIR, or give --model-dir"
    )]
    NoPlace,

    /// The hub answers, but not with this repository.
    #[error(
        "{endpoint} does not give out '{repository}'{} (status {status}): \
         the name may be wrong, or access needs consent to its terms at {endpoint}/{repository} and a token in HF_TOKEN",
        at(.revision.as_ref())
    )]
    Refused {
        /// Address of the hub.
        endpoint: String,
        /// The repository, as `owner/name`.
        repository: String,
        /// The revision, if one was asked for.
        revision: Option<Revision>,
        /// HTTP status of the answer.
        status: u16,
    },

    /// The hub cannot be reached, or breaks off.
    #[error(
        "cannot fetch '{repository}' from {endpoint}: {reason}; run the command again to go on where it stopped, \
         or, where only package registries are within reach, scripts/fetch-models"
    )]
    HubFailed {
        /// Address of the hub.
        endpoint: String,
        /// The repository, as `owner/name`.
        repository: String,
        /// What went wrong.
        reason: String,
    },

    /// The repository holds something else than the model that is wanted.
    #[error(
        "'{repository}' is no {} that can be read: it has no {missing}; {} repository is needed",
        match kind {
            ModelKind::Whisper => "Whisper model",
            ModelKind::Align => "alignment model",
            ModelKind::Voices => "model of voices",
            ModelKind::Speakers => "diarization model",
        },
        match kind {
            ModelKind::Whisper => "a CTranslate2 or safetensors",
            ModelKind::Align => "a wav2vec2",
            ModelKind::Voices => "a WeSpeaker",
            ModelKind::Speakers => "a pyannote",
        },
    )]
    NotAModel {
        /// The repository, as `owner/name`.
        repository: String,
        /// What it should be.
        kind: ModelKind,
        /// The file that tells.
        missing: String,
    },

    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl ModelError {
    /// Whether the same may work later, with nothing changed on this machine.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::HubFailed { .. } | Self::Unreadable { .. } | Self::Unwritable { .. }
        )
    }
}

fn at(revision: Option<&Revision>) -> String {
    let text = |revision: &Revision| format!(" at revision '{revision}'");
    revision.map(text).unwrap_or_default()
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    paths.join(", ")
}
