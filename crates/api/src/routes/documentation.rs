//! The document of the API, and a page to read and try it, with all its parts (contract 4.5).

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use utoipa_swagger_ui::Config;

use crate::openapi::TITLE;
use crate::problem::Problem;
use crate::state::ApiState;

/// The routes that are not in the document.
pub(crate) fn routes(document: Bytes) -> Router<ApiState> {
    let document = move || async move { ([(CONTENT_TYPE, "application/json")], document) };
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/docs") }))
        .route("/docs", get(|| async { page("Swagger UI", TO_TRY) }))
        .route("/redoc", get(|| async { page("Reference", TO_READ) }))
        .route("/docs/{file}", get(part))
        .route("/openapi.json", get(document))
}

/// Options of the page on which requests can be tried.
const TO_TRY: &str = "deepLinking: true";
/// Options of the page that is only read, with everything unfolded.
const TO_READ: &str = r#"deepLinking: true, docExpansion: "full", defaultModelRendering: "model", supportedSubmitMethods: []"#;

fn page(kind: &str, options: &str) -> Html<String> {
    Html(format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{TITLE} - {kind}</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{ url: "openapi.json", dom_id: "#swagger-ui", {options} }});
</script>
</body>
</html>
"##
    ))
}

/// A part of the page.
async fn part(file: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(file) = file.map_err(|_| Problem::NotFound)?;
    let config = Arc::new(Config::from("/openapi.json"));
    let found = utoipa_swagger_ui::serve(&file, config)
        .map_err(|error| Problem::Unexpected(error.to_string()))?;
    let file = found.ok_or(Problem::NotFound)?;
    let kind = [(CONTENT_TYPE, file.content_type)];
    let bytes = file.bytes.into_owned();
    Ok(if file.gzpipped {
        (kind, [(CONTENT_ENCODING, "gzip")], bytes).into_response()
    } else {
        (kind, bytes).into_response()
    })
}
