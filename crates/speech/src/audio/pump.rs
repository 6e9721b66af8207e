//! Reading that can be given up: a thread reads, the caller waits no longer than it likes.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Bytes of one block at most.
const BLOCK_BYTES: usize = 64 * 1024;

/// Blocks that are read ahead, so that memory stays small however fast the source is.
const N_AHEAD: usize = 4;

/// Blocks of a reader, delivered by a thread that ends with the reader or when nobody listens any more.
#[derive(Debug)]
pub(super) struct Pump {
    blocks: Receiver<io::Result<Vec<u8>>>,
}

/// What came out of a [`Pump`].
#[derive(Debug)]
pub(super) enum Event {
    /// The next bytes, never none.
    Block(Vec<u8>),
    /// Nothing came in time.
    Quiet,
    /// Reading failed; nothing follows.
    Failed(io::Error),
    /// All has been read.
    End,
}

impl Pump {
    pub(super) fn start(reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(N_AHEAD);
        thread::Builder::new()
            .name("audio-pump".into())
            .spawn(move || run(reader, &sender))?;
        Ok(Self { blocks })
    }

    /// Waits at most `timeout` for the next event.
    pub(super) fn next(&self, timeout: Duration) -> Event {
        match self.blocks.recv_timeout(timeout) {
            Ok(Ok(block)) => Event::Block(block),
            Ok(Err(error)) => Event::Failed(error),
            Err(RecvTimeoutError::Timeout) => Event::Quiet,
            Err(RecvTimeoutError::Disconnected) => Event::End,
        }
    }
}

fn run(mut reader: impl Read, blocks: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut block = vec![0; BLOCK_BYTES];
        let outcome = match reader.read(&mut block) {
            Ok(0) => return,
            Ok(n_bytes) => {
                block.truncate(n_bytes);
                Ok(block)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = outcome.is_err();
        if blocks.send(outcome).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_in_order_and_then_the_end() {
        let bytes: Vec<u8> = (0..500_000_u32).map(|i| (i % 251) as u8).collect();
        let pump = Pump::start(io::Cursor::new(bytes.clone())).unwrap();
        let mut seen = Vec::new();
        while let Event::Block(block) = pump.next(Duration::from_mins(1)) {
            seen.extend(block);
        }
        assert_eq!(seen, bytes);
        assert!(matches!(pump.next(Duration::from_mins(1)), Event::End));
    }

    #[test]
    fn a_silent_reader_does_not_hold_the_caller() {
        let (reader, _writer) = io::pipe().unwrap();
        let pump = Pump::start(reader).unwrap();
        assert!(matches!(pump.next(Duration::from_millis(1)), Event::Quiet));
    }
}
