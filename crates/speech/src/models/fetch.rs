//! Fetches a model from the hub.
//!
//! Files arrive in `.partial/<model>` beside the place of the model, are checked there, and move on together once the
//! model is whole: nobody ever sees half a model. What arrived stays for the next try. A lock lets one process at a
//! time fetch a model; the others wait and then find it.

mod direct;
mod listing;
mod sum;
mod transfer;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::progress::Monitor;

use self::listing::{HubFile, Listing};
use self::sum::{Difference, Sum};
use self::transfer::{Source, Transfer};
use super::align::AlignChoice;
use super::folder::ModelFolder;
use super::manifest::{ListedFile, MANIFEST, Manifest, pin};
use super::request::{Hub, ModelChoice, Places};
use super::verify::{sha256_of, verify, verify_once};
use super::{ModelAt, ModelError, locate};

/// Brings `choice` to where downloads go, unless it is on this machine already, whole and right.
///
/// # Errors
/// The hub cannot be reached or does not have it, a file has a wrong sum, or it cannot be stored; or the monitor
/// cancelled. What has arrived until then is kept, and the next call goes on from there.
pub fn pull(
    choice: &ModelChoice,
    places: &Places,
    hub: &Hub,
    monitor: &dyn Monitor,
) -> Result<ModelFolder, ModelError> {
    let revision = places.revisions.of(choice);
    let source = source_of(choice, places)?;
    if let Some(model) = present(choice, places, monitor)? {
        return Ok(model);
    }
    if hub.offline {
        return Err(offline(choice, places));
    }
    let shelf = places.downloads().ok_or(ModelError::NoPlace)?;
    let model = ModelFolder {
        path: locate::folder_on(&shelf, choice, revision),
        name: choice.name(),
        kind: choice.kind(),
        revision: revision.cloned(),
    };
    let folder_name = model.path.file_name().unwrap_or_default();
    let partial = shelf.join(".partial").join(folder_name);
    fs::create_dir_all(&partial).map_err(|source| unwritable(&partial, source))?;
    let lock_file = partial.with_added_extension("lock");
    let _lock = wait_for_lock(&lock_file, monitor)?;

    if let Some(model) = present(choice, places, monitor)? {
        return Ok(model); // another process was faster
    }
    let transfer = Transfer::new(source, hub, &partial.join("hub"));
    let listing = transfer.list(choice.kind(), monitor)?;
    let ready = partial.join("ready");
    fs::create_dir_all(&ready).map_err(|source| unwritable(&ready, source))?;
    // A sum that the program knows by heart is that of the main branch.
    let pinned = choice.name().filter(|_| revision.is_none()).and_then(pin);
    let manifest = fetch_files(&transfer, &listing, pinned, &ready, monitor)?;
    settle(&ready, &manifest, &model.path)?;
    verify_once(&model, places, monitor)?;
    // What is left behind costs room, nothing else.
    let _ = fs::remove_dir_all(&partial);
    Ok(model)
}

/// Whether `choice` is on this machine, unchecked, or can be fetched: the hub is asked for its list of files alone.
///
/// # Errors
/// It is neither; or the monitor cancelled.
pub fn check_obtainable(
    choice: &ModelChoice,
    places: &Places,
    hub: &Hub,
    monitor: &dyn Monitor,
) -> Result<(), ModelError> {
    if locate::find(choice, places)?.is_some() {
        return Ok(());
    }
    let source = source_of(choice, places)?;
    if hub.offline {
        return Err(offline(choice, places));
    }
    let shelf = places.downloads().ok_or(ModelError::NoPlace)?;
    let transfer = Transfer::new(source, hub, &shelf.join(".partial"));
    transfer.list(choice.kind(), monitor).map(drop)
}

/// Where `choice` is published, at the revision that was asked for.
fn source_of(choice: &ModelChoice, places: &Places) -> Result<Source, ModelError> {
    if let ModelChoice::Align(AlignChoice::Torchaudio(bundle)) = choice {
        return Ok(Source::Torchaudio(*bundle));
    }
    let repository = choice.repository();
    let repository = repository.ok_or_else(|| ModelError::NothingToFetch(choice.to_string()))?;
    Ok(Source::Hub {
        repository: repository.to_owned(),
        revision: places.revisions.of(choice).cloned(),
    })
}

fn offline(choice: &ModelChoice, places: &Places) -> ModelError {
    let model = ModelAt {
        choice: choice.clone(),
        revision: places.revisions.of(choice).cloned(),
    };
    ModelError::Offline {
        model: model.to_string(),
        looked: locate::searched(places),
    }
}

