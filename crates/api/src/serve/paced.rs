//! A connection whose client must read what it is sent.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteLimits {
    /// The longest that it may read nothing.
    pub(super) stall_timeout: Duration,
    /// The longest that it may take to read all that was written between two flushes, such as an answer.
    pub(super) total_timeout: Duration,
}

/// A stream whose writes fail when the other side does not read in time.
#[derive(Debug)]
pub(super) struct PacedStream<S> {
    stream: S,
    limits: WriteLimits,
    /// When all that was written since the last flush must have been taken.
    flush_until: Option<Instant>,
    /// Runs while the other side takes nothing.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncWrite + Unpin> PacedStream<S> {
    pub(super) fn new(stream: S, limits: WriteLimits) -> Self {
        Self {
            stream,
            limits,
            flush_until: None,
            timer: None,
        }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// Passes `written` on, unless the other side has taken nothing for too long.
    fn pace(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let limits = self.limits;
        let flush_until = *self.flush_until.get_or_insert(now + limits.total_timeout);
        if written.is_ready() {
            self.timer = None;
            return written;
        }
        let stalls_at = flush_until.min(now + limits.stall_timeout);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(stalls_at)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.pace(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.pace(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.flush_until = None;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const LIMITS: WriteLimits = WriteLimits {
        stall_timeout: Duration::from_mins(1),
        total_timeout: Duration::from_hours(1),
    };

    /// A stream that holds 10 bytes for its reader, and the reader.
    fn pair() -> (PacedStream<DuplexStream>, DuplexStream) {
        let (stream, reader) = duplex(10);
        (PacedStream::new(stream, LIMITS), reader)
    }

    /// Reads a byte each time that `pause` has passed.
    async fn read_slowly(mut reader: DuplexStream, pause: Duration) {
        while reader.read_u8().await.is_ok() {
            // The clock of these tests is moved by hand.
            tokio::time::sleep(pause).await;
        }
    }

    async fn write_to_slow_reader(n_bytes: usize, pause: Duration) -> io::Result<()> {
        let (mut stream, reader) = pair();
        let reading = tokio::spawn(read_slowly(reader, pause));
        let written = stream.write_all(&vec![b'x'; n_bytes]).await;
        reading.abort();
        written
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_ends_the_writing() {
        let (mut stream, _reader) = pair();
        let error = stream.write_all(&[b'x'; 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_a_byte_now_and_then_ends_the_writing() {
        let pause = Duration::from_secs(59);
        let error = write_to_slow_reader(100, pause).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_that_is_done_in_time_gets_all() {
        let pause = Duration::from_secs(30);
        write_to_slow_reader(100, pause).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn each_flush_begins_the_time_again() {
        let (mut stream, reader) = pair();
        let reading = tokio::spawn(read_slowly(reader, Duration::from_secs(59)));
        for _ in 0..100 {
            stream.write_all(b"x").await.unwrap();
            stream.flush().await.unwrap();
        }
        reading.abort();
    }
}
