//! Every route, on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use bytes::Bytes;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::middleware::{
    answer_panic, closing, identify, method_not_allowed, not_found, one_method,
};
use crate::openapi;
use crate::problem::Problem;
use crate::routes::{documentation, health, result, services, speech, tasks};
use crate::state::{ApiSettings, ApiState};

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(openapi::head())
        // Everything at once
        .routes(routes!(speech::upload))
        .routes(routes!(speech::from_url))
        // One step at a time
        .routes(routes!(services::transcribe))
        .routes(routes!(services::align))
        .routes(routes!(services::diarize))
        .routes(routes!(services::combine))
        // Tasks
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::show))
        .routes(routes!(result::show))
        .routes(routes!(tasks::delete))
        // Health
        .routes(routes!(health::check))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// All endpoints, with what surrounds them.
pub(crate) fn router(state: ApiState) -> Router {
    let (routes, document) = documented().split_for_parts();
    let document = openapi::complete(document, &state.settings);
    let known = known_paths(&document);
    let endpoints = routes
        .merge(documentation::routes(written(&document)))
        .fallback(move |request: Request| not_found(known.clone(), request))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state);
    // Around the router as a whole, so that they see also what it adds to answers.
    Router::new()
        .fallback_service(endpoints)
        // Limits depend on the endpoint, and are set where forms are read.
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(one_method))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn(identify))
}

/// The endpoints of a connection that is one too many: it is told so, and otherwise only that the process lives.
pub(crate) fn busy_router(state: ApiState) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .fallback(async || Problem::TooManyConnections)
        .with_state(state)
        .layer(map_response(closing))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn(identify))
}

/// The `OpenAPI` document as `/openapi.json` gives it.
pub fn openapi_json(settings: &ApiSettings) -> Bytes {
    let (_, document) = documented().split_for_parts();
    written(&openapi::complete(document, settings))
}

fn written(document: &OpenApi) -> Bytes {
    // Nothing in it can fail to be written; an empty one would be seen at once.
    serde_json::to_vec(document).unwrap_or_default().into()
}

/// The paths that are known without a slash at their end.
fn known_paths(document: &OpenApi) -> Arc<[String]> {
    let hidden = ["/docs", "/redoc", "/openapi.json"].map(str::to_owned);
    let documented = document.paths.paths.keys().cloned();
    documented.chain(hidden).collect()
}