/// The model if it is on this machine, whole and right; one that is damaged does not count.
fn present(
    choice: &ModelChoice,
    places: &Places,
    monitor: &dyn Monitor,
) -> Result<Option<ModelFolder>, ModelError> {
    let Some(model) = locate::find(choice, places)? else {
        return Ok(None);
    };
    match verify(&model, places, monitor) {
        Ok(_) => Ok(Some(model)),
        Err(ModelError::Cancelled) => Err(ModelError::Cancelled),
        Err(_) => Ok(None),
    }
}

/// Brings every listed file into `ready`, each one checked before it gets there.
fn fetch_files(
    transfer: &Transfer,
    listing: &Listing,
    pinned: Option<(&str, &str)>,
    ready: &Path,
    monitor: &dyn Monitor,
) -> Result<Manifest, ModelError> {
    let total_bytes = listing.files.iter().map(|file| file.size_bytes).sum();
    let mut done_bytes = 0;
    let mut files = Vec::new();
    for file in &listing.files {
        let pinned = pinned.filter(|(name, _)| *name == file.name);
        let expected = match pinned {
            Some((_, sum)) => Sum::Sha256(sum.to_owned()),
            None => file.sum.clone(),
        };
        let place = ready.join(&file.name);
        make_folder_of(&place)?;
        if !is_whole(&place, file, &expected, monitor)? {
            let report = |bytes| monitor.fetched(done_bytes + bytes, total_bytes);
            let arrived = transfer.fetch(file, &listing.commit, &report, monitor)?;
            check_arrival(&arrived, file, &expected, monitor)?;
            fs::rename(&arrived, &place).map_err(|source| unwritable(&place, source))?;
        }
        let sha256 = match expected {
            Sum::Sha256(sum) => sum,
            _ => sha256_of(&place, monitor)?,
        };
        done_bytes += file.size_bytes;
        monitor.fetched(done_bytes, total_bytes);
        files.push(ListedFile {
            name: file.name.clone(),
            size_bytes: file.size_bytes,
            sha256,
        });
    }
    Ok(Manifest {
        source: format!("{}@{}", transfer.label(), listing.commit),
        revision: transfer.revision(),
        files,
    })
}

/// Whether an earlier try brought the file to `place` already.
fn is_whole(
    place: &Path,
    file: &HubFile,
    expected: &Sum,
    monitor: &dyn Monitor,
) -> Result<bool, ModelError> {
    let has_its_length = fs::metadata(place).is_ok_and(|meta| meta.len() == file.size_bytes);
    Ok(has_its_length && expected.difference(place, monitor)?.is_none())
}

/// Compares a file that just arrived with its sum; a wrong one is thrown away, so that the next try fetches it whole.
fn check_arrival(
    arrived: &Path,
    file: &HubFile,
    expected: &Sum,
    monitor: &dyn Monitor,
) -> Result<(), ModelError> {
    let Some(Difference { expected, actual }) = expected.difference(arrived, monitor)? else {
        return Ok(());
    };
    let _ = fs::remove_file(arrived);
    Err(ModelError::WrongChecksum {
        file: PathBuf::from(&file.name),
        expected,
        actual,
        remedy: "what arrived was thrown away; try again, and if the sum stays wrong, \
                 the hub or something on the way to it serves another file"
            .to_owned(),
    })
}

/// Moves a whole model to its place, in one step if the place is free, else file by file with the weights last.
fn settle(ready: &Path, manifest: &Manifest, place: &Path) -> Result<(), ModelError> {
    let list = ready.join(MANIFEST);
    let text =
        serde_json::to_vec_pretty(manifest).map_err(|error| unwritable(&list, error.into()))?;
    fs::write(&list, text).map_err(|source| unwritable(&list, source))?;
    if fs::rename(ready, place).is_ok() {
        return Ok(());
    }
    let names = manifest.files.iter().map(|file| file.name.as_str());
    for name in [MANIFEST].into_iter().chain(names) {
        let target = place.join(name);
        make_folder_of(&target)?;
        fs::rename(ready.join(name), &target).map_err(|source| unwritable(&target, source))?;
    }
    Ok(())
}

/// Files of some models lie in folders of their own within that of the model.
fn make_folder_of(file: &Path) -> Result<(), ModelError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))
}

fn wait_for_lock(path: &Path, monitor: &dyn Monitor) -> Result<File, ModelError> {
    let file = File::create(path).map_err(|source| unwritable(path, source))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(unwritable(path, source)),
            Err(TryLockError::WouldBlock) if monitor.is_cancelled() => {
                return Err(ModelError::Cancelled);
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
        }
    }
}

fn unwritable(path: &Path, source: io::Error) -> ModelError {
    ModelError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// How often a waiting process looks whether the other one is done.
const LOCK_POLL: Duration = Duration::from_millis(100);
