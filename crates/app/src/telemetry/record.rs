//! One record, and how it is written.

use std::fmt::Write as _;

use domain::clock::Timestamp;
use serde_json::Value;

use super::fields::Fields;
use crate::config::{LogFormat, LogLevel};

/// Something that happened.
#[derive(Debug)]
pub(super) struct Record {
    /// When.
    pub(super) timestamp: Timestamp,
    /// How important it is.
    pub(super) level: LogLevel,
    /// The module that tells it.
    pub(super) logger: String,
    /// What happened.
    pub(super) message: String,
    /// More about it.
    pub(super) fields: Fields,
}

/// Members that every record has; a field of such a name is called `field_…`.
const OWN: [&str; 4] = ["timestamp", "level", "logger", "message"];

impl Record {
    /// The record as a line, with its end.
    pub(super) fn line(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => self.text(),
            LogFormat::Json => self.json(),
        }
    }

    fn json(&self) -> String {
        let own = [
            self.timestamp.to_string(),
            self.level.to_string(),
            self.logger.clone(),
            self.message.clone(),
        ];
        let mut line = String::from("{");
        for (name, text) in OWN.into_iter().zip(own) {
            let _ = write!(line, "\"{name}\":{},", Value::from(text));
        }
        for (name, value) in &self.fields.0 {
            let prefix = if OWN.contains(&name.as_str()) {
                "field_"
            } else {
                ""
            };
            let name = Value::from(format!("{prefix}{name}"));
            let _ = write!(line, "{name}:{value},");
        }
        line.pop();
        line + "}\n"
    }

    fn text(&self) -> String {
        let Self {
            timestamp,
            level,
            logger,
            ..
        } = self;
        let mut line = format!(
            "{timestamp} {level:<8} {logger}: {}",
            one_line(&self.message)
        );
        for (name, value) in &self.fields.0 {
            let _ = match value {
                Value::String(text) if is_plain(text) => write!(line, " {name}={text}"),
                value => write!(line, " {name}={value}"),
            };
        }
        line + "\n"
    }
}

/// Whether a text needs no quotes to be told from what stands around it.
fn is_plain(text: &str) -> bool {
    let is_special = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\');
    !text.is_empty() && !text.contains(is_special)
}

/// The text with line ends and other controls written out, so that nobody can make up a record.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
