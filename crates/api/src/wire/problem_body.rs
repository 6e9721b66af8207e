//! The body of every answer that is no success: both forms of the reference's service at once (contract 1.3, E7).

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::FieldProblem;

/// Both forms: `detail` of the framework, `error` of the application.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemBody {
    pub(crate) detail: Detail,
    pub(crate) error: ErrorMember,
}

/// A sentence, or what is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Detail)]
pub(crate) enum Detail {
    /// The sentence of `error.message`.
    Sentence(String),
    /// Each wrong value.
    Fields(Vec<FieldProblem>),
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorMember)]
pub(crate) struct ErrorMember {
    /// A sentence for people.
    pub(crate) message: String,
    /// A word for programs, such as `TASK_NOT_FOUND`.
    pub(crate) code: &'static str,
    /// A UUID by which the record is found in the log.
    pub(crate) correlation_id: String,
    /// What else is known, depending on the code.
    #[serde(flatten)]
    pub(crate) members: Map<String, Value>,
}

/// The request could not be fulfilled.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ProblemSchema {
    /// A sentence for people.
    detail: String,
    /// The same for programs.
    error: ErrorMember,
}

/// The request was not understood.
#[derive(Debug, ToSchema)]
#[schema(as = HTTPValidationError)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ValidationSchema {
    /// Each wrong value, or a sentence where the mistake is not in a single one.
    detail: Detail,
    /// The same for programs.
    error: ErrorMember,
}
