//! The language of a recording as requests name it.

use std::fmt;
use std::str::FromStr;

use crate::language::{Language, UnknownLanguage};

/// The language spoken: given, or to be detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpokenLanguage {
    /// It is known.
    Given(Language),
    /// It is detected.
    Auto,
}

impl SpokenLanguage {
    /// Every language, then `auto`.
    pub fn all() -> impl Iterator<Item = Self> {
        Language::all().map(Self::Given).chain([Self::Auto])
    }

    /// The word that stands for it in requests: the code of a language, or `auto`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Given(language) => language.code(),
            Self::Auto => "auto",
        }
    }

    /// The language, unless it is to be detected.
    pub fn given(self) -> Option<Language> {
        match self {
            Self::Given(language) => Some(language),
            Self::Auto => None,
        }
    }
}

impl fmt::Display for SpokenLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for SpokenLanguage {
    type Err = UnknownLanguage;

    /// Reads `auto`, or what [`Language`] reads, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_code_a_name_or_auto() {
        let given = |code: &str| code.parse().map(SpokenLanguage::Given);
        for (text, expected) in [
            ("auto", Ok(SpokenLanguage::Auto)),
            ("AUTO", Ok(SpokenLanguage::Auto)),
            ("German", given("de")),
            ("yue", given("yue")),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        assert!("".parse::<SpokenLanguage>().is_err());
        for language in SpokenLanguage::all() {
            assert_eq!(language.to_string().parse(), Ok(language));
        }
    }
}
