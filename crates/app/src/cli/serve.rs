//! `scriven serve`: the service, that is the API and the worker in one process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::{process, thread};

use api::{ApiSettings, ApiState, ModelDefaults, Wiring};
use domain::clock::Clock;
use domain::service::EngineStatus;
use outbound::Outbound;
use store::{MediaStore, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use worker::engine::{
    AudioProbe, Engine, ModelBudget, ScriptedEngine, SpeechEngine, SpeechSettings,
};
use worker::{CallbackSettings, Shutdown, Worker};

use crate::cli::check_config::tell_mistakes;
use crate::clock::SystemClock;
use crate::config::{Config, EngineKind};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{lifecycle, stdout, telemetry};

/// Deliveries that go on at once.
const DELIVERIES_AT_ONCE: usize = 32;

/// Answers requests and works on tasks until it is asked to stop
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with settings, in TOML; .env and the environment win over it
    #[arg(long, value_name = "FILE", env = "SCRIVEN_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Exit {
    let config = match Config::load(args.config.as_deref()) {
        Ok(config) => config,
        Err(mistakes) => return tell_mistakes(&mistakes),
    };
    let outcome = serve_until_asked_to_stop(&config);
    outcome.map_or_else(
        |failure| {
            Console::new(false).failure(&failure);
            failure.exit
        },
        |()| Exit::Ok,
    )
}

fn serve_until_asked_to_stop(config: &Config) -> Result<(), Failure> {
    let _logs = telemetry::start(&config.logging, config.secrets())?;
    for note in &config.notes {
        tracing::warn!("{note}");
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
    let media = MediaStore::open(config.media_dir()).map_err(|error| unusable(config, &error))?;
    let outbound = Outbound::new(config.outbound_settings());
    let shutdown = lifecycle::watch().map_err(|error| internal(&error))?;
    let (listener, address) = listen(config).await?;
    let (status, engine_status) = watch::channel(EngineStatus::default());

    let state = ApiState::new(Wiring {
        store: store.clone(),
        media: media.clone(),
        outbound: outbound.clone(),
        probe: Arc::new(AudioProbe::new(config.audio_settings())),
        clock,
        settings: api_settings(config),
        engine: engine_status,
        stopping: shutdown.soft.clone(),
    });
    let worker = Worker::new(
        store.clone(),
        media,
        outbound,
        engine(config),
        worker_settings(config)?,
    );
    let working = tokio::spawn(worker.run(shutdown.clone(), status));
    stdout::print(&format!("Scriven listens on http://{address}\n"))?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready for requests");

    api::serve(listener, state.clone(), shutdown.soft.clone()).await;
    state.idle().await;
    working.await.map_err(|error| internal(&error))?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
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

fn engine(config: &Config) -> Arc<dyn Engine> {
    if config.engine.engine == EngineKind::Scripted {
        tracing::warn!("results are made up: the engine is scripted");
        return Arc::new(ScriptedEngine);
    }
    let models = config.model_request();
    Arc::new(SpeechEngine::new(SpeechSettings {
        audio: config.audio_settings(),
        places: models.places.clone(),
        hub: models.hub.clone(),
        diarize: config.engine.diarize_choice(),
        n_threads: config.engine.n_threads as usize,
        budget: ModelBudget {
            max_bytes: config.engine.memory_bytes(),
            max_models: config.engine.model_cache_size as usize,
            idle: config.engine.idle_limit(),
        },
        preload: config.engine.preload_models.clone(),
        compute_type: config.whisper.compute_type.on_cpu(),
    }))
}

fn worker_settings(config: &Config) -> Result<worker::Settings, Failure> {
    Ok(worker::Settings {
        name: format!("process {}", process::id()),
        n_at_once: config.engine.max_cpu_tasks as usize,
        lease_time: config.tasks.lease,
        max_attempts: config.tasks.max_attempts,
        task_timeout: config.tasks.time_limit(),
        grace: config.tasks.shutdown_grace,
        callbacks: CallbackSettings {
            max_attempts: config.callback.max_retries,
            timeout: config.callback.timeout,
            n_at_once: DELIVERIES_AT_ONCE,
            signer: config.callback.signer(),
        },
        failpoints: config.engine.failpoints()?,
    })
}

fn api_settings(config: &Config) -> ApiSettings {
    ApiSettings {
        defaults: ModelDefaults {
            language: config.whisper.language,
            model: config.default_model(),
            device: config.whisper.device,
            compute_type: config.whisper.compute_type,
        },
        audio_extensions: config.files.audio(),
        video_extensions: config.files.video(),
        max_upload_bytes: config.limits.upload_bytes,
        max_json_bytes: config.limits.json_bytes,
        download: config.limits.download_limits(),
        queue: config.limits.queue_limits(),
        max_concurrent_gpu_tasks: config.engine.max_gpu_tasks,
        max_concurrent_probes: thread::available_parallelism().map_or(1, usize::from),
        body_read_timeout: config.limits.body_read_timeout(),
        has_gpu: false,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn unusable(config: &Config, error: &store::MediaError) -> Failure {
    let folder = config.media_dir().display();
    let message = format!("the folder for recordings, {folder}, cannot be used: {error}");
    Failure::new(Exit::Usage, message).with_hint("choose another with TEMP_DIR")
}

fn internal(error: &dyn std::error::Error) -> Failure {
    Failure::from_error(Exit::Internal, error)
}
