//! What every handler is given: the other rooms, and the settings of this one.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::language::Language;
use domain::media::Probe;
use domain::model::ModelName;
use domain::request::{Device, RequestedCompute};
use domain::service::{EngineStatus, ModelCheck};
use domain::transcript::Transcript;
use outbound::{DownloadLimits, Outbound};
use store::{MediaStore, QueueLimits, Store};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the endpoints work with.
#[derive(Debug)]
pub struct Wiring {
    /// Tasks.
    pub store: Store,
    /// Recordings.
    pub media: MediaStore,
    /// Other machines.
    pub outbound: Outbound,
    /// Reads recordings before they become tasks.
    pub probe: Arc<dyn Probe>,
    /// Says whether the models of a task can be had.
    pub models: Arc<dyn ModelCheck>,
    /// Cuts the segments of a transcript where the speaker changes.
    pub split_at_speakers: fn(&mut Transcript),
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// The settings of the endpoints.
    pub settings: ApiSettings,
    /// Whether tasks can be computed.
    pub engine: watch::Receiver<EngineStatus>,
    /// Cancelled when no more tasks are accepted.
    pub stopping: CancellationToken,
}

/// Settings of the endpoints.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// What requests get that do not say.
    pub defaults: ModelDefaults,
    /// Extensions of audio files, such as `.mp3`, in lower case.
    pub audio_extensions: Vec<String>,
    /// Extensions of video files.
    pub video_extensions: Vec<String>,
    /// The largest recording, in bytes.
    pub max_upload_bytes: u64,
    /// The largest JSON document, in bytes.
    pub max_json_bytes: u64,
    /// How long and how large a download may be.
    pub download: DownloadLimits,
    /// How much may wait.
    pub queue: QueueLimits,
    /// Tasks that compute on a graphics processor at once; only told.
    pub max_concurrent_gpu_tasks: u32,
    /// Recordings that are read at once before they become tasks; at least 1.
    pub max_concurrent_probes: usize,
    /// The longest that a client may send nothing in the midst of a body.
    pub body_read_timeout: Duration,
    /// The longest that a whole body may take to come.
    pub body_total_timeout: Duration,
    /// Whether `device=cuda` can be asked for.
    pub has_gpu: bool,
    /// The version of the service.
    pub version: String,
}

/// Defaults of the model group (contract 1.5.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelDefaults {
    /// The language spoken.
    pub language: Language,
    /// The model.
    pub model: ModelName,
    /// On what it is computed.
    pub device: Device,
    /// The arithmetic.
    pub compute_type: RequestedCompute,
}

impl ApiSettings {
    /// All extensions of recordings, sorted.
    pub(crate) fn extensions(&self) -> Vec<String> {
        let mut all = [&self.audio_extensions[..], &self.video_extensions[..]].concat();
        all.sort();
        all.dedup();
        all
    }
}

/// What every handler is given. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    pub(crate) store: Store,
    pub(crate) media: MediaStore,
    pub(crate) outbound: Outbound,
    pub(crate) probe: Arc<dyn Probe>,
    pub(crate) models: Arc<dyn ModelCheck>,
    pub(crate) split_at_speakers: fn(&mut Transcript),
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<ApiSettings>,
    pub(crate) extensions: Arc<[String]>,
    pub(crate) engine: watch::Receiver<EngineStatus>,
    pub(crate) stopping: CancellationToken,
    /// One permit a recording that is being read.
    pub(crate) probes: Arc<Semaphore>,
    /// One permit a JSON document that is held in memory.
    pub(crate) documents: Arc<Semaphore>,
    /// Work that goes on when its client has gone away.
    pub(crate) tracker: TaskTracker,
}

/// JSON documents that are held in memory at once; read, each takes a multiple of its size.
const DOCUMENTS_AT_ONCE: usize = 2;

impl ApiState {
    /// The state that is made of `wiring`.
    pub fn new(wiring: Wiring) -> Self {
        Self {
            store: wiring.store,
            media: wiring.media,
            outbound: wiring.outbound,
            probe: wiring.probe,
            models: wiring.models,
            split_at_speakers: wiring.split_at_speakers,
            clock: wiring.clock,
            extensions: wiring.settings.extensions().into(),
            probes: Arc::new(Semaphore::new(wiring.settings.max_concurrent_probes.max(1))),
            settings: Arc::new(wiring.settings),
            engine: wiring.engine,
            stopping: wiring.stopping,
            documents: Arc::new(Semaphore::new(DOCUMENTS_AT_ONCE)),
            tracker: TaskTracker::new(),
        }
    }

    /// Waits until nothing is done any more for clients that have gone away. To be called when no more requests come.
    pub async fn idle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
