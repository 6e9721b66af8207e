//! Enums that are words in requests, answers and the database.

use std::fmt;
use std::str::FromStr;

/// A text that stands for none of the words of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not known here")]
pub struct UnknownWord(pub String);

/// A word as it is stored: perhaps one that another program wrote and that is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredWord<T> {
    /// One of the words of this program.
    Known(T),
    /// Any other text, as it stands there.
    Foreign(String),
}

impl<T: Copy + FromStr> StoredWord<T> {
    /// The word that `text` is.
    pub fn read(text: &str) -> Self {
        let known = text.parse().map(Self::Known);
        known.unwrap_or_else(|_| Self::Foreign(text.to_owned()))
    }

    /// The word, if it is one of this program.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Foreign(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for StoredWord<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => word.fmt(f),
            Self::Foreign(text) => f.pad(text),
        }
    }
}

/// An enum whose variants are words of the API: their list, how they are written, and how they are read, exactly.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one, in the order of the API.
            $vis const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stands for it in requests, answers and the database.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().find(|word| word.as_str() == text);
                found.copied().ok_or_else(|| $crate::words::UnknownWord(text.to_owned()))
            }
        }
    };
}
pub use words;
