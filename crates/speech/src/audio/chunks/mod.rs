//! Files of chunks whose sizes cannot be trusted: WAV, RF64, Wave64, AIFF and CAF.
//!
//! A recorder that was interrupted, or that writes into a pipe, leaves the size of the samples as it was at the beginning: 0,
//! 36, all ones, or whatever it had at the last save. So the size counts only where something follows that makes
//! sense: another chunk, another file, a tag, or the end. Otherwise the samples go on to the end of the file.

mod aiff;
mod caf;
mod wave;

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::frames::tag_bytes;
use super::view::Piece;

pub(super) use aiff::aiff;
pub(super) use caf::caf;
pub(super) use wave::{wave, wave64};

/// More chunks than this is no file of a recorder.
const MAX_CHUNKS: usize = 4096;

/// A file of chunks as it should be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Samples {
    /// The file with sizes that are right.
    pub(super) pieces: Vec<Piece>,
    /// Where it ends; another file may follow there.
    pub(super) end: u64,
    /// Whether its header announces more than there is.
    pub(super) is_cut_off: bool,
}

/// How the chunks of a format are written.
#[derive(Debug, Clone, Copy)]
struct Grammar {
    /// Bytes of a name.
    n_name: u64,
    /// Bytes of a size.
    n_size: u64,
    is_big_endian: bool,
    /// Whether a size counts name and size too.
    counts_head: bool,
    /// Chunks begin at multiples of this.
    alignment: u64,
}

impl Grammar {
    const RIFF: Self = Self {
        n_name: 4,
        n_size: 4,
        is_big_endian: false,
        counts_head: false,
        alignment: 2,
    };
    const WAVE64: Self = Self {
        n_name: 16,
        n_size: 8,
        is_big_endian: false,
        counts_head: true,
        alignment: 8,
    };
    const AIFF: Self = Self {
        is_big_endian: true,
        ..Self::RIFF
    };
    const CAF: Self = Self {
        n_size: 8,
        is_big_endian: true,
        alignment: 1,
        ..Self::RIFF
    };

    fn n_head(self) -> u64 {
        self.n_name + self.n_size
    }
}

/// A chunk: the first four bytes of its name, and where its content lies by its size.
#[derive(Debug, Clone)]
struct Chunk {
    name: [u8; 4],
    content: Range<u64>,
}

/// Reads the chunks of a file that ends at `limit`.
struct Chunks<'f, F> {
    file: &'f mut F,
    grammar: Grammar,
    /// Where the file begins; alignment counts from here.
    begin: u64,
    limit: u64,
}

