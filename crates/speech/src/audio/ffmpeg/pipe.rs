//! The output of a child as a stream that a demuxer can read.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use symphonia::core::io::MediaSource;

use crate::audio::guard::Watch;
use crate::audio::pump::{Event, Pump};

/// How often the child's silence is interrupted to see whether it should stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Bytes as they come, until their end or until the watch says stop.
pub(super) struct Pipe<'a> {
    /// In a lock because demuxers want a source that could be shared.
    pump: Mutex<Pump>,
    block: io::Cursor<Vec<u8>>,
    watch: Watch<'a>,
}

impl<'a> Pipe<'a> {
    pub(super) fn new(output: impl Read + Send + 'static, watch: Watch<'a>) -> io::Result<Self> {
        Ok(Self {
            pump: Mutex::new(Pump::start(output)?),
            block: io::Cursor::default(),
            watch,
        })
    }
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n_bytes = self.block.read(buffer)?;
            if n_bytes > 0 || buffer.is_empty() {
                return Ok(n_bytes);
            }
            self.watch.check().map_err(io::Error::other)?;
            let pump = self.pump.get_mut().unwrap_or_else(PoisonError::into_inner);
            match pump.next(POLL_INTERVAL) {
                Event::Block(block) => self.block = io::Cursor::new(block),
                Event::Quiet => {}
                Event::Failed(error) => return Err(error),
                Event::End => return Ok(0),
            }
        }
    }
}

impl Seek for Pipe<'_> {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl MediaSource for Pipe<'_> {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}
