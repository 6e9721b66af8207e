//! CTranslate2's `model.bin` (binary versions 2 to 6): a list of named arrays, little-endian, without padding.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Number, WHISPER, Weights, WeightsError};
use crate::weights::{Bytes, row_len};

/// Newest layout that we know.
const NEWEST_VERSION: u32 = 6;
/// No Whisper model comes near these; a damaged file does.
const MAX_NAME: usize = 1024;
const MAX_RANK: u8 = 8;
const MAX_VARIABLES: u32 = 100_000;

/// Where an array lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Empty for a scalar.
    pub shape: Vec<usize>,
    /// How its numbers are stored.
    pub number: Number,
    /// Bytes from the beginning of the file.
    pub offset: u64,
}

/// An open `model.bin`.
#[derive(Debug)]
pub struct Ct2File {
    bytes: Bytes,
    variables: BTreeMap<String, Variable>,
}

impl Ct2File {
    /// Reads the list of arrays, not the arrays.
    ///
    /// # Errors
    /// When the file cannot be read, does not follow the format to its last byte, or is no Whisper model.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let (bytes, len) = Bytes::open(path)?;
        let file = bytes
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut reader = io::BufReader::with_capacity(4096, &*file);
        let variables = parse_index(&mut reader, len).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => WeightsError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
            },
            io::ErrorKind::UnexpectedEof => WeightsError::Damaged {
                path: path.to_owned(),
                reason: "it ends in the middle of an array".into(),
            },
            _ => WeightsError::Read {
                path: path.to_owned(),
                source: error,
            },
        })?;
        drop(file);
        Ok(Self { bytes, variables })
    }

    /// The arrays, by name; an alias has an entry of its own.
    pub fn variables(&self) -> &BTreeMap<String, Variable> {
        &self.variables
    }

    /// What the numbers of `name` are divided by, one scale a row: a single one in the file stands for all (16-bit integers).
    /// `None` where there is none for each.
    fn scales(
        &self,
        name: &str,
        first: usize,
        n_rows: usize,
    ) -> Result<Option<Vec<f32>>, WeightsError> {
        let Some(variable) = self.variables.get(&format!("{name}_scale")) else {
            return Ok(None);
        };
        let (offset, n) = match variable.shape.iter().product::<usize>() {
            1 => (0, 1),
            n_scales if first + n_rows <= n_scales => (first * variable.number.size(), n_rows),
            _ => return Ok(None),
        };
        let mut bytes = vec![0; n * variable.number.size()];
        self.bytes
            .read_at(variable.offset + offset as u64, &mut bytes)?;
        let mut scales = vec![0.0; n];
        variable.number.convert(&bytes, &mut scales);
        scales.resize(n_rows, scales[0]);
        Ok(Some(scales))
    }
}

impl Weights for Ct2File {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.variables
            .get(name)
            .map(|variable| variable.shape.clone())
    }

    fn names(&self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let damaged = |reason| WeightsError::Damaged {
            path: self.bytes.path.clone(),
            reason,
        };
        let variable = self
            .variables
            .get(name)
            .ok_or_else(|| damaged(format!("it has no '{name}'")))?;
        let width = row_len(&variable.shape);
        let n_rows = rows.len() / width.max(1);
        if width == 0
            || !rows.len().is_multiple_of(width)
            || first + n_rows > variable.shape.first().copied().unwrap_or(1)
        {
            return Err(damaged(format!(
                "'{name}' has the shape {:?}",
                variable.shape
            )));
        }
        let size = variable.number.size();
        let mut bytes = vec![0; rows.len() * size];
        self.bytes
            .read_at(variable.offset + (first * width * size) as u64, &mut bytes)?;
        variable.number.convert(&bytes, rows);
        if matches!(variable.number, Number::I8 | Number::I16) && !variable.shape.is_empty() {
            let scales = self.scales(name, first, n_rows)?;
            let scales = scales.ok_or_else(|| damaged(format!("'{name}' has no scales")))?;
            for (row, scale) in rows.chunks_exact_mut(width).zip(scales) {
                for value in row {
                    *value /= scale;
                }
            }
        }
        Ok(())
    }

    fn path(&self) -> &Path {
        &self.bytes.path
    }

    fn wanted(&self) -> &'static str {
        WHISPER
    }
}

