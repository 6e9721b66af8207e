//! What computes, and how much of the machine it takes.

use std::path::PathBuf;
use std::time::Duration;

use domain::words::words;
use speech::models::{DiarizeChoice, ModelAt};
use worker::Failpoints;

use super::logging::Logging;
use super::pinned::PinnedModel;
use super::reader::Reader;
use super::setting::section;
use super::value::{Value, Wrong, one_of, quoted};

section! {
    /// What computes, and how much of the machine it takes.
    Engine in &["engine"];

    /// Folder with one folder a model, searched first; downloads go there.
    MODEL_DIR => model_dir: Option<PathBuf> = Unset("scriven/models in the cache of the user");
    /// Whisper models that are loaded before the service says that it is ready; each may be `name@revision`.
    PRELOAD_MODELS => preload_models: Vec<PinnedModel> = Given("[]");
    /// Models of any kind, as `name@revision` or `owner/name@revision`, that are used at that branch, tag or commit only.
    MODEL_REVISIONS => model_revisions: Vec<ModelAt> = Given("[]");
    /// Models kept loaded, of all kinds together; the one not used for longest goes first.
    MODEL_CACHE_SIZE => model_cache_size: u32 = Given("8"), from 1 to 1000;
    /// Bytes of memory for loaded models and for the recordings that are computed; unused models go before one is loaded
    /// that would not fit, and a task that needs more fails.
    MODEL_MEMORY_BYTES => model_memory_bytes: Option<u64> = Unset("three quarters of the machine's memory"), from 1;
    /// Seconds after which a model that nobody uses is unloaded; 0 keeps it.
    MODEL_IDLE_SECONDS => model_idle: Duration = Given("0");
    /// Threads that compute, for all tasks together; 0 takes every core.
    THREADS => n_threads: u32 = Given("0"), from 0 to 1024;
    /// Tasks that compute at once on the processor.
    MAX_CONCURRENT_CPU_TASKS => max_cpu_tasks: u32 = Given("1"), from 1 to 1000;
    /// Tasks that compute at once on a graphics card; readiness tells it. This build has no support for graphics cards.
    MAX_CONCURRENT_GPU_TASKS => max_gpu_tasks: u32 = Given("1"), from 1 to 1000;
    /// What tells speakers apart: `campplus`, `speaker-diarization-3.1`, `speaker-diarization-community-1`, or a folder.
    DIARIZE_MODEL => diarize_model: Option<DiarizeChoice> = Unset("campplus");
    /// What computes: `speech`, or `scripted` for tests, which needs no models and makes results up.
    ENGINE => kind: EngineKind = Given("speech");
    /// Whether `ENGINE=scripted` is allowed where `ENVIRONMENT` is `production`.
    ALLOW_SCRIPTED_ENGINE => allow_scripted: bool = Given("false");
    /// Where the process ends by itself, such as `computed:3`; for tests, and only with `ENGINE=scripted`.
    FAILPOINT => failpoint: Option<String> = Unset("nowhere");
}

impl Engine {
    /// Refuses made-up results in production.
    pub(super) fn check(&self, logging: &Logging, reader: &mut Reader) {
        if self.is_scripted() && logging.environment.is_production() && !self.allow_scripted {
            let reason = "cannot be scripted where ENVIRONMENT is production, for its results are made up \
                (ALLOW_SCRIPTED_ENGINE=true allows it)";
            reader.refuse("ENGINE", reason.to_owned());
        }
        let failpoint = self.failpoint.as_deref().unwrap_or_default();
        if !failpoint.is_empty() && !self.is_scripted() {
            let reason = "ends the process on purpose, so it needs ENGINE=scripted";
            reader.refuse("FAILPOINT", reason.to_owned());
        } else if let (false, Err(error)) = (failpoint.is_empty(), failpoint.parse::<Failpoints>())
        {
            reader.refuse("FAILPOINT", format!("cannot be used: {error}"));
        }
    }

    /// Whether results are made up.
    pub(crate) fn is_scripted(&self) -> bool {
        self.kind == EngineKind::Scripted
    }

    /// What tells speakers apart.
    pub(crate) fn diarize_choice(&self) -> DiarizeChoice {
        self.diarize_model.clone().unwrap_or_default()
    }
}

words! {
    /// What computes.
    pub(crate) enum EngineKind {
        /// The speech engines.
        Speech = "speech",
        /// A script, for tests.
        Scripted = "scripted",
    }
}

one_of!(EngineKind, "speech or scripted");

impl Value for DiarizeChoice {
    const KIND: &'static str = "the name of a diarization model, or its folder";

    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse()
            .map_err(|error| Wrong::Because(format!("cannot be used: {error}")))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}
