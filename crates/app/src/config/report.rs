//! Settings for people: the effective values as a file, and the table of the documentation.

use std::fmt::Write as _;

use super::Config;
use super::reader::Known;
use super::setting::{Fallback, Setting};

impl Config {
    /// The effective values as a TOML file, each with where it comes from; secrets and unset values are comments.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for (Known { setting, origin }, value) in self.known.iter().zip(self.shown()) {
            if setting.section() != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = setting.section();
                let _ = writeln!(text, "{gap}[{section}]");
            }
            let key = setting.key();
            let _ = match (value, setting.default) {
                (Some(value), _) if setting.is_secret => {
                    writeln!(text, "# {key} = {value}  # {origin}")
                }
                (Some(value), _) => writeln!(text, "{key} = {value}  # {origin}"),
                (None, Fallback::Unset(meaning)) => writeln!(text, "# {key} is unset: {meaning}"),
                (None, Fallback::Given(_)) => writeln!(text, "# {key} is unset"),
            };
        }
        let media = super::value::quoted(&self.media_dir.to_string_lossy());
        let _ = writeln!(text, "\n# Recordings that wait are kept in {media}");
        text
    }

    /// All settings as a table in Markdown, a heading for each section.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for Known { setting, .. } in &self.known {
            if setting.section() != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = setting.section();
                let _ = writeln!(text, "{gap}### `{section}`\n");
                let _ = writeln!(
                    text,
                    "| Variable | Value | Default | Meaning |\n| --- | --- | --- | --- |"
                );
            }
            text.push_str(&row(setting));
        }
        text
    }
}

fn row(setting: &Setting) -> String {
    let default = match setting.default {
        Fallback::Given("") => String::new(),
        Fallback::Given(text) => format!("`{text}`"),
        Fallback::Unset(meaning) => meaning.to_owned(),
    };
    let cells = [
        format!("`{}`", setting.variable),
        setting.demand(),
        default,
        setting.doc.to_owned(),
    ];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}
