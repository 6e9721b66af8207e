//! What is logged, and where.

use std::fmt;
use std::path::PathBuf;

use domain::words::words;

use super::setting::section;
use super::value::{Value, Wrong, one_of, quoted};

section! {
    /// What is logged, and where. Logs go to standard error.
    Logging in &["logging"];

    /// Kind of installation; `development` and `testing` log for people, and `production` guards against test settings and calls
    /// nothing by `http`.
    ENVIRONMENT => environment: Environment = Given("production");
    /// Accepted for the sake of old settings, without effect.
    DEV => dev: bool = Given("false");
    /// The least important level that is logged.
    LOG_LEVEL => level: Option<LogLevel> = Unset("INFO, and DEBUG where ENVIRONMENT is development");
    /// How a record is written: `text`, or `json` with one object a line.
    LOG_FORMAT => format: Option<LogFormat> = Unset("text where ENVIRONMENT is development or testing, else json");
    /// Folder that also gets `app.log` (10 MiB, 5 older ones kept) and `audit.log` (50 MiB, 10 older ones kept).
    LOGS_DIR => folder: Option<PathBuf> = Unset("standard error only");
    /// Accepted for the sake of old settings, without effect.
    FILTER_WARNING => filter_warning: bool = Given("true");
}

impl Logging {
    /// Fills in what follows from the environment.
    pub(super) fn check(mut self) -> Self {
        self.level.get_or_insert(match self.environment.0.as_str() {
            "development" => LogLevel::Debug,
            _ => LogLevel::Info,
        });
        self.format
            .get_or_insert(match self.environment.0.as_str() {
                "development" | "testing" => LogFormat::Text,
                _ => LogFormat::Json,
            });
        self
    }
}

/// Kind of installation, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment(pub(crate) String);

impl Environment {
    /// Whether test settings are refused.
    pub(crate) fn is_production(&self) -> bool {
        self.0 == "production"
    }
}

impl Value for Environment {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, Wrong> {
        let name = text.to_lowercase();
        Ok(Self(if name.is_empty() {
            "production".to_owned()
        } else {
            name
        }))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// How important a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// For those who look for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What somebody may want to look at.
    Warning,
    /// What failed.
    Error,
    /// What keeps the service from working at all.
    Critical,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        })
    }
}

impl Value for LogLevel {
    const KIND: &'static str = "one of DEBUG, INFO, WARNING, ERROR, CRITICAL";

    /// In any case.
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err(Wrong::Kind),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

words! {
    /// How a record is written.
    pub(crate) enum LogFormat {
        /// A line for people.
        Text = "text",
        /// A JSON object.
        Json = "json",
    }
}

one_of!(LogFormat, "text or json");
