//! Bodies that were not read to their end when their request is answered.
//!
//! HTTP/1.1 sends requests one after the other on a connection, so the rest of a body has to be read before the next
//! request can be. A short rest is read here and the connection stays open; otherwise the answer says
//! `Connection: close`, so that a client with a pool of connections does not send its next request into a closed one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// The longest rest of a body that is read so that its connection can stay open.
const MAX_DRAIN_BYTES: u64 = 1024 * 1024;
/// The longest time for that.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Where a body is put when its reader drops it before its end.
#[derive(Debug)]
pub(super) struct Unread<B>(Arc<Mutex<State<B>>>);

#[derive(Debug)]
enum State<B> {
    /// Somebody may still read it.
    Lent,
    /// It was read to its end.
    Ended,
    /// It was dropped before its end.
    Dropped { body: B, was_begun: bool },
}

/// A body whose rest comes back.
#[derive(Debug)]
pub(super) struct LentBody<B> {
    body: Option<B>,
    was_begun: bool,
    unread: Arc<Mutex<State<B>>>,
}

/// The body for the reader of a request, and the place for what they leave of it.
pub(super) fn lend<B>(body: B) -> (LentBody<B>, Unread<B>) {
    let unread = Arc::new(Mutex::new(State::Lent));
    let lent = LentBody {
        body: Some(body),
        was_begun: false,
        unread: unread.clone(),
    };
    (lent, Unread(unread))
}

impl<B: Body<Data = Bytes> + Unpin> Unread<B> {
    /// Reads the rest of a body if it is short, and has `response` close the connection if it is not. `request` is the
    /// head of the request.
    pub(super) async fn settle(self, request: &HeaderMap, response: &mut Response) {
        // What is decided already needs no look at the body.
        if response.headers().get(header::CONNECTION) == Some(&CLOSE) {
            return;
        }
        let state = std::mem::replace(&mut *lock(&self.0), State::Lent);
        let can_stay_open = match state {
            State::Ended => true,
            State::Lent => false,
            State::Dropped { body, was_begun } => {
                // A client that waits to be asked for its body need not send it for nothing.
                let is_held_back = !was_begun && request.contains_key(header::EXPECT);
                body.is_end_stream() || (!is_held_back && drain(body).await)
            }
        };
        if !can_stay_open {
            response.headers_mut().insert(header::CONNECTION, CLOSE);
        }
    }
}

/// Reads a body to its end; whether it was near enough.
async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) -> bool {
    if body.size_hint().lower() > MAX_DRAIN_BYTES {
        return false;
    }
    let drained = timeout(DRAIN_TIMEOUT, async {
        let mut n_bytes = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            n_bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
            if n_bytes > MAX_DRAIN_BYTES {
                return false;
            }
        }
        true
    });
    drained.await.unwrap_or(false)
}

fn lock<B>(state: &Mutex<State<B>>) -> std::sync::MutexGuard<'_, State<B>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B: Body<Data = Bytes> + Unpin> Body for LentBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.was_begun = true;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.body.as_ref();
        body.map_or(SizeHint::with_exact(0), B::size_hint)
    }
}

impl<B> Drop for LentBody<B> {
    fn drop(&mut self) {
        *lock(&self.unread) = match self.body.take() {
            Some(body) => State::Dropped {
                body,
                was_begun: self.was_begun,
            },
            None => State::Ended,
        };
    }
}
