//! Reads settings one after the other out of all sources, and remembers everything that is wrong.

use super::layer::Layer;
use super::mistake::{Mistake, Mistakes, Origin};
use super::setting::{Fallback, Setting};
use super::sources::Sources;
use super::value::{Value, Wrong};

/// Reads settings; the strongest source that has one decides.
pub(crate) struct Reader {
    /// The strongest first.
    layers: Vec<Layer>,
    known: Vec<Known>,
    mistakes: Vec<Mistake>,
    notes: Vec<String>,
}

/// A setting that was read, and where its value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The setting.
    pub(crate) setting: Setting,
    /// Where its value comes from.
    pub(crate) origin: Origin,
}

impl Reader {
    /// A reader of `sources`, in which the names `groups` may stand before variables.
    pub(super) fn new(sources: &Sources, groups: &[&str]) -> Self {
        let mut mistakes = Vec::new();
        let environment = &sources.environment;
        let mut layers = vec![Layer::environment(environment, groups, &mut mistakes)];
        if let Some(text) = &sources.dot_env {
            layers.push(Layer::dot_env(text, environment, groups, &mut mistakes));
        }
        if let Some((path, text)) = &sources.file {
            layers.push(Layer::file(path, text, &mut mistakes));
        }
        Self {
            layers,
            known: Vec::new(),
            mistakes,
            notes: Vec::new(),
        }
    }

    /// The value of `setting`. A wrong one is remembered, and the default takes its place, so that the settings that go
    /// with it are checked all the same.
    pub(super) fn read<T: Value>(&mut self, setting: Setting) -> Option<T> {
        let found = self.layers.iter().find_map(|layer| layer.find(&setting));
        let (origin, text) = match found {
            Some((origin, text)) => (origin, Some(text.to_owned())),
            None => (Origin::Default, None),
        };
        self.known.push(Known { setting, origin });
        match text.map(|text| parse(&setting, &text)) {
            Some(Ok(value)) => return Some(value),
            Some(Err(reason)) => self.refuse(setting.variable, reason),
            None => {}
        }
        match setting.default {
            Fallback::Given(text) => parse(&setting, text).ok(),
            Fallback::Unset(_) => T::unset(),
        }
    }

    /// Remembers that the value of a variable that was read cannot be used.
    pub(super) fn refuse(&mut self, variable: &str, reason: String) {
        let place = match self.origin(variable) {
            Origin::Default => variable.to_owned(),
            origin => origin.to_string(),
        };
        self.mistakes.push(Mistake { place, reason });
    }

    /// Remembers what the person who runs the service should know.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A variable that is no setting of ours: the environment's, or that of `.env`.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.layers.iter().find_map(|layer| layer.variable(name))
    }

    /// Everything that was read and noted, or everything that is wrong.
    pub(super) fn finish(mut self) -> Result<(Vec<Known>, Vec<String>), Mistakes> {
        let unknown = super::unknown::find(&self.layers, &self.known);
        self.mistakes.extend(unknown);
        let broken = super::protection::find(&self.layers, &self.known);
        self.mistakes.extend(broken);
        self.notes
            .extend(super::unknown::notes(&self.layers, &self.known));
        if self.mistakes.is_empty() {
            Ok((self.known, self.notes))
        } else {
            Err(Mistakes(self.mistakes))
        }
    }

    fn origin(&self, variable: &str) -> &Origin {
        let mut known = self.known.iter();
        let known = known.find(|known| known.setting.variable == variable);
        known.map_or(&Origin::Default, |known| &known.origin)
    }
}

fn parse<T: Value>(setting: &Setting, text: &str) -> Result<T, String> {
    if text.contains('\u{fffd}') {
        return Err("must be valid UTF-8".to_owned());
    }
    let wrong_kind = || {
        let shown = if setting.is_secret {
            String::new()
        } else {
            format!(", not {}", abridged(text))
        };
        format!("must be {}{shown}", setting.demand())
    };
    let value = T::parse(text).map_err(|wrong| match wrong {
        Wrong::Kind => wrong_kind(),
        Wrong::Because(reason) => reason,
    })?;
    let (lowest, highest) = setting.range.unwrap_or((0, None));
    let is_in_range = |number: u64| number >= lowest && highest.is_none_or(|most| number <= most);
    if value.magnitude().is_none_or(is_in_range) {
        Ok(value)
    } else {
        Err(wrong_kind())
    }
}

/// The text in quotes, or its beginning.
pub(super) fn abridged(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.escape_debug().to_string();
    if line.chars().count() <= LONGEST {
        return format!("'{line}'");
    }
    let beginning: String = line.chars().take(LONGEST).collect();
    format!("'{beginning}…'")
}
