//! The form of a request, part by part as it comes.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, request};

use super::body::{BodyLimits, Watch, WatchedBody};
use super::disposition::Disposition;
use super::parse;
use super::part_headers::PartHeaders;
use crate::problem::Problem;
use crate::state::ApiState;

/// The form of a request, of which nothing has been read yet.
#[derive(Debug)]
pub(crate) struct Form(Request);

impl FromRequest<ApiState> for Form {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self(request))
    }
}

/// The largest text of a form.
const LARGEST_TEXT: usize = 1024 * 1024;

const TEXT_TOO_LARGE: Problem = Problem::BadRequest("Part exceeded maximum size of 1024KB.");

/// Files, and texts, that one form may have.
const MOST_PARTS: usize = 1000;

/// What a form may have beside its files: other fields, and what parts them.
pub(crate) const BESIDES: u64 = 64 * 1024;

impl Form {
    /// The parts of the form. Anything that is no form has none.
    ///
    /// # Errors
    /// It says that it is too large, or what parts it.
    pub(crate) async fn open(self, limits: BodyLimits) -> Result<Parts, Problem> {
        let (head, body) = self.0.into_parts();
        let kind = Kind::of(&head.headers);
        check_length(&head.headers, limits)?;
        let watch = Watch::default();
        let watched = |body| WatchedBody::new(body, limits, watch.clone());
        let source = match kind {
            Kind::Multipart => Source::Multipart(Box::new(multipart(head, watched(body)).await?)),
            Kind::UrlEncoded => Source::Pairs(pairs(body, limits).await?.into_iter()),
            Kind::Other => Source::Pairs(Vec::new().into_iter()),
        };
        Ok(Parts {
            source,
            watch,
            n_files: 0,
            n_texts: 0,
        })
    }
}

enum Kind {
    Multipart,
    UrlEncoded,
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|text| text.split(';').next());
        match essence
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "multipart/form-data" => Self::Multipart,
            "application/x-www-form-urlencoded" => Self::UrlEncoded,
            _ => Self::Other,
        }
    }
}

/// Refuses what says itself that it is too large, before any of it is read.
fn check_length(headers: &HeaderMap, limits: BodyLimits) -> Result<(), Problem> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let size: Option<u64> = length.and_then(|text| text.parse().ok());
    match size {
        Some(size) if size > limits.max_bytes => Err(Problem::TooLarge {
            size: Some(size),
            max_size: limits.max_bytes.saturating_sub(BESIDES),
        }),
        _ => Ok(()),
    }
}

async fn multipart(head: request::Parts, body: WatchedBody) -> Result<Multipart, Problem> {
    let mut part_headers = PartHeaders::default();
    let body = body.map_ok(move |piece| part_headers.clean(piece));
    let request = Request::from_parts(head, Body::from_stream(body));
    let missing = |_| Problem::BadRequest("Missing boundary in multipart.");
    Multipart::from_request(request, &()).await.map_err(missing)
}

async fn pairs(body: Body, limits: BodyLimits) -> Result<Vec<(String, String)>, Problem> {
    let limits = BodyLimits {
        max_bytes: LARGEST_TEXT as u64 + BESIDES,
        ..limits
    };
    let body = WatchedBody::new(body, limits, Watch::default());
    let body = body.collect().await.map_err(|problem| match problem {
        Problem::TooLarge { .. } => TEXT_TOO_LARGE,
        other => other,
    })?;
    Ok(parse::pairs(&body))
}

/// The parts of a form, one after the other.
#[derive(Debug)]
pub(crate) struct Parts {
    source: Source,
    watch: Watch,
    n_files: usize,
    n_texts: usize,
}

#[derive(Debug)]
enum Source {
    Multipart(Box<Multipart>),
    Pairs(std::vec::IntoIter<(String, String)>),
}

/// A part of a form, whose content has not been read yet.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    /// The name of the field.
    pub(crate) name: String,
    /// The name of the file as it was sent; `None` if the part is a text.
    pub(crate) file_name: Option<String>,
    content: Content<'a>,
    watch: Watch,
}

#[derive(Debug)]
enum Content<'a> {
    Field(Box<Field<'a>>),
    Text(String),
}

impl Parts {
    /// The next part. The one before must have been read to its end.
    ///
    /// # Errors
    /// The form is broken, or has too many parts.
    pub(crate) async fn next(&mut self) -> Result<Option<Part<'_>>, Problem> {
        let watch = self.watch.clone();
        let part = match &mut self.source {
            Source::Multipart(multipart) => next_field(multipart, watch).await?,
            Source::Pairs(pairs) => pairs.next().map(|(name, value)| Part {
                name,
                file_name: None,
                content: Content::Text(value),
                watch,
            }),
        };
        match &part {
            Some(part) if part.file_name.is_some() => self.n_files += 1,
            Some(_) => self.n_texts += 1,
            None => {}
        }
        if self.n_files > MOST_PARTS {
            return Err(Problem::BadRequest(
                "Too many files. Maximum number of files is 1000.",
            ));
        }
        if self.n_texts > MOST_PARTS {
            return Err(Problem::BadRequest(
                "Too many fields. Maximum number of fields is 1000.",
            ));
        }
        Ok(part)
    }
}

async fn next_field(multipart: &mut Multipart, watch: Watch) -> Result<Option<Part<'_>>, Problem> {
    watch.header_begins();
    let field = multipart.next_field().await.map_err(|_| watch.problem())?;
    watch.header_ends();
    let Some(field) = field else { return Ok(None) };
    let disposition = field.headers().get("content-disposition");
    let disposition = disposition.map(Disposition::read).unwrap_or_default();
    let nameless =
        Problem::BadRequest("The Content-Disposition header field \"name\" must be provided.");
    Ok(Some(Part {
        name: disposition.name.ok_or(nameless)?,
        file_name: disposition.file_name,
        content: Content::Field(Box::new(field)),
        watch,
    }))
}

impl Part<'_> {
    /// The next piece of the content.
    ///
    /// # Errors
    /// The form is broken, or was not sent in time.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        match &mut self.content {
            Content::Field(field) => field.chunk().await.map_err(|_| self.watch.problem()),
            Content::Text(text) => {
                let piece = std::mem::take(text);
                Ok(Some(Bytes::from(piece)).filter(|piece| !piece.is_empty()))
            }
        }
    }

    /// Reads the content to its end, and keeps nothing.
    ///
    /// # Errors
    /// As [`Self::piece`].
    pub(crate) async fn skip(mut self) -> Result<(), Problem> {
        while self.piece().await?.is_some() {}
        Ok(())
    }

    /// Reads the content to its end, if that is not far; keeps nothing. Whether the end was reached.
    ///
    /// # Errors
    /// As [`Self::piece`].
    pub(crate) async fn skip_small(mut self) -> Result<bool, Problem> {
        let mut n_bytes = 0;
        while let Some(piece) = self.piece().await? {
            n_bytes += piece.len();
            if n_bytes > LARGEST_TEXT {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes over a part that nobody wants; as a text it must not be too large all the same.
    ///
    /// # Errors
    /// As [`Self::piece`], or the text is too large.
    pub(crate) async fn discard(self) -> Result<(), Problem> {
        if self.file_name.is_some() {
            return self.skip().await;
        }
        self.text().await.map(|_| ())
    }

    /// The content of a text.
    ///
    /// # Errors
    /// As [`Self::piece`], or the text is too large.
    pub(crate) async fn text(mut self) -> Result<String, Problem> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece().await? {
            if text.len() + piece.len() > LARGEST_TEXT {
                return Err(TEXT_TOO_LARGE);
            }
            text.extend_from_slice(&piece);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