/// Reads the names, shapes and places of all arrays of a `model.bin` of `len` bytes, and its aliases.
///
/// # Errors
/// `InvalidData` with a reason when the bytes do not follow the format, `UnexpectedEof` when they end too early.
pub fn parse_index(
    reader: &mut (impl Read + Seek),
    len: u64,
) -> io::Result<BTreeMap<String, Variable>> {
    let version = read_u32(reader)?;
    if !(2..=NEWEST_VERSION).contains(&version) {
        return Err(invalid(format!(
            "its version is {version}, and versions 2 to {NEWEST_VERSION} are known"
        )));
    }
    let spec = read_string(reader)?;
    if spec != "WhisperSpec" {
        return Err(invalid(format!("it holds a '{spec}', not a 'WhisperSpec'")));
    }
    let _revision = read_u32(reader)?;
    let n_variables = read_u32(reader)?;
    if n_variables > MAX_VARIABLES {
        return Err(invalid(format!("it claims {n_variables} arrays")));
    }
    let mut position = reader.stream_position()?;
    let mut variables = BTreeMap::new();
    for _ in 0..n_variables {
        let name = read_string(reader)?;
        let rank = read_u8(reader)?;
        if rank > MAX_RANK {
            return Err(invalid(format!("'{name}' has {rank} dimensions")));
        }
        let shape = (0..rank)
            .map(|_| Ok(read_u32(reader)? as usize))
            .collect::<io::Result<Vec<_>>>()?;
        let (number, n_bytes) = if version >= 4 {
            let code = read_u8(reader)?;
            let number = number_of_code(code)
                .ok_or_else(|| invalid(format!("'{name}' has numbers of kind {code}")))?;
            (number, u64::from(read_u32(reader)?))
        } else {
            let size = read_u8(reader)?;
            let number = number_of_size(size)
                .ok_or_else(|| invalid(format!("'{name}' has numbers of {size} bytes")))?;
            (number, u64::from(read_u32(reader)?) * u64::from(size))
        };
        let wanted = shape
            .iter()
            .try_fold(number.size() as u64, |bytes, dim| {
                bytes.checked_mul(*dim as u64)
            })
            .ok_or_else(|| invalid(format!("'{name}' has the shape {shape:?}")))?;
        if wanted != n_bytes {
            return Err(invalid(format!(
                "'{name}' has {n_bytes} bytes, {wanted} for its shape {shape:?}"
            )));
        }
        position = reader.stream_position()?;
        if n_bytes > len.saturating_sub(position) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        variables.insert(
            name,
            Variable {
                shape,
                number,
                offset: position,
            },
        );
        position += n_bytes;
        reader.seek(SeekFrom::Start(position))?;
    }
    if version >= 3 {
        let n_aliases = read_u32(reader)?;
        if n_aliases > MAX_VARIABLES {
            return Err(invalid(format!("it claims {n_aliases} aliases")));
        }
        for _ in 0..n_aliases {
            let (alias, target) = (read_string(reader)?, read_string(reader)?);
            let variable = variables.get(&target).cloned();
            let variable = variable.ok_or_else(|| {
                invalid(format!("'{alias}' stands for '{target}', which is missing"))
            })?;
            variables.insert(alias, variable);
        }
        position = reader.stream_position()?;
    }
    if position != len {
        return Err(invalid(format!(
            "{} bytes follow its last array",
            len.saturating_sub(position)
        )));
    }
    Ok(variables)
}

fn number_of_code(code: u8) -> Option<Number> {
    [
        Number::F32,
        Number::I8,
        Number::I16,
        Number::I32,
        Number::F16,
        Number::Bf16,
    ]
    .get(usize::from(code))
    .copied()
}

fn number_of_size(size: u8) -> Option<Number> {
    match size {
        4 => Some(Number::F32),
        2 => Some(Number::I16),
        1 => Some(Number::I8),
        _ => None,
    }
}

fn read_u8(reader: &mut impl Read) -> io::Result<u8> {
    let mut bytes = [0; 1];
    reader.read_exact(&mut bytes)?;
    Ok(bytes[0])
}

