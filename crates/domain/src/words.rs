//! Enums that are words in requests, answers and the database.

/// A text that stands for none of the words of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not known here")]
pub struct UnknownWord(pub String);

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
