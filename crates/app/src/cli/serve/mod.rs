//! `scriven serve`: the service, that is the API and the worker in one process.

mod descriptors;
mod memory;
mod wiring;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use api::{ApiState, Wiring};
use domain::clock::Clock;
use domain::model::ModelName;
use domain::service::{EngineStatus, ModelCheck, ModelProblem};
use outbound::Outbound;
use store::{LockError, MediaStore, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use worker::Worker;
use worker::engine::AudioProbe;

use crate::cli::check_config;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{lifecycle, stdout, telemetry};

/// Answers requests and works on tasks until it is asked to stop
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with settings, in TOML [default: the file of `SCRIVEN_CONFIG`, if set]; .env and the environment win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Exit {
    let console = Console::new(false);
    match Config::load(args.config.as_deref()) {
        Ok(config) => console.conclude(serve_until_asked_to_stop(&config)),
        Err(mistakes) => check_config::tell(&mistakes, &console),
    }
}

fn serve_until_asked_to_stop(config: &Config) -> Result<(), Failure> {
    let _logs = telemetry::start(&telemetry::Settings::new(config))?;
    for note in &config.notes {
        tracing::warn!("{note}");
    }
    if let Err(missing) = speech::audio::find_ffmpeg(&config.audio_settings()) {
        tracing::warn!("{missing}");
    }
    let n_cores = thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.server.threads(n_cores))
        .thread_name("server")
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let served = runtime.block_on(serve(config));
    // A thread that hears nothing must not keep the process.
    runtime.shutdown_background();
    served
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::new(config.database.store_settings(), Arc::clone(&clock));
    alone(store.lock_exclusively(), "choose another with DB_URL")?;
    let media = MediaStore::open(config.media_dir()).map_err(|error| unusable(config, &error))?;
    alone(media.lock_exclusively(), "choose another with TEMP_DIR")?;
    let outbound = Outbound::new(config.outbound_settings());
    let shutdown = lifecycle::watch().map_err(|error| internal(&error))?;
    descriptors::make_room_for(config.server.max_connections);
    let (listener, address) = listen(config).await?;
    let (status, engine_status) = watch::channel(EngineStatus::default());

    let engine = wiring::engine(config);
    let api_settings = wiring::api_settings(config);
    let default_model = api_settings.defaults.model;
    let state = ApiState::new(Wiring {
        store: store.clone(),
        media: media.clone(),
        outbound: outbound.clone(),
        probe: Arc::new(AudioProbe::new(config.audio_settings())),
        models: engine.clone(),
        split_at_speakers: speech::assign::split_at_speakers,
        clock,
        settings: api_settings,
        engine: engine_status,
        stopping: shutdown.soft.clone(),
    });
    let worker = Worker::new(
        store.clone(),
        media,
        outbound,
        engine.clone(),
        wiring::worker_settings(config)?,
    );
    let working = tokio::spawn(worker.run(shutdown.clone(), status));
    stdout::print(&format!("Scriven listens on http://{address}\n"))?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready for requests");
    // Nobody waits for it: a hub that does not answer takes its time.
    thread::spawn(move || tell_of_default_model(&*engine, default_model));

    let limits = config.server.serve_settings(config.tasks.shutdown_grace);
    api::serve(listener, state.clone(), limits, shutdown.soft).await;
    state.idle().await;
    working.await.map_err(|error| internal(&error))?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Says in the log if the model of requests that name none cannot be had.
fn tell_of_default_model(models: &dyn ModelCheck, name: ModelName) {
    if let Err(ModelProblem::Missing(reason)) = models.check_recogniser(name) {
        tracing::warn!(
            "requests that name no model will be refused: {reason}; run 'scriven models pull {name}', or set \
             WHISPER_MODEL to one that is installed"
        );
    }
}

/// Refuses what another process has. What cannot be locked now may come later, as a disk does: requests are told until
/// then, and health says so.
fn alone(locked: Result<(), LockError>, hint: &str) -> Result<(), Failure> {
    match locked {
        Ok(()) => Ok(()),
        Err(error @ LockError::Io { .. }) => {
            tracing::warn!("{error}");
            Ok(())
        }
        Err(error) => Err(Failure::from_error(Exit::Usage, &error).with_hint(hint)),
    }
}

async fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), Failure> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    let bound = TcpListener::bind((host, port)).await;
    let listener = bound.map_err(|error| {
        let message = format!("cannot listen on {host}, port {port}: {error}");
        Failure::new(Exit::Usage, message).with_hint("choose others with HOST and PORT")
    })?;
    let address = listener.local_addr().map_err(|error| internal(&error))?;
    Ok((listener, address))
}

fn unusable(config: &Config, error: &store::MediaError) -> Failure {
    let folder = config.media_dir().display();
    let message = format!("the folder for recordings, {folder}, cannot be used: {error}");
    Failure::new(Exit::Usage, message).with_hint("choose another with TEMP_DIR")
}

fn internal(error: &dyn std::error::Error) -> Failure {
    Failure::from_error(Exit::Internal, error)
}