fn read_u32(reader: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// A length with the closing NUL in it, the bytes, the NUL.
fn read_string(reader: &mut impl Read) -> io::Result<String> {
    let mut len = [0; 2];
    reader.read_exact(&mut len)?;
    let len = usize::from(u16::from_le_bytes(len));
    if len > MAX_NAME {
        return Err(invalid(format!("it has a name of {len} bytes")));
    }
    let mut bytes = vec![0; len];
    reader.read_exact(&mut bytes)?;
    match bytes.pop() {
        Some(0) => {
            String::from_utf8(bytes).map_err(|_| invalid("it has a name that is no text".into()))
        }
        _ => Err(invalid("it has a name without its end".into())),
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn string(out: &mut Vec<u8>, text: &str) {
        out.extend(u16::try_from(text.len() + 1).unwrap().to_le_bytes());
        out.extend(text.bytes());
        out.push(0);
    }

    fn variable(out: &mut Vec<u8>, name: &str, shape: &[u32], code: u8, data: &[u8]) {
        string(out, name);
        out.push(u8::try_from(shape.len()).unwrap());
        for dim in shape {
            out.extend(dim.to_le_bytes());
        }
        out.push(code);
        out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        out.extend(data);
    }

    /// A small file with every kind of number, a scalar, and an alias.
    fn sample() -> Vec<u8> {
        let mut out = 6_u32.to_le_bytes().to_vec();
        string(&mut out, "WhisperSpec");
        out.extend(3_u32.to_le_bytes());
        out.extend(6_u32.to_le_bytes());
        let floats = [1.0_f32, -2.0, 0.5, 4.0].map(f32::to_le_bytes).concat();
        variable(&mut out, "a", &[2, 2], 0, &floats);
        variable(&mut out, "b/weight", &[2, 2], 1, &[127, 0, 0x81, 64]);
        variable(
            &mut out,
            "b/weight_scale",
            &[2],
            0,
            &[2.0_f32, 0.5].map(f32::to_le_bytes).concat(),
        );
        let halves = [half::f16::from_f32(1.5), half::f16::from_f32(-0.25)]
            .map(half::f16::to_le_bytes)
            .concat();
        variable(&mut out, "c", &[2], 4, &halves);
        variable(
            &mut out,
            "d",
            &[1, 2],
            5,
            &[half::bf16::ONE, half::bf16::PI]
                .map(half::bf16::to_le_bytes)
                .concat(),
        );
        variable(&mut out, "e", &[], 2, &(-1_i16).to_le_bytes());
        out.extend(1_u32.to_le_bytes());
        string(&mut out, "z");
        string(&mut out, "a");
        out
    }

    fn open(bytes: &[u8]) -> Result<Ct2File, WeightsError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Ct2File::open(file.path())
    }

    #[test]
    fn every_kind_of_number_is_read() {
        let file = open(&sample()).unwrap();
        for (name, shape, values) in [
            ("a", vec![2, 2], vec![1.0, -2.0, 0.5, 4.0]),
            ("z", vec![2, 2], vec![1.0, -2.0, 0.5, 4.0]),
            ("b/weight", vec![2, 2], vec![63.5, 0.0, -254.0, 128.0]),
            ("c", vec![2], vec![1.5, -0.25]),
            ("d", vec![1, 2], vec![1.0, 3.140_625]),
        ] {
            assert_eq!(file.read(name, &shape).unwrap(), values, "{name}");
        }
        let mut second = [0.0; 2];
        file.read_rows("b/weight", 1, &mut second).unwrap();
        assert_eq!(second.to_vec(), [-254.0, 128.0]);
        assert!(file.read("a", &[4]).is_err() && file.read("nothing", &[1]).is_err());
    }

    /// A file with these arrays of 8-bit integers or floats alone.
    fn file(variables: &[(&str, &[u32], u8, &[u8])]) -> Vec<u8> {
        let mut out = 6_u32.to_le_bytes().to_vec();
        string(&mut out, "WhisperSpec");
        out.extend(3_u32.to_le_bytes());
        out.extend(u32::try_from(variables.len()).unwrap().to_le_bytes());
        for (name, shape, code, data) in variables {
            variable(&mut out, name, shape, *code, data);
        }
        out.extend(0_u32.to_le_bytes());
        out
    }

    #[test]
    fn an_array_without_numbers_may_have_any_other_dimensions() {
        let shape = [0, u32::MAX, u32::MAX, u32::MAX];
        let model = open(&file(&[("a", &shape, 0, &[])])).unwrap();
        let shape = model.shape("a").unwrap();
        assert!(model.read("a", &shape).is_err());
        let model = open(&file(&[
            ("a", &[0, 3], 1, &[]),
            ("a_scale", &[2], 0, &[0; 8]),
        ]))
        .unwrap();
        assert!(model.read("a", &[0, 3]).is_err());
    }

    #[test]
    fn scales_are_one_for_all_rows_or_one_for_each() {
        let read = |n_scales: u32, scales: &[f32]| {
            let scales = scales.iter().flat_map(|scale| scale.to_le_bytes());
            let scales: Vec<u8> = scales.collect();
            let bytes = file(&[
                ("a", &[3, 1], 1, &[2, 4, 8]),
                ("a_scale", &[n_scales], 0, &scales),
                ("other", &[4], 0, &[0x3f; 16]),
            ]);
            open(&bytes).unwrap().read("a", &[3, 1]).ok()
        };
        assert_eq!(read(1, &[2.0]), Some(vec![1.0, 2.0, 4.0]));
        assert_eq!(read(3, &[2.0, 4.0, 8.0]), Some(vec![1.0, 1.0, 1.0]));
        assert_eq!(read(2, &[2.0, 4.0]), None);
        assert_eq!(read(0, &[]), None);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let whole = sample();
        for len in 0..whole.len() {
            let error = open(&whole[..len]).unwrap_err();
            assert!(
                matches!(error, WeightsError::Damaged { .. }),
                "cut at {len}: {error}"
            );
        }
        let mut longer = whole;
        longer.push(0);
        assert!(matches!(open(&longer), Err(WeightsError::Damaged { .. })));
    }

    proptest! {
        #[test]
        fn a_file_with_changed_bytes_never_panics(at in 0..200_usize, byte: u8, more in 0..200_usize, other: u8) {
            let mut bytes = sample();
            let len = bytes.len();
            bytes[at % len] = byte;
            bytes[more % len] = other;
            if let Ok(index) = parse_index(&mut Cursor::new(&bytes), len as u64) {
                for variable in index.values() {
                    let n: usize = variable.shape.iter().product();
                    let offset = usize::try_from(variable.offset).unwrap();
                    prop_assert!(offset + n * variable.number.size() <= len);
                }
            }
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_index(&mut Cursor::new(&bytes), bytes.len() as u64);
        }
    }
}
