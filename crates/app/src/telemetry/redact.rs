//! Takes secrets out of lines.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Knows all secrets, and replaces them.
#[derive(Clone)]
pub(super) struct Redactor {
    /// The longest first, for one may hold another.
    secrets: Vec<String>,
}

/// A shorter text would make logs unreadable, and is no secret either.
const SHORTEST: usize = 6;

impl Redactor {
    pub(super) fn new(secrets: &[SecretString]) -> Self {
        let mut texts = Vec::new();
        for secret in secrets.iter().map(ExposeSecret::expose_secret) {
            if secret.len() < SHORTEST {
                continue;
            }
            texts.push(secret.to_owned());
            // As it looks within JSON, and within `{:?}`.
            let quoted = serde_json::Value::from(secret).to_string();
            texts.push(quoted.trim_matches('"').to_owned());
            texts.push(secret.escape_debug().to_string());
        }
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { secrets: texts }
    }

    /// The line with `[redacted]` for every secret.
    pub(super) fn apply(&self, mut line: String) -> String {
        for secret in &self.secrets {
            if line.contains(secret.as_str()) {
                line = line.replace(secret.as_str(), "[redacted]");
            }
        }
        line
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} texts)", self.secrets.len())
    }
}
