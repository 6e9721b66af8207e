//! Bytes as a file, for readers that open one.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::NamedTempFile;

/// Written anew for each input.
static FILE: LazyLock<NamedTempFile> =
    LazyLock::new(|| NamedTempFile::new().expect("a temporary file can be made"));

/// The path of a file that holds `bytes` until the next call.
pub fn holding(bytes: &[u8]) -> &'static Path {
    fs::write(FILE.path(), bytes).expect("a temporary file can be written");
    FILE.path()
}
