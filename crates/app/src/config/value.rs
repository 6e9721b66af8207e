//! What settings can hold: how a text becomes a value, and how a value is shown.

mod list;
mod numbers;
mod words;

use std::path::PathBuf;

use secrecy::SecretString;

pub(crate) use self::list::Item;
pub(crate) use self::words::one_of;

/// Something that a setting can hold.
pub(crate) trait Value: Sized {
    /// What the text must be, such as `a whole number`.
    const KIND: &'static str;
    /// Whether it is never shown.
    const IS_SECRET: bool = false;

    /// Reads a text that somebody set.
    fn parse(text: &str) -> Result<Self, Wrong>;

    /// The value as a TOML file has it; `None` if it is unset.
    fn show(&self) -> Option<String>;

    /// The value where nothing is set, if that can be.
    fn unset() -> Option<Self> {
        None
    }

    /// The number that ranges are about.
    fn magnitude(&self) -> Option<u64> {
        None
    }
}

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is nothing of the kind.
    Kind,
    /// It is of the kind, and cannot be used all the same. Never holds a secret.
    Because(String),
}

impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;
    const IS_SECRET: bool = T::IS_SECRET;

    /// An empty text is an unset one.
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            Ok(None)
        } else {
            T::parse(text).map(Some)
        }
    }

    fn show(&self) -> Option<String> {
        self.as_ref()?.show()
    }

    fn unset() -> Option<Self> {
        Some(None)
    }

    fn magnitude(&self) -> Option<u64> {
        self.as_ref()?.magnitude()
    }
}

impl Value for String {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, Wrong> {
        Ok(text.to_owned())
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Value for PathBuf {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Err(Wrong::Because("is empty".to_owned()));
        }
        Ok(Self::from(text))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl Value for SecretString {
    const KIND: &'static str = "a secret";
    const IS_SECRET: bool = true;

    /// Files that hold secrets end with a line end, which is none of theirs.
    fn parse(text: &str) -> Result<Self, Wrong> {
        Ok(Self::from(text.trim()))
    }

    fn show(&self) -> Option<String> {
        Some(quoted("[redacted]"))
    }
}

/// The text as TOML and JSON quote it.
pub(crate) fn quoted(text: &str) -> String {
    // JSON leaves this one character as it is, and TOML forbids it.
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}
