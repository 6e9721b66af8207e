//! What the settings make of the rooms of the service.

use std::sync::Arc;
use std::{process, thread};

use api::{ApiSettings, ModelDefaults};
use domain::model::ModelName;
use secrecy::ExposeSecret;
use speech::models::{self, ModelChoice};
use standardwebhooks::Webhook;
use worker::engine::{Engine, ModelBudget, ScriptedEngine, SpeechEngine, SpeechSettings};
use worker::{CallbackSettings, Settings};

use super::memory;
use crate::config::Config;
use crate::exit::{Exit, Failure};

/// Deliveries that go on at once: those of several receivers that never answer.
const DELIVERIES_AT_ONCE: usize = 256;

pub(super) fn engine(config: &Config) -> Arc<dyn Engine> {
    if config.engine.is_scripted() {
        tracing::warn!("results are made up: the engine is scripted");
        return Arc::new(ScriptedEngine);
    }
    let request = config.model_request();
    let idle = config.engine.model_idle;
    let n_tasks = u64::from(config.engine.max_cpu_tasks);
    let preloaded = config.engine.preload_models.iter();
    Arc::new(SpeechEngine::new(SpeechSettings {
        audio: config.audio_settings(),
        places: request.places.clone(),
        hub: request.hub.clone(),
        diarize: config.engine.diarize_choice(),
        n_threads: size(config.engine.n_threads),
        budget: ModelBudget {
            max_bytes: config
                .engine
                .model_memory_bytes
                .unwrap_or_else(memory::for_tasks),
            max_search_bytes: Some(memory::for_searches() / n_tasks),
            max_models: size(config.engine.model_cache_size),
            idle: Some(idle).filter(|idle| !idle.is_zero()),
        },
        preload: preloaded.map(|model| model.name).collect(),
        compute_type: config.whisper.compute_type.on_cpu(),
    }))
}

pub(super) fn worker_settings(config: &Config) -> Result<Settings, Failure> {
    let failpoints = match config.engine.failpoint.as_deref() {
        Some(text) if !text.is_empty() => text.parse(),
        _ => Ok(worker::Failpoints::default()),
    };
    let secret = config.callback.signing_secret.as_ref();
    let signer = secret
        .map(|secret| Webhook::new(secret.expose_secret()))
        .transpose();
    Ok(Settings {
        name: format!("process {}", process::id()),
        n_at_once: size(config.engine.max_cpu_tasks),
        lease_time: config.tasks.lease,
        max_attempts: config.tasks.max_attempts,
        task_timeout: config.tasks.time_limit(),
        grace: config.tasks.shutdown_grace,
        callbacks: CallbackSettings {
            max_attempts: config.callback.max_retries,
            timeout: config.callback.timeout,
            n_at_once: DELIVERIES_AT_ONCE,
            // What is wrong with it was told when the settings were read.
            signer: signer.unwrap_or_default(),
        },
        failpoints: failpoints.map_err(|error| Failure::from_error(Exit::Usage, &error))?,
    })
}

pub(super) fn api_settings(config: &Config) -> ApiSettings {
    let written = |extensions: &[crate::config::Extension]| {
        extensions.iter().map(ToString::to_string).collect()
    };
    ApiSettings {
        defaults: ModelDefaults {
            language: config.whisper.language,
            model: config
                .whisper
                .model
                .as_ref()
                .map_or_else(|| default_model(config), |model| model.name),
            device: config.whisper.device,
            compute_type: config.whisper.compute_type,
        },
        audio_extensions: written(&config.files.audio_extensions),
        video_extensions: written(&config.files.video_extensions),
        max_upload_bytes: config.limits.upload_bytes,
        max_json_bytes: config.limits.json_bytes,
        download: config.limits.download_limits(),
        queue: config.limits.queue_limits(),
        max_concurrent_gpu_tasks: config.engine.max_gpu_tasks,
        max_concurrent_probes: thread::available_parallelism().map_or(1, usize::from),
        body_read_timeout: config.server.read_timeout,
        body_total_timeout: config.server.total_timeout,
        has_gpu: false,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The reference's default, `tiny`, or of what is installed what comes closest: a new user need fetch nothing more.
fn default_model(config: &Config) -> ModelName {
    let names = ["tiny", "base", "tiny.en"].map(str::parse::<ModelName>);
    let names: Vec<_> = names.into_iter().flatten().collect();
    let places = &config.model_request().places;
    let is_here = |name: &&ModelName| {
        matches!(
            models::find(&ModelChoice::Name(**name), places),
            Ok(Some(_))
        )
    };
    let found = names.iter().find(is_here).or_else(|| names.first());
    found.copied().expect("the reference's default is a model")
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
