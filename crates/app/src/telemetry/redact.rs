//! Takes secrets out of records.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::record::Record;

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
            // As it looks within `{:?}`.
            texts.push(secret.escape_debug().to_string());
        }
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { secrets: texts }
    }

    /// Puts `[redacted]` in place of every secret, before quotes and escapes of the format can hide one.
    pub(super) fn apply(&self, record: &mut Record) {
        self.redact(&mut record.message);
        for (_, value) in &mut record.fields.0 {
            if let Value::String(text) = value {
                self.redact(text);
            }
        }
    }

    fn redact(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "[redacted]");
            }
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} texts)", self.secrets.len())
    }
}
