//! Values of parameters that are words of a closed list.

use domain::export::{SpeakerLabels, SubtitleStyle, TextStyle};
use domain::language::Language;
use domain::model::ModelName;
use domain::options::{AsrTask, Interpolation};
use domain::request::{Device, RequestedCompute, SpokenLanguage};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// A type whose values are words of requests.
pub(crate) trait ApiWord: Copy + 'static {
    /// The name of its schema, if it stands among the components.
    const SCHEMA: Option<&'static str>;

    /// Every value, in the order of the API.
    fn all() -> Vec<Self>;

    /// The word that stands for it.
    fn word(self) -> &'static str;

    /// The value for which `text` stands, exactly.
    fn find(text: &str) -> Option<Self> {
        Self::all().into_iter().find(|value| value.word() == text)
    }

    /// The words of all values.
    fn words() -> Vec<&'static str> {
        Self::all().into_iter().map(Self::word).collect()
    }

    /// The list as a schema.
    fn schema() -> RefOr<Schema> {
        one_of(Self::words(), false)
    }
}

/// The schema of a text that is one of `words`, or null.
pub(crate) fn one_of(
    words: impl IntoIterator<Item = &'static str>,
    is_nullable: bool,
) -> RefOr<Schema> {
    let words = words.into_iter().map(serde_json::Value::from);
    let null = is_nullable.then_some(serde_json::Value::Null);
    let kind = if is_nullable {
        SchemaType::Array(vec![Type::String, Type::Null])
    } else {
        SchemaType::Type(Type::String)
    };
    ObjectBuilder::new()
        .schema_type(kind)
        .enum_values(Some(words.chain(null).collect::<Vec<_>>()))
        .into()
}

impl ApiWord for Language {
    const SCHEMA: Option<&'static str> = None;

    fn all() -> Vec<Self> {
        Self::all().collect()
    }

    fn word(self) -> &'static str {
        self.code()
    }
}

impl ApiWord for SpokenLanguage {
    const SCHEMA: Option<&'static str> = None;

    fn all() -> Vec<Self> {
        Self::all().collect()
    }

    fn word(self) -> &'static str {
        Self::word(self)
    }
}

impl ApiWord for ModelName {
    const SCHEMA: Option<&'static str> = Some("WhisperModel");

    fn all() -> Vec<Self> {
        Self::all().collect()
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// Types that list their words themselves.
macro_rules! api_words {
    ($($type:ty = $schema:literal),+ $(,)?) => {$(
        impl ApiWord for $type {
            const SCHEMA: Option<&'static str> = Some($schema);

            fn all() -> Vec<Self> {
                Self::ALL.to_vec()
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

api_words! {
    AsrTask = "TaskEnum",
    Device = "Device",
    RequestedCompute = "ComputeType",
    Interpolation = "InterpolateMethod",
    SubtitleStyle = "SubtitleStyle",
    SpeakerLabels = "SpeakerLabels",
    TextStyle = "TextStyle",
}
