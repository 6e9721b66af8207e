//! `cargo xtask advisories`: whether anything that we depend on has a weakness that is known.
//!
//! `cargo deny` compares the lock file with the advisory database of `RustSec`, which is a git repository elsewhere: it
//! changes when nothing here does, and cannot be fetched from everywhere. So this is no part of `cargo xtask ci`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::deny;
use crate::step::root;

/// The advisories of the Rust community.
const DATABASE: &str = "https://github.com/RustSec/advisory-db";

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Git repository with the advisories
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// Manifest of the project whose lock file is checked [default: that of this workspace]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// Fetches the advisories and compares them with the lock file.
///
/// # Errors
/// Something has a known weakness, or the advisories cannot be fetched: then nothing was checked.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    deny::require()?;
    reach(&options.database)?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let rules = folder.path().join("deny.toml");
    fs::write(&rules, rules_with(&options.database, folder.path())?)?;
    let manifest = options.manifest.clone();
    let manifest = manifest.unwrap_or_else(|| root().join("Cargo.toml"));
    deny::step("advisories", &manifest, &rules, &["advisories"]).run()
}

/// That the database is there, before anybody takes a failure to fetch it for a finding.
fn reach(database: &str) -> anyhow::Result<()> {
    let output = Command::new("git")
        .args(["ls-remote", "--exit-code", database, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .output();
    let reason = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("git cannot be run: {error}"),
    };
    bail!("NOTHING WAS CHECKED: the advisory database {database} cannot be fetched: {reason}");
}

/// The rules of `deny.toml`, with the advisories of `database`; those of another than the usual one are kept in `folder`.
fn rules_with(database: &str, folder: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(root().join(deny::RULES))?;
    let mut rules: toml::Table = text.parse().context(deny::RULES)?;
    let advisories = rules
        .entry("advisories")
        .or_insert_with(|| toml::Table::new().into());
    let advisories = advisories
        .as_table_mut()
        .context("advisories is no table")?;
    advisories.insert("db-urls".to_owned(), vec![database].into());
    if database != DATABASE {
        let place = folder.join("database").display().to_string();
        advisories.insert("db-path".to_owned(), place.into());
    }
    Ok(rules.to_string())
}
