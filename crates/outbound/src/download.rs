//! Downloads of recordings (contract 7.4).
//!
//! Redirects are followed by hand, for each target passes the same door as the first URL. A name is found before the
//! body is read, and the body is counted while it is.

use std::future::Future;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION,
};
use reqwest::{Response, StatusCode};
use url::Url;

use crate::client::{Outbound, answered};
use crate::cookies::Cookies;
use crate::disposition;
use crate::failure::{RequestFailure, Unanswered};
use crate::file_name::{extension, sanitised, shown};
use crate::policy::Refusal;
use crate::transfer;

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// The longest content type that goes into a text.
const MAX_SHOWN_TYPE: usize = 80;

/// The most characters of an extension that go into a text.
const MAX_SHOWN_EXTENSION: usize = 20;

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
        /// What the server says that it sends, such as `text/html`.
        content_type: Option<String>,
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

impl<E> DownloadFailure<E> {
    pub(crate) fn failed(reason: &str) -> Self {
        Self::Failed(reason.into())
    }
}

impl<E> From<RequestFailure> for DownloadFailure<E> {
    fn from(failure: RequestFailure) -> Self {
        match failure {
            RequestFailure::NotAllowed(refusal) => Self::NotAllowed(refusal),
            RequestFailure::Unanswered(unanswered) => Self::Failed(unanswered.to_string()),
        }
    }
}

impl Outbound {
    /// Downloads the recording at `url` into `receiver`. Its name must end in one of `extensions` (`.mp3`, lower case).
    /// If `url` holds a user and a password, they are sent.
    ///
    /// # Errors
    /// Each variant of [`DownloadFailure`]; what `receiver` has got so far is worth nothing then.
    pub async fn download<R: Receiver>(
        &self,
        url: &str,
        extensions: &[String],
        limits: DownloadLimits,
        receiver: &mut R,
    ) -> Result<Downloaded, DownloadFailure<R::Error>> {
        // What is no URL at all names no host either.
        let url = Url::parse(url).map_err(|_| Refusal::NoHost)?;
        let download = async {
            let (last_url, response) = self.follow::<R::Error>(&url, limits).await?;
            let file_name = named(&response, [&last_url, &url], extensions)?;
            let size_bytes = transfer::receive(response, limits, receiver).await?;
            Ok(Downloaded {
                file_name,
                size_bytes,
            })
        };
        tokio::time::timeout(limits.total_timeout, download)
            .await
            .unwrap_or_else(|_| Err(DownloadFailure::failed("it took too long")))
    }

    /// The first answer that is no redirect, if it is a good one, and the URL that gave it.
    async fn follow<E>(
        &self,
        url: &Url,
        limits: DownloadLimits,
    ) -> Result<(Url, Response), DownloadFailure<E>> {
        let mut url = url.clone();
        let mut visited = Vec::new();
        let mut cookies = Cookies::default();
        loop {
            url.set_fragment(None);
            let cookie = cookies.header(&url);
            if is_circle(&visited, &url, cookie.as_ref()) {
                return Err(DownloadFailure::failed("the server redirects in a circle"));
            }
            let response = self.get(&url, cookie.as_ref(), limits).await?;
            cookies.keep(&url, &response);
            match redirected(&url, &response) {
                Redirect::None if is_whole(response.status()) => return Ok((url, response)),
                Redirect::None => {
                    return Err(DownloadFailure::Failed(answered(response.status())));
                }
                Redirect::Nowhere => {
                    return Err(DownloadFailure::failed("the server redirects to nowhere"));
                }
                Redirect::To(_) if visited.len() == MAX_REDIRECTS => {
                    return Err(DownloadFailure::failed("the server redirects too often"));
                }
                Redirect::To(next) => visited.push((std::mem::replace(&mut url, next), cookie)),
            }
        }
    }

    async fn get(
        &self,
        url: &Url,
        cookie: Option<&HeaderValue>,
        limits: DownloadLimits,
    ) -> Result<Response, RequestFailure> {
        let client = self.client(limits.connect_timeout)?;
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        let patience = limits.connect_timeout.saturating_add(limits.read_timeout);
        tokio::time::timeout(patience, self.send(url, request))
            .await
            .map_err(|_| Unanswered::TimedOut)?
    }
}

/// A request, as far as it can be the same again: its URL, and the cookies that are sent with it.
type Visit = (Url, Option<HeaderValue>);

/// Whether the next request repeats an earlier one. With other cookies it may, once.
fn is_circle(visited: &[Visit], url: &Url, cookie: Option<&HeaderValue>) -> bool {
    let mut earlier = visited.iter().filter(|(visited, _)| visited == url);
    match (earlier.next(), earlier.next()) {
        (None, _) => false,
        (Some((_, sent)), None) => sent.as_ref() == cookie,
        (Some(_), Some(_)) => true,
    }
}

enum Redirect {
    None,
    To(Url),
    Nowhere,
}

fn redirected(url: &Url, response: &Response) -> Redirect {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Redirect::None;
    }
    let location = response.headers().get(LOCATION);
    location
        .and_then(|location| std::str::from_utf8(location.as_bytes()).ok())
        .and_then(|location| url.join(location).ok())
        .map_or(Redirect::Nowhere, Redirect::To)
}

/// Whether the answer is all of the recording. Nobody asked for a part.
fn is_whole(status: StatusCode) -> bool {
    status.is_success() && status != StatusCode::PARTIAL_CONTENT
}

/// The first name with a supported extension: of the headers, then of `urls`.
fn named<E>(
    response: &Response,
    urls: [&Url; 2],
    extensions: &[String],
) -> Result<String, DownloadFailure<E>> {
    let header = response.headers().get(CONTENT_DISPOSITION);
    let mut names = header.map_or(Vec::new(), |header| {
        disposition::file_names(header.as_bytes())
    });
    names.extend(urls.map(last_part));
    if let Some(name) = names.iter().find_map(|name| sanitised(name, extensions)) {
        return Ok(name);
    }
    let with_extension = names.iter().find_map(|name| Some((name, extension(name)?)));
    let (name, extension) = match with_extension {
        Some((name, extension)) => (Some(name), shown(&extension)),
        None => (names.iter().find(|name| !name.is_empty()), "(none)".into()),
    };
    Err(DownloadFailure::Extension {
        file_name: name.map_or(String::new(), |name| shown(name)),
        extension: extension.chars().take(MAX_SHOWN_EXTENSION).collect(),
        content_type: content_type(response),
    })
}

/// The type that an answer says it has, without parameters; nothing if it is none.
fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim().to_ascii_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/.+-".contains(c);
    let is_type = essence.contains('/') && essence.chars().all(is_plain);
    (is_type && essence.len() <= MAX_SHOWN_TYPE).then_some(essence)
}

/// The last part of the path, decoded.
fn last_part(url: &Url) -> String {
    let part = url.path().rsplit('/').next().unwrap_or_default();
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
