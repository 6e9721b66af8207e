//! Connections: accepted, limited, ended well.

mod paced;
mod unread;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::paced::{PacedStream, WriteLimits};
use crate::router::{busy_router, router};
use crate::state::ApiState;

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) SocketAddr);

/// How connections are treated.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Connections that are open at once. One more is answered with 503, and closed.
    pub max_connections: usize,
    /// The longest that the head of a request may take to come, and a connection may wait for one.
    pub header_read_timeout: Duration,
    /// The longest that a client may read nothing of an answer.
    pub answer_stall_timeout: Duration,
    /// The longest that a client may take to read an answer.
    pub answer_total_timeout: Duration,
    /// How long requests may go on when the service stops.
    pub grace: Duration,
}

/// The largest head of a request, its URL included: two texts of 4000 characters, each written as nine, fit in.
const LARGEST_HEAD: usize = 128 * 1024;

/// Connections beyond the limit that are told why they are refused; those beyond these are closed without a word.
const MAX_REFUSALS: usize = 64;
/// The longest that a refused client may take to send its head, and to read why.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers requests that come to `listener` until `stop` is cancelled; those that have begun may then go on for a while.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    settings: ServeSettings,
    stop: CancellationToken,
) {
    let mut admission = Admission::new(&state, &settings);
    let mut connections = JoinSet::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, address)) => {
                if let Some((treatment, permit)) = admission.admit() {
                    let stop = stop.clone();
                    connections.spawn(async move {
                        answer(stream, address, treatment, stop).await;
                        drop(permit);
                    });
                }
            }
            Err(error) => wait_after(&error).await,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(settings.grace, all).await.is_err() {
        tracing::warn!("requests did not end in time and were cut off");
        connections.shutdown().await;
    }
}

/// How one connection is treated.
#[derive(Debug, Clone)]
struct Treatment {
    router: Router,
    header_read_timeout: Duration,
    write_limits: WriteLimits,
}

/// How many connections there may be, and what those beyond the limit get.
#[derive(Debug)]
struct Admission {
    places: Arc<Semaphore>,
    usual: Treatment,
    refusals: Arc<Semaphore>,
    refused: Treatment,
    /// Whether the last connection was refused.
    is_full: bool,
}

impl Admission {
    fn new(state: &ApiState, settings: &ServeSettings) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.max_connections.max(1))),
            usual: Treatment {
                router: router(state.clone()),
                header_read_timeout: settings.header_read_timeout,
                write_limits: WriteLimits {
                    stall_timeout: settings.answer_stall_timeout,
                    total_timeout: settings.answer_total_timeout,
                },
            },
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            refused: Treatment {
                router: busy_router(state.clone()),
                header_read_timeout: REFUSAL_TIMEOUT,
                write_limits: WriteLimits {
                    stall_timeout: REFUSAL_TIMEOUT,
                    total_timeout: REFUSAL_TIMEOUT,
                },
            },
            is_full: false,
        }
    }

    /// How the next connection is treated, and its place; `None` if it gets no answer at all.
    fn admit(&mut self) -> Option<(Treatment, OwnedSemaphorePermit)> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            self.is_full = false;
            return Some((self.usual.clone(), place));
        }
        if !std::mem::replace(&mut self.is_full, true) {
            tracing::warn!(
                "there are as many connections as MAX_CONNECTIONS allows; more are refused"
            );
        }
        let place = Arc::clone(&self.refusals).try_acquire_owned().ok()?;
        Some((self.refused.clone(), place))
    }
}

/// A connection that was lost is its client's matter; anything else is a shortage here, which passes.
async fn wait_after(error: &io::Error) {
    let is_lost = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    );
    if !is_lost {
        tracing::error!(%error, "a connection could not be accepted");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn answer(
    stream: TcpStream,
    address: SocketAddr,
    treatment: Treatment,
    stop: CancellationToken,
) {
    // Answers are small, and clients wait for them.
    let _ = stream.set_nodelay(true);
    let stream = PacedStream::new(stream, treatment.write_limits);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(address));
        let answer = answer_request(treatment.router.clone(), request);
        Box::pin(answer) as Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(treatment.header_read_timeout)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopped = std::pin::pin!(stop.cancelled());
    let mut is_stopping = false;
    let ended = poll_fn(|context| {
        if !is_stopping && stopped.as_mut().poll(context).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(context)
    });
    match ended.await {
        Ok(()) => linger(connection.into_parts().io.into_inner().into_inner()).await,
        Err(error) => tracing::debug!(%error, "a connection ended early"),
    }
}

async fn answer_request(
    router: Router,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let (head, body) = request.into_parts();
    let (headers, (body, unread)) = (head.headers.clone(), unread::lend(body));
    let request = Request::from_parts(head, Body::new(body));
    let mut response = router.oneshot(request).await?;
    unread.settle(&headers, &mut response).await;
    Ok(response)
}

/// How long, and how much, is read of what nobody wants.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// Says that nothing more will be said, and reads for a while what still comes: a client that is in the midst of a body
/// would otherwise be cut off before it has read why.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut rest = stream.take(LINGER_BYTES);
    let mut nowhere = tokio::io::sink();
    let read = tokio::io::copy(&mut rest, &mut nowhere);
    let _ = timeout(LINGER_TIME, read).await;
}