impl<F: Read + Seek> Chunks<'_, F> {
    /// The chunk at `at`; its size is as it is written.
    fn at(&mut self, at: u64) -> io::Result<Chunk> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 24];
        #[expect(clippy::cast_possible_truncation, reason = "24 at most")]
        let head = &mut head[..self.grammar.n_head() as usize];
        self.file.read_exact(head)?;
        #[expect(clippy::cast_possible_truncation, reason = "16 at most")]
        let (name, size) = head.split_at(self.grammar.n_name as usize);
        let join = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
        let size = if self.grammar.is_big_endian {
            size.iter().fold(0, join)
        } else {
            size.iter().rev().fold(0, join)
        };
        let size = if self.grammar.counts_head {
            size.saturating_sub(self.grammar.n_head())
        } else {
            size
        };
        let start = at + self.grammar.n_head();
        Ok(Chunk {
            name: *name.first_chunk().unwrap_or(&[0; 4]),
            content: start..start.saturating_add(size),
        })
    }

    /// Where the next chunk begins behind one that ends at `end`.
    fn behind(&self, end: u64) -> u64 {
        let length = end.saturating_sub(self.begin);
        let padded = length.checked_next_multiple_of(self.grammar.alignment);
        self.begin.saturating_add(padded.unwrap_or(length))
    }

    /// The chunk of this name, beginning with the one at `at`.
    fn find(&mut self, name: [u8; 4], mut at: u64) -> io::Result<Option<Chunk>> {
        for _ in 0..MAX_CHUNKS {
            if at.saturating_add(self.grammar.n_head()) > self.limit {
                break;
            }
            let chunk = self.at(at)?;
            if chunk.name == name {
                return Ok(Some(chunk));
            }
            at = self.behind(chunk.content.end);
        }
        Ok(None)
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        self.file
            .take(range.end.saturating_sub(range.start).min(1 << 16))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Where samples that by their size take `claimed` really end, and where the file does.
    fn true_end(&mut self, claimed: &Range<u64>) -> io::Result<(u64, u64)> {
        if claimed.end < self.limit {
            for end in [self.behind(claimed.end), claimed.end] {
                if let Some(file_end) = self.end_of_rest(end)? {
                    return Ok((claimed.end, file_end));
                }
            }
        }
        Ok((self.limit, self.limit))
    }

    /// Where the file ends if everything from `at` on is chunks; they may be followed by a tag or by another file.
    fn end_of_rest(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        for _ in 0..MAX_CHUNKS {
            let n_left = self.limit.saturating_sub(at);
            // A stray byte behind the last chunk is common.
            if n_left <= 1 {
                return Ok(Some(self.limit));
            }
            let ahead = self.read(at..(at + 40).min(self.limit))?;
            if begins_file(&ahead) || tag_bytes(&ahead).is_some() {
                return Ok(Some(at));
            }
            if n_left < self.grammar.n_head() {
                return Ok(None);
            }
            let chunk = self.at(at)?;
            let is_plausible = chunk.name.iter().all(|byte| (0x20..0x7f).contains(byte))
                && chunk.content.end <= self.limit;
            if !is_plausible {
                return Ok(None);
            }
            at = self.behind(chunk.content.end);
        }
        Ok(None)
    }
}

/// Whether a file of chunks begins with `bytes`.
fn begins_file(bytes: &[u8]) -> bool {
    let at = |offset: usize, magic: &[u8]| {
        let rest = bytes.get(offset..);
        rest.is_some_and(|rest| rest.starts_with(magic))
    };
    (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE")
        || at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC"))
        || at(0, b"caff\0\x01")
        || at(0, wave::WAVE64_NAME)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    #[test]
    fn a_chunk_that_reaches_beyond_all_files_is_the_last() {
        let caf = [b"caff\0\x01\0\0free", &[0xff; 8][..], &[0; 40]].concat();
        let wave64 = [&[0; 40][..], &[b'x'; 16], &[0xff; 8], &[0; 40]].concat();
        let whole = |file: &[u8]| 0..file.len() as u64;
        let range = whole(&caf);
        assert_eq!(super::caf(&mut Cursor::new(&caf), range).unwrap(), None);
        let range = whole(&wave64);
        assert_eq!(
            super::wave64(&mut Cursor::new(&wave64), range).unwrap(),
            None
        );
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::io::Cursor;

    use super::*;

    /// Ten bytes that are no chunk.
    pub(in crate::audio) const SOUND: &[u8] = b"\x01\x80\xff\x00\x07\x90\xfe\x01\x02\x91";

    /// What `read` makes of `file`: the bytes as the decoder sees them, where the file ends, and whether it is cut off.
    pub(super) fn seen(
        read: impl Fn(&mut Cursor<Vec<u8>>, Range<u64>) -> io::Result<Option<Samples>>,
        file: &[u8],
    ) -> Option<(Vec<u8>, u64, bool)> {
        let samples = read(&mut Cursor::new(file.to_vec()), 0..file.len() as u64).unwrap()?;
        let bytes = samples.pieces.iter().flat_map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.clone(),
            #[expect(clippy::cast_possible_truncation, reason = "small in tests")]
            Piece::File(range) => file[range.start as usize..range.end as usize].to_vec(),
        });
        Some((bytes.collect(), samples.end, samples.is_cut_off))
    }
}
