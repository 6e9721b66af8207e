//! Fetches a file from an ordinary web address, going on where an earlier try stopped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use hf_hub::api::Progress;
use hf_hub::api::sync::ApiError;
use ureq::Agent;
use ureq::http::header;

use super::transfer::Counter;

/// The length of the file at `url`, in bytes.
pub(super) fn size_of(url: &str) -> Result<u64, ApiError> {
    let response = agent().head(url).call().map_err(Box::new)?;
    let length = response.headers().get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .ok_or(ApiError::MissingHeader("content-length"))
}

/// Brings the rest of the file at `url` to `place`, where its beginning may lie already.
pub(super) fn download(url: &str, place: &Path, mut counter: Counter) -> Result<(), ApiError> {
    let n_here = fs::metadata(place).map_or(0, |meta| meta.len());
    let mut request = agent().get(url);
    if n_here > 0 {
        request = request.header(header::RANGE, format!("bytes={n_here}-"));
    }
    let response = request.call().map_err(Box::new)?;
    let goes_on = n_here > 0 && response.status() == 206;
    counter.init(0, "");
    let mut file = if goes_on {
        counter.update(usize::try_from(n_here).unwrap_or(0));
        File::options().append(true).open(place)?
    } else {
        File::create(place)?
    };
    let mut body = response.into_body().into_reader();
    let mut block = vec![0; 1 << 16];
    loop {
        match body.read(&mut block)? {
            0 => return Ok(()),
            n => file.write_all(&block[..n])?,
        }
        let n_bytes = file.metadata()?.len();
        counter.init(0, "");
        counter.update(usize::try_from(n_bytes).unwrap_or(0));
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .user_agent(concat!("scriven/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}
