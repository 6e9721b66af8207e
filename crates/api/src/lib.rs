//! HTTP in, HTTP out: the service's endpoints, their documents and errors.
//!
//! [`serve`] answers on a socket with the endpoints of an [`ApiState`]. Handlers in `routes` are
//! short lists of steps; `extract` turns requests into good values, `wire` holds the bodies of answers, and `problem` alone
//! knows what an error looks like from outside. Nothing here computes: a submission ends as a row in the store.

mod audit;
mod download;
mod extract;
mod middleware;
mod openapi;
mod problem;
mod recording;
mod router;
mod routes;
mod serve;
mod state;
mod submit;
#[cfg(test)]
mod testing;
mod wire;

pub use router::openapi_json;
pub use serve::{ServeSettings, serve};
pub use state::{ApiSettings, ApiState, ModelDefaults, Wiring};
