//! Looking at the bytes of a stream before they are taken.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// The bytes of a stream, of which some can be looked at before they are taken.
#[derive(Debug)]
pub(super) struct Lookahead<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    /// The place of the buffer's beginning in the stream.
    begin: u64,
    /// How long the stream is.
    n_bytes: u64,
    is_ended: bool,
}

impl<R: Read + Seek> Lookahead<R> {
    pub(super) fn new(reader: R, n_bytes: u64) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            at: 0,
            begin: 0,
            n_bytes,
            is_ended: false,
        }
    }

    /// Where the next byte stands.
    pub(super) fn position(&self) -> u64 {
        self.begin + self.at as u64
    }

    /// What was read and not taken yet.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Reads until `n_bytes` lie ahead, or all there are.
    pub(super) fn fill(&mut self, n_bytes: usize) -> io::Result<()> {
        while self.ahead().len() < n_bytes && !self.is_ended {
            self.buffer.drain(..self.at);
            self.begin += self.at as u64;
            self.at = 0;
            let n_before = self.buffer.len();
            self.buffer.resize(n_before + BLOCK_BYTES, 0);
            let n_read = loop {
                match self.reader.read(&mut self.buffer[n_before..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.buffer
                .truncate(n_before + n_read.as_ref().copied().unwrap_or(0));
            self.is_ended = n_read? == 0;
        }
        Ok(())
    }

    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        self.fill(1)?;
        Ok(self.ahead().is_empty())
    }

    /// Passes over bytes that lie ahead.
    pub(super) fn advance(&mut self, n_bytes: usize) {
        self.at = self.buffer.len().min(self.at + n_bytes);
    }

    /// The next `n_bytes`; `None` where there are fewer.
    pub(super) fn take(&mut self, n_bytes: usize) -> io::Result<Option<Vec<u8>>> {
        self.fill(n_bytes)?;
        let taken = self.ahead().get(..n_bytes).map(<[u8]>::to_vec);
        if taken.is_some() {
            self.advance(n_bytes);
        }
        Ok(taken)
    }

    /// Goes on from another place.
    pub(super) fn go_to(&mut self, place: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(place))?;
        self.buffer.clear();
        (self.at, self.begin, self.is_ended) = (0, place, false);
        Ok(())
    }

    /// How long the stream is.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}
