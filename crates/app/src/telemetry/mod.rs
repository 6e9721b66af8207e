//! Logs: one record a line, for people or as JSON, without secrets.
//!
//! Records go to standard error, like everything that is not a result, and to `app.log` if there is a folder for logs;
//! records about what was done with a task (target `audit`) go to `audit.log` too. Whoever logs only puts a line into a
//! bounded queue: one thread writes, so that a slow disk or terminal delays no request. When the queue is full, records
//! are dropped, and their number is logged.

mod fields;
mod layer;
mod record;
mod redact;
mod rotate;
#[cfg(test)]
mod tests;
mod writer;

use std::fs;
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::clock::Clock;
use secrecy::SecretString;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{Filtered, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use self::fields::Fields;
use self::layer::Records;
use self::record::Record;
use self::redact::Redactor;
use self::rotate::Rotating;
pub(crate) use self::writer::Guard;
use self::writer::{Outlets, spawn};
use crate::clock::SystemClock;
use crate::config::{Config, LogFormat, LogLevel};
use crate::exit::{Exit, Failure};
use crate::guard;

/// What is logged, and where.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The least important level.
    pub(crate) level: LogLevel,
    /// How records are written on standard error and in `app.log`.
    pub(crate) format: LogFormat,
    /// The folder of `app.log` and `audit.log`.
    pub(crate) folder: Option<PathBuf>,
    /// Whether SQL statements are logged.
    pub(crate) sql: bool,
    /// Texts that never appear.
    pub(crate) secrets: Vec<SecretString>,
}

impl Settings {
    /// What `config` says.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            level: config.logging.level.unwrap_or(LogLevel::Info),
            format: config.logging.format.unwrap_or(LogFormat::Json),
            folder: config.logging.folder.clone(),
            sql: config.database.echo,
            secrets: config.secrets(),
        }
    }
}

/// Starts logging, panics included. What was logged is written before the guard is gone.
///
/// # Errors
/// The folder of the logs cannot be used, or logging has been started before.
pub(crate) fn start(settings: &Settings) -> Result<Guard, Failure> {
    let (app, audit) = match &settings.folder {
        Some(folder) => open(folder).map(|(app, audit)| (Some(app), Some(audit))),
        None => Ok((None, None)),
    }?;
    let console = Box::new(io::stderr());
    let (guard, subscriber) = subscriber(settings, console, app, audit, Arc::new(SystemClock));
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    panic::set_hook(Box::new(|info| {
        let message = guard::message(info);
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, "panicked: {}", message.unwrap_or("without words"));
    }));
    Ok(guard)
}

fn open(folder: &Path) -> Result<(Rotating, Rotating), Failure> {
    let files = || {
        fs::create_dir_all(folder)?;
        let app = Rotating::open(folder.join("app.log"), 10 << 20, 5)?;
        let audit = Rotating::open(folder.join("audit.log"), 50 << 20, 10)?;
        Ok((app, audit))
    };
    files().map_err(|error: io::Error| {
        let message = format!("cannot write logs in {}: {error}", folder.display());
        Failure::new(Exit::Usage, message).with_hint("name another folder with LOGS_DIR")
    })
}

/// A subscriber that writes to `console`, standard error, and into the files; for tests with a clock by hand.
fn subscriber(
    settings: &Settings,
    console: Box<dyn Write + Send>,
    app: Option<Rotating>,
    audit: Option<Rotating>,
    clock: Arc<dyn Clock>,
) -> (Guard, impl tracing::Subscriber + Send + Sync + use<>) {
    let (format, own_clock) = (settings.format, clock.clone());
    let own_record = move |message| {
        let record = Record {
            timestamp: own_clock.now(),
            level: LogLevel::Warning,
            logger: "scriven::telemetry".to_owned(),
            message,
            fields: Fields::default(),
        };
        record.line(format)
    };
    let (guard, queue) = spawn(Outlets {
        console,
        app,
        audit,
        own_record: Box::new(own_record),
    });
    let records = Records {
        level: settings.level,
        format: settings.format,
        redactor: Redactor::new(&settings.secrets),
        queue,
        clock,
    };
    let filtered: Filtered<_, _, Registry> = records.with_filter(targets(settings));
    (guard, tracing_subscriber::registry().with(filtered))
}

/// Our own rooms log at the level that is set; libraries only what went wrong, for they know no discretion.
fn targets(settings: &Settings) -> Targets {
    let level = match settings.level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
    };
    let ours = [
        "api", "domain", "nn", "outbound", "scriven", "speech", "store", "worker",
    ];
    let sql = if settings.sql {
        LevelFilter::INFO
    } else {
        LevelFilter::WARN.min(level)
    };
    // Spans of ours carry the ids of tasks and requests whatever the level is; an event has its level checked again.
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(ours.map(|name| (name, level.max(LevelFilter::INFO))))
        .with_target("sqlx", sql)
        .with_target("audit", LevelFilter::INFO)
}
