//! How the service is (contract 4.2 to 4.4).

use serde::Serialize;
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    pub(crate) status: &'static str,
    /// A sentence.
    pub(crate) message: &'static str,
}

/// The process answers, and knows what time it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// `ok`.
    pub(crate) status: &'static str,
    /// Seconds since 1970.
    pub(crate) timestamp: f64,
    /// A sentence.
    pub(crate) message: &'static str,
}

/// Whether tasks can be accepted and computed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ok` or `error`.
    pub(crate) status: &'static str,
    /// `connected` or `disconnected`.
    pub(crate) database: &'static str,
    /// A sentence.
    pub(crate) message: &'static str,
    /// What is known of graphics processors.
    pub(crate) gpu: Gpu,
    /// How much waits; null while the database is not there.
    #[schema(required = true)]
    pub(crate) queue: Option<Queue>,
    /// `loading`, `ready`, or `failed` where a model that is wanted from the start cannot be had; the log says which.
    pub(crate) engine: &'static str,
    /// The version of the service.
    pub(crate) version: String,
}

/// Limits of graphics processors.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gpu {
    /// Tasks that compute on one at once.
    pub(crate) max_concurrent_tasks: u32,
}

/// How much waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queue {
    /// Tasks that wait.
    pub(crate) depth: u32,
    /// Tasks that may wait.
    pub(crate) capacity: u32,
}
