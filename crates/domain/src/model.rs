//! Names of the Whisper models and where they come from.

use std::fmt;
use std::str::FromStr;

/// A published Whisper model by the name that requests use, such as `tiny.en`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelName(u8);

impl ModelName {
    /// All names in the order of the API.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..MODELS.len()).map(|i| Self(u8::try_from(i).unwrap_or(0)))
    }

    /// The name as requests spell it.
    pub fn as_str(self) -> &'static str {
        MODELS[usize::from(self.0)].0
    }

    /// The repository on the Hugging Face hub, as `owner/name`.
    pub fn repository(self) -> &'static str {
        MODELS[usize::from(self.0)].1
    }

    /// True if the model knows no language but English.
    pub fn is_english_only(self) -> bool {
        self.as_str().strip_suffix(".en").is_some()
    }

    /// The first name of the same repository that says which version it is: `large` becomes `large-v3`.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self.as_str() {
            "large" => Self::find("large-v3").unwrap_or(self),
            _ => self,
        }
    }

    /// Reads a name as the command line allows it: the names of the API, and `turbo` for `large-v3-turbo`.
    ///
    /// # Errors
    /// The text is none of them; the error lists the names and proposes the nearest.
    pub fn from_command_line(text: &str) -> Result<Self, UnknownModel> {
        match text {
            "turbo" => "large-v3-turbo".parse(),
            _ => text.parse(),
        }
    }

    fn find(text: &str) -> Option<Self> {
        Self::all().find(|model| model.as_str() == text)
    }
}

impl fmt::Debug for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelName({})", self.as_str())
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ModelName {
    type Err = UnknownModel;

    /// Reads one of the names of the API, exactly as it is written there.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::find(text).ok_or_else(|| UnknownModel::new(text))
    }
}

/// The text names no model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel {
    /// What was asked for.
    pub asked: String,
    /// The name that looks most like it, if one does.
    pub nearest: Option<ModelName>,
}

impl UnknownModel {
    fn new(asked: &str) -> Self {
        let asked_lower = asked.trim().to_lowercase();
        let likeness = |model: &ModelName| strsim::jaro_winkler(&asked_lower, model.as_str());
        let nearest = ModelName::all()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|model| likeness(model) > ALIKE);
        Self {
            asked: asked.to_owned(),
            nearest,
        }
    }
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no model named '{}'", self.asked)?;
        if let Some(nearest) = self.nearest {
            write!(f, "; did you mean '{nearest}'?")?;
        }
        let names: Vec<_> = ModelName::all().map(ModelName::as_str).collect();
        write!(f, " (known: {})", names.join(", "))
    }
}

impl std::error::Error for UnknownModel {}

/// Jaro-Winkler likeness, in `[0, 1]`, from which a name is worth proposing.
const ALIKE: f64 = 0.8;

/// Name and repository, in the order of the API.
const MODELS: &[(&str, &str)] = &[
    ("tiny", "Systran/faster-whisper-tiny"),
    ("tiny.en", "Systran/faster-whisper-tiny.en"),
    ("base", "Systran/faster-whisper-base"),
    ("base.en", "Systran/faster-whisper-base.en"),
    ("small", "Systran/faster-whisper-small"),
    ("small.en", "Systran/faster-whisper-small.en"),
    ("medium", "Systran/faster-whisper-medium"),
    ("medium.en", "Systran/faster-whisper-medium.en"),
    ("large", "Systran/faster-whisper-large-v3"),
    ("large-v1", "Systran/faster-whisper-large-v1"),
    ("large-v2", "Systran/faster-whisper-large-v2"),
    ("large-v3", "Systran/faster-whisper-large-v3"),
    (
        "large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ),
    ("distil-large-v2", "Systran/faster-distil-whisper-large-v2"),
    (
        "distil-medium.en",
        "Systran/faster-distil-whisper-medium.en",
    ),
    ("distil-small.en", "Systran/faster-distil-whisper-small.en"),
    ("distil-large-v3", "Systran/faster-distil-whisper-large-v3"),
    ("distil-large-v3.5", "distil-whisper/distil-large-v3.5-ct2"),
    (
        "nyrahealth/faster_CrisperWhisper",
        "nyrahealth/faster_CrisperWhisper",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        assert_eq!(ModelName::all().len(), 19);
        for model in ModelName::all() {
            assert_eq!(model.as_str().parse(), Ok(model));
        }
    }

    #[test]
    fn turbo_is_a_word_of_the_command_line_alone() {
        assert!("turbo".parse::<ModelName>().is_err());
        let turbo = ModelName::from_command_line("turbo").unwrap();
        assert_eq!(turbo.as_str(), "large-v3-turbo");
    }

    #[test]
    fn english_only_models_are_those_that_end_in_en() {
        let english: Vec<_> = ModelName::all()
            .filter(|model| model.is_english_only())
            .map(ModelName::as_str)
            .collect();
        assert_eq!(
            english,
            [
                "tiny.en",
                "base.en",
                "small.en",
                "medium.en",
                "distil-medium.en",
                "distil-small.en"
            ]
        );
    }

    #[test]
    fn large_is_large_v3_and_no_other_name_changes() {
        for model in ModelName::all() {
            assert_eq!(model.canonical().repository(), model.repository());
            assert_eq!(model.canonical() == model, model.as_str() != "large");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one_proposed() {
        for (asked, nearest) in [
            ("Base", Some("base")),
            ("tiny_en", Some("tiny.en")),
            ("larg-v3", Some("large-v3")),
            ("medum", Some("medium")),
            ("xyzzy", None),
        ] {
            let error = asked.parse::<ModelName>().unwrap_err();
            assert_eq!(error.nearest.map(ModelName::as_str), nearest, "{asked}");
        }
        let message = "bas".parse::<ModelName>().unwrap_err().to_string();
        assert!(message.starts_with(
            "there is no model named 'bas'; did you mean 'base'? (known: tiny, tiny.en,"
        ));
    }
}
