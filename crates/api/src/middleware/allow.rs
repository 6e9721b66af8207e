//! The header `Allow` as the contract has it (1.15).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

/// Leaves `HEAD` unmentioned where `GET` is allowed: the reference's clients expect the one method.
pub(crate) async fn one_method(mut response: Response) -> Response {
    let is_refusal = response.status() == StatusCode::METHOD_NOT_ALLOWED;
    let allow = response.headers().get(header::ALLOW);
    if is_refusal && allow.is_some_and(|value| value == "GET,HEAD") {
        let get = HeaderValue::from_static("GET");
        response.headers_mut().insert(header::ALLOW, get);
    }
    response
}
