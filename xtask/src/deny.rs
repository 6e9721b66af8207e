//! `cargo deny`, which `scripts/setup --with-checks` installs.

use std::path::Path;

use anyhow::bail;

use crate::step::{Step, has_cargo};

/// The file with its rules, in the root of the workspace.
pub(crate) const RULES: &str = "deny.toml";

/// # Errors
/// It is not installed.
pub(crate) fn require() -> anyhow::Result<()> {
    if has_cargo("deny") {
        return Ok(());
    }
    bail!("cargo deny is not installed; run scripts/setup --with-checks");
}

/// A comparison of the lock file beside `manifest` with the kinds of `rules` that `checks` names.
pub(crate) fn step(what: &'static str, manifest: &Path, rules: &Path, checks: &[&str]) -> Step {
    Step::cargo(what, &["deny", "--locked", "--manifest-path"])
        .with_path(manifest)
        .with_arguments(&["--config"])
        .with_path(rules)
        .with_arguments(&["check"])
        .with_arguments(checks)
}
