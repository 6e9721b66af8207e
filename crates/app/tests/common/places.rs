//! Where models of this machine lie, for all tests of the binary.

use std::env;
use std::path::PathBuf;

use speech::models::{ModelRequest, Places};

/// The places that the product itself looks at.
pub(crate) fn places() -> Places {
    let model_dir = env::var_os("MODEL_DIR").filter(|folder| !folder.is_empty());
    let model_dir = model_dir.map(PathBuf::from);
    ModelRequest::new(None, model_dir, true, |name| env::var_os(name)).places
}
