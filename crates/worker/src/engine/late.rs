//! The alignment model of a task whose language is detected: it is found, and admitted, once the language is known.

use std::path::PathBuf;
use std::sync::OnceLock;

use domain::language::Language;
use domain::options::{AsrTask, ComputeType};
use domain::progress::{Monitor, Stage};
use domain::request::{AlignmentGroup, JobRequest};

use super::cache::{Admission, ModelCache};
use super::located::{Found, Shelf};
use crate::error::TaskFailure;

/// Finds the model when it is needed.
#[derive(Debug)]
pub(super) struct LateAlignment<'a> {
    align: &'a AlignmentGroup,
    shelf: &'a Shelf,
    cache: &'a ModelCache,
    /// Held until the task has ended.
    admission: OnceLock<Admission<'a>>,
}

impl<'a> LateAlignment<'a> {
    /// For `request`, if its words are to be timed in a language that nobody knows yet. A translation is not: nobody says
    /// its words.
    pub(super) fn of(
        request: &'a JobRequest,
        shelf: &'a Shelf,
        cache: &'a ModelCache,
    ) -> Option<Self> {
        match request {
            JobRequest::FullProcess { model, align, .. }
                if model.known_language().is_none() && model.task == AsrTask::Transcribe =>
            {
                Some(Self {
                    align,
                    shelf,
                    cache,
                    admission: OnceLock::new(),
                })
            }
            _ => None,
        }
    }

    /// The model for `language` and the right to use it; `None` where words keep the times of the recogniser: there is
    /// no model, or no memory for it beside what is in use. Waiting for memory while holding some could last for ever.
    pub(super) fn admit(
        &self,
        language: Language,
        compute_type: ComputeType,
        monitor: &dyn Monitor,
    ) -> Result<Option<(Found<PathBuf>, &Admission<'a>)>, TaskFailure> {
        let aligner = self
            .shelf
            .aligner(self.align, language, compute_type, monitor)?;
        let Some((found, _)) = aligner else {
            return Ok(None);
        };
        let Some(admission) = self.cache.admit_more(&found.need()) else {
            if self.align.align_model.is_some() {
                let cause = "there is not enough memory for its model now";
                return Err(TaskFailure::retry(Stage::Align, cause));
            }
            tracing::warn!("no memory for an alignment model: words are timed by the recogniser");
            return Ok(None);
        };
        Ok(Some((found, self.admission.get_or_init(|| admission))))
    }
}
