//! What computes tasks: the speech engine, or a scripted one that shows how the service deals with every failure.

mod availability;
mod budget;
mod cache;
mod late;
mod located;
mod probe;
mod scripted;
mod speech;

use std::path::PathBuf;

use domain::progress::Monitor;
use domain::request::JobRequest;
use domain::results::TaskResult;
use domain::service::ModelCheck;

pub use budget::ModelBudget;
pub use probe::AudioProbe;
pub use scripted::ScriptedEngine;
pub(crate) use speech::be_polite;
pub use speech::{SpeechEngine, SpeechSettings};

use crate::error::TaskFailure;

/// Computes tasks. Several threads call it at once.
pub trait Engine: ModelCheck {
    /// Computes `job`. Blocks until done.
    ///
    /// # Errors
    /// There is no result; the failure says whether trying again can help.
    fn run(&self, job: &Job, monitor: &dyn Monitor) -> Result<TaskResult, TaskFailure>;

    /// Loads what is wanted from the start. Blocks until done.
    ///
    /// # Errors
    /// A model cannot be had: a sentence that says which and why, without paths.
    fn preload(&self) -> Result<(), String>;

    /// Gives back what has not been used for long. Called every few seconds.
    fn tidy(&self);
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What is asked for.
    pub request: JobRequest,
    /// Where the recording lies.
    pub media: Option<PathBuf>,
    /// The name that the recording had where it came from.
    pub file_name: Option<String>,
    /// The length of the recording, in seconds.
    pub audio_duration: Option<f64>,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}
