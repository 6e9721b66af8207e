//! Names of downloads as the service reads them. Its crate is an HTTP client, which takes long to build.

#[path = "../../crates/outbound/src/disposition.rs"]
mod disposition;
#[path = "../../crates/outbound/src/file_name.rs"]
#[allow(dead_code, reason = "nothing is shown here")]
mod file_name;

pub use self::file_name::{extension, sanitised};

/// The names that a `Content-Disposition` header offers, the preferred first.
pub fn file_names(header: &[u8]) -> Vec<String> {
    disposition::file_names(header)
}
