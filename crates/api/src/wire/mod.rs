//! What goes over the wire: bodies of answers, and their schemas.

mod attachment;
mod field_problem;
mod health;
mod outcome;
mod problem_body;
mod result_format;
mod task;
mod words;

pub(crate) use attachment::attachment;
pub(crate) use field_problem::{Bound, FieldProblem, echo};
pub(crate) use health::{Gpu, Health, Liveness, Queue, Readiness};
pub(crate) use outcome::Outcome;
pub(crate) use problem_body::{Detail, ErrorMember, ProblemBody, ProblemSchema, ValidationSchema};
pub(crate) use result_format::ResultFormat;
pub(crate) use task::{TaskEventReceived, TaskList, TaskListItem, TaskSchema};
pub(crate) use words::{ApiWord, one_of};
