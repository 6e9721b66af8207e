//! The service under test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiSettings, ApiState, ModelDefaults, ServeSettings, Wiring};
use domain::language::Language;
use domain::model::ModelName;
use domain::request::{Device, JobRequest, RequestedCompute};
use domain::service::{EngineStatus, ModelCheck, ModelProblem};
use domain::transcript::{Segment, Transcript};
use outbound::{DownloadLimits, Outbound, Policy};
use serde_json::Value;
use store::testing::TestStore;
use store::{QueueLimits, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::form::Form;
use super::http::{Answer, Connection, send};
use super::log;
use super::probe::Script;

/// A service that listens on this machine. It stops when dropped.
#[derive(Debug)]
pub(crate) struct TestApi {
    pub(crate) address: SocketAddr,
    pub(crate) probe: Arc<Script>,
    pub(crate) engine: watch::Sender<EngineStatus>,
    /// Cancelled, no more tasks are accepted.
    pub(crate) stopping: CancellationToken,
    /// Cancelled, nothing more is answered.
    pub(crate) stop: CancellationToken,
    pub(crate) serving: Option<JoinHandle<()>>,
    pub(crate) state: ApiState,
    store: TestStore,
}

/// How a service under test differs from others.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) settings: ApiSettings,
    pub(crate) policy: Policy,
    /// A recogniser that is not installed and cannot be fetched.
    pub(crate) missing_model: Option<ModelName>,
}

impl Setup {
    fn new() -> Self {
        Self {
            settings: settings(),
            policy: Policy::off(),
            missing_model: None,
        }
    }
}

/// Models that are all there but one.
#[derive(Debug)]
struct Models {
    missing: Option<ModelName>,
}

impl ModelCheck for Models {
    fn check_models(&self, request: &JobRequest) -> Result<(), ModelProblem> {
        match request {
            JobRequest::FullProcess { model, .. } | JobRequest::Transcription { model, .. } => {
                self.check_recogniser(model.model)
            }
            _ => Ok(()),
        }
    }

    fn check_recogniser(&self, name: ModelName) -> Result<(), ModelProblem> {
        if self.missing == Some(name) {
            let reason = format!("the model '{name}' is not installed on this server");
            return Err(ModelProblem::Missing(reason));
        }
        Ok(())
    }
}

impl TestApi {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        log::install();
        let mut setup = Setup::new();
        change(&mut setup);
        let store = TestStore::new();
        let probe = Arc::new(Script::new());
        let (engine, status) = watch::channel(EngineStatus::Ready);
        let (stopping, stop) = (CancellationToken::new(), CancellationToken::new());
        let outbound = outbound::Settings {
            policy: setup.policy,
            callback_timeout: Duration::from_secs(5),
        };
        let state = ApiState::new(Wiring {
            store: store.store.clone(),
            media: store.media(),
            outbound: Outbound::new(outbound),
            probe: probe.clone(),
            models: Arc::new(Models {
                missing: setup.missing_model,
            }),
            split_at_speakers: split_at_full_stops,
            clock: store.clock.clone(),
            settings: setup.settings,
            engine: status,
            stopping: stopping.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = ServeSettings {
            max_connections: 1000,
            header_read_timeout: Duration::from_secs(30),
            answer_stall_timeout: Duration::from_secs(30),
            answer_total_timeout: Duration::from_mins(5),
            grace: Duration::from_secs(5),
        };
        let serving = tokio::spawn(api::serve(listener, state.clone(), settings, stop.clone()));
        Self {
            address,
            probe,
            engine,
            stopping,
            stop,
            serving: Some(serving),
            state,
            store,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store.store
    }

    pub(crate) fn database_path(&self) -> PathBuf {
        self.store.database_path()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).await
    }

    pub(crate) async fn request(&self, method: &str, path: &str) -> Answer {
        send(self.address, &format!("{method} {path} HTTP/1.1"), b"").await
    }

    pub(crate) async fn post(&self, path: &str, form: &Form) -> Answer {
        self.post_bytes(path, &Form::content_type(), &form.bytes())
            .await
    }

    pub(crate) async fn post_bytes(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: {content_type}\r\nContent-Length: {length}"
        );
        send(self.address, &head, body).await
    }

    pub(crate) async fn post_url(&self, query: &str, url: &str) -> Answer {
        let path = format!("/speech-to-text-url{query}");
        let kind = "application/x-www-form-urlencoded";
        self.post_bytes(&path, kind, &super::form::url_form(url))
            .await
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// The task as it is shown.
    pub(crate) async fn task(&self, identifier: &str) -> Value {
        let answer = self.get(&format!("/task/{identifier}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    pub(crate) async fn n_tasks(&self) -> usize {
        self.store().list_tasks().await.unwrap().len()
    }

    /// How many files lie in the folder of recordings.
    pub(crate) fn n_files(&self) -> usize {
        let folder = self.database_path().with_file_name("media");
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Waits until no file is left: a client that goes away is noticed a moment later.
    pub(crate) async fn until_no_file_is_left(&self) {
        let gone = async {
            while self.n_files() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, gone)
            .await
            .expect("the file is removed");
    }

    /// Nothing was left behind by requests that were refused.
    #[track_caller]
    pub(crate) fn assert_no_files(&self) {
        assert_eq!(self.n_files(), 0);
    }
}

impl Drop for TestApi {
    fn drop(&mut self) {
        self.stop.cancel();
        self.probe.open();
    }
}

/// Stands in for the rule of the engine: it only has to be seen to have been called.
fn split_at_full_stops(transcript: &mut Transcript) {
    let segments = std::mem::take(&mut transcript.segments);
    let pieces = segments.into_iter().flat_map(|segment| {
        let texts: Vec<_> = segment
            .text
            .split_inclusive('.')
            .map(str::to_owned)
            .collect();
        texts.into_iter().map(move |text| Segment {
            text,
            words: None,
            ..segment.clone()
        })
    });
    transcript.segments = pieces.collect();
}

fn settings() -> ApiSettings {
    let list = |extensions: &[&str]| extensions.iter().map(ToString::to_string).collect();
    ApiSettings {
        defaults: ModelDefaults {
            language: Language::ENGLISH,
            model: "tiny".parse().unwrap(),
            device: Device::Cpu,
            compute_type: RequestedCompute::Int8,
        },
        audio_extensions: list(&[
            ".wma", ".wav", ".ogg", ".oga", ".mp3", ".m4a", ".awb", ".amr", ".aac",
        ]),
        video_extensions: list(&[".wmv", ".mp4", ".mov", ".mkv", ".avi"]),
        max_upload_bytes: 1024 * 1024,
        max_json_bytes: 64 * 1024,
        download: DownloadLimits {
            max_bytes: 1024 * 1024,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(10),
        },
        queue: QueueLimits {
            n_tasks: 1000,
            audio_seconds: 1e9,
        },
        max_concurrent_gpu_tasks: 1,
        max_concurrent_probes: 2,
        body_read_timeout: Duration::from_secs(30),
        body_total_timeout: Duration::from_mins(5),
        has_gpu: false,
        version: "0.1.0".into(),
    }
}
