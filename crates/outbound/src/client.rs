//! Small requests: the probe of a callback, and the message to it.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use crate::policy::{Policy, Refusal};

/// How other machines are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which may be.
    pub policy: Policy,
    /// The most that a probe of a callback, or one attempt to deliver to it, may take.
    pub callback_timeout: Duration,
}

/// Calls other machines. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {}

/// A callback cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeFailure {
    /// The policy forbids it.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// It does not answer, or not well. The text tells no address.
    #[error("{0}")]
    Unreachable(String),
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
}

/// A message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostFailure {
    /// The policy forbids it.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// The receiver did not answer in time, or could not be reached. The text tells no address.
    #[error("{0}")]
    Unreachable(String),
}

impl Outbound {
    /// A client that follows `settings`.
    pub fn new(_settings: Settings) -> Self {
        unimplemented!()
    }

    /// Asks a callback whether it is there (contract 3.2): one `HEAD`, redirects not followed.
    ///
    /// # Errors
    /// It may not be called, or does not answer well.
    pub async fn probe(&self, _url: &Url) -> Result<(), ProbeFailure> {
        unimplemented!()
    }

    /// Sends `body`, a JSON text, by `POST` with `headers` (contract 3.3): one attempt, redirects not followed. Any answer
    /// is returned, whatever its status.
    ///
    /// # Errors
    /// It may not be called, or no answer came.
    pub async fn post(
        &self,
        _url: &Url,
        _headers: Vec<(&'static str, String)>,
        _body: Bytes,
    ) -> Result<Answer, PostFailure> {
        unimplemented!()
    }
}
