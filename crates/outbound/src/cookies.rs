//! Cookies of one download: each server gets back what it set itself.
//!
//! Some servers set a cookie, redirect to the same URL, and serve the recording only to a client that has the cookie.

use std::collections::HashMap;

use reqwest::Response;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HeaderValue, SET_COOKIE};
use url::{Origin, Url};

/// What servers set while one download is under way. It goes to the origin that set it and nowhere else.
#[derive(Debug, Default)]
pub(crate) struct Cookies(HashMap<Origin, Jar>);

impl Cookies {
    /// Keeps what `response`, the answer of `url`, sets.
    pub(crate) fn keep(&mut self, url: &Url, response: &Response) {
        let mut values = response.headers().get_all(SET_COOKIE).iter();
        let jar = self.0.entry(url.origin()).or_default();
        jar.set_cookies(&mut values, url);
    }

    /// The header for a request to `url`; `None` if there is nothing to send.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        self.0.get(&url.origin())?.cookies(url)
    }
}
