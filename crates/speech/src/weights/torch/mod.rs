//! Checkpoints as `torch.save` writes them since PyTorch 1.6: a zip archive of a pickle and the numbers it names.
//!
//! The pickle is read by a machine that knows tensors and dictionaries and runs nothing; objects of any other class are
//! passed over. Every tensor is checked to lie inside its storage, and every storage inside the file, before one number
//! is read. Numbers are read from their place in the file when they are asked for.

mod archive;
mod calls;
mod pickle;
mod tensor;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use self::archive::Archive;
use self::tensor::Tensor;
use self::value::{Heap, Id, Value};
use super::{Bytes, Number, Weights, WeightsError};

/// An open checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    bytes: Bytes,
    tensors: BTreeMap<String, Place>,
    wanted: &'static str,
}

/// Where a tensor lies in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    tensor: Tensor,
    /// The byte of the file at which its storage begins.
    start: u64,
}

impl Place {
    /// Empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.tensor.shape
    }

    /// How its numbers are stored.
    pub fn number(&self) -> Number {
        self.tensor.storage.number
    }

    /// The bytes of the file among which its numbers lie.
    pub fn bytes(&self) -> Range<u64> {
        match self.shape().first().copied().unwrap_or(1) {
            0 => self.start..self.start,
            _ if self.tensor.row_len() == 0 => self.start..self.start,
            n_rows => self.bytes_of(&self.tensor.span(&(0..n_rows))),
        }
    }

    fn bytes_of(&self, numbers: &Range<usize>) -> Range<u64> {
        let at = |index: usize| self.start + (index * self.number().size()) as u64;
        at(numbers.start)..at(numbers.end)
    }
}

impl Checkpoint {
    /// Reads the list of tensors, not the tensors. `wanted` is what messages call the network.
    ///
    /// # Errors
    /// When the file cannot be read, does not follow the format, or is of a PyTorch before 1.6.
    pub fn open(path: &Path, wanted: &'static str) -> Result<Self, WeightsError> {
        let (bytes, len) = Bytes::open(path)?;
        let file = bytes
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let tensors = parse_index(&mut &*file, len).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => WeightsError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
            },
            io::ErrorKind::Unsupported if error.get_ref().is_some() => WeightsError::Unfit {
                path: path.to_owned(),
                wanted,
                reason: error.to_string(),
            },
            io::ErrorKind::Unsupported => WeightsError::OldTorch(path.to_owned()),
            _ => WeightsError::Read {
                path: path.to_owned(),
                source: error,
            },
        })?;
        drop(file);
        Ok(Self {
            bytes,
            tensors,
            wanted,
        })
    }
}

impl Weights for Checkpoint {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.get(name)?.shape().to_vec())
    }

    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let place = self.tensors.get(name);
        let place = place.ok_or_else(|| self.unfit(format!("it has no '{name}'")))?;
        let (tensor, row_len) = (&place.tensor, place.tensor.row_len());
        let n_rows = rows.len() / row_len.max(1);
        let all_rows = tensor.shape.first().copied().unwrap_or(1);
        if n_rows * row_len != rows.len() || first.saturating_add(n_rows) > all_rows {
            let shape = &tensor.shape;
            return Err(self.unfit(format!("'{name}' has the shape {shape:?}")));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let span = tensor.span(&(first..first + n_rows));
        let mut bytes = vec![0; span.len() * place.number().size()];
        self.bytes
            .read_at(place.bytes_of(&span).start, &mut bytes)?;
        if tensor.is_contiguous() {
            place.number().convert(&bytes, rows);
        } else {
            let mut numbers = vec![0.0; span.len()];
            place.number().convert(&bytes, &mut numbers);
            tensor.gather(&numbers, n_rows, rows);
        }
        Ok(())
    }

    fn path(&self) -> &Path {
        &self.bytes.path
    }

    fn wanted(&self) -> &'static str {
        self.wanted
    }
}

/// Reads the names and places of all tensors of a checkpoint of `len` bytes.
///
/// # Errors
/// `InvalidData` with a reason when the bytes do not follow the format; `Unsupported` with a reason when they follow
/// another one, and without when that is the one PyTorch used before version 1.6.
pub fn parse_index(
    reader: &mut (impl Read + Seek),
    len: u64,
) -> io::Result<BTreeMap<String, Place>> {
    let mut head = [0; OLD_MAGIC.len()];
    if len < head.len() as u64 {
        return Err(invalid("it is too short"));
    }
    reader.seek(SeekFrom::Start(0))?;
    reader.read_exact(&mut head)?;
    if head == OLD_MAGIC {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }
    if !head.starts_with(b"PK\x03\x04") {
        return Err(foreign("it does not begin like a PyTorch checkpoint"));
    }
    let archive = Archive::read(reader, len)?;
    if !archive.is_little_endian(reader)? {
        return Err(foreign("it was written by a big-endian machine"));
    }
    let description = archive.description(reader)?;
    let (values, root) = pickle::read(&description).map_err(invalid)?;
    let mut places = BTreeMap::new();
    for (name, tensor) in tensors(&values, root) {
        let storage = &tensor.storage;
        let wanted = (storage.len as u64).checked_mul(storage.number.size() as u64);
        let range = archive.storage(&storage.key).unwrap_or_default();
        if wanted.is_none_or(|wanted| wanted > range.end - range.start) {
            return Err(invalid(format!(
                "'{name}' needs {} numbers, and {} bytes of them are there",
                storage.len,
                range.end - range.start
            )));
        }
        let place = Place {
            tensor: tensor.clone(),
            start: range.start,
        };
        places.insert(name.to_owned(), place);
    }
    if places.is_empty() {
        return Err(foreign("there are no tensors in it"));
    }
    Ok(places)
}

/// The named tensors of a checkpoint: those of the dictionary itself, or of one within it.
fn tensors(heap: &Heap, root: Id) -> Vec<(&str, &Tensor)> {
    let inner = INNER_NAMES.iter().filter_map(|name| heap.entry(root, name));
    std::iter::once(root)
        .chain(inner)
        .map(|dict| tensors_of(heap, dict))
        .find(|tensors| !tensors.is_empty())
        .unwrap_or_default()
}

fn tensors_of(heap: &Heap, dict: Id) -> Vec<(&str, &Tensor)> {
    let Value::Dict(entries) = heap.get(dict) else {
        return Vec::new();
    };
    let named = entries.iter().filter_map(|(key, value)| {
        let Value::Tensor(tensor) = heap.get(*value) else {
            return None;
        };
        Some((&**heap.text(*key)?, &**tensor))
    });
    named.collect()
}

fn invalid(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

fn foreign(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// Under which names training programs keep the weights beside other things.
const INNER_NAMES: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// How files of PyTorch before version 1.6 begin: a pickle of the number 0x1950a86a20f9469cfc6c.
const OLD_MAGIC: [u8; 14] = [
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
];
