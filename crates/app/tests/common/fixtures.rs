//! Files of `fixtures/`.

use std::fs;
use std::path::{Path, PathBuf};

/// Where an input lies that is made after what people report of programs like this.
pub(crate) fn field_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/field")
        .join(name)
}

/// Such an input.
pub(crate) fn field(name: &str) -> Vec<u8> {
    fs::read(field_path(name)).unwrap()
}
