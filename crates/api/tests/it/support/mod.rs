//! The service under test, and a client that sends exactly what it is told.

mod form;
mod http;
pub(crate) mod log;
mod probe;
mod service;

pub(crate) use form::{Form, GOOD, url_form};
pub(crate) use http::{Answer, Connection, send};
pub(crate) use service::TestApi;
