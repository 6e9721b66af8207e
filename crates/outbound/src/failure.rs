//! What went wrong with a request, in words for people: no addresses, no texts of other programs.

use std::error::Error;
use std::io;

use crate::policy::Refusal;
use crate::resolver::NameFailure;

/// A request got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestFailure {
    /// The policy forbids it.
    NotAllowed(Refusal),
    /// It failed.
    Unanswered(Unanswered),
}

/// No answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Nobody knows the name.
    #[error("the host could not be resolved")]
    Unresolvable,
    /// The host is not there, or does not want.
    #[error("no connection could be made")]
    Unconnected,
    /// The host did not prove who it is, or speaks no TLS.
    #[error("no secure connection could be made")]
    Insecure,
    /// It took too long.
    #[error("no answer came in time")]
    TimedOut,
    /// The connection ended early, or something that is not HTTP was answered.
    #[error("the connection was lost before the answer was complete")]
    Lost,
    /// The request cannot be written, such as to an URL that is too long.
    #[error("the request could not be written")]
    Unwritable,
}

impl From<Refusal> for RequestFailure {
    fn from(refusal: Refusal) -> Self {
        Self::NotAllowed(refusal)
    }
}

impl From<Unanswered> for RequestFailure {
    fn from(unanswered: Unanswered) -> Self {
        Self::Unanswered(unanswered)
    }
}

impl From<reqwest::Error> for RequestFailure {
    fn from(error: reqwest::Error) -> Self {
        // What the resolver said comes back inside an error of the connection.
        match cause::<NameFailure>(&error) {
            Some(NameFailure::NotAllowed(refusal)) => Self::NotAllowed(refusal.clone()),
            Some(NameFailure::Unresolvable) => Self::Unanswered(Unanswered::Unresolvable),
            None => Self::Unanswered(worded(&error)),
        }
    }
}

fn worded(error: &reqwest::Error) -> Unanswered {
    if error.is_timeout() {
        return Unanswered::TimedOut;
    }
    if error.is_builder() {
        return Unanswered::Unwritable;
    }
    if cause::<rustls::Error>(error).is_some() {
        return Unanswered::Insecure;
    }
    if error.is_connect() {
        return Unanswered::Unconnected;
    }
    Unanswered::Lost
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).find_map(|error| error.downcast_ref::<E>())
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = behind(cause);
        Some(cause)
    })
}

/// An error of input and output that holds another one, such as one of TLS, passes over it when asked for its source.
fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}
