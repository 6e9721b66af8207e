//! Our own side: the engine as a resident program, an example of the crate `speech`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::step::Step;

/// Builds the driver `crates/speech/examples/<name>.rs` and says where it is.
///
/// # Errors
/// It does not build.
pub(crate) fn build(name: &str, profile: &str) -> anyhow::Result<PathBuf> {
    let arguments = [
        "--package",
        "speech",
        "--example",
        name,
        "--profile",
        profile,
    ];
    Step::locked("build scriven", &["build"], &arguments).run()?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_folder()?.join(folder).join("examples").join(name))
}

/// Where cargo builds.
///
/// # Errors
/// Cargo does not say.
pub(crate) fn target_folder() -> anyhow::Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command.current_dir(crate::step::root()).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let Some(folder) = metadata["target_directory"].as_str() else {
        bail!("cargo metadata names no target folder");
    };
    Ok(PathBuf::from(folder))
}
