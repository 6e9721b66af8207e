//! One source of settings as a list of names and texts, and which of them a setting means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dot_env;
use super::mistake::{Mistake, Origin};
use super::reader::Known;
use super::setting::Setting;
use super::value::Value;

/// What one source sets. Secrets are among it, so it cannot be printed.
pub(super) struct Layer {
    kind: Kind,
    pub(super) entries: Vec<Entry>,
}

enum Kind {
    File(PathBuf),
    DotEnv,
    Environment,
}

/// A name and its text.
pub(super) struct Entry {
    /// The name as it is written there.
    pub(super) name: String,
    /// The group before it, in lower case.
    pub(super) group: Option<String>,
    /// The name without its group.
    pub(super) key: String,
    /// What it is set to; `None` stands for a JSON null, which sets nothing.
    pub(super) text: Option<String>,
    form: Form,
}

/// How an entry is written; of two for one setting the later form wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Flat,
    Member,
    Nested,
}

/// Names that must be written exactly, as in the reference (contract 5.1).
const EXACT: [&str; 3] = ["ENVIRONMENT", "DEV", "MAX_CONCURRENT_GPU_TASKS"];

impl Layer {
    /// The process' environment.
    pub(super) fn environment(
        variables: &BTreeMap<String, String>,
        groups: &[&str],
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let variables = variables.iter().map(|(k, v)| (k.clone(), v.clone()));
        Self::variables(Kind::Environment, variables, groups, mistakes)
    }

    /// The text of `.env`.
    pub(super) fn dot_env(
        text: &str,
        environment: &BTreeMap<String, String>,
        groups: &[&str],
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let (variables, bad_lines) = dot_env::parse(text, |name| environment.get(name).cloned());
        mistakes.extend(bad_lines.into_iter().map(|line| Mistake {
            place: format!(".env, line {line},"),
            reason: "must be NAME=value of at most 128 KB".to_owned(),
        }));
        // Of two lines with one name the last one counts.
        let variables: BTreeMap<_, _> = variables.into_iter().collect();
        Self::variables(Kind::DotEnv, variables.into_iter(), groups, mistakes)
    }

