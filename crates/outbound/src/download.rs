//! Downloads of recordings (contract 7.4).

use std::future::Future;
use std::time::Duration;

use crate::client::Outbound;
use crate::policy::Refusal;

/// How long and how large a download may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadLimits {
    /// Bytes after decompression, and as declared.
    pub max_bytes: u64,
    /// To connect.
    pub connect_timeout: Duration,
    /// Without a byte.
    pub read_timeout: Duration,
    /// For all of it, redirects included.
    pub total_timeout: Duration,
}

/// Takes what is downloaded, piece by piece.
pub trait Receiver: Send {
    /// Why it takes no more.
    type Error: Send;

    /// Takes the next bytes.
    fn receive(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// The name of the recording: sanitised, with an extension that is supported.
    pub file_name: String,
    /// Its size.
    pub size_bytes: u64,
}

/// Nothing was downloaded. The texts are for the client: no addresses, no texts of other programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadFailure<E> {
    /// The text is no URL that may be called.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// It failed: unresolvable, refused, timed out, an error status, cut off.
    #[error("{0}")]
    Failed(String),
    /// Neither headers nor URL name a supported file. No byte of the body was read.
    #[error("no supported file extension")]
    Extension {
        /// The name that was found.
        file_name: String,
        /// Its extension with the dot, or `(none)`.
        extension: String,
    },
    /// It is larger than allowed.
    #[error("larger than {max_bytes} bytes")]
    TooLarge {
        /// As declared, or received so far.
        size_bytes: u64,
        /// The most that is allowed.
        max_bytes: u64,
    },
    /// The receiver took no more.
    #[error("it could not be stored")]
    Receiver(E),
}

impl Outbound {
    /// Downloads the recording at `url` into `receiver`. Its name must end in one of `extensions` (`.mp3`, lower case).
    ///
    /// # Errors
    /// Each variant of [`DownloadFailure`]; what `receiver` has got so far is worth nothing then.
    pub async fn download<R: Receiver>(
        &self,
        _url: &str,
        _extensions: &[String],
        _limits: DownloadLimits,
        _receiver: &mut R,
    ) -> Result<Downloaded, DownloadFailure<R::Error>> {
        unimplemented!()
    }
}
