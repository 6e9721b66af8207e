//! Talks to the hub through `hf-hub`, on a thread of its own: a stalled connection can be given up at any time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use domain::progress::Monitor;
use hf_hub::api::Progress;
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::listing::{Answer, HubFile, Listing};
use crate::models::ModelError;
use crate::models::request::Hub;

/// One repository, and where its files arrive.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) repository: String,
    hub: Hub,
    arrivals: PathBuf,
}

impl Transfer {
    pub(super) fn new(repository: &str, hub: &Hub, arrivals: &Path) -> Self {
        Self {
            repository: repository.to_owned(),
            hub: hub.clone(),
            arrivals: arrivals.to_owned(),
        }
    }

    /// The files of the model as they are now.
    pub(super) fn list(&self, monitor: &dyn Monitor) -> Result<Listing, ModelError> {
        let api = self.api();
        let repo = Repo::model(self.repository.clone());
        let answer: Answer = self.watched(&Counter::default(), &|_| {}, monitor, move |_| {
            let request = api
                .build()?
                .repo(repo)
                .info_request()
                .query("blobs", "true");
            let mut response = request.call().map_err(Box::new)?;
            Ok(response.body_mut().read_json().map_err(Box::new)?)
        })?;
        answer.into_listing(&self.repository)
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
        let repo = Repo::with_revision(self.repository.clone(), RepoType::Model, commit.to_owned());
        let mut n_bytes_before = 0;
        let link = loop {
            let (api, repo, name) = (self.api(), repo.clone(), file.name.clone());
            let counter = Counter::default();
            let outcome = self.watched(&counter, report, monitor, move |counter| {
                api.build()?
                    .repo(repo)
                    .download_with_progress(&name, counter)
            });
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

    /// Removes arrivals that are as long as `file` or longer, which cannot be gone on with; true if there was one.
    fn forget_overlong(&self, file: &HubFile) -> bool {
        let folder = Repo::model(self.repository.clone()).folder_name();
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
                    endpoint: self.hub.endpoint.clone(),
                    repository: self.repository.clone(),
                    status,
                },
                _ => self.failed(error.to_string()),
            },
            ApiError::IoError(source) => self.failed(source.to_string()),
            _ => self.failed(error.to_string()),
        }
    }

    fn failed(&self, reason: String) -> ModelError {
        ModelError::HubFailed {
            endpoint: self.hub.endpoint.clone(),
            repository: self.repository.clone(),
            reason,
        }
    }
}

/// Bytes of one file that are here, shared with the thread that fetches it.
#[derive(Debug, Clone, Default)]
struct Counter(Arc<AtomicU64>);

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
