//! Arrays as NumPy's `savez` writes them: a zip archive with a file for each, of which the first line says what it holds.
//!
//! Only what a PLDA needs is read: real numbers of four or eight bytes, in either order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::weights::WeightsError;

/// The arrays of a PLDA together come nowhere near so many bytes: 64 MB.
const MOST_BYTES: u64 = 1 << 26;
/// What each file in the archive begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The arrays of one file.
#[derive(Debug)]
pub(super) struct Npz {
    path: PathBuf,
    arrays: BTreeMap<String, Array>,
}

/// Numbers in the order of their rows.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Npz {
    /// Reads all arrays of a file.
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let arrays = read_all(path).map_err(|source| match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => WeightsError::Damaged {
                path: path.to_owned(),
                reason: source.to_string(),
            },
            _ => WeightsError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
        Ok(Self {
            path: path.to_owned(),
            arrays,
        })
    }

    /// Takes an array of so many dimensions out; all of its numbers are finite.
    pub(super) fn take(&mut self, name: &str, n_dimensions: usize) -> Result<Array, WeightsError> {
        let Some(array) = self.arrays.remove(name) else {
            return Err(self.unfit(format!("it has no '{name}'")));
        };
        if array.shape.len() != n_dimensions {
            return Err(self.unfit(format!("'{name}' has the shape {:?}", array.shape)));
        }
        if !array.values.iter().all(|value| value.is_finite()) {
            return Err(self.unfit(format!("'{name}' holds what is not a number")));
        }
        Ok(array)
    }

    pub(super) fn unfit(&self, reason: String) -> WeightsError {
        WeightsError::Unfit {
            path: self.path.clone(),
            wanted: "PLDA",
            reason,
        }
    }
}

fn read_all(path: &Path) -> io::Result<BTreeMap<String, Array>> {
    let mut zip = ZipArchive::new(File::open(path)?)?;
    let mut arrays = BTreeMap::new();
    let mut n_left = MOST_BYTES;
    for index in 0..zip.len() {
        let entry = zip.by_index(index)?;
        let name = entry.name()?.trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        entry.take(n_left + 1).read_to_end(&mut bytes)?;
        let n_bytes = bytes.len() as u64;
        let too_large = || invalid("its arrays take more than 64 MB".to_owned());
        n_left = n_left.checked_sub(n_bytes).ok_or_else(too_large)?;
        let array = parse(&bytes);
        let array =
            array.ok_or_else(|| invalid(format!("'{name}' is no array of real numbers")))?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// One array; `None` if it is of another kind, or does not follow the format.
fn parse(bytes: &[u8]) -> Option<Array> {
    let (&[major, _minor], rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (len, rest) = if major == 1 {
        let (len, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(*len)), rest)
    } else {
        let (len, rest) = rest.split_first_chunk()?;
        (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
    };
    let (header, data) = rest.split_at_checked(len)?;
    let header = std::str::from_utf8(header).ok()?;
    let shape = shape(header)?;
    let values = match member(header, "descr")?.split('\'').nth(1)? {
        "<f4" => numbers(data, |bytes| f64::from(f32::from_le_bytes(bytes))),
        "<f8" => numbers(data, f64::from_le_bytes),
        _ => return None,
    };
    let n = (shape.iter()).try_fold(1_usize, |n, len| n.checked_mul(*len))?;
    if values.len() != n {
        return None;
    }
    let values = match (member(header, "fortran_order")?, &shape[..]) {
        (order, [rows, columns]) if order.starts_with("True") => turned(&values, *rows, *columns),
        (order, [_, _, _, ..]) if order.starts_with("True") => return None,
        _ => values,
    };
    Some(Array { shape, values })
}

/// What stands behind a key of the header, which is a dictionary as Python writes it.
fn member<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(&format!("'{key}':"))?;
    Some(after.trim_start())
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let (inside, _) = member(header, "shape")?
        .strip_prefix('(')?
        .split_once(')')?;
    let lengths = inside.split(',').map(str::trim);
    lengths
        .filter(|len| !len.is_empty())
        .map(|len| len.parse().ok())
        .collect()
}

fn numbers<const SIZE: usize>(data: &[u8], number: impl Fn([u8; SIZE]) -> f64) -> Vec<f64> {
    let (numbers, _) = data.as_chunks();
    numbers.iter().map(|bytes| number(*bytes)).collect()
}

/// Numbers that were in the order of columns.
fn turned(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| values[column * rows + row]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, numbers: &[u8]) -> Vec<u8> {
        let len = u16::try_from(header.len()).unwrap().to_le_bytes();
        [MAGIC, b"\x01\x00", &len[..], header.as_bytes(), numbers].concat()
    }

    fn header(descr: &str, order: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}   \n")
    }

    #[test]
    fn numbers_are_read_by_rows_whatever_their_order() {
        let doubles: Vec<u8> = (0..6).flat_map(|n| f64::from(n).to_le_bytes()).collect();
        let read = |header: &str, numbers: &[u8]| parse(&npy(header, numbers)).unwrap();
        let by_rows = read(&header("<f8", "False", "(2, 3)"), &doubles);
        assert_eq!(by_rows.shape, [2, 3]);
        assert_eq!(by_rows.values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let by_columns = read(&header("<f8", "True", "(2, 3)"), &doubles);
        assert_eq!(by_columns.values, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        let single = read(&header("<f4", "False", "(1,)"), &1.5_f32.to_le_bytes());
        assert_eq!(
            (&single.shape[..], &single.values[..]),
            (&[1][..], &[1.5][..])
        );
        assert_eq!(
            read(&header("<f8", "False", "()"), &doubles[..8]).values,
            [0.0]
        );
    }

    #[test]
    fn arrays_that_grow_without_end_are_refused() {
        use std::io::Write;
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::write::ZipWriter::new(file.reopen().unwrap());
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        let zeros = vec![0; 16 << 20];
        let array = npy(&header("<f8", "False", "(2097152,)"), &zeros);
        for name in 0..5 {
            zip.start_file(format!("{name}.npy"), options).unwrap();
            zip.write_all(&array).unwrap();
        }
        zip.finish().unwrap();
        assert!(file.as_file().metadata().unwrap().len() < 1 << 20);
        let error = Npz::open(file.path()).unwrap_err().to_string();
        assert!(error.contains("more than 64 MB"), "{error}");
    }

    #[test]
    fn what_is_no_array_of_real_numbers_is_refused() {
        let two = [0; 16];
        for (header, numbers) in [
            (header("|O", "False", "(2,)"), &two[..]),
            (header("<i8", "False", "(2,)"), &two[..]),
            (header("<f8", "False", "(3,)"), &two[..]),
            (header("<f8", "False", "(2,"), &two[..]),
            (header("<f8", "True", "(1, 1, 2)"), &two[..]),
            (header("<f8", "False", "(9999999999, 9999999999)"), &two[..]),
            ("nothing".into(), &two[..]),
        ] {
            assert_eq!(parse(&npy(&header, numbers)), None, "{header}");
        }
        assert_eq!(parse(b"\x93NUMPY\x01\x00\xff\xff{"), None);
        assert_eq!(parse(b""), None);
    }
}
