//! A folder or file as it is published becomes a network and its alphabet.

use std::path::{Path, PathBuf};

use domain::align_model::TorchaudioBundle;
use nn::{Isa, Pool, Precision};
use serde::Deserialize;

use super::Wav2Vec2;
use super::config::{Config, FeatureNorm};
use super::load::Parts;
use super::names::Names;
use super::vocabulary::{self, read_json};
use crate::align::dictionary::Dictionary;
use crate::weights::{Checkpoint, SafetensorsFile, Weights, WeightsError};

/// Why an alignment model cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file is missing.
    #[error("the alignment model {} has no {file}; fetch the model again", .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// A small file beside the weights cannot be understood.
    #[error("{} cannot be used: {reason}; fetch the model again", .path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A network with what belongs to it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) network: Wav2Vec2,
    pub(crate) dictionary: Dictionary,
    /// Whether it was taught on samples of mean 0 and variance 1.
    pub(crate) normalises: bool,
}

/// What messages call the network.
const WANTED: &str = "wav2vec2 alignment";
const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";
const SAFETENSORS: &str = "model.safetensors";
const PYTORCH: &str = "pytorch_model.bin";

/// Loads a folder of Hugging Face, or one with a file of torchaudio (or that file itself).
pub(crate) fn load(
    place: &Path,
    precision: Precision,
    isa: Isa,
    pool: Pool,
) -> Result<Loaded, LoadError> {
    match torchaudio_file(place) {
        Some((file, bundle)) => load_torchaudio(&file, bundle, precision, isa, pool),
        None => load_hugging_face(place, precision, isa, pool),
    }
}

fn torchaudio_file(place: &Path) -> Option<(PathBuf, TorchaudioBundle)> {
    if place.is_file() {
        let name = place.file_name()?.to_str()?;
        return Some((place.to_owned(), TorchaudioBundle::of_file(name)?));
    }
    let mut bundles = TorchaudioBundle::all().iter();
    let bundle = bundles.find(|bundle| place.join(bundle.file).is_file())?;
    Some((place.join(bundle.file), *bundle))
}

fn load_torchaudio(
    file: &Path,
    bundle: TorchaudioBundle,
    precision: Precision,
    isa: Isa,
    pool: Pool,
) -> Result<Loaded, LoadError> {
    let weights = Checkpoint::open(file, WANTED)?;
    let parts = Parts {
        config: Config::of_torchaudio(&weights)?,
        weights: &weights,
        names: Names::Torchaudio,
        unused_rows: bundle.unused_rows,
        precision,
        isa,
    };
    let network = parts.network(pool)?;
    let dictionary = Dictionary::of_bundle(&bundle);
    let n_needed = dictionary.largest_class() + 1;
    if network.n_classes() != n_needed {
        return Err(LoadError::Weights(weights.unfit(format!(
            "its output layer has {} classes where {} has {n_needed}",
            network.n_classes(),
            bundle.name
        ))));
    }
    Ok(Loaded {
        network,
        dictionary,
        normalises: false,
    })
}

fn load_hugging_face(
    folder: &Path,
    precision: Precision,
    isa: Isa,
    pool: Pool,
) -> Result<Loaded, LoadError> {
    #[derive(Deserialize)]
    struct Preprocessor {
        #[serde(default = "yes")]
        do_normalize: bool,
    }
    let config: Config = read_json(folder, CONFIG)?.ok_or_else(|| LoadError::Missing {
        folder: folder.to_owned(),
        file: CONFIG,
    })?;
    let preprocessor: Option<Preprocessor> = read_json(folder, PREPROCESSOR)?;
    let normalises = preprocessor.map_or(
        config.feat_extract_norm == FeatureNorm::Layer,
        |preprocessor| preprocessor.do_normalize,
    );
    let blank = config.pad_token_id;
    let weights = open(folder)?;
    let parts = Parts {
        weights: &*weights,
        names: Names::HuggingFace,
        config,
        unused_rows: &[],
        precision,
        isa,
    };
    let network = parts.network(pool)?;
    let dictionary = vocabulary::read(folder, network.n_classes(), blank)?;
    Ok(Loaded {
        network,
        dictionary,
        normalises,
    })
}

fn open(folder: &Path) -> Result<Box<dyn Weights>, LoadError> {
    if folder.join(SAFETENSORS).is_file() {
        Ok(Box::new(SafetensorsFile::open(
            &folder.join(SAFETENSORS),
            WANTED,
        )?))
    } else if folder.join(PYTORCH).is_file() {
        Ok(Box::new(Checkpoint::open(&folder.join(PYTORCH), WANTED)?))
    } else {
        Err(LoadError::Missing {
            folder: folder.to_owned(),
            file: "model.safetensors (nor pytorch_model.bin)",
        })
    }
}

/// What `transformers` takes where the file does not say.
fn yes() -> bool {
    true
}
