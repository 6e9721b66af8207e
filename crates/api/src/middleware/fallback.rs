//! Requests that no route takes (contract 1.15).

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

/// The answer where the path is known, but not with the method.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::MethodNotAllowed
}

/// The answer where the path is not known: with one slash too many at the end, the way to the path without it.
pub(crate) async fn not_found(known: Arc<[String]>, request: Request) -> Response {
    let path = request.uri().path();
    let shorter = path.strip_suffix('/').filter(|path| is_known(&known, path));
    let Some(shorter) = shorter else {
        return Problem::NotFound.into_response();
    };
    let query = request.uri().query().map(|query| format!("?{query}"));
    let path_and_query = format!("{shorter}{}", query.unwrap_or_default());
    let location = format!("{}{path_and_query}", origin(request.headers()));
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, location)],
    )
        .into_response()
}

/// Whether `path` is one of `known`, which have names in braces where anything may stand.
fn is_known(known: &[String], path: &str) -> bool {
    let fits = |pattern: &String| {
        let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
        loop {
            match (pattern.next(), path.next()) {
                (None, None) => return true,
                (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {}
                (Some(pattern), Some(part)) if pattern == part => {}
                _ => return false,
            }
        }
    };
    !path.is_empty() && known.iter().any(fits)
}

/// Scheme and host by which the client came here; nothing if it does not say.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").and_then(|host| host.parse::<Authority>().ok());
    let is_secure = text("x-forwarded-proto") == Some("https");
    let scheme = if is_secure { "https" } else { "http" };
    host.map_or(String::new(), |host| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_15_known_paths_are_those_of_the_routes() {
        let known = ["/health", "/task/{identifier}", "/task/{identifier}/delete"];
        let known = known.map(str::to_owned);
        for path in ["/health", "/task/x", "/task/all", "/task/x/delete"] {
            assert!(is_known(&known, path), "{path}");
        }
        for path in [
            "",
            "/",
            "//health",
            "/task",
            "/task/",
            "/task/a/b",
            "/healthy",
        ] {
            assert!(!is_known(&known, path), "{path}");
        }
    }
}
