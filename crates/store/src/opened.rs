//! An open database: its connections, and an eye on its file.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::StoreError;
use crate::file::{self, Access, FileWatch, Trouble};
use crate::settings::{DatabaseUrl, Settings};

/// The steps from any older database, also one of the reference service, to the present tables.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections to one file, or to one database in memory.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The one connection that writes.
    pub(crate) writer: SqlitePool,
    /// Those that read.
    pub(crate) readers: SqlitePool,
    /// Whether it lies in a file, which outlives its connections.
    pub(crate) is_file: bool,
    /// Dropped as soon as all connections are closed, and before there are new ones: see [`FileWatch`].
    watch: Mutex<Option<FileWatch>>,
}

impl Opened {
    /// Opens the database and brings its tables up to date. A file that is not there is made if `may_create`.
    pub(crate) async fn open(settings: &Settings, may_create: bool) -> Result<Self, StoreError> {
        match &settings.url {
            DatabaseUrl::SqliteMemory => Self::open_memory(settings).await,
            DatabaseUrl::SqliteFile(path) => Self::open_file(settings, path, may_create).await,
        }
    }

    async fn open_file(
        settings: &Settings,
        path: &Path,
        may_create: bool,
    ) -> Result<Self, StoreError> {
        let unusable = |error| StoreError::Unavailable(format!("{}: {error}", path.display()));
        if may_create {
            file::create(path).map_err(unusable)?;
        } else if std::fs::metadata(path).map_err(unusable)?.len() == 0 {
            // An empty file is an empty database to SQLite, and all tasks would silently be gone.
            return Err(StoreError::Unavailable(format!(
                "{}: the file is empty",
                path.display()
            )));
        }
        let mut watch = FileWatch::begin(path).map_err(unusable)?;
        let options = connect_options(settings).filename(path);
        let opened = Self {
            writer: pool(settings, 1).connect_lazy_with(options.clone()),
            readers: pool(settings, settings.n_readers)
                .connect_lazy_with(options.pragma("query_only", "on")),
            is_file: true,
            watch: Mutex::default(),
        };
        if let Err(error) = opened.migrate().await {
            opened.end_connections().await;
            return Err(error);
        }
        watch.adopt_log();
        *opened.watch() = Some(watch);
        Ok(opened)
    }

    /// One connection reads and writes: it is the database.
    async fn open_memory(settings: &Settings) -> Result<Self, StoreError> {
        let options = connect_options(settings).in_memory(true);
        let writer = pool(settings, 1).connect_lazy_with(options);
        let opened = Self {
            readers: writer.clone(),
            writer,
            is_file: false,
            watch: Mutex::default(),
        };
        opened.migrate().await?;
        Ok(opened)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS
            .run(&self.writer)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                    StoreError::Unavailable("its tables are newer than this program".to_owned())
                }
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                    error.into()
                }
                error => StoreError::Unavailable(error.to_string()),
            })
    }

    /// Whether the file may be used for `access`.
    pub(crate) fn look(&self, access: Access) -> Result<(), Trouble> {
        match &*self.watch() {
            Some(watch) => watch.look(access),
            None if self.is_file => Err(Trouble::Lost("it is being closed".to_owned())),
            None => Ok(()),
        }
    }

    /// Ends all connections. What is in the log is written into the file first, also when that was moved away: else
    /// the log would be left behind, and be taken for that of the next file.
    pub(crate) async fn close(&self) {
        if self.is_file {
            let written = sqlx::query("pragma wal_checkpoint(truncate)")
                .execute(&self.writer)
                .await;
            if let Err(error) = written {
                tracing::warn!(%error, "the log of the database could not be written into its file");
            }
        }
        self.end_connections().await;
        self.watch().take();
    }

    async fn end_connections(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn watch(&self) -> MutexGuard<'_, Option<FileWatch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pages that a connection keeps, in KiB where it is negative. The system keeps the file in its own cache, once for all of
/// them; at SQLite's default of 2 MB, each would hold as much of a growing table.
const CACHE: &str = "-256";

fn connect_options(settings: &Settings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        // Each commit is on the disk before it is answered: what was accepted survives a loss of power, too.
        .synchronous(SqliteSynchronous::Full)
        // A writer may wait for its connection, and then for another process: together no longer than a caller does.
        .busy_timeout(settings.acquire_timeout / 2)
        .pragma("cache_size", CACHE)
        .foreign_keys(true);
    if !settings.echo {
        return options.disable_statement_logging();
    }
    match "info".parse() {
        Ok(level) => options.log_statements(level),
        Err(_) => options,
    }
}

fn pool(settings: &Settings, n_connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(n_connections.max(1))
        .acquire_timeout(settings.acquire_timeout / 2)
        .max_lifetime(None::<Duration>)
        .idle_timeout(None::<Duration>)
        .test_before_acquire(false)
}
