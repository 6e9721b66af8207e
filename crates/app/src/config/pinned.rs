//! Models at a revision, as settings name them: `base`, `small@v1.0`.

use std::fmt;

use domain::model::ModelName;
use speech::models::{ModelAt, ModelChoice, Revisions};

use super::engine::Engine;
use super::reader::Reader;
use super::value::{Item, Value, Wrong, quoted};
use super::whisper::Whisper;

/// A published Whisper model, and perhaps the revision of it that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PinnedModel {
    pub(crate) name: ModelName,
    model: ModelAt,
}

impl PinnedModel {
    fn read(text: &str) -> Result<Self, String> {
        let (name, revision) = match text.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (text, None),
        };
        // By the names that requests know.
        let name: ModelName = name
            .parse()
            .map_err(|error| format!("cannot be used: {error}"))?;
        let mut model = ModelAt::from(ModelChoice::Name(name));
        if let Some(revision) = revision {
            model = revision
                .parse()
                .and_then(|revision| model.at(revision))
                .map_err(|error| format!("cannot be used: {error}"))?;
        }
        Ok(Self { name, model })
    }
}

impl fmt::Display for PinnedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}

impl Value for PinnedModel {
    const KIND: &'static str = "the name of a Whisper model, or name@revision";

    fn parse(text: &str) -> Result<Self, Wrong> {
        Self::read(text).map_err(Wrong::Because)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Item for PinnedModel {
    const LIST: &'static str = r#"a JSON list of models such as ["base"]"#;

    fn parse_item(text: &str) -> Result<Self, String> {
        Self::read(text)
    }

    fn write_item(&self) -> String {
        self.to_string()
    }
}

impl Item for ModelAt {
    const LIST: &'static str = r#"a JSON list of models such as ["owner/name@v1.0"]"#;

    /// Reads a model with its revision.
    fn parse_item(text: &str) -> Result<Self, String> {
        let model = text
            .parse::<Self>()
            .map_err(|error| format!("cannot be used: {error}"))?;
        match model.revision {
            Some(_) => Ok(model),
            None => Err(format!(
                "holds '{model}', which names no revision: write {model}@revision"
            )),
        }
    }

    fn write_item(&self) -> String {
        self.to_string()
    }
}

/// The revisions that all settings together want; a model that two of them want at different ones is refused.
pub(super) fn revisions(engine: &Engine, whisper: &Whisper, reader: &mut Reader) -> Revisions {
    let mut revisions = Revisions::default();
    let mut want = |variable, model: &ModelAt| {
        if let Err(error) = revisions.want(model) {
            reader.refuse(variable, format!("cannot be used: {error}"));
        }
    };
    for model in &engine.model_revisions {
        want("MODEL_REVISIONS", model);
    }
    if let Some(pinned) = &whisper.model {
        want("WHISPER_MODEL", &pinned.model);
    }
    for pinned in &engine.preload_models {
        want("PRELOAD_MODELS", &pinned.model);
    }
    revisions
}
