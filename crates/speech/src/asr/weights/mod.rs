//! The numbers of a Whisper model, read as its publisher ships them, row by row so that they are never held twice.

mod ct2;
mod hf;

use std::path::{Path, PathBuf};

pub use ct2::{Ct2File, parse_index};

/// Why the weights of a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The folder holds no weights that we can read.
    #[error("{} holds neither model.bin (CTranslate2) nor model.safetensors (Hugging Face)", .0.display())]
    NoWeights(PathBuf),
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file does not follow its format; most often it is cut short.
    #[error("{} is damaged: {reason}; fetch the model again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file is well-formed but is not a Whisper model of a kind that we know.
    #[error("{} is not a Whisper model that scriven can run: {reason}", .path.display())]
    NotWhisper {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

/// Named arrays of a model, under the names of CTranslate2's `WhisperSpec` without `/weight` fusing undone:
/// `encoder/layer_0/self_attention/linear_0/weight` holds queries, keys and values one below the other.
pub(crate) trait Weights {
    /// The shape of an array, `None` when there is no such array.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Reads whole rows of an array seen as `(first dimension, all others)`, from row `first` on.
    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError>;

    /// The file that messages name.
    fn path(&self) -> &Path;

    /// A whole array of the expected shape.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        self.expect(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        self.read_rows(name, 0, &mut values)?;
        Ok(values)
    }

    /// Checks that an array is there and has the expected shape.
    fn expect(&self, name: &str, shape: &[usize]) -> Result<(), WeightsError> {
        let wrong = |reason| WeightsError::NotWhisper {
            path: self.path().to_owned(),
            reason,
        };
        match self.shape(name) {
            None => Err(wrong(format!("it has no '{name}'"))),
            Some(found) if found != shape => Err(wrong(format!(
                "'{name}' has the shape {found:?}, not {shape:?}"
            ))),
            Some(_) => Ok(()),
        }
    }
}

/// Opens the weights of a model folder, whichever kind it holds.
pub(crate) fn open(folder: &Path) -> Result<Box<dyn Weights>, WeightsError> {
    let (ct2, hf) = (folder.join("model.bin"), folder.join("model.safetensors"));
    if ct2.exists() {
        Ok(Box::new(Ct2File::open(&ct2)?))
    } else if hf.exists() {
        Ok(Box::new(hf::SafetensorsFile::open(&hf)?))
    } else {
        Err(WeightsError::NoWeights(folder.to_owned()))
    }
}

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// 32-bit float.
    F32,
    /// 8-bit integer, to be scaled.
    I8,
    /// 16-bit integer, to be scaled.
    I16,
    /// 32-bit integer.
    I32,
    /// 16-bit float.
    F16,
    /// The upper half of a 32-bit float.
    Bf16,
}

impl Number {
    /// Bytes that one number takes.
    pub fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I8 => 1,
        }
    }

    /// Turns little-endian bytes into single precision, unscaled.
    fn convert(self, bytes: &[u8], values: &mut [f32]) {
        use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
        match self {
            Self::F32 => each(bytes, values, f32::from_le_bytes),
            Self::I32 => each(bytes, values, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, values, |b| f32::from(i16::from_le_bytes(b))),
            Self::Bf16 => each(bytes, values, |b| half::bf16::from_le_bytes(b).to_f32()),
            Self::I8 => each(bytes, values, |b: [u8; 1]| f32::from(i8::from_le_bytes(b))),
            Self::F16 => {
                // a whole slice at once uses the processor's own conversion
                let halves: Vec<u16> = bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|b| u16::from_le_bytes(*b))
                    .collect();
                halves
                    .reinterpret_cast::<half::f16>()
                    .convert_to_f32_slice(values);
            }
        }
    }
}

fn each<const N: usize>(bytes: &[u8], values: &mut [f32], convert: impl Fn([u8; N]) -> f32) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *value = convert(*bytes);
    }
}

/// A file read at places, from several owners.
#[derive(Debug)]
struct Bytes {
    path: PathBuf,
    file: std::sync::Mutex<std::fs::File>,
}

impl Bytes {
    fn open(path: &Path) -> Result<(Self, u64), WeightsError> {
        let fail = |source| WeightsError::Read {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::open(path).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        Ok((
            Self {
                path: path.to_owned(),
                file: std::sync::Mutex::new(file),
            },
            len,
        ))
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), WeightsError> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|source| WeightsError::Read {
                path: self.path.clone(),
                source,
            })
    }
}
