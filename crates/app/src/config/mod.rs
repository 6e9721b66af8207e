//! The settings of the service: one small struct a section, read once at the start and handed on in parts.
//!
//! Weakest first, values come from the defaults, from a TOML file, from `.env` in the working directory and from the
//! environment. Everything that is wrong is told at once, by the name that the person wrote, and without secrets. Each
//! setting is declared in one place ([`setting::section`]), from which it is read, checked, shown and documented.

mod callback;
mod database;
mod dot_env;
mod engine;
mod files;
mod layer;
mod limits;
mod logging;
mod mistake;
mod pinned;
mod protection;
mod reader;
mod report;
mod server;
mod setting;
mod sources;
mod ssrf;
mod tasks;
#[cfg(test)]
mod tests;
mod unknown;
mod value;
mod whisper;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use speech::models::ModelRequest;
use store::DatabaseUrl;

pub(crate) use self::callback::Callback;
pub(crate) use self::database::Database;
pub(crate) use self::engine::Engine;
pub(crate) use self::files::{Extension, Files};
pub(crate) use self::limits::Limits;
pub(crate) use self::logging::{LogFormat, LogLevel, Logging};
pub(crate) use self::mistake::Mistakes;
use self::reader::{Known, Reader};
pub(crate) use self::server::Server;
pub(crate) use self::sources::Sources;
pub(crate) use self::ssrf::Ssrf;
pub(crate) use self::tasks::Tasks;
pub(crate) use self::whisper::Whisper;

/// All settings, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where the service listens.
    pub(crate) server: Server,
    /// Where tasks and results are kept.
    pub(crate) database: Database,
    /// What requests get that name no model.
    pub(crate) whisper: Whisper,
    /// What is logged.
    pub(crate) logging: Logging,
    /// How callbacks are delivered.
    pub(crate) callback: Callback,
    /// Which addresses may be called.
    pub(crate) ssrf: Ssrf,
    /// Which recordings are taken.
    pub(crate) files: Files,
    /// How much is taken.
    pub(crate) limits: Limits,
    /// What computes.
    pub(crate) engine: Engine,
    /// How long tasks may take.
    pub(crate) tasks: Tasks,
    /// What the person who runs the service should know; to be logged as warnings.
    pub(crate) notes: Vec<String>,
    models: ModelRequest,
    media_dir: PathBuf,
    /// Every setting, in the order of [`Config::shown`].
    known: Vec<Known>,
}

/// Names that may stand before variables, and the sections of a file.
const GROUPS: &[&str] = &[
    "server", "database", "whisper", "logging", "callback", "ssrf", "files", "limits", "engine",
    "tasks",
];

