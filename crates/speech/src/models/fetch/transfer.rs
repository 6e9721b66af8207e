//! Talks to the hub through `hf-hub`, on a thread of its own: a stalled connection can be given up at any time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use domain::align_model::TorchaudioBundle;
use domain::progress::Monitor;
use hf_hub::api::Progress;
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::direct;
use super::listing::{Answer, HubFile, Listing};
use super::sum::Sum;
use crate::models::request::Hub;
use crate::models::{ModelError, ModelKind, Revision};

/// Where a model comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A repository of the hub, at the revision that was asked for.
    Hub {
        repository: String,
        revision: Option<Revision>,
    },
    /// A pipeline of torchaudio: one file.
    Torchaudio(TorchaudioBundle),
}

/// One source, and where its files arrive.
#[derive(Debug)]
pub(super) struct Transfer {
    source: Source,
    hub: Hub,
    arrivals: PathBuf,
}

impl Transfer {
    pub(super) fn new(source: Source, hub: &Hub, arrivals: &Path) -> Self {
        Self {
            source,
            hub: hub.clone(),
            arrivals: arrivals.to_owned(),
        }
    }

    /// What messages and lists call the source: `owner/name`, or the pipeline.
    pub(super) fn label(&self) -> &str {
        match &self.source {
            Source::Hub { repository, .. } => repository,
            Source::Torchaudio(bundle) => bundle.name,
        }
    }

    /// The revision that lists of the model tell, if its source has revisions.
    pub(super) fn revision(&self) -> Option<String> {
        match &self.source {
            Source::Hub { revision, .. } => {
                Some(revision.clone().unwrap_or_else(Revision::main).to_string())
            }
            Source::Torchaudio(_) => None,
        }
    }

    fn asked_revision(&self) -> Option<Revision> {
        match &self.source {
            Source::Hub { revision, .. } => revision.clone(),
            Source::Torchaudio(_) => None,
        }
    }

    /// The files of the model as they are now.
    pub(super) fn list(
        &self,
        kind: ModelKind,
        monitor: &dyn Monitor,
    ) -> Result<Listing, ModelError> {
        if let Source::Torchaudio(bundle) = self.source {
            let url = self.address(bundle);
            let size_bytes = self.watched(&Counter::default(), &|_| {}, monitor, move |_| {
                direct::size_of(&url)
            })?;
            return Ok(Listing {
                commit: "torchaudio".to_owned(),
                files: vec![HubFile {
                    name: bundle.file.to_owned(),
                    size_bytes,
                    sum: Sum::Unknown,
                }],
            });
        }
        let api = self.api();
        let revision = self.asked_revision().unwrap_or_else(Revision::main);
        let repository = self.label().to_owned();
        let repo = Repo::with_revision(repository, RepoType::Model, revision.to_string());
        let answer: Answer = self.watched(&Counter::default(), &|_| {}, monitor, move |_| {
            let request = api
                .build()?
                .repo(repo)
                .info_request()
                .query("blobs", "true");
            let mut response = request.call().map_err(Box::new)?;
            Ok(response.body_mut().read_json().map_err(Box::new)?)
        })?;
        if revision.is_commit() && !revision.as_str().eq_ignore_ascii_case(answer.commit()) {
            let reason = format!("it answers with commit {}", answer.commit());
            return Err(self.failed(format!("revision {revision} was asked for, and {reason}")));
        }
        answer.into_listing(kind, self.label())
    }

    /// Brings one file and returns where it arrived; goes on where an earlier try stopped.
    ///
    /// `report` gets the bytes of it that are here.
    pub(super) fn fetch(
        &self,
        file: &HubFile,
        commit: &str,
        report: &dyn Fn(u64),
        monitor: &dyn Monitor,
    ) -> Result<PathBuf, ModelError> {
        let mut n_bytes_before = 0;
        let link = loop {
            let counter = Counter::default();
            let outcome = match self.source {
                Source::Hub { .. } => self.ask_hub(file, commit, &counter, report, monitor),
                Source::Torchaudio(bundle) => self.directly(bundle, &counter, report, monitor),
            };
            match outcome {
                Ok(link) => break link,
                // As long as each connection brings something, the next one goes on from there.
                Err(ModelError::HubFailed { .. }) if counter.n_bytes() > n_bytes_before => {
                    n_bytes_before = counter.n_bytes();
                }
                Err(ModelError::HubFailed { .. }) if self.forget_overlong(file) => {}
                Err(error) => return Err(error),
            }
        };
        let arrived = fs::canonicalize(&link)
            .map_err(|source| ModelError::Unreadable { path: link, source })?;
        let size_bytes = fs::metadata(&arrived).map_or(0, |meta| meta.len());
        if size_bytes == file.size_bytes {
            return Ok(arrived);
        }
        let _ = fs::remove_file(&arrived);
        Err(self.failed(format!(
            "{} has {size_bytes} bytes where the hub announced {}",
            file.name, file.size_bytes
        )))
    }

