//! Hugging Face `model.safetensors`, under the names in the file.

use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::{Bytes, Number, Weights, WeightsError, row_len};

/// A header longer than this is not one of a speech model.
const MAX_HEADER: u64 = 16 << 20;

/// An open `model.safetensors`.
#[derive(Debug)]
pub struct SafetensorsFile {
    bytes: Bytes,
    metadata: Metadata,
    /// Where the arrays begin.
    start: u64,
    wanted: &'static str,
}

impl SafetensorsFile {
    /// Reads the list of arrays, not the arrays. `wanted` is what messages call the network.
    ///
    /// # Errors
    /// When the file cannot be read or does not follow the format.
    pub fn open(path: &Path, wanted: &'static str) -> Result<Self, WeightsError> {
        let (bytes, len) = Bytes::open(path)?;
        let damaged = |reason: String| WeightsError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let mut head = [0; 8];
        if len < 8 {
            return Err(damaged("it is too short".into()));
        }
        bytes.read_at(0, &mut head)?;
        let n = u64::from_le_bytes(head);
        if n > MAX_HEADER || n > len - 8 {
            return Err(damaged(format!("its header claims {n} bytes")));
        }
        let mut header = vec![0; usize::try_from(n).unwrap_or(0)];
        bytes.read_at(8, &mut header)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(format!("its header is no list of arrays ({error})")))?;
        let end = metadata
            .tensors()
            .values()
            .map(|info| info.data_offsets.1)
            .max()
            .unwrap_or(0) as u64;
        if end != len - 8 - n {
            return Err(damaged(format!(
                "its arrays end at byte {end} of {}",
                len - 8 - n
            )));
        }
        Ok(Self {
            bytes,
            metadata,
            start: 8 + n,
            wanted,
        })
    }
}

impl Weights for SafetensorsFile {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.metadata.info(name).map(|info| info.shape.clone())
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.metadata.tensors().into_keys().collect();
        names.sort();
        names
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let damaged = |reason| WeightsError::Damaged {
            path: self.bytes.path.clone(),
            reason,
        };
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| damaged(format!("it has no '{name}'")))?;
        let number = match info.dtype {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            other => return Err(damaged(format!("'{name}' has numbers of kind {other:?}"))),
        };
        let width = row_len(&info.shape);
        let from = first * width * number.size();
        let mut bytes = vec![0; rows.len() * number.size()];
        if info.data_offsets.0 + from + bytes.len() > info.data_offsets.1 {
            return Err(damaged(format!("'{name}' has the shape {:?}", info.shape)));
        }
        self.bytes
            .read_at(self.start + (info.data_offsets.0 + from) as u64, &mut bytes)?;
        number.convert(&bytes, rows);
        Ok(())
    }

    fn path(&self) -> &Path {
        &self.bytes.path
    }

    fn wanted(&self) -> &'static str {
        self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_without_numbers_may_have_any_other_dimensions() {
        let n = usize::MAX;
        let header =
            format!(r#"{{"a":{{"dtype":"F32","shape":[0,{n},{n}],"data_offsets":[0,0]}}}}"#);
        let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let model = SafetensorsFile::open(file.path(), "any").unwrap();
        assert!(model.read("a", &[0, n, n]).unwrap().is_empty());
    }
}