impl Config {
    /// The settings of this process, with those of `file` among them.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Mistakes> {
        Self::read(&Sources::gather(file)?)
    }

    /// The settings that `sources` hold.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn read(sources: &Sources) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(sources, GROUPS);
        let r = &mut reader;
        let server = Server::read(r).and_then(|server| server.check(r));
        let database = Database::read(r);
        let whisper = Whisper::read(r).and_then(|whisper| whisper.check(r));
        let logging = Logging::read(r).map(Logging::check);
        let callback = Callback::read(r).and_then(|callback| callback.check(r));
        let ssrf = Ssrf::read(r);
        let files = Files::read(r);
        let limits = Limits::read(r).and_then(|limits| limits.check(r));
        let engine = Engine::read(r);
        let tasks = Tasks::read(r);
        if let (Some(engine), Some(logging)) = (&engine, &logging) {
            engine.check(logging, r);
        }
        let parts = (|| {
            let (server, database, whisper) = (server?, database?, whisper?);
            let (files, engine) = (files?, engine?);
            let media_dir = media_dir(&files, &database, &server, r);
            let models = model_request(&engine, &whisper, r);
            Some(Self {
                server,
                database,
                whisper,
                logging: logging?,
                callback: callback?,
                ssrf: ssrf?,
                files,
                limits: limits?,
                engine,
                tasks: tasks?,
                notes: Vec::new(),
                models,
                media_dir,
                known: Vec::new(),
            })
        })();
        let (known, notes) = reader.finish()?;
        // What a check refused has left a mistake behind, and defaults are right: a test reads them all.
        let config = parts.ok_or(Mistakes(Vec::new()))?;
        Ok(Self {
            notes,
            known,
            ..config
        })
    }

    /// Settings for tests: a database in memory, a free port of this machine, made-up results, logs for people.
    #[cfg(test)]
    pub(crate) fn for_testing() -> Self {
        let variables = [
            ("ENVIRONMENT", "testing"),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("DB_URL", "sqlite://"),
            ("ENGINE", "scripted"),
        ];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let sources = Sources {
            environment: environment.into(),
            ..Sources::default()
        };
        Self::read(&sources).unwrap()
    }

    /// How other machines are called.
    pub(crate) fn outbound_settings(&self) -> outbound::Settings {
        outbound::Settings {
            policy: self.ssrf.policy(&self.logging.environment),
            callback_timeout: self.callback.timeout,
        }
    }

    /// How far decoders may go.
    pub(crate) fn audio_settings(&self) -> speech::audio::Settings {
        speech::audio::Settings {
            ffmpeg: self.files.ffmpeg.clone(),
            max_duration: domain::units::Seconds(self.limits.audio_seconds as f64),
            max_piped_bytes: self.limits.upload_bytes,
            time_limit: self.files.ffmpeg_timeout,
            ..speech::audio::Settings::default()
        }
    }

    /// Where models are searched, and the hub that is asked for them.
    pub(crate) fn model_request(&self) -> &ModelRequest {
        &self.models
    }

    /// The private folder of recordings that wait or are computed.
    pub(crate) fn media_dir(&self) -> &Path {
        &self.media_dir
    }

    /// Texts that may appear nowhere.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = Vec::new();
        secrets.extend(self.whisper.hf_token.clone());
        secrets.extend(self.models.hub.token.as_deref().map(SecretString::from));
        if let Some(secret) = &self.callback.signing_secret {
            let key = secret.expose_secret().trim_start_matches("whsec_");
            secrets.extend([secret.clone(), SecretString::from(key)]);
        }
        secrets
    }

    /// The values as a file would have them, in the order of reading.
    fn shown(&self) -> Vec<Option<String>> {
        [
            self.server.shown(),
            self.database.shown(),
            self.whisper.shown(),
            self.logging.shown(),
            self.callback.shown(),
            self.ssrf.shown(),
            self.files.shown(),
            self.limits.shown(),
            self.engine.shown(),
            self.tasks.shown(),
        ]
        .concat()
    }
}

/// Recordings that wait must survive as long as the tasks that wait for them, so they lie beside the database; those of
/// a database in memory get a folder that no other service has.
fn media_dir(files: &Files, database: &Database, server: &Server, reader: &Reader) -> PathBuf {
    if let Some(folder) = &files.temp_dir {
        return folder.join("scriven-media");
    }
    match &database.url {
        DatabaseUrl::SqliteFile(path) => {
            let mut name = path.clone().into_os_string();
            name.push("-media");
            PathBuf::from(name)
        }
        DatabaseUrl::SqliteMemory => {
            let temp = reader.variable("TMPDIR").filter(|path| !path.is_empty());
            let user = rustix::process::getuid().as_raw();
            let name = match server.port {
                0 => format!("scriven-{user}-process-{}", std::process::id()),
                port => format!("scriven-{user}-{port}"),
            };
            Path::new(temp.unwrap_or("/tmp")).join(name)
        }
    }
}

fn model_request(engine: &Engine, whisper: &Whisper, reader: &mut Reader) -> ModelRequest {
    let revisions = pinned::revisions(engine, whisper, reader);
    let variable = |name: &str| match name {
        "HF_TOKEN" => {
            let token = whisper.hf_token.as_ref()?;
            Some(OsString::from(token.expose_secret()))
        }
        _ => reader.variable(name).map(OsString::from),
    };
    let mut request = ModelRequest::new(None, engine.model_dir.clone(), false, variable);
    request.places.revisions = revisions;
    request
}
