//! Where models lie.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

/// The folder of a recogniser: as given, or where `scripts/fetch-models` puts it.
///
/// # Errors
/// There is none.
pub(crate) fn recogniser(model: &str) -> anyhow::Result<PathBuf> {
    let folder = if model.contains('/') {
        PathBuf::from(model)
    } else {
        fetched(model)?
    };
    if !folder.join("model.bin").exists() {
        bail!(
            "there is no model in {}; run scripts/fetch-models",
            folder.display()
        );
    }
    Ok(folder)
}

/// Where `scripts/fetch-models` keeps what it fetched under `name`.
///
/// # Errors
/// Python is not installed, or the model is not there.
pub(crate) fn fetched(name: &str) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(crate::step::root().join("scripts/fetch-models"));
    let output = command.args(["--path", name]).output();
    let output = output.context("cannot run scripts/fetch-models; is Python installed?")?;
    let folder = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    if !folder.exists() {
        bail!(
            "{name} is not in {}; run scripts/fetch-models {name}",
            folder.display()
        );
    }
    Ok(folder)
}
