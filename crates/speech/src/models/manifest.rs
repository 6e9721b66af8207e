//! The sums that the files of a model must have.

use std::fs;
use std::io;
use std::path::Path;

use domain::model::ModelName;
use serde::{Deserialize, Serialize};

use super::{ModelError, Revision};

/// The list beside a fetched model, written when it was fetched.
pub(super) const MANIFEST: &str = "scriven.json";

/// Where a model came from, and its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Repository and commit, as `owner/name@commit`; or package and version.
    pub(super) source: String,
    /// The revision that was asked for, such as `main`; packages have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<String>,
    /// Every file but this list itself.
    pub(super) files: Vec<ListedFile>,
}

/// A file and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListedFile {
    /// Name within the folder.
    pub(super) name: String,
    /// Its length.
    pub(super) size_bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    /// The commit of the repository that the model was fetched at.
    pub(super) fn commit(&self) -> Option<&str> {
        self.revision.as_ref()?;
        self.source.rsplit_once('@').map(|(_, commit)| commit)
    }

    /// Whether the model was fetched at `revision`.
    pub(super) fn is_at(&self, revision: &Revision) -> bool {
        let is_commit = self.commit() == Some(revision.as_str());
        is_commit || self.revision.as_deref() == Some(revision.as_str())
    }

    /// The list of `folder`, if it has one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, ModelError> {
        let path = folder.join(MANIFEST);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ModelError::Unreadable { path, source }),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| ModelError::BadManifest {
                path,
                reason: error.to_string(),
            })
    }
}

/// Where the model in `folder` came from, as the list beside it says: repository and commit, or package and version.
pub fn source_of(folder: &Path) -> Option<String> {
    let manifest = Manifest::read(folder).ok()?;
    manifest.map(|manifest| manifest.source)
}

/// The sums of the files in `folder` that are known, as (file, SHA-256 in hexadecimal).
///
/// A pin of the program beats the list beside the model, and that beats the name of a blob: the shared Hugging Face
/// cache names large files by their sum.
pub(super) fn expected_sums(
    folder: &Path,
    name: Option<ModelName>,
    files: &[String],
) -> Result<Vec<(String, String)>, ModelError> {
    let manifest = Manifest::read(folder)?;
    let listed = manifest.map(|manifest| manifest.files).unwrap_or_default();
    let mut sums: Vec<_> = listed
        .into_iter()
        .map(|file| (file.name, file.sha256))
        .collect();
    for file in files {
        if !sums.iter().any(|(name, _)| name == file) {
            sums.extend(sum_in_blob_name(&folder.join(file)).map(|sum| (file.clone(), sum)));
        }
    }
    if let Some((file, sum)) = name.and_then(pin) {
        sums.retain(|(name, _)| name != file);
        sums.push((file.to_owned(), sum.to_owned()));
    }
    Ok(sums)
}

/// The file of a published model whose sum this program knows by heart, and the sum.
pub(super) fn pin(name: ModelName) -> Option<(&'static str, &'static str)> {
    let found = PINS.iter().find(|(model, _, _)| *model == name.as_str());
    found.map(|(_, file, sum)| (*file, *sum))
}

/// `snapshots/<commit>/model.bin` is a link to `blobs/<sha256>`.
fn sum_in_blob_name(file: &Path) -> Option<String> {
    let target = fs::read_link(file).ok()?;
    let blob = target.file_name()?.to_str()?;
    let is_sum = blob.len() == 64 && blob.bytes().all(|b| b.is_ascii_hexdigit());
    is_sum.then(|| blob.to_lowercase())
}

/// Name, file and SHA-256 of the weights that `scripts/fetch-models` brings: the same numbers stand there.
const PINS: &[(&str, &str, &str)] = &[
    (
        "tiny.en",
        "model.bin",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    (
        "base",
        "model.bin",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
];
