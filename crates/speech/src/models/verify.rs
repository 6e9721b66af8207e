//! Checks the files of a model against the sums they must have.
//!
//! A full check reads every byte. Its result is noted in the cache with what the file system says about the file
//! (length, times, inode); as long as that stays the same, the next start trusts the note. See decision 0002.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use domain::progress::Monitor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder::{self, ModelFolder};
use super::manifest::{Manifest, expected_sums};
use super::{ModelError, Places};

/// One file of a model after a full check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// Name within the folder.
    pub name: String,
    /// Its SHA-256 in hexadecimal, as it should be and is; `None` if nobody knows how it should be.
    pub sha256: Option<String>,
}

/// Reads every file of `model` whole and compares its sum, whatever was noted before.
///
/// # Errors
/// A file is missing, cannot be read, or has another sum.
pub fn verify(
    model: &ModelFolder,
    places: &Places,
    monitor: &dyn Monitor,
) -> Result<Vec<CheckedFile>, ModelError> {
    check(model, places, monitor, Effort::Full)
}

/// The same, but trusts the note of an earlier check of files that did not change since.
pub(super) fn verify_once(
    model: &ModelFolder,
    places: &Places,
    monitor: &dyn Monitor,
) -> Result<(), ModelError> {
    check(model, places, monitor, Effort::TrustNotes).map(drop)
}

/// The SHA-256 of a file in hexadecimal.
pub(super) fn sha256_of(file: &Path, monitor: &dyn Monitor) -> Result<String, ModelError> {
    let unreadable = |source| ModelError::Unreadable {
        path: file.to_owned(),
        source,
    };
    let mut reader = File::open(file).map_err(unreadable)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        if monitor.is_cancelled() {
            return Err(ModelError::Cancelled);
        }
        match reader.read(&mut block) {
            Ok(0) => return Ok(format!("{:x}", hasher.finalize())),
            Ok(n) => hasher.update(&block[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Effort {
    Full,
    TrustNotes,
}

fn check(
    model: &ModelFolder,
    places: &Places,
    monitor: &dyn Monitor,
    effort: Effort,
) -> Result<Vec<CheckedFile>, ModelError> {
    let remedy = remedy(model);
    let files = folder::needed_files(&model.path, model.kind, &remedy)?;
    check_revision(model, &remedy)?;
    // A sum that the program knows by heart is that of the main branch.
    let pinned = model.name.filter(|_| model.revision.is_none());
    let expected = expected_sums(&model.path, pinned, &files)?;
    let is_full = effort == Effort::Full;
    check_files(
        &model.path,
        &files,
        expected,
        &remedy,
        places,
        monitor,
        is_full,
    )
}

/// That the list beside a model is that of the revision which was asked for.
fn check_revision(model: &ModelFolder, remedy: &str) -> Result<(), ModelError> {
    let Some(wanted) = &model.revision else {
        return Ok(());
    };
    match Manifest::read(&model.path)? {
        Some(manifest) if !manifest.is_at(wanted) => Err(ModelError::OtherRevision {
            folder: model.path.clone(),
            wanted: wanted.clone(),
            source_of_it: manifest.source,
            remedy: remedy.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Compares the files of `expected` with their sums; `files` are told too, as unknown if they have none. Notes of an
/// earlier check are trusted unless `is_full`.
pub(super) fn check_files(
    folder: &Path,
    files: &[String],
    expected: Vec<(String, String)>,
    remedy: &str,
    places: &Places,
    monitor: &dyn Monitor,
    is_full: bool,
) -> Result<Vec<CheckedFile>, ModelError> {
    let notes_file = notes_file(places, folder);
    let earlier = notes_file.as_deref().map(read_notes).unwrap_or_default();
    let mut notes = Notes::new();
    for (name, sum) in &expected {
        let file = folder.join(name);
        let state = FileState::of(&file).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ModelError::MissingFile {
                folder: folder.to_owned(),
                file: name.clone(),
                remedy: remedy.to_owned(),
            },
            _ => ModelError::Unreadable {
                path: file.clone(),
                source,
            },
        })?;
        let note = Note {
            sha256: sum.to_lowercase(),
            state,
        };
        if is_full || earlier.get(name) != Some(&note) {
            compare(&file, sum, remedy, monitor)?;
        }
        notes.insert(name.clone(), note);
    }
    if let Some(notes_file) = notes_file.filter(|_| notes != earlier) {
        // Only costs time if it fails: then the next start reads the files again.
        let _ = write_notes(&notes_file, &notes);
    }
    let mut checked: Vec<_> = expected
        .into_iter()
        .map(|(name, sum)| CheckedFile {
            name,
            sha256: Some(sum),
        })
        .collect();
    for name in files {
        if !checked.iter().any(|file| file.name == *name) {
            checked.push(CheckedFile {
                name: name.clone(),
                sha256: None,
            });
        }
    }
    Ok(checked)
}

fn compare(
    file: &Path,
    expected: &str,
    remedy: &str,
    monitor: &dyn Monitor,
) -> Result<(), ModelError> {
    let actual = sha256_of(file, monitor)?;
    if actual.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(ModelError::WrongChecksum {
        file: file.to_owned(),
        expected: expected.to_lowercase(),
        actual,
        remedy: remedy.to_owned(),
    })
}

/// What to do about a damaged folder.
fn remedy(model: &ModelFolder) -> String {
    match model.name {
        Some(name) => {
            let revision = model.revision.as_ref();
            let revision = revision.map_or(String::new(), |revision| format!("@{revision}"));
            format!(
                "fetch it again with 'scriven models pull {name}{revision}', or give a model of your own by its path"
            )
        }
        None => "copy the model there again".to_owned(),
    }
}

/// By name of file, what was found right and how the file looked then.
type Notes = BTreeMap<String, Note>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    sha256: String,
    state: FileState,
}

/// What changes when somebody changes or replaces a file; the change time cannot be set back by ordinary means.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct FileState {
    size_bytes: u64,
    device: u64,
    inode: u64,
    modified_ns: (i64, i64),
    changed_ns: (i64, i64),
}

impl FileState {
    #[cfg(unix)]
    fn of(file: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(file)?;
        Ok(Self {
            size_bytes: meta.size(),
            device: meta.dev(),
            inode: meta.ino(),
            modified_ns: (meta.mtime(), meta.mtime_nsec()),
            changed_ns: (meta.ctime(), meta.ctime_nsec()),
        })
    }
}

/// One file of notes for each model folder.
fn notes_file(places: &Places, folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    let key = format!(
        "{:x}",
        Sha256::digest(folder.as_os_str().as_encoded_bytes())
    );
    let cache = places.cache.as_ref()?;
    Some(cache.join("checked").join(format!("{}.json", &key[..16])))
}

/// Notes that cannot be read are no notes.
fn read_notes(path: &Path) -> Notes {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write_notes(path: &Path, notes: &Notes) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(notes)?)?;
    file.persist(path)?;
    Ok(())
}
