//! Languages that Whisper knows: codes, English names and aliases.

use std::fmt;
use std::str::FromStr;

/// A language by its Whisper code, such as `en` or `yue`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(u8);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(0);

    /// All languages in the order of their tokens.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..LANGUAGES.len()).map(|i| Self(u8::try_from(i).unwrap_or(0)))
    }

    /// The code, such as `en`.
    pub fn code(self) -> &'static str {
        LANGUAGES[usize::from(self.0)].0
    }

    /// Reads a code, an English name or an alias, in any case, or a tag that also names a region or a script, such as
    /// `en-US` or `pt_BR`.
    pub fn from_tag(text: &str) -> Option<Self> {
        let primary = text.split(['-', '_']).next().unwrap_or_default();
        text.parse().or_else(|_| primary.parse()).ok()
    }

    /// The English name in lower case, such as `english`.
    pub fn name(self) -> &'static str {
        LANGUAGES[usize::from(self.0)].1
    }
}

/// What stands between two words in the language with this code.
pub fn joiner(code: &str) -> &'static str {
    match code {
        "ja" | "zh" | "yue" | "th" | "lo" | "my" => "",
        _ => " ",
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.code())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no language that Whisper knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLanguage(pub String);

impl UnknownLanguage {
    /// The language that was probably meant.
    pub fn nearest(&self) -> Option<Language> {
        let asked = self.0.trim().to_lowercase();
        let primary = asked.split(['-', '_']).next().unwrap_or_default();
        let mistaken = MISTAKEN_CODES.iter().find(|(code, _)| *code == primary);
        let code = mistaken.map_or(primary, |(_, code)| code);
        Language::all()
            .find(|language| language.code() == code)
            .or_else(|| nearest_name(&asked))
    }
}

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a language that Whisper knows; ", self.0)?;
        match self.nearest() {
            Some(nearest) => write!(f, "did you mean '{nearest}' ({})?", nearest.name()),
            None => f.write_str("give a code such as 'en' or a name such as 'english'"),
        }
    }
}

impl std::error::Error for UnknownLanguage {}

/// The language whose name looks most like `asked`, if one does.
fn nearest_name(asked: &str) -> Option<Language> {
    let likeness = |language: &Language| strsim::jaro_winkler(asked, language.name());
    Language::all()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|language| likeness(language) > ALIKE)
}

/// Jaro-Winkler likeness, in `[0, 1]`, from which a name is worth proposing.
const ALIKE: f64 = 0.85;

/// Country codes and other standards' codes that people give for a language.
const MISTAKEN_CODES: &[(&str, &str)] = &[
    ("cn", "zh"),
    ("cz", "cs"),
    ("dk", "da"),
    ("eng", "en"),
    ("fil", "tl"),
    ("gb", "en"),
    ("gr", "el"),
    ("il", "he"),
    ("iw", "he"),
    ("jp", "ja"),
    ("jv", "jw"),
    ("kr", "ko"),
    ("nb", "no"),
    ("ua", "uk"),
    ("us", "en"),
    ("vn", "vi"),
];

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a code, an English name or an alias, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_lowercase();
        let code = ALIASES
            .iter()
            .find(|(alias, _)| *alias == wanted)
            .map_or(wanted.as_str(), |(_, code)| code);
        Self::all()
            .find(|language| language.code() == code || language.name() == code)
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

/// Other names by which people ask for a language.
const ALIASES: &[(&str, &str)] = &[
    ("burmese", "my"),
    ("castilian", "es"),
    ("flemish", "nl"),
    ("haitian", "ht"),
    ("letzeburgesch", "lb"),
    ("moldavian", "ro"),
    ("moldovan", "ro"),
    ("panjabi", "pa"),
    ("pushto", "ps"),
    ("sinhalese", "si"),
    ("valencian", "ca"),
];

