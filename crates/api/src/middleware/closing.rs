//! Connections that end with their answer.

use axum::response::Response;
use http::{HeaderValue, header};

/// Says in the answer that its connection is closed behind it.
pub(crate) async fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
