//! Requests written by hand, for clients that do not behave.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::app::TestApp;

/// What parts the parts of a form.
const BOUNDARY: &str = "scriven-boundary";

/// A connection to the service. Dropped, it is closed, in the midst of whatever it was.
pub(crate) struct Raw(TcpStream);

/// How a body says where it ends.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    /// It says how long it is.
    Said(usize),
    /// It comes in chunks.
    Chunked,
}

impl Raw {
    pub(crate) async fn connect(app: &TestApp) -> Self {
        Self(TcpStream::connect(app.host()).await.unwrap())
    }

    /// Sends the head of a form.
    pub(crate) async fn begin_form(app: &TestApp, path: &str, length: Length) -> Self {
        let mut raw = Self::connect(app).await;
        let length = match length {
            Length::Said(n_bytes) => format!("Content-Length: {n_bytes}"),
            Length::Chunked => "Transfer-Encoding: chunked".to_owned(),
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n{length}\r\n\r\n",
            app.host()
        );
        raw.send(head.as_bytes()).await;
        raw
    }

    /// Sends a form whole, and returns status and body of the answer.
    pub(crate) async fn post_form(app: &TestApp, path: &str, form: &[u8]) -> (u16, String) {
        let mut raw = Self::begin_form(app, path, Length::Said(form.len())).await;
        raw.send(form).await;
        raw.answer().await
    }

    /// The same, with little room for what the service sends.
    pub(crate) async fn connect_with_small_buffer(app: &TestApp) -> Self {
        const N_BYTES: u32 = 4096;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(N_BYTES).unwrap();
        let address = app.host().parse().unwrap();
        Self(socket.connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Whether the other side still takes `bytes`.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Whether there is something to read, or comes within `time`.
    pub(crate) async fn has_more(&self, time: Duration) -> bool {
        timeout(time, self.0.readable()).await.is_ok()
    }

    /// Whether the other side has closed the connection, or does within `time`.
    pub(crate) async fn is_closed(&mut self, time: Duration) -> bool {
        let mut bytes = [0; 1000];
        let read = self.0.read(&mut bytes);
        matches!(timeout(time, read).await, Ok(Ok(0) | Err(_)))
    }

    /// Sends a chunk of a body that comes in chunks; whether the other side still takes it.
    pub(crate) async fn try_send_chunk(&mut self, bytes: &[u8]) -> bool {
        let head = format!("{:x}\r\n", bytes.len());
        let chunk = [head.as_bytes(), bytes, b"\r\n"].concat();
        self.0.write_all(&chunk).await.is_ok()
    }

    /// Reads some of what comes.
    pub(crate) async fn read_some(&mut self) -> usize {
        self.0.read(&mut [0; 1000]).await.unwrap()
    }

    /// Status and body of the answer.
    pub(crate) async fn answer(&mut self) -> (u16, String) {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= length(head)
            {
                let status = head.split_whitespace().nth(1).unwrap();
                return (status.parse().unwrap(), body.to_owned());
            }
            let n_read = self.0.read_buf(&mut bytes).await.unwrap();
            assert_ne!(n_read, 0, "the answer ends early: {bytes:?}");
        }
    }
}

fn length(head: &str) -> usize {
    let line = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")
            .map(str::to_owned)
    });
    line.map_or(0, |length| length.trim().parse().unwrap())
}

/// The beginning of a form with a file of which the bytes follow.
pub(crate) fn file_begins(field: &str, file_name: &str) -> Vec<u8> {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\r\n").into_bytes()
}

/// What ends a form.
pub(crate) fn form_ends() -> Vec<u8> {
    format!("\r\n--{BOUNDARY}--\r\n").into_bytes()
}

/// A form with one file.
pub(crate) fn form_of(field: &str, file_name: &str, bytes: &[u8]) -> Vec<u8> {
    [&file_begins(field, file_name), bytes, &form_ends()].concat()
}
