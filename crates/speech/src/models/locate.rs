//! Finds a model on this machine, or has it fetched.

use std::fs;
use std::path::{Path, PathBuf};

use domain::language::Language;
use domain::model::ModelName;
use domain::progress::Monitor;

use super::align::AlignChoice;
use super::folder::{self, ModelFolder, ModelKind};
use super::request::{ModelChoice, ModelRequest, Places};
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
    let path = match choice {
        ModelChoice::Folder(path) | ModelChoice::Align(AlignChoice::Folder(path)) => {
            if !path.is_dir() {
                return Err(ModelError::NoFolder(path.clone()));
            }
            Some(path.clone())
        }
        _ => on_a_shelf(choice, places).or_else(|| in_a_hub_cache(choice, places)),
    };
    Ok(path.map(|path| ModelFolder {
        path,
        name: choice.name(),
        kind: choice.kind(),
    }))
}

/// The smallest published recogniser on this machine that knows `language`.
pub fn smallest_recogniser(language: Language, places: &Places) -> Option<ModelName> {
    let knows = |name: &ModelName| !name.is_english_only() || language == Language::ENGLISH;
    let is_here = |name: &ModelName| matches!(find(&ModelChoice::Name(*name), places), Ok(Some(_)));
    ModelName::all().filter(knows).find(is_here)
}

/// The models on this machine that were not asked for by a published name, unchecked: repositories, by name.
pub fn installed_repositories(places: &Places) -> Vec<ModelChoice> {
    let is_published = |repository: &str| {
        let mut published = ModelName::all();
        published.any(|name| name.as_str() == repository)
    };
    let entries = places
        .shelves()
        .into_iter()
        .filter_map(|shelf| fs::read_dir(shelf).ok());
    let mut repositories: Vec<String> = entries
        .flatten()
        .flatten()
        .map(|entry| (entry.path(), entry))
        .filter(|(path, _)| {
            folder::holds_weights(path, ModelKind::Whisper) && !folder::is_for_alignment(path)
        })
        .map(|(_, entry)| entry)
        .filter_map(|entry| Some(entry.file_name().to_str()?.replacen("--", "/", 1)))
        .filter(|name| name.contains('/') && !is_published(name))
        .collect();
    repositories.sort();
    repositories.dedup();
    repositories
        .into_iter()
        .map(ModelChoice::Repository)
        .collect()
}

/// The folder of `choice` below `shelf`, where a download of it goes.
pub(super) fn folder_on(shelf: &Path, choice: &ModelChoice) -> PathBuf {
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

fn on_a_shelf(choice: &ModelChoice, places: &Places) -> Option<PathBuf> {
    let mut folders = places
        .shelves()
        .into_iter()
        .map(|shelf| folder_on(&shelf, choice));
    folders.find(|path| folder::holds_anything(path, choice.kind()))
}

/// The model as Hugging Face tools store it: `models--owner--name/snapshots/<commit>`.
///
/// A snapshot without weights belongs to another tool's unfinished download and does not count.
fn in_a_hub_cache(choice: &ModelChoice, places: &Places) -> Option<PathBuf> {
    let repository = choice.repository()?.replace('/', "--");
    let caches = places.model_dir.iter().chain(&places.hub_cache);
    caches
        .map(|cache| cache.join(format!("models--{repository}")))
        .find_map(|stored| {
            let snapshots = stored.join("snapshots");
            let current = fs::read_to_string(stored.join("refs/main")).ok();
            let current = current.map(|commit| snapshots.join(commit.trim()));
            let others = fs::read_dir(&snapshots).into_iter().flatten().flatten();
            current
                .into_iter()
                .chain(others.map(|entry| entry.path()))
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