/// Code and English name, in the order of the language tokens.
const LANGUAGES: &[(&str, &str)] = &[
    ("en", "english"),
    ("zh", "chinese"),
    ("de", "german"),
    ("es", "spanish"),
    ("ru", "russian"),
    ("ko", "korean"),
    ("fr", "french"),
    ("ja", "japanese"),
    ("pt", "portuguese"),
    ("tr", "turkish"),
    ("pl", "polish"),
    ("ca", "catalan"),
    ("nl", "dutch"),
    ("ar", "arabic"),
    ("sv", "swedish"),
    ("it", "italian"),
    ("id", "indonesian"),
    ("hi", "hindi"),
    ("fi", "finnish"),
    ("vi", "vietnamese"),
    ("he", "hebrew"),
    ("uk", "ukrainian"),
    ("el", "greek"),
    ("ms", "malay"),
    ("cs", "czech"),
    ("ro", "romanian"),
    ("da", "danish"),
    ("hu", "hungarian"),
    ("ta", "tamil"),
    ("no", "norwegian"),
    ("th", "thai"),
    ("ur", "urdu"),
    ("hr", "croatian"),
    ("bg", "bulgarian"),
    ("lt", "lithuanian"),
    ("la", "latin"),
    ("mi", "maori"),
    ("ml", "malayalam"),
    ("cy", "welsh"),
    ("sk", "slovak"),
    ("te", "telugu"),
    ("fa", "persian"),
    ("lv", "latvian"),
    ("bn", "bengali"),
    ("sr", "serbian"),
    ("az", "azerbaijani"),
    ("sl", "slovenian"),
    ("kn", "kannada"),
    ("et", "estonian"),
    ("mk", "macedonian"),
    ("br", "breton"),
    ("eu", "basque"),
    ("is", "icelandic"),
    ("hy", "armenian"),
    ("ne", "nepali"),
    ("mn", "mongolian"),
    ("bs", "bosnian"),
    ("kk", "kazakh"),
    ("sq", "albanian"),
    ("sw", "swahili"),
    ("gl", "galician"),
    ("mr", "marathi"),
    ("pa", "punjabi"),
    ("si", "sinhala"),
    ("km", "khmer"),
    ("sn", "shona"),
    ("yo", "yoruba"),
    ("so", "somali"),
    ("af", "afrikaans"),
    ("oc", "occitan"),
    ("ka", "georgian"),
    ("be", "belarusian"),
    ("tg", "tajik"),
    ("sd", "sindhi"),
    ("gu", "gujarati"),
    ("am", "amharic"),
    ("yi", "yiddish"),
    ("lo", "lao"),
    ("uz", "uzbek"),
    ("fo", "faroese"),
    ("ht", "haitian creole"),
    ("ps", "pashto"),
    ("tk", "turkmen"),
    ("nn", "nynorsk"),
    ("mt", "maltese"),
    ("sa", "sanskrit"),
    ("lb", "luxembourgish"),
    ("my", "myanmar"),
    ("bo", "tibetan"),
    ("tl", "tagalog"),
    ("mg", "malagasy"),
    ("as", "assamese"),
    ("tt", "tatar"),
    ("haw", "hawaiian"),
    ("ln", "lingala"),
    ("ha", "hausa"),
    ("ba", "bashkir"),
    ("jw", "javanese"),
    ("su", "sundanese"),
    ("yue", "cantonese"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_a_name_and_an_alias_are_read() {
        for (text, code) in [
            ("en", "en"),
            ("English", "en"),
            ("Castilian", "es"),
            ("haitian creole", "ht"),
            (" yue ", "yue"),
        ] {
            assert_eq!(text.parse::<Language>().map(Language::code), Ok(code));
        }
    }

    #[test]
    fn an_unknown_language_gets_the_nearest_one_proposed() {
        for (text, nearest) in [
            ("klingon", None),
            ("", None),
            ("auto", None),
            ("englsh", Some("en")),
            ("en-US", Some("en")),
            ("pt_BR", Some("pt")),
            ("jp", Some("ja")),
            ("Portugese", Some("pt")),
        ] {
            let error = text.parse::<Language>().unwrap_err();
            assert_eq!(error.nearest().map(Language::code), nearest, "{text}");
        }
        assert_eq!(
            UnknownLanguage("jp".into()).to_string(),
            "'jp' is not a language that Whisper knows; did you mean 'ja' (japanese)?"
        );
        assert_eq!(
            UnknownLanguage("klingon".into()).to_string(),
            "'klingon' is not a language that Whisper knows; give a code such as 'en' or a name such as 'english'"
        );
    }

    #[test]
    fn there_are_a_hundred_and_cantonese_comes_last() {
        assert_eq!(Language::all().len(), 100);
        assert_eq!(Language::all().last().map(Language::code), Some("yue"));
    }
}
