//! Every request has an id: in its answer, in the records of its log, and in its task (contract 4.6).

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::serve::ClientAddress;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: letters, digits, `.`, `_` and `-`, at most 128 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

const LONGEST: usize = 128;

impl RequestId {
    /// The id that the client gives, if it is a good one, or a fresh one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        let given = given.filter(|text| is_good(text));
        Self(given.map_or_else(|| Uuid::new_v4().to_string().into(), Arc::from))
    }
}

fn is_good(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_plain)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

/// Gives the request its id and its span, and tells of it when it is answered.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let client = request.extensions().get::<ClientAddress>();
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method = %request.method(),
        path = request.uri().path(),
        client = client.map(|client| tracing::field::display(client.0)),
    );
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = async {
        let started_at = Instant::now();
        let mut response = next.run(request).await;
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(HEADER, value);
        }
        record(&response, started_at, is_read);
        response
    };
    answer.instrument(span).await
}

/// One record a request. Reading is what clients do all the time, so it is told only to those who want to know.
fn record(response: &Response, started_at: Instant, is_read: bool) {
    let status = response.status().as_u16();
    let duration_ms = started_at.elapsed().as_secs_f64() * 1e3;
    if is_read {
        tracing::debug!(status, duration_ms, "the request was answered");
    } else {
        tracing::info!(status, duration_ms, "the request was answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(given).unwrap());
        RequestId::of(&headers).to_string()
    }

    #[test]
    fn c4_6_a_good_id_is_kept_and_any_other_replaced() {
        let long = "x".repeat(128);
        for good in ["a", "A-Z_0.9", &long] {
            assert_eq!(id_for(good), good);
        }
        let too_long = "x".repeat(129);
        for bad in ["", "a b", "a/b", "a\"b", &too_long] {
            let id = id_for(bad);
            assert_ne!(id, bad);
            assert!(Uuid::parse_str(&id).is_ok(), "{id}");
        }
        assert_ne!(
            RequestId::of(&HeaderMap::new()),
            RequestId::of(&HeaderMap::new())
        );
    }
}
