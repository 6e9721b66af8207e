//! The zip archive around a checkpoint: `<folder>/data.pkl` and one stored entry for each storage.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use zip::{CompressionMethod, ZipArchive};

use super::{foreign, invalid};

/// Bytes that the directory and the headers of all entries may take; a network of a thousand tensors needs 0.2 MB.
const MAX_HEADERS: u64 = 32 << 20;
/// A description longer than this is not one of tensors; the longest known has 0.2 MB.
const MAX_PICKLE: u64 = 32 << 20;

/// The entries of a checkpoint.
#[derive(Debug)]
pub(super) struct Archive {
    /// The bytes of each entry, by its name within the one folder of the archive.
    entries: BTreeMap<String, Range<u64>>,
}

impl Archive {
    /// Reads the directory of an archive of `len` bytes.
    pub(super) fn read(reader: &mut (impl Read + Seek), len: u64) -> io::Result<Self> {
        let limited = Limited {
            inner: reader,
            left: MAX_HEADERS,
        };
        let mut zip = ZipArchive::new(limited)?;
        if zip.has_overlapping_entries()? {
            return Err(invalid("entries of its zip archive overlap"));
        }
        if (zip.file_names_raw()).any(|name| name.ends_with(b"/constants.pkl")) {
            return Err(foreign(
                "it holds a program (TorchScript), not only tensors",
            ));
        }
        let mut all = BTreeMap::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index)?;
            let name = entry.name()?.into_owned();
            if entry.encrypted() || entry.compression() != CompressionMethod::Stored {
                return Err(invalid(format!(
                    "its entry '{name}' is compressed or encrypted, which PyTorch never does"
                )));
            }
            let start = entry.data_start().unwrap_or(len);
            let end = start.checked_add(entry.size()).filter(|end| *end <= len);
            match end {
                Some(end) if entry.size() == entry.compressed_size() => {
                    all.insert(name, start..end)
                }
                _ => return Err(invalid(format!("its entry '{name}' has a wrong size"))),
            };
        }
        let is_description =
            |name: &&String| name.ends_with("/data.pkl") && name.matches('/').count() == 1;
        let Some(folder) = all.keys().find(is_description) else {
            return Err(foreign("it is a zip archive, but not one of PyTorch"));
        };
        let folder = folder[..folder.len() - "data.pkl".len()].to_owned();
        let entries = (all.into_iter())
            .filter_map(|(name, range)| Some((name.strip_prefix(&folder)?.to_owned(), range)))
            .collect();
        Ok(Self { entries })
    }

    /// Where the numbers of a storage lie.
    pub(super) fn storage(&self, key: &str) -> Option<Range<u64>> {
        self.entries.get(&format!("data/{key}")).cloned()
    }

    /// The pickle that describes the tensors.
    pub(super) fn description(&self, reader: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
        self.small(reader, "data.pkl", MAX_PICKLE)
    }

    /// Whether numbers are stored with their last byte first.
    pub(super) fn is_little_endian(&self, reader: &mut (impl Read + Seek)) -> io::Result<bool> {
        Ok(!self.entries.contains_key("byteorder")
            || self.small(reader, "byteorder", 64)?.starts_with(b"little"))
    }

    fn small(&self, reader: &mut (impl Read + Seek), name: &str, most: u64) -> io::Result<Vec<u8>> {
        let range = self.entries.get(name).cloned().unwrap_or_default();
        let len = range.end - range.start;
        if len > most {
            return Err(invalid(format!("its entry '{name}' has {len} bytes")));
        }
        reader.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        reader.take(len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A reader that gives up after so many bytes: a hostile directory can be as long as the file.
struct Limited<'a, R> {
    inner: &'a mut R,
    left: u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = (self.left.checked_sub(n as u64))
            .ok_or_else(|| invalid("its zip archive has too many or too long headers"))?;
        Ok(n)
    }
}

impl<R: Seek> Seek for Limited<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
