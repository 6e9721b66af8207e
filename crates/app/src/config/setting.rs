//! What is known of a setting beside its value, and the macro in which a section declares all of it in one place.

use std::fmt;

/// A setting: its names, its default, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// The environment variable; in lower case it is the key in a file.
    pub(crate) variable: &'static str,
    /// Groups that may stand before the variable; the first one is the section of a file.
    pub(crate) groups: &'static [&'static str],
    /// What it holds, such as `a whole number`.
    pub(crate) kind: &'static str,
    /// Where it is a number: the lowest, and the highest if there is a limit.
    pub(crate) range: Option<(u64, Option<u64>)>,
    /// What is taken when nobody sets it.
    pub(crate) default: Fallback,
    /// Whether its value is never shown.
    pub(crate) is_secret: bool,
    /// What it does.
    pub(crate) doc: &'static str,
}

/// What is taken when nobody sets a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// This text, read as if it were set.
    Given(&'static str),
    /// Nothing; the text says what that means.
    Unset(&'static str),
}

impl Setting {
    /// The section of a file in which it stands.
    pub(crate) fn section(&self) -> &'static str {
        self.groups[0]
    }

    /// Its key in a file.
    pub(crate) fn key(&self) -> String {
        self.variable.to_lowercase()
    }

    /// What it must be, such as `a whole number from 1 upwards`.
    pub(crate) fn demand(&self) -> String {
        match self.range {
            Some((lowest, Some(highest))) => format!("{} from {lowest} to {highest}", self.kind),
            Some((lowest, None)) => format!("{} from {lowest} upwards", self.kind),
            None => self.kind.to_owned(),
        }
    }
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(text) | Self::Unset(text) => f.write_str(text),
        }
    }
}

/// Declares a section: a struct whose fields have variable, default, range and doc beside them, how it is read, and how
/// it is shown. `Given("8000")` is a default, `Unset("…")` says what happens without a value.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        $section:ident in $groups:expr;
        $(
            $(#[doc = $doc:literal])+
            $variable:ident => $field:ident: $type:ty = $default:ident($text:literal)
            $(, from $lowest:literal $(to $highest:literal)?)?;
        )+
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Debug, Clone)]
        pub(crate) struct $section {
            $($(#[doc = $doc])+ pub(crate) $field: $type,)+
        }

        impl $section {
            /// Reads the section. The reader remembers what is wrong; `None` would be a default that is.
            pub(in crate::config) fn read(reader: &mut $crate::config::reader::Reader) -> Option<Self> {
                $(let $field = reader.read::<$type>($crate::config::setting::Setting {
                    variable: stringify!($variable),
                    groups: $groups,
                    kind: <$type as $crate::config::value::Value>::KIND,
                    range: $crate::config::setting::range!($($lowest $(, $highest)?)?),
                    default: $crate::config::setting::Fallback::$default($text),
                    is_secret: <$type as $crate::config::value::Value>::IS_SECRET,
                    doc: concat!($($doc),+).trim_ascii(),
                });)+
                Some(Self { $($field: $field?,)+ })
            }

            /// The values as a file would have them, in the order of reading; `None` for what is unset.
            pub(in crate::config) fn shown(&self) -> Vec<Option<String>> {
                vec![$($crate::config::value::Value::show(&self.$field),)+]
            }
        }
    };
}
pub(in crate::config) use section;

/// The range of a setting out of what its declaration says.
macro_rules! range {
    () => {
        None
    };
    ($lowest:literal) => {
        Some(($lowest, None))
    };
    ($lowest:literal, $highest:literal) => {
        Some(($lowest, Some($highest)))
    };
}
pub(in crate::config) use range;
