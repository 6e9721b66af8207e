//! The numbers of a network, read as its publisher ships them, row by row so that they are never held twice.
//!
//! Readers are lazy: opening reads the list of arrays, and each array is read when it is asked for.

mod number;
mod safetensors;
pub mod torch;

use std::path::{Path, PathBuf};

pub use number::Number;
pub use safetensors::SafetensorsFile;
pub use torch::Checkpoint;

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
    /// The file is of a PyTorch before version 1.6, which wrote another format.
    #[error(
        "{path} is of the format that PyTorch wrote before version 1.6; rewrite it once with a newer one: \
         python -c \"import torch; p = '{path}'; torch.save(torch.load(p, map_location='cpu', weights_only=True), p)\"",
        path = .0.display()
    )]
    OldTorch(PathBuf),
    /// The file is well-formed but does not hold the network that is wanted.
    #[error("{} is not a {wanted} model that scriven can run: {reason}", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// The network, such as `Whisper`.
        wanted: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// Named arrays of a model.
pub trait Weights: std::fmt::Debug {
    /// The shape of an array, `None` when there is no such array.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// The names of all arrays, sorted.
    fn names(&self) -> Vec<String>;

    /// Reads whole rows of an array seen as `(first dimension, all others)`, from row `first` on.
    ///
    /// # Errors
    /// There is no such array, it has no such rows, or the file cannot be read.
    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError>;

    /// The file that messages name.
    fn path(&self) -> &Path;

    /// The network that the file should hold, as messages call it: `Whisper`.
    fn wanted(&self) -> &'static str;

    /// The error that says why the file does not hold that network.
    fn unfit(&self, reason: String) -> WeightsError {
        WeightsError::Unfit {
            path: self.path().to_owned(),
            wanted: self.wanted(),
            reason,
        }
    }

    /// A whole array of the expected shape.
    ///
    /// # Errors
    /// There is no such array, it has another shape, or the file cannot be read.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        self.expect(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        self.read_rows(name, 0, &mut values)?;
        Ok(values)
    }

    /// Checks that an array is there and has the expected shape.
    ///
    /// # Errors
    /// It is not, or has another.
    fn expect(&self, name: &str, shape: &[usize]) -> Result<(), WeightsError> {
        match self.shape(name) {
            None => Err(self.unfit(format!("it has no '{name}'"))),
            Some(found) if found != shape => {
                Err(self.unfit(format!("'{name}' has the shape {found:?}, not {shape:?}")))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Numbers of one row of an array, seen as `(first dimension, all others)`. Where there is no number at all, the other
/// dimensions may be anything, and no row has a number.
pub(crate) fn row_len(shape: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().skip(1).product()
}

/// A file read at places, from several owners.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) path: PathBuf,
    pub(crate) file: std::sync::Mutex<std::fs::File>,
}

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<(Self, u64), WeightsError> {
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

    pub(crate) fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), WeightsError> {
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
