//! What a scripted server answers.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// Piece of an endless body.
const PIECE: &[u8] = &[0; 8 * 1024];

/// Holds a server back until a test opens it. The clones of one are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self {
            open: watch::Sender::new(false),
        }
    }

    /// Lets everybody pass, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn passed(&self) {
        // The sender lives as long as this, so waiting ends only with an open gate.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

/// An answer of a scripted server.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Body,
    head_gate: Option<Gate>,
    body_gate: Option<Gate>,
}

#[derive(Debug, Clone)]
enum Body {
    /// With its length.
    Whole(Bytes),
    /// With a length that is not its own; then the connection closes.
    Declared(u64, Bytes),
    /// Without a length: it ends with the connection.
    Unsized(Bytes),
    /// In one chunk.
    Chunked(Bytes),
    /// In chunks without end.
    Endless,
    /// With its length, byte by byte.
    Drip(Bytes, Duration),
    /// These bytes and nothing else, no head either; then the connection closes.
    Raw(Bytes),
}

impl Reply {
    /// Without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(Bytes::new()),
            head_gate: None,
            body_gate: None,
        }
    }

    /// 200 with `body`.
    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(Body::Whole(body.into()))
    }

    /// 302 to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("Location", location)
    }

    /// 200 with `body` and a length of `declared` bytes; after the body the connection closes.
    pub fn declaring(declared: u64, body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(Body::Declared(declared, body.into()))
    }

    /// 200 with `body`, whose end is the end of the connection.
    pub fn unsized_body(body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(Body::Unsized(body.into()))
    }

    /// 200 with `body` in chunks.
    pub fn chunked(body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(Body::Chunked(body.into()))
    }

    /// 200 with zeros in chunks that never end.
    pub fn endless() -> Self {
        Self::status(200).with_body(Body::Endless)
    }

    /// 200 with `body`, one byte `every` so often.
    pub fn drip(body: impl Into<Bytes>, every: Duration) -> Self {
        Self::status(200).with_body(Body::Drip(body.into(), every))
    }

    /// `bytes`, whatever they are, instead of an answer.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::status(0).with_body(Body::Raw(bytes.into()))
    }

    /// The connection closes without an answer.
    pub fn hang_up() -> Self {
        Self::raw(Bytes::new())
    }

    /// Nothing is ever answered.
    pub fn silence() -> Self {
        Self::status(200).after(&Gate::new())
    }

    /// With one more header. Its value may be any bytes.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Nothing is sent before `gate` is open.
    #[must_use]
    pub fn after(mut self, gate: &Gate) -> Self {
        self.head_gate = Some(gate.clone());
        self
    }

    /// The head is sent, and the body when `gate` is open.
    #[must_use]
    pub fn body_after(mut self, gate: &Gate) -> Self {
        self.body_gate = Some(gate.clone());
        self
    }

    fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sends it on `stream`, and tells `sent` how many bytes of the body went. Returns whether the connection stays.
    pub(super) async fn send<S>(
        &self,
        stream: &mut S,
        with_body: bool,
        sent: impl Fn(usize),
    ) -> io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        pass(stream, self.head_gate.as_ref()).await?;
        if let Body::Raw(bytes) = &self.body {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        stream.write_all(&self.head()).await?;
        if !with_body {
            return Ok(true);
        }
        pass(stream, self.body_gate.as_ref()).await?;
        match &self.body {
            Body::Whole(body) => {
                stream.write_all(body).await?;
                sent(body.len());
                Ok(true)
            }
            Body::Declared(_, body) | Body::Unsized(body) => {
                stream.write_all(body).await?;
                sent(body.len());
                stream.shutdown().await?;
                Ok(false)
            }
            Body::Chunked(body) => {
                send_chunk(stream, body).await?;
                sent(body.len());
                stream.write_all(b"0\r\n\r\n").await?;
                Ok(true)
            }
            Body::Endless => loop {
                send_chunk(stream, PIECE).await?;
                sent(PIECE.len());
            },
            Body::Drip(body, every) => {
                for byte in body {
                    stream.write_all(&[*byte]).await?;
                    sent(1);
                    tokio::time::sleep(*every).await;
                }
                Ok(true)
            }
            Body::Raw(_) => Ok(false),
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status).into_bytes();
        let length = match &self.body {
            Body::Whole(body) | Body::Drip(body, _) => format!("Content-Length: {}", body.len()),
            Body::Declared(declared, _) => format!("Content-Length: {declared}"),
            Body::Chunked(_) | Body::Endless => "Transfer-Encoding: chunked".into(),
            Body::Unsized(_) | Body::Raw(_) => "Connection: close".into(),
        };
        head.extend_from_slice(length.as_bytes());
        for (name, value) in &self.headers {
            head.extend_from_slice(format!("\r\n{name}: ").as_bytes());
            head.extend_from_slice(value);
        }
        head.extend_from_slice(b"\r\n\r\n");
        head
    }
}

async fn send_chunk(stream: &mut (impl AsyncWrite + Unpin), chunk: &[u8]) -> io::Result<()> {
    let size = format!("{:x}\r\n", chunk.len());
    stream.write_all(size.as_bytes()).await?;
    stream.write_all(chunk).await?;
    stream.write_all(b"\r\n").await
}

/// Waits for `gate`, or for the client to leave.
async fn pass(stream: &mut (impl AsyncRead + Unpin), gate: Option<&Gate>) -> io::Result<()> {
    let Some(gate) = gate else { return Ok(()) };
    tokio::select! {
        () = gate.passed() => Ok(()),
        left = stream.read_u8() => Err(left.err().unwrap_or(io::ErrorKind::InvalidData.into())),
    }
}
