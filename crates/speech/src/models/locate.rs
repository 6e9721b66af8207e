//! Finds a model on this machine, or has it fetched.

use std::fs;
use std::path::{Path, PathBuf};

use domain::language::Language;
use domain::model::ModelName;
use domain::progress::Monitor;

use super::align::AlignChoice;
use super::folder::{self, ModelFolder, ModelKind};
use super::manifest::Manifest;
use super::request::{ModelChoice, ModelRequest, Places};
use super::revision::{ModelAt, Revision};
use super::verify::verify_once;
use super::{ModelError, fetch};

/// The model that `request` asks for: whole, and checked against its sums.
///
/// Searched are the model folder, our cache, the shared Hugging Face cache, and the hub, in this order. What is on disk
/// but not whole is an error, never a reason to look on.
///
/// # Errors
/// The model is nowhere, is not whole, has a wrong sum, or cannot be fetched; or the monitor cancelled.
pub fn locate(request: &ModelRequest, monitor: &dyn Monitor) -> Result<ModelFolder, ModelError> {
    let places = &request.places;
    let model = match &request.choice {
        None => default_model(places)?,
        Some(choice) => match find(choice, places)? {
            Some(model) => model,
            None => return fetch::pull(choice, places, &request.hub, monitor),
        },
    };
    verify_once(&model, places, monitor)?;
    Ok(model)
}

/// Where `choice` lies on this machine, unchecked and perhaps not whole; `None` if it does not.
///
/// # Errors
/// A folder was asked for that is not there.
pub fn find(choice: &ModelChoice, places: &Places) -> Result<Option<ModelFolder>, ModelError> {
    let revision = places.revisions.of(choice);
    let path = match choice {
        ModelChoice::Folder(path) | ModelChoice::Align(AlignChoice::Folder(path)) => {
            if !path.is_dir() {
                return Err(ModelError::NoFolder(path.clone()));
            }
            Some(path.clone())
        }
        _ => match revision {
            None => on_a_shelf(choice, None, places),
            Some(revision) => on_a_shelf(choice, Some(revision), places)
                .or_else(|| fetched_as(choice, revision, places)),
        }
        .or_else(|| in_a_hub_cache(choice, revision, places)),
    };
    Ok(path.map(|path| ModelFolder {
        path,
        name: choice.name(),
        kind: choice.kind(),
        revision: revision.cloned(),
    }))
}

/// The smallest published recogniser on this machine that knows `language`.
pub fn smallest_recogniser(language: Language, places: &Places) -> Option<ModelName> {
    let knows = |name: &ModelName| !name.is_english_only() || language == Language::ENGLISH;
    let is_here = |name: &ModelName| matches!(find(&ModelChoice::Name(*name), places), Ok(Some(_)));
    ModelName::all().filter(knows).find(is_here)
}

/// The recognisers on this machine that were not asked for by a published name alone, unchecked: repositories and
/// revisions, by name.
pub fn installed_others(places: &Places) -> Vec<ModelAt> {
    let is_published = |name: &str| {
        let mut published = ModelName::all();
        published.any(|known| known.as_str() == name)
    };
    let entries = places
        .shelves()
        .into_iter()
        .filter_map(|shelf| fs::read_dir(shelf).ok());
    let mut names: Vec<String> = entries
        .flatten()
        .flatten()
        .filter(|entry| {
            let path = entry.path();
            folder::holds_weights(&path, ModelKind::Whisper) && !folder::is_for_alignment(&path)
        })
        .filter_map(|entry| Some(entry.file_name().to_str()?.replacen("--", "/", 1)))
        .filter(|name| name.contains(['/', '@']) && !is_published(name))
        .collect();
    names.sort();
    names.dedup();
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// The folder of `choice` below `shelf`, where a download of it goes: `small`, or `small@<revision>` where one was asked
/// for.
pub(super) fn folder_on(
    shelf: &Path,
    choice: &ModelChoice,
    revision: Option<&Revision>,
) -> PathBuf {
    let name = match choice {
        ModelChoice::Name(name) => name.canonical().as_str(),
        ModelChoice::Repository(repository)
        | ModelChoice::Align(AlignChoice::Repository(repository)) => repository,
        ModelChoice::Align(AlignChoice::Torchaudio(bundle)) => bundle.name,
        ModelChoice::Speakers(model) => model.name(),
        ModelChoice::Folder(path) | ModelChoice::Align(AlignChoice::Folder(path)) => {
            return path.clone();
        }
    };
    let name = match revision {
        Some(revision) => format!("{name}@{revision}"),
        None => name.to_owned(),
    };
    shelf.join(name.replace('/', "--"))
}

fn default_model(places: &Places) -> Result<ModelFolder, ModelError> {
    for name in DEFAULT_MODELS {
        if let Ok(choice) = name.parse()
            && let Some(model) = find(&choice, places)?
        {
            return Ok(model);
        }
    }
    Err(ModelError::NoneInstalled(searched(places)))
}

fn on_a_shelf(
    choice: &ModelChoice,
    revision: Option<&Revision>,
    places: &Places,
) -> Option<PathBuf> {
    let mut folders = places
        .shelves()
        .into_iter()
        .map(|shelf| folder_on(&shelf, choice, revision));
    folders.find(|path| folder::holds_anything(path, choice.kind()))
}

/// The model where it lies without a revision in its name, if the list beside it says that it is the wanted one.
fn fetched_as(choice: &ModelChoice, revision: &Revision, places: &Places) -> Option<PathBuf> {
    let path = on_a_shelf(choice, None, places)?;
    let manifest = Manifest::read(&path).ok()??;
    manifest.is_at(revision).then_some(path)
}

/// The model as Hugging Face tools store it: `models--owner--name/snapshots/<commit>`.
///
/// A snapshot without weights belongs to another tool's unfinished download and does not count.
fn in_a_hub_cache(
    choice: &ModelChoice,
    revision: Option<&Revision>,
    places: &Places,
) -> Option<PathBuf> {
    let repository = choice.repository()?.replace('/', "--");
    let caches = places.model_dir.iter().chain(&places.hub_cache);
    caches
        .map(|cache| cache.join(format!("models--{repository}")))
        .find_map(|stored| {
            let snapshots = stored.join("snapshots");
            let reference = revision.map_or("main", Revision::as_str);
            let current = fs::read_to_string(stored.join("refs").join(reference)).ok();
            let current = current.map(|commit| snapshots.join(commit.trim()));
            let others: Vec<_> = match revision {
                None => fs::read_dir(&snapshots)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .collect(),
                Some(_) => Vec::new(),
            };
            let commit = revision.filter(|revision| revision.is_commit());
            current
                .into_iter()
                .chain(commit.map(|commit| snapshots.join(commit.as_str())))
                .chain(others.into_iter().map(|entry| entry.path()))
                .find(|snapshot| folder::holds_weights(snapshot, choice.kind()))
        })
}

/// The folders that [`find`] looks into.
pub(super) fn searched(places: &Places) -> Vec<PathBuf> {
    let shelves = places.shelves().into_iter();
    shelves.chain(places.hub_cache.clone()).collect()
}

/// What is taken where no model is asked for, in this order.
const DEFAULT_MODELS: [&str; 2] = ["base", "tiny.en"];
