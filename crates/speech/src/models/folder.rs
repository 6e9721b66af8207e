//! What a model folder holds.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use domain::align_model::TorchaudioBundle;
use domain::model::ModelName;
use serde::Deserialize;

use super::{ModelError, Revision};

/// A whole model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFolder {
    /// The folder with the weights.
    pub path: PathBuf,
    /// Its name, if it is a published model.
    pub name: Option<ModelName>,
    /// What it is for.
    pub kind: ModelKind,
    /// The revision that was asked for.
    pub revision: Option<Revision>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// Recognising words.
    Whisper,
    /// Finding the times of words.
    Align,
    /// Hearing voices.
    Voices,
    /// Telling speakers apart: segmentation, voices and what compares them, in one folder.
    Speakers,
}

/// Weights as CTranslate2 converts them.
pub(super) const CTRANSLATE2_WEIGHTS: &str = "model.bin";
/// Weights as Hugging Face publishes them, in one piece.
pub(super) const SAFETENSORS_WEIGHTS: &str = "model.safetensors";
/// The list of pieces where safetensors weights are cut up.
pub(super) const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
/// Weights as PyTorch writes them.
pub(super) const PYTORCH_WEIGHTS: &str = "pytorch_model.bin";

impl ModelKind {
    /// What every model needs besides its weights.
    pub(super) fn always_needed(self) -> &'static [&'static str] {
        match self {
            Self::Whisper => &["config.json", "tokenizer.json"],
            Self::Align => &["config.json", "vocab.json"],
            Self::Voices => &[],
            Self::Speakers => &[
                "segmentation/pytorch_model.bin",
                "plda/xvec_transform.npz",
                "plda/plda.npz",
            ],
        }
    }

    /// Weights in one piece, the best first.
    pub(super) fn weights(self) -> &'static [&'static str] {
        match self {
            Self::Whisper => &[CTRANSLATE2_WEIGHTS, SAFETENSORS_WEIGHTS],
            Self::Align => &[SAFETENSORS_WEIGHTS, PYTORCH_WEIGHTS],
            Self::Voices => &[PYTORCH_WEIGHTS],
            Self::Speakers => &["embedding/pytorch_model.bin"],
        }
    }
}

/// The torchaudio file in `folder`, which is all that its model needs.
fn bundle_in(folder: &Path) -> Option<&'static str> {
    let files = TorchaudioBundle::all().iter().map(|bundle| bundle.file);
    files.into_iter().find(|file| folder.join(file).exists())
}

/// True if any file of a model lies in `folder`.
pub(super) fn holds_anything(folder: &Path, kind: ModelKind) -> bool {
    let mut needed = kind.always_needed().iter();
    needed.any(|file| folder.join(file).exists()) || holds_weights(folder, kind)
}

/// True if weights, or the list of their pieces, lie in `folder`.
pub(super) fn holds_weights(folder: &Path, kind: ModelKind) -> bool {
    let in_pieces = kind == ModelKind::Whisper && folder.join(SAFETENSORS_INDEX).exists();
    let bundle = kind == ModelKind::Align && bundle_in(folder).is_some();
    let mut weights = kind.weights().iter();
    in_pieces || bundle || weights.any(|file| folder.join(file).exists())
}

/// True if what lies in `folder` is an alignment model, and no Whisper model.
pub(super) fn is_for_alignment(folder: &Path) -> bool {
    folder.join("vocab.json").exists() && !folder.join("tokenizer.json").exists()
}

/// The files that `folder` must hold to be a model; those of the weights come last.
///
/// # Errors
/// The first of them that is not there; `remedy` says what to do then.
pub(super) fn needed_files(
    folder: &Path,
    kind: ModelKind,
    remedy: &str,
) -> Result<Vec<String>, ModelError> {
    if kind == ModelKind::Align
        && let Some(file) = bundle_in(folder)
    {
        return Ok(vec![file.to_owned()]);
    }
    let mut files: Vec<String> = kind
        .always_needed()
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut weights = kind.weights().iter();
    if let Some(weights) = weights.find(|weights| folder.join(weights).exists()) {
        files.push((*weights).to_owned());
    } else if kind == ModelKind::Whisper && folder.join(SAFETENSORS_INDEX).exists() {
        files.extend(pieces(&folder.join(SAFETENSORS_INDEX))?);
    } else {
        files.push(kind.weights()[0].to_owned());
    }
    match files.iter().find(|file| !folder.join(file).is_file()) {
        None => Ok(files),
        Some(file) => Err(ModelError::MissingFile {
            folder: folder.to_owned(),
            file: if kind.weights().contains(&file.as_str()) {
                kind.weights().join(" (nor ") + if kind.weights().len() > 1 { ")" } else { "" }
            } else {
                file.clone()
            },
            remedy: remedy.to_owned(),
        }),
    }
}

/// Names of the files among which an index spreads the weights.
fn pieces(index: &Path) -> Result<BTreeSet<String>, ModelError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let text = fs::read(index).map_err(|source| ModelError::Unreadable {
        path: index.to_owned(),
        source,
    })?;
    let index: Index = serde_json::from_slice(&text).map_err(|error| ModelError::Unreadable {
        path: index.to_owned(),
        source: error.into(),
    })?;
    Ok(index.weight_map.into_values().collect())
}
