//! Which recordings are measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Options, driver};

/// A recording and what is said in it.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) duration_seconds: f64,
    /// Its language as ISO 639-1 code.
    pub(super) language: Option<String>,
    /// What is said in it, where that is known.
    pub(super) reference: Option<String>,
}

/// What a recording is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Short English utterances
    Asr,
    /// Short English utterances whose words have times
    Words,
    /// Half an hour
    Long,
    /// Other languages
    Multi,
    /// Several speakers
    Diar,
    /// Odd containers, codecs and levels
    Noise,
}

/// One entry of the manifest.
#[derive(Debug, Deserialize)]
struct Item {
    id: String,
    path: PathBuf,
    kind: Kind,
    lang: String,
    duration_s: f64,
    ref_text: Option<String>,
}

/// The recordings asked for: of the folder given, of the one beside the repository, or else the demo's.
///
/// # Errors
/// The folder has no manifest, nothing in it matches, or not even the demo's recording was fetched.
pub(super) fn list(options: &Options) -> anyhow::Result<Vec<Recording>> {
    let beside = crate::step::root().join("../shared/eval");
    let mut recordings = match &options.recordings {
        Some(folder) => from_manifest(folder, &options.kinds)?,
        None if beside.join("manifest.json").exists() => from_manifest(&beside, &options.kinds)?,
        None => vec![demo()?],
    };
    recordings.truncate(options.limit.unwrap_or(usize::MAX));
    if recordings.is_empty() {
        bail!("no recording is of the kinds asked for");
    }
    Ok(recordings)
}

fn from_manifest(folder: &Path, kinds: &[Kind]) -> anyhow::Result<Vec<Recording>> {
    let path = folder.join("manifest.json");
    let text = std::fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let items: Vec<Item> = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a list of recordings", path.display()))?;
    (items.into_iter())
        .filter(|item| kinds.contains(&item.kind))
        .map(|item| {
            Ok(Recording {
                id: item.id,
                path: driver::absolute(&folder.join(item.path))?,
                duration_seconds: item.duration_s,
                language: Some(item.lang),
                reference: item.ref_text,
            })
        })
        .collect()
}

/// The recorded call that `make demo` writes down; nobody published what is said in it.
fn demo() -> anyhow::Result<Recording> {
    let path = super::fetched("sample")?.join("sample.wav");
    Ok(Recording {
        id: "demo".to_owned(),
        path: driver::absolute(&path).context("run scripts/fetch-models")?,
        duration_seconds: 30.0,
        language: Some("en".to_owned()),
        reference: None,
    })
}
