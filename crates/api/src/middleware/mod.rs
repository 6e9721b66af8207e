//! What surrounds every request.

mod allow;
mod closing;
mod fallback;
mod panic;
mod request_id;

pub(crate) use allow::one_method;
pub(crate) use closing::closing;
pub(crate) use fallback::{method_not_allowed, not_found};
pub(crate) use panic::answer_panic;
pub(crate) use request_id::{RequestId, identify};
