//! Forms as the service reads them. Its crate brings a database and an HTTP client, which take minutes to build; so only
//! the files about forms are taken, with stand-ins for what they name.

#[path = "../../../crates/api/src/extract/body.rs"]
mod body;
#[path = "../../../crates/api/src/extract/disposition.rs"]
mod disposition;
#[path = "../../../crates/api/src/extract/file_name.rs"]
mod file_name;
#[path = "../../../crates/api/src/extract/form.rs"]
#[allow(dead_code, reason = "parts are read in one of several ways")]
mod form;
#[path = "../../../crates/api/src/extract/parse.rs"]
#[allow(dead_code, reason = "only pairs are of interest here")]
mod parse;
#[path = "../../../crates/api/src/extract/part_headers.rs"]
mod part_headers;

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use self::body::BodyLimits;
use self::disposition::Disposition;
use self::form::Form;
use crate::problem::Problem;
use crate::state::ApiState;

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub struct FormPart {
    /// The name of the field.
    pub name: String,
    /// The name of the file as it was sent; `None` if the part is a text.
    pub file_name: Option<String>,
    /// All of its bytes.
    pub content: Vec<u8>,
}

/// The parts of a form whose body comes in these pieces; or what a client would be told.
pub async fn read_form(content_type: &str, pieces: Vec<Bytes>) -> Result<Vec<FormPart>, Problem> {
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(io::Result::Ok)));
    let mut request = Request::new(body);
    let kind = HeaderValue::from_str(content_type).expect("a content type");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    let Ok(form) = Form::from_request(request, &ApiState).await;
    let limits = BodyLimits {
        max_bytes: 1024 * 1024,
        read_timeout: Duration::from_secs(30),
        total_timeout: Duration::from_secs(30),
    };
    let mut parts = form.open(limits).await?;
    let mut found = Vec::new();
    while let Some(mut part) = parts.next().await? {
        let (name, file_name) = (part.name.clone(), part.file_name.clone());
        let mut content = Vec::new();
        while let Some(piece) = part.piece().await? {
            content.extend_from_slice(&piece);
        }
        found.push(FormPart {
            name,
            file_name,
            content,
        });
    }
    Ok(found)
}

/// The names of field and file in the `Content-Disposition` of a part.
pub fn part_names(header: &HeaderValue) -> (Option<String>, Option<String>) {
    let Disposition { name, file_name } = Disposition::read(header);
    (name, file_name)
}

/// What is kept of the name of an uploaded file.
pub fn cleaned(file_name: &str) -> String {
    file_name::cleaned(file_name)
}
