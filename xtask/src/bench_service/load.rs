//! Clients that ask as fast as they are answered, and how long that takes.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long requests took, and how many of them failed.
#[derive(Debug, Default)]
pub(super) struct Load {
    latencies: Vec<Duration>,
    pub(super) n_failed: usize,
    lasted: Duration,
}

impl Load {
    /// The latency that the share `quantile` of the requests, from 0 to 1, did not exceed, in milliseconds.
    pub(super) fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in the list"
        )]
        let place = (quantile * sorted.len() as f64).ceil() as usize;
        let found = sorted.get(place.saturating_sub(1))?;
        Some(found.as_secs_f64() * 1000.0)
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.lasted.as_secs_f64()
    }

    pub(super) fn n_requests(&self) -> usize {
        self.latencies.len()
    }

    fn join(mut self, other: Self) -> Self {
        self.latencies.extend(other.latencies);
        self.n_failed += other.n_failed;
        self.lasted = self.lasted.max(other.lasted);
        self
    }
}

/// `n_clients` clients, each with a connection of its own, that get `paths` in turns until `lasting` is over. Between two
/// requests a client pauses for `pause`.
pub(super) async fn get(
    host: &str,
    paths: &[String],
    n_clients: usize,
    lasting: Duration,
    pause: Duration,
) -> anyhow::Result<Load> {
    let clients = (0..n_clients).map(|number| client(host, paths, number, lasting, pause));
    let loads = futures_util::future::try_join_all(clients).await?;
    Ok(loads.into_iter().fold(Load::default(), Load::join))
}

async fn client(
    host: &str,
    paths: &[String],
    first: usize,
    lasting: Duration,
    pause: Duration,
) -> anyhow::Result<Load> {
    let mut connection = connect(host).await?;
    let (mut load, began) = (Load::default(), Instant::now());
    for path in paths.iter().cycle().skip(first % paths.len()) {
        if began.elapsed() >= lasting {
            break;
        }
        let asked = Instant::now();
        let status = ask(&mut connection, host, path).await?;
        load.latencies.push(asked.elapsed());
        load.n_failed += usize::from(status != 200);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    load.lasted = began.elapsed();
    Ok(load)
}

async fn connect(host: &str) -> anyhow::Result<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(host).await.context("cannot connect")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Gets `path` and reads the whole answer; its status.
async fn ask(
    connection: &mut SendRequest<Empty<Bytes>>,
    host: &str,
    path: &str,
) -> anyhow::Result<u16> {
    let request = Request::get(path).header("host", host).body(Empty::new())?;
    let answer = connection.send_request(request).await?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await?;
    Ok(status)
}
