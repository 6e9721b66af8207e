//! Which models there are, and which of them are here.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use domain::model::ModelName;
use serde_json::json;
use speech::models::{self, ModelChoice, Places};

use super::wanted::Wanted;

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedModel {
    name: String,
    repository: String,
    is_english_only: bool,
    here: Option<Here>,
}

/// A model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Here {
    path: PathBuf,
    size_bytes: u64,
    /// Where it came from, as the list beside it says: `owner/name@commit`, or a package.
    source: Option<String>,
}

/// The published models in the order of the API, then other models that are here.
pub(super) fn models(places: &Places) -> Vec<ListedModel> {
    let published = ModelName::all().map(published);
    published
        .chain(others(places))
        .map(|wanted| ListedModel {
            name: wanted.to_string(),
            repository: wanted.repository().to_owned(),
            is_english_only: wanted.name().is_some_and(ModelName::is_english_only),
            here: here(&wanted, places),
        })
        .collect()
}

fn published(name: ModelName) -> Wanted {
    Wanted::Choice(ModelChoice::Name(name).into())
}

/// Models that are here: revisions and repositories of recognisers, and whatever helps them.
fn others(places: &Places) -> impl Iterator<Item = Wanted> {
    let others = models::installed_others(places).into_iter();
    let helpers = Wanted::helpers().filter(|wanted| wanted.find(places).is_ok());
    others.map(Wanted::Choice).chain(helpers)
}

/// The models that are here, each folder once.
pub(super) fn installed(places: &Places) -> Vec<Wanted> {
    let published = ModelName::all()
        .filter(|name| name.canonical() == *name)
        .map(published);
    published
        .chain(others(places))
        .filter(|wanted| wanted.find(places).is_ok())
        .collect()
}

/// Aligned columns with a heading.
pub(super) fn as_table(models: &[ListedModel]) -> String {
    let heading = ["MODEL", "SIZE", "REPOSITORY", "FOLDER"].map(str::to_owned);
    let rows = models.iter().map(|model| {
        let size = model.here.as_ref().map(|here| megabytes(here.size_bytes));
        let path = model
            .here
            .as_ref()
            .map(|here| here.path.display().to_string());
        let cell = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            model.name.clone(),
            cell(size),
            model.repository.clone(),
            cell(path),
        ]
    });
    let rows: Vec<_> = [heading].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [name_width, size_width, repository_width] = [width(0), width(1), width(2)];
    let mut table = String::new();
    for [name, size, repository, path] in &rows {
        let _ = writeln!(
            table,
            "{name:name_width$}  {size:>size_width$}  {repository:repository_width$}  {path}"
        );
    }
    table
}

/// A list of objects; `path`, `size_bytes` and `source` are null for what is not here.
pub(super) fn as_json(models: &[ListedModel]) -> String {
    let models: Vec<_> = models
        .iter()
        .map(|model| {
            json!({
                "name": model.name,
                "repository": model.repository,
                "source": model.here.as_ref().and_then(|here| here.source.clone()),
                "english_only": model.is_english_only,
                "path": model.here.as_ref().map(|here| here.path.display().to_string()),
                "size_bytes": model.here.as_ref().map(|here| here.size_bytes),
            })
        })
        .collect();
    format!("{:#}\n", json!(models))
}

fn here(wanted: &Wanted, places: &Places) -> Option<Here> {
    let path = wanted.find(places).ok()?;
    let size_bytes = size_of(&path);
    Some(Here {
        source: models::source_of(&path),
        path,
        size_bytes,
    })
}

/// Bytes of the files in `folder`; links are followed.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .filter(fs::Metadata::is_file)
        .map(|meta| meta.len())
        .sum()
}

fn megabytes(size_bytes: u64) -> String {
    format!("{:.1} MB", size_bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<ListedModel> {
        let here = Here {
            path: PathBuf::from("/models/tiny.en"),
            size_bytes: 78_090_594,
            source: Some("Systran/faster-whisper-tiny.en@0d3d19a3".to_owned()),
        };
        let listed = |name: &str, here| {
            let name: ModelName = name.parse().unwrap();
            ListedModel {
                name: name.to_string(),
                repository: name.repository().to_owned(),
                is_english_only: name.is_english_only(),
                here,
            }
        };
        vec![listed("tiny", None), listed("tiny.en", Some(here))]
    }

    #[test]
    fn the_table_is_aligned() {
        insta::assert_snapshot!(as_table(&two()), @r"
        MODEL       SIZE  REPOSITORY                      FOLDER
        tiny           -  Systran/faster-whisper-tiny     -
        tiny.en  78.1 MB  Systran/faster-whisper-tiny.en  /models/tiny.en
        ");
    }

    #[test]
    fn the_document_has_a_null_for_what_is_not_here() {
        insta::assert_snapshot!(as_json(&two()), @r#"
        [
          {
            "english_only": false,
            "name": "tiny",
            "path": null,
            "repository": "Systran/faster-whisper-tiny",
            "size_bytes": null,
            "source": null
          },
          {
            "english_only": true,
            "name": "tiny.en",
            "path": "/models/tiny.en",
            "repository": "Systran/faster-whisper-tiny.en",
            "size_bytes": 78090594,
            "source": "Systran/faster-whisper-tiny.en@0d3d19a3"
          }
        ]
        "#);
    }

    #[test]
    fn without_any_model_all_are_listed_and_none_is_here() {
        let models = models(&Places::default());
        assert_eq!(models.len(), ModelName::all().len());
        assert!(models.iter().all(|model| model.here.is_none()));
        assert_eq!(installed(&Places::default()), []);
    }
}
