//! A file as the decoders are to see it: some of its bytes, perhaps with a corrected header in front of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

use super::guard::Watch;

/// A piece of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// These bytes, which need not be in the file.
    Bytes(Vec<u8>),
    /// A range of the file, which may reach beyond its end.
    File(Range<u64>),
}

impl Piece {
    fn n_bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(range) => range.end.saturating_sub(range.start),
        }
    }
}

/// The pieces of a file, one behind the other, as one stream. Its reads fail once the watch says stop, so that no parser
/// runs on over a hostile file.
pub(super) struct View<'a> {
    file: File,
    pieces: Vec<Piece>,
    n_bytes: u64,
    position: u64,
    watch: Watch<'a>,
}

impl<'a> View<'a> {
    pub(super) fn new(file: File, pieces: Vec<Piece>, watch: Watch<'a>) -> Self {
        Self {
            file,
            n_bytes: pieces.iter().map(Piece::n_bytes).sum(),
            pieces,
            position: 0,
            watch,
        }
    }

    /// How many bytes it has.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

impl Read for View<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check().map_err(io::Error::other)?;
        let mut begin = 0;
        for piece in &self.pieces {
            let end = begin + piece.n_bytes();
            if self.position < end {
                let offset = self.position - begin;
                let n_left = usize::try_from(end - self.position).unwrap_or(usize::MAX);
                let n_wanted = buffer.len().min(n_left);
                let buffer = &mut buffer[..n_wanted];
                let n_read = match piece {
                    #[expect(clippy::cast_possible_truncation, reason = "within a vector")]
                    Piece::Bytes(bytes) => (&bytes[offset as usize..]).read(buffer)?,
                    Piece::File(range) => {
                        self.file.seek(SeekFrom::Start(range.start + offset))?;
                        self.file.read(buffer)?
                    }
                };
                self.position += n_read as u64;
                return Ok(n_read);
            }
            begin = end;
        }
        Ok(0)
    }
}

impl Seek for View<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.watch.check().map_err(io::Error::other)?;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.n_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl MediaSource for View<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.n_bytes)
    }
}

/// A view that is read from its beginning to its end, and of which nobody knows where that is.
pub(super) struct InOrder<'a>(pub(super) View<'a>);

impl Read for InOrder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for InOrder<'_> {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl MediaSource for InOrder<'_> {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use domain::progress::Silent;

    use super::super::Settings;
    use super::super::collected::Keep;
    use super::*;

    #[test]
    fn pieces_are_read_one_behind_the_other_from_any_place() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let settings = Settings::default();
        let watch = Watch::start(&settings, Keep::Count, &Silent);
        let pieces = vec![
            Piece::File(0..2),
            Piece::Bytes(b"ab".to_vec()),
            Piece::File(7..10),
        ];
        let mut view = View::new(file, pieces, watch);
        assert_eq!(view.n_bytes(), 7);
        let whole = b"01ab789";
        for begin in 0..=whole.len() {
            view.seek(SeekFrom::Start(begin as u64)).unwrap();
            let mut rest = Vec::new();
            view.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, &whole[begin..]);
        }
        assert_eq!(view.seek(SeekFrom::End(-3)).unwrap(), 4);
        assert_eq!(view.seek(SeekFrom::Current(-1)).unwrap(), 3);
        assert!(view.seek(SeekFrom::Current(-9)).is_err());
    }
}
