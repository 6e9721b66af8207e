//! Small requests: the probe of a callback, and the message to it.
//!
//! Every request has its own connection. None is kept for the next, so each one is resolved and checked anew.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rustls::ClientConfig;
use url::Url;

use crate::failure::{RequestFailure, Unanswered};
use crate::policy::{Policy, Refusal};
use crate::resolver::{Lookup, Resolver, SystemLookup};
use crate::tls;

const USER_AGENT: &str = concat!("scriven/", env!("CARGO_PKG_VERSION"));

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
pub struct Outbound {
    policy: Arc<Policy>,
    callback_timeout: Duration,
    resolver: Arc<Resolver>,
    tls: Arc<ClientConfig>,
}

/// A request got no answer, or a probe not the one that is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// The policy forbids it.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// The other machine does not answer in time, cannot be reached, or does not answer well. The text tells no address.
    #[error("{0}")]
    Unreachable(String),
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
}

impl Outbound {
    /// A client that follows `settings`.
    pub fn new(settings: Settings) -> Self {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    pub(crate) fn with_lookup(settings: Settings, lookup: Arc<dyn Lookup>) -> Self {
        let policy = Arc::new(settings.policy);
        Self {
            resolver: Arc::new(Resolver::new(Arc::clone(&policy), lookup)),
            policy,
            callback_timeout: settings.callback_timeout,
            tls: Arc::new(tls::client_config()),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_tls(self, tls: ClientConfig) -> Self {
        Self {
            tls: Arc::new(tls),
            ..self
        }
    }

    /// Asks a callback whether it is there (contract 3.2): one `HEAD`, redirects not followed.
    ///
    /// # Errors
    /// It may not be called, or does not answer well.
    pub async fn probe(&self, url: &Url) -> Result<(), CallFailure> {
        let status = self.ask(url, |client| client.head(url.clone())).await?;
        if status.as_u16() < 400 || status == StatusCode::METHOD_NOT_ALLOWED {
            return Ok(());
        }
        Err(CallFailure::Unreachable(answered(status)))
    }

    /// Sends `body`, a JSON text, by `POST` with `headers` (contract 3.3): one attempt, redirects not followed. Any answer
    /// is returned, whatever its status.
    ///
    /// # Errors
    /// It may not be called, or no answer came.
    pub async fn post(
        &self,
        url: &Url,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
    ) -> Result<Answer, CallFailure> {
        let headers =
            message_headers(headers).ok_or(RequestFailure::Unanswered(Unanswered::Unwritable))?;
        let status = self
            .ask(url, |client| {
                client.post(url.clone()).headers(headers).body(body)
            })
            .await?;
        Ok(Answer {
            status: status.as_u16(),
        })
    }

    /// The status of the answer to a small request. The rest of the answer is left unread, and the connection closed.
    async fn ask(
        &self,
        url: &Url,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<StatusCode, RequestFailure> {
        let answer = async {
            let client = self.client(self.callback_timeout)?;
            self.send(url, request(&client)).await
        };
        match tokio::time::timeout(self.callback_timeout, answer).await {
            Ok(response) => Ok(response?.status()),
            Err(_) => Err(Unanswered::TimedOut.into()),
        }
    }

    /// Sends `request`, which goes to `url`, if it may be called. Returns when the head of the answer is there.
    pub(crate) async fn send(
        &self,
        url: &Url,
        request: RequestBuilder,
    ) -> Result<Response, RequestFailure> {
        // Hosts that are addresses never reach the resolver.
        self.policy.check_url(url)?;
        Ok(request.send().await?)
    }

    /// A client without memory: no kept connections, no cookies, no redirects, no proxies, no second tries.
    pub(crate) fn client(&self, connect_timeout: Duration) -> Result<Client, RequestFailure> {
        let client = Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&self.tls))
            .dns_resolver(Arc::clone(&self.resolver))
            .connect_timeout(connect_timeout)
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .user_agent(USER_AGENT)
            .build()?;
        Ok(client)
    }
}

impl From<RequestFailure> for CallFailure {
    fn from(failure: RequestFailure) -> Self {
        match failure {
            RequestFailure::NotAllowed(refusal) => Self::NotAllowed(refusal),
            RequestFailure::Unanswered(unanswered) => Self::Unreachable(unanswered.to_string()),
        }
    }
}

/// A status in words.
pub(crate) fn answered(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("the server answered {} {reason}", status.as_u16()),
        None => format!("the server answered {}", status.as_u16()),
    }
}

/// The headers of a message; `None` if one cannot be written.
fn message_headers(extra: Vec<(&'static str, String)>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in extra {
        let name = HeaderName::try_from(name).ok()?;
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(headers)
}

#[cfg(test)]
mod tests;
