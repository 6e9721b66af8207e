//! What the rooms of the service tell each other about how it is.

use std::fmt;

use crate::model::ModelName;
use crate::request::JobRequest;

/// Says before a task is accepted whether the models that it needs can be had.
pub trait ModelCheck: fmt::Debug + Send + Sync {
    /// Looks for the models of `request` on this machine, and asks the hub for those that are not there. Blocks.
    ///
    /// # Errors
    /// A model is not installed and cannot be fetched, or is none.
    fn check_models(&self, request: &JobRequest) -> Result<(), ModelProblem>;

    /// The same for the recogniser of requests that name none.
    ///
    /// # Errors
    /// As [`Self::check_models`].
    fn check_recogniser(&self, name: ModelName) -> Result<(), ModelProblem>;
}

/// Why a model cannot be had. The texts are for the client: no paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelProblem {
    /// A parameter names no model.
    Unknown {
        /// The parameter.
        parameter: &'static str,
        /// What it is not, such as `neither … nor …`.
        reason: String,
    },
    /// A model is not installed and cannot be fetched: a sentence that says which and why.
    Missing(String),
}

/// Whether tasks can be computed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EngineStatus {
    /// Models that are wanted from the start are being loaded.
    #[default]
    Loading,
    /// Tasks are computed.
    Ready,
    /// A model that is wanted from the start cannot be had: the text says which and why. Tasks are tried all the same.
    Failed(String),
}
