//! What a model folder holds.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use domain::model::ModelName;
use serde::Deserialize;

use super::ModelError;

/// A whole model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFolder {
    /// The folder with the weights.
    pub path: PathBuf,
    /// Its name, if it is a published model.
    pub name: Option<ModelName>,
}

/// Weights as CTranslate2 converts them.
pub(super) const CTRANSLATE2_WEIGHTS: &str = "model.bin";
/// Weights as Hugging Face publishes them, in one piece.
pub(super) const SAFETENSORS_WEIGHTS: &str = "model.safetensors";
/// The list of pieces where safetensors weights are cut up.
pub(super) const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
/// What every model needs besides its weights.
const ALWAYS_NEEDED: [&str; 2] = ["config.json", "tokenizer.json"];

/// True if any file of a model lies in `folder`.
pub(super) fn holds_anything(folder: &Path) -> bool {
    ALWAYS_NEEDED.iter().any(|file| folder.join(file).exists()) || holds_weights(folder)
}

/// True if weights, or the list of their pieces, lie in `folder`.
pub(super) fn holds_weights(folder: &Path) -> bool {
    [CTRANSLATE2_WEIGHTS, SAFETENSORS_WEIGHTS, SAFETENSORS_INDEX]
        .iter()
        .any(|file| folder.join(file).exists())
}

/// The files that `folder` must hold to be a model; those of the weights come last.
///
/// # Errors
/// The first of them that is not there; `remedy` says what to do then.
pub(super) fn needed_files(folder: &Path, remedy: &str) -> Result<Vec<String>, ModelError> {
    let mut files: Vec<String> = ALWAYS_NEEDED.iter().map(ToString::to_string).collect();
    if folder.join(CTRANSLATE2_WEIGHTS).exists() {
        files.push(CTRANSLATE2_WEIGHTS.to_owned());
    } else if folder.join(SAFETENSORS_WEIGHTS).exists() {
        files.push(SAFETENSORS_WEIGHTS.to_owned());
    } else if folder.join(SAFETENSORS_INDEX).exists() {
        files.extend(pieces(&folder.join(SAFETENSORS_INDEX))?);
    } else {
        files.push(CTRANSLATE2_WEIGHTS.to_owned());
    }
    match files.iter().find(|file| !folder.join(file).is_file()) {
        None => Ok(files),
        Some(file) => Err(ModelError::MissingFile {
            folder: folder.to_owned(),
            file: if file == CTRANSLATE2_WEIGHTS {
                format!("{CTRANSLATE2_WEIGHTS} (nor {SAFETENSORS_WEIGHTS})")
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
