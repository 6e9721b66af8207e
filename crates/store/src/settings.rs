//! Where the database is, and how much of it is used.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Which database (contract 5.3): `sqlite:///records.db`, `sqlite:////abs/path.db`, `sqlite://` or `sqlite:///:memory:`;
/// a driver after the scheme (`sqlite+aiosqlite`) is passed over, and so are options after a `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    SqliteFile(PathBuf),
    /// A database in memory that lives as long as the process, shared by all its connections.
    SqliteMemory,
}

/// The text is no URL of a database that can be used. The message never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableUrl(pub String);

impl FromStr for DatabaseUrl {
    type Err = UnusableUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_url = || {
            UnusableUrl("this is no database URL; an example is sqlite:///records.db".to_owned())
        };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(no_url)?;
        let scheme = scheme.split('+').next().unwrap_or(scheme);
        let is_word = |scheme: &str| {
            !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric())
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => Err(UnusableUrl(
                "PostgreSQL is not supported yet; use a file, such as sqlite:///records.db"
                    .to_owned(),
            )),
            other if is_word(other) => Err(UnusableUrl(format!(
                "databases of the scheme '{other}' are not supported; use a file, such as sqlite:///records.db"
            ))),
            _ => Err(no_url()),
        }
    }
}

/// What follows `sqlite://`: one slash begins a path from the working directory, two one from the root.
fn sqlite(rest: &str) -> Result<DatabaseUrl, UnusableUrl> {
    let location = rest.split('?').next().unwrap_or(rest);
    match location {
        "" | "/" | ":memory:" | "/:memory:" => return Ok(DatabaseUrl::SqliteMemory),
        _ => {}
    }
    let path = location.strip_prefix('/').ok_or_else(|| {
        UnusableUrl(
            "a path follows three slashes (sqlite:///records.db), or four if it begins at the root"
                .to_owned(),
        )
    })?;
    if path.contains('\0') {
        return Err(UnusableUrl(
            "the path of the database holds a NUL character".to_owned(),
        ));
    }
    Ok(DatabaseUrl::SqliteFile(path.into()))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "sqlite:///{}", path.display()),
            Self::SqliteMemory => f.write_str("sqlite://"),
        }
    }
}

/// How the database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which it is.
    pub url: DatabaseUrl,
    /// Connections kept for reading; there is one more for writing.
    pub n_readers: u32,
    /// How long a caller waits for a connection, or for another process to release the file.
    pub acquire_timeout: Duration,
    /// Whether statements are logged, without their values.
    pub echo: bool,
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueLimits {
    /// Tasks that wait; at least 1.
    pub n_tasks: u32,
    /// Audio in them, in seconds. A task that would wait alone is accepted however long it is.
    pub audio_seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(path.into())
    }

    #[test]
    fn c5_3_each_form_of_the_url_is_read() {
        let memory = DatabaseUrl::SqliteMemory;
        for (text, expected) in [
            ("sqlite:///records.db", file("records.db")),
            ("sqlite:///./data/a b.db", file("./data/a b.db")),
            ("sqlite:////abs/path.db", file("/abs/path.db")),
            ("sqlite+aiosqlite:////abs/path.db", file("/abs/path.db")),
            ("SQLite:///records.db?cache=shared", file("records.db")),
            ("sqlite://", memory.clone()),
            ("sqlite:///", memory.clone()),
            ("sqlite:///:memory:", memory.clone()),
            ("sqlite+pysqlite://", memory),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn c5_3_an_url_is_written_as_it_is_read() {
        for text in [
            "sqlite:///records.db",
            "sqlite:////abs/path.db",
            "sqlite://",
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn se3_what_cannot_be_used_is_refused_without_its_password() {
        for text in [
            "postgresql://user:secret@host:5432/db",
            "postgres+asyncpg://user:secret@host/db",
            "mysql://user:secret@host/db",
            "user:secret@host/db",
            "user:secret@host://db",
            "sqlite://secret@host/records.db",
            "",
            "records.db",
            "sqlite:records.db",
            "sqlite:///a\0b",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.is_empty(), "{error}");
        }
        let mysql = "mysql+pymysql://u:p@h/d"
            .parse::<DatabaseUrl>()
            .unwrap_err();
        assert!(mysql.to_string().contains("'mysql'"), "{mysql}");
        let later = "postgres://u:p@h/d".parse::<DatabaseUrl>().unwrap_err();
        assert!(later.to_string().contains("not supported yet"), "{later}");
    }
}
