//! The body of a download, on its way to the receiver: counted, in time, and unpacked if it was packed unasked.

use std::io::Write;
use std::mem;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

use crate::download::{DownloadFailure, DownloadLimits, Receiver};
use crate::failure::RequestFailure;

/// So much is unpacked before it is counted: gzip makes about a thousand bytes of one at most, so a piece is 1 MB.
const PACKED_PIECE: usize = 1024;

/// Hands the body of `response` to `receiver`, and returns its size.
pub(crate) async fn receive<R: Receiver>(
    mut response: Response,
    limits: DownloadLimits,
    receiver: &mut R,
) -> Result<u64, DownloadFailure<R::Error>> {
    let mut packing = Packing::of(&response)
        .ok_or_else(|| DownloadFailure::failed("the server packs files in an unknown way"))?;
    let max_bytes = limits.max_bytes;
    // A packed body counts twice: as it comes, for nothing may come without end, and unpacked.
    let mut incoming = Count::up_to(max_bytes);
    let mut unpacked = Count::up_to(max_bytes);
    incoming.check(response.content_length().unwrap_or(0))?;
    while let Some(chunk) = next_chunk(&mut response, limits).await? {
        incoming.add(chunk.len())?;
        match &mut packing {
            Packing::None => {
                unpacked.add(chunk.len())?;
                hand_on(receiver, &chunk).await?;
            }
            Packing::Gzip(decoder) => {
                for piece in chunk.chunks(PACKED_PIECE) {
                    decoder.write_all(piece).map_err(|_| damaged())?;
                    let piece = mem::take(decoder.get_mut());
                    unpacked.add(piece.len())?;
                    hand_on(receiver, &piece).await?;
                    // Unpacking is work, and others wait for this thread.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
    if let Packing::Gzip(decoder) = &mut packing {
        decoder.try_finish().map_err(|_| damaged())?;
        let piece = mem::take(decoder.get_mut());
        unpacked.add(piece.len())?;
        hand_on(receiver, &piece).await?;
    }
    Ok(unpacked.bytes)
}

/// How the body is packed. It was asked not to be.
enum Packing {
    None,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Packing {
    /// `None` if it is not known.
    fn of(response: &Response) -> Option<Self> {
        let headers = response.headers().get_all(CONTENT_ENCODING);
        let mut named = headers
            .iter()
            .flat_map(|header| header.as_bytes().split(|byte| *byte == b','))
            .map(|name| name.trim_ascii().to_ascii_lowercase())
            .filter(|name| !matches!(name.as_slice(), b"" | b"identity"));
        let packing = match named.next().as_deref() {
            None => Self::None,
            Some(b"gzip" | b"x-gzip") => Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Some(_) => return None,
        };
        named.next().is_none().then_some(packing)
    }
}

/// Bytes, and how many there may be.
struct Count {
    bytes: u64,
    max_bytes: u64,
}

impl Count {
    fn up_to(max_bytes: u64) -> Self {
        Self {
            bytes: 0,
            max_bytes,
        }
    }

    fn add<E>(&mut self, n: usize) -> Result<(), DownloadFailure<E>> {
        self.bytes = self.bytes.saturating_add(n as u64);
        self.check(self.bytes)
    }

    fn check<E>(&self, size_bytes: u64) -> Result<(), DownloadFailure<E>> {
        if size_bytes > self.max_bytes {
            return Err(DownloadFailure::TooLarge {
                size_bytes,
                max_bytes: self.max_bytes,
            });
        }
        Ok(())
    }
}

/// The next bytes; `None` at the end that was declared.
async fn next_chunk<E>(
    response: &mut Response,
    limits: DownloadLimits,
) -> Result<Option<Bytes>, DownloadFailure<E>> {
    match tokio::time::timeout(limits.read_timeout, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(RequestFailure::from(error).into()),
        Err(_) => Err(DownloadFailure::failed("no more bytes came in time")),
    }
}

async fn hand_on<R: Receiver>(
    receiver: &mut R,
    bytes: &[u8],
) -> Result<(), DownloadFailure<R::Error>> {
    if bytes.is_empty() {
        return Ok(());
    }
    receiver
        .receive(bytes)
        .await
        .map_err(DownloadFailure::Receiver)
}

fn damaged<E>() -> DownloadFailure<E> {
    DownloadFailure::failed("the server packed the file and it cannot be unpacked")
}