    /// The text of a TOML file.
    pub(super) fn file(path: &Path, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let mut layer = Self {
            kind: Kind::File(path.to_owned()),
            entries: Vec::new(),
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                mistakes.push(unreadable(path, text, &error));
                return layer;
            }
        };
        for (name, value) in table {
            match value {
                toml::Value::Table(members) => layer.entries.extend(
                    members
                        .into_iter()
                        .map(|(key, value)| Entry::of_file(&name, key, &value)),
                ),
                value => layer.entries.push(Entry {
                    group: None,
                    ..Entry::of_file("", name, &value)
                }),
            }
        }
        layer
    }

    /// What `setting` is set to here, and by which name.
    pub(super) fn find(&self, setting: &Setting) -> Option<(Origin, &str)> {
        let found = self
            .entries
            .iter()
            .filter(|entry| entry.text.is_some() && entry.means(setting) && self.may_mean(entry))
            .max_by_key(|entry| (entry.form, entry.key == setting.variable))?;
        Some((self.origin(&found.name), found.text.as_deref()?))
    }

    /// A variable that is no setting, by its exact name.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let mut entries = self.entries.iter().filter(|_| !self.is_strict());
        entries.find(|entry| entry.name == name)?.text.as_deref()
    }

    /// The name as an origin.
    pub(super) fn origin(&self, name: &str) -> Origin {
        match &self.kind {
            Kind::File(path) => Origin::File(path.clone(), name.to_owned()),
            Kind::DotEnv => Origin::DotEnv(name.to_owned()),
            Kind::Environment => Origin::Environment(name.to_owned()),
        }
    }

    /// Whether a name that means nothing here is a mistake.
    pub(super) fn is_strict(&self) -> bool {
        matches!(self.kind, Kind::File(_))
    }

    /// The entries that mean none of the settings that are `known`.
    pub(super) fn unknown<'a>(&'a self, known: &'a [Known]) -> impl Iterator<Item = &'a Entry> {
        let means_any = |entry: &Entry| known.iter().any(|known| entry.means(&known.setting));
        self.entries.iter().filter(move |entry| !means_any(entry))
    }

    /// Keys of a file belong into a section.
    fn may_mean(&self, entry: &Entry) -> bool {
        !self.is_strict() || entry.group.is_some()
    }

    fn variables(
        kind: Kind,
        variables: impl Iterator<Item = (String, String)>,
        groups: &[&str],
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let mut layer = Self {
            kind,
            entries: Vec::new(),
        };
        for (name, text) in variables {
            if groups.contains(&name.to_lowercase().as_str()) {
                layer.whole_group(&name, &text, mistakes);
            }
            layer.entries.push(Entry::of_variable(name, text));
        }
        layer
    }

    /// `database={"DB_URL": "…"}`. What is no JSON object means a group only where nothing else can be meant.
    fn whole_group(&mut self, name: &str, text: &str, mistakes: &mut Vec<Mistake>) {
        let is_object = text.trim_start().starts_with('{');
        let can_be_other = name == name.to_uppercase() || name.eq_ignore_ascii_case("engine");
        if !is_object && can_be_other {
            return;
        }
        let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) else {
            mistakes.push(Mistake {
                place: self.origin(name).to_string(),
                reason: "must be a JSON object with settings of this group".to_owned(),
            });
            return;
        };
        let members = members.into_iter().map(|(key, value)| Entry {
            name: format!("{key} of {name}"),
            group: Some(name.to_lowercase()),
            key,
            text: match value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text),
                value => Some(value.to_string()),
            },
            form: Form::Member,
        });
        self.entries.extend(members);
    }
}

impl Entry {
    fn of_variable(name: String, text: String) -> Self {
        let (group, key, form) = match name.split_once("__") {
            Some((group, key)) => (Some(group.to_lowercase()), key.to_owned(), Form::Nested),
            None => (None, name.clone(), Form::Flat),
        };
        Self {
            name,
            group,
            key,
            text: Some(text),
            form,
        }
    }

    fn of_file(section: &str, key: String, value: &toml::Value) -> Self {
        let name = if section.is_empty() {
            key.clone()
        } else {
            format!("{section}.{key}")
        };
        Self {
            name,
            group: Some(section.to_lowercase()),
            key,
            text: Some(text_of(value)),
            form: Form::Nested,
        }
    }

    /// Whether it says no, nothing or zero.
    pub(super) fn is_off(&self) -> bool {
        let text = self.text.as_deref().unwrap_or_default().trim();
        text.is_empty() || matches!(bool::parse(text), Ok(false))
    }

    /// Whether it is one of the names of `setting`.
    pub(super) fn means(&self, setting: &Setting) -> bool {
        match &self.group {
            Some(group) => {
                setting.groups.contains(&group.as_str())
                    && self.key.eq_ignore_ascii_case(setting.variable)
            }
            None if EXACT.contains(&setting.variable) => self.key == setting.variable,
            None => self.key.eq_ignore_ascii_case(setting.variable),
        }
    }
}

/// The value as a variable would hold it: lists as JSON.
fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => {
            let items = items.iter().map(|item| match item {
                toml::Value::String(text) => serde_json::Value::from(text.as_str()),
                other => serde_json::Value::from(other.as_integer()),
            });
            items.collect::<serde_json::Value>().to_string()
        }
        other => other.to_string(),
    }
}

/// The first thing that is no TOML; the line itself may hold a secret and is not told.
fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Mistake {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    Mistake {
        place: format!("{}, line {line},", path.display()),
        reason: format!("is no TOML: {}", error.message().replace('\n', ", ")),
    }
}