    fn ask_hub(
        &self,
        file: &HubFile,
        commit: &str,
        counter: &Counter,
        report: &dyn Fn(u64),
        monitor: &dyn Monitor,
    ) -> Result<PathBuf, ModelError> {
        let repository = self.label().to_owned();
        let repo = Repo::with_revision(repository, RepoType::Model, commit.to_owned());
        let (api, name) = (self.api(), file.name.clone());
        self.watched(counter, report, monitor, move |counter| {
            api.build()?
                .repo(repo)
                .download_with_progress(&name, counter)
        })
    }

    fn directly(
        &self,
        bundle: TorchaudioBundle,
        counter: &Counter,
        report: &dyn Fn(u64),
        monitor: &dyn Monitor,
    ) -> Result<PathBuf, ModelError> {
        let (url, arrivals) = (self.address(bundle), self.arrivals.clone());
        self.watched(counter, report, monitor, move |counter| {
            fs::create_dir_all(&arrivals)?;
            let place = arrivals.join(bundle.file);
            direct::download(&url, &place, counter)?;
            Ok(place)
        })
    }

    fn address(&self, bundle: TorchaudioBundle) -> String {
        format!("{}/{}", self.hub.torchaudio, bundle.file)
    }

    /// Removes arrivals that are as long as `file` or longer, which cannot be gone on with; true if there was one.
    fn forget_overlong(&self, file: &HubFile) -> bool {
        if let Source::Torchaudio(bundle) = self.source {
            let place = self.arrivals.join(bundle.file);
            let is_overlong = fs::metadata(&place).is_ok_and(|meta| meta.len() >= file.size_bytes);
            return is_overlong && fs::remove_file(place).is_ok();
        }
        let folder = Repo::model(self.label().to_owned()).folder_name();
        let arrivals = fs::read_dir(self.arrivals.join(folder).join("blobs"));
        let is_overlong = |path: &PathBuf| {
            path.extension()
                .is_some_and(|extension| extension == "part")
                && fs::metadata(path).is_ok_and(|meta| meta.len() >= file.size_bytes)
        };
        let arrivals = arrivals.into_iter().flatten().flatten();
        arrivals
            .map(|entry| entry.path())
            .filter(is_overlong)
            .filter(|path| fs::remove_file(path).is_ok())
            .count()
            > 0
    }

    fn api(&self) -> ApiBuilder {
        ApiBuilder::from_cache(Cache::new(self.arrivals.clone()))
            .with_endpoint(self.hub.endpoint.clone())
            .with_token(self.hub.token.clone())
            .with_progress(false)
            .with_user_agent("scriven", env!("CARGO_PKG_VERSION"))
    }

    /// Runs `work` on a thread and waits for it, but not longer than it makes progress or is wanted.
    ///
    /// A thread that was given up ends with its connection; until then its bytes still help the next try.
    fn watched<T: Send + 'static>(
        &self,
        counter: &Counter,
        report: &dyn Fn(u64),
        monitor: &dyn Monitor,
        work: impl FnOnce(Counter) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ModelError> {
        let (sender, receiver) = channel();
        let for_work = counter.clone();
        thread::spawn(move || sender.send(work(for_work)));
        let mut n_bytes = 0;
        let mut last_change = Instant::now();
        loop {
            let outcome = receiver.recv_timeout(POLL);
            let now_bytes = counter.n_bytes();
            if now_bytes != n_bytes {
                n_bytes = now_bytes;
                last_change = Instant::now();
                report(n_bytes);
            }
            match outcome {
                Ok(result) => return result.map_err(|error| self.worded(&error)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.failed("the download ended in a panic".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if monitor.is_cancelled() => {
                    return Err(ModelError::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if last_change.elapsed() > STALL => {
                    return Err(self.failed(format!("nothing arrived for {} s", STALL.as_secs())));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn worded(&self, error: &ApiError) -> ModelError {
        match error {
            ApiError::RequestError(error) => match **error {
                ureq::Error::StatusCode(status @ (401 | 403 | 404)) => ModelError::Refused {
                    endpoint: self.endpoint(),
                    repository: self.label().to_owned(),
                    revision: self.asked_revision(),
                    status,
                },
                _ => self.failed(error.to_string()),
            },
            ApiError::IoError(source) => self.failed(source.to_string()),
            _ => self.failed(error.to_string()),
        }
    }

    fn endpoint(&self) -> String {
        match self.source {
            Source::Hub { .. } => self.hub.endpoint.clone(),
            Source::Torchaudio(_) => self.hub.torchaudio.clone(),
        }
    }

    fn failed(&self, reason: String) -> ModelError {
        ModelError::HubFailed {
            endpoint: self.endpoint(),
            repository: self.label().to_owned(),
            reason,
        }
    }
}

/// Bytes of one file that are here, shared with the thread that fetches it.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter(Arc<AtomicU64>);

impl Counter {
    fn n_bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Progress for Counter {
    /// Called again for every try, and followed by what earlier tries brought.
    fn init(&mut self, _size: usize, _file: &str) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn update(&mut self, n_bytes: usize) {
        self.0.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    fn finish(&mut self) {}
}

/// How often the waiting thread looks up.
const POLL: Duration = Duration::from_millis(50);
/// Silence after which the hub is given up.
const STALL: Duration = Duration::from_mins(1);
