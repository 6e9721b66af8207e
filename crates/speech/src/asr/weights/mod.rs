//! The numbers of a Whisper model, under the names of CTranslate2's `WhisperSpec` without `/weight` fusing undone:
//! `encoder/layer_0/self_attention/linear_0/weight` holds queries, keys and values one below the other.

mod ct2;
mod hf;

use std::path::Path;

pub use crate::weights::{Number, Weights, WeightsError};
pub use ct2::{Ct2File, parse_index};

/// What messages call the model.
const WHISPER: &str = "Whisper";

/// Opens the weights of a model folder, whichever kind it holds.
pub(crate) fn open(folder: &Path) -> Result<Box<dyn Weights>, WeightsError> {
    let (ct2, hf) = (folder.join("model.bin"), folder.join("model.safetensors"));
    if ct2.exists() {
        Ok(Box::new(Ct2File::open(&ct2)?))
    } else if hf.exists() {
        Ok(Box::new(hf::HuggingFaceWhisper::open(&hf)?))
    } else {
        Err(WeightsError::NoWeights(folder.to_owned()))
    }
}
