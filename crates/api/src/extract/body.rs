//! The body of a request, watched while it comes: how large it gets, how long nothing comes, and how long it takes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep};

use crate::problem::Problem;

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Its size.
    pub(crate) max_bytes: u64,
    /// How long nothing may come.
    pub(crate) read_timeout: Duration,
    /// How long all of it may take.
    pub(crate) total_timeout: Duration,
}

/// Why a body was not read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TooLarge { max_bytes: u64 },
    TimedOut,
    HeaderTooLarge,
    Broken,
}

/// What reader and body know of each other, though a parser is between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    fault: Option<Fault>,
    /// Bytes that came since the header of a part began, while it is being read.
    header_bytes: Option<usize>,
}

/// The most that may come before the header of a part ends.
const LARGEST_HEADER: usize = 64 * 1024;

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The header of a part is read from here on.
    pub(crate) fn header_begins(&self) {
        self.lock().header_bytes = Some(0);
    }

    /// The header of a part has been read.
    pub(crate) fn header_ends(&self) {
        self.lock().header_bytes = None;
    }

    /// What to tell of a body that could not be parsed.
    pub(crate) fn problem(&self) -> Problem {
        match self.lock().fault {
            Some(Fault::TooLarge { max_bytes }) => Problem::TooLarge {
                size: None,
                max_size: max_bytes,
            },
            Some(Fault::TimedOut) => Problem::TimedOut,
            Some(Fault::HeaderTooLarge) => Problem::BadRequest("A header of a part is too large"),
            Some(Fault::Broken) | None => {
                Problem::BadRequest("There was an error parsing the body")
            }
        }
    }
}

/// A body whose size, pauses and time are limited.
///
/// After each piece it says once that there is none yet, so that a parser that takes all there is holds no more than a
/// piece at a time.
#[derive(Debug)]
pub(crate) struct WatchedBody {
    body: BodyDataStream,
    limits: BodyLimits,
    n_bytes: u64,
    /// When all of it must have come.
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    is_waiting: bool,
    has_just_given: bool,
    watch: Watch,
}

impl WatchedBody {
    /// `body` within `limits`; what ends it early is told to `watch`.
    pub(crate) fn new(body: Body, limits: BodyLimits, watch: Watch) -> Self {
        Self {
            body: body.into_data_stream(),
            limits,
            n_bytes: 0,
            deadline: Instant::now() + limits.total_timeout,
            timer: Box::pin(sleep(limits.read_timeout)),
            is_waiting: false,
            has_just_given: false,
            watch,
        }
    }

    /// The whole of it.
    ///
    /// # Errors
    /// It is too large, comes too slowly, or ends early.
    pub(crate) async fn collect(mut self) -> Result<Vec<u8>, Problem> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await {
            let piece = piece.map_err(|_| self.watch.problem())?;
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    fn fail(&self, fault: Fault) -> Poll<Option<io::Result<Bytes>>> {
        self.watch.lock().fault.get_or_insert(fault);
        Poll::Ready(Some(Err(io::Error::other("the body ends here"))))
    }

    fn give(&mut self, piece: Bytes) -> Poll<Option<io::Result<Bytes>>> {
        self.n_bytes += piece.len() as u64;
        if self.n_bytes > self.limits.max_bytes {
            let max_bytes = self.limits.max_bytes;
            return self.fail(Fault::TooLarge { max_bytes });
        }
        if let Some(header_bytes) = &mut self.watch.lock().header_bytes {
            *header_bytes += piece.len();
        }
        (self.is_waiting, self.has_just_given) = (false, true);
        Poll::Ready(Some(Ok(piece)))
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if !self.is_waiting {
            self.is_waiting = true;
            let stalls_at = Instant::now() + self.limits.read_timeout;
            let until = stalls_at.min(self.deadline);
            self.timer.as_mut().reset(until);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => self.fail(Fault::TimedOut),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Stream for WatchedBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.has_just_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let header_bytes = self.watch.lock().header_bytes;
        if header_bytes.is_some_and(|n_bytes| n_bytes > LARGEST_HEADER) {
            return self.fail(Fault::HeaderTooLarge);
        }
        if Instant::now() >= self.deadline {
            return self.fail(Fault::TimedOut);
        }
        match self.body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(piece))) => self.give(piece),
            Poll::Ready(Some(Err(_))) => self.fail(Fault::Broken),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.wait(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn limits(max_bytes: u64) -> BodyLimits {
        BodyLimits {
            max_bytes,
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(10),
        }
    }

    fn pieces(pieces: &[&'static str]) -> Body {
        let pieces: Vec<_> = pieces.iter().map(|piece| io::Result::Ok(*piece)).collect();
        Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_body_ends_where_it_gets_too_large() {
        let body = |max| WatchedBody::new(pieces(&["abc", "def"]), limits(max), Watch::default());
        assert_eq!(body(6).collect().await.unwrap(), b"abcdef");
        let problem = body(5).collect().await.unwrap_err();
        assert!(matches!(problem, Problem::TooLarge { max_size: 5, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_ends_where_nothing_comes_for_too_long() {
        let body = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let body = WatchedBody::new(body, limits(5), Watch::default());
        assert!(matches!(body.collect().await, Err(Problem::TimedOut)));
    }

    /// A body of bytes that come one by one, each `pause` after the other.
    fn drip(n_bytes: usize, pause: Duration) -> Body {
        Body::from_stream(stream::iter(0..n_bytes).then(move |_| async move {
            sleep(pause).await;
            io::Result::Ok(Bytes::from_static(b"x"))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_stands_still_ends_all_the_same() {
        let body = |n_bytes, pause| {
            let body = drip(n_bytes, Duration::from_secs(pause));
            WatchedBody::new(body, limits(1000), Watch::default()).collect()
        };
        assert_eq!(body(100, 5).await.unwrap().len(), 100);
        for pause in [29, 10, 1] {
            let problem = body(900, pause).await.unwrap_err();
            assert!(matches!(problem, Problem::TimedOut), "{pause}");
        }
    }

    #[tokio::test]
    async fn a_header_that_does_not_end_is_not_read_to_its_end() {
        let endless = stream::repeat_with(|| io::Result::Ok(Bytes::from_static(&[b'x'; 4096])));
        let watch = Watch::default();
        watch.header_begins();
        let body = WatchedBody::new(Body::from_stream(endless), limits(u64::MAX), watch);
        assert!(matches!(body.collect().await, Err(Problem::BadRequest(_))));
    }
}
