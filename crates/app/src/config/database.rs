//! Where tasks and results are kept.

use std::time::Duration;

use store::DatabaseUrl;

use super::setting::section;
use super::value::{Value, Wrong, quoted};

section! {
    /// Where tasks and results are kept.
    Database in &["database"];

    /// The database: `sqlite:///relative.db`, `sqlite:////absolute/path.db`, or `sqlite://` for one in memory.
    DB_URL => url: DatabaseUrl = Given("sqlite:///records.db");
    /// Whether SQL statements are logged, without their values.
    DB_ECHO => echo: bool = Given("false");
    /// Connections kept open; for `SQLite` those that read, beside the one that writes.
    DB_POOL_SIZE => pool_size: u32 = Given("15"), from 1 to 1000;
    /// Connections opened beyond those when all are busy. `SQLite` needs none.
    DB_MAX_OVERFLOW => max_overflow: u32 = Given("30"), from 0 to 1000;
    /// Seconds that a request waits for a connection or for a locked database before it is answered with 503.
    DB_POOL_TIMEOUT => pool_timeout: Duration = Given("5"), from 1;
    /// Seconds after which a connection is replaced. `SQLite` needs no replacement.
    DB_POOL_RECYCLE => pool_recycle: Duration = Given("300"), from 1;
}

impl Database {
    /// The settings of the store.
    pub(crate) fn store_settings(&self) -> store::Settings {
        store::Settings {
            url: self.url.clone(),
            n_readers: self.pool_size,
            acquire_timeout: self.pool_timeout,
            echo: self.echo,
        }
    }
}

impl Value for DatabaseUrl {
    const KIND: &'static str = "the URL of a database";

    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse()
            .map_err(|error: store::UnusableUrl| Wrong::Because(format!("cannot be used: {error}")))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}
