//! Whether the models of a task can be had, looked at before the task is accepted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::language::Language;
use domain::progress::{Monitor, Stage};
use domain::request::{AlignmentGroup, JobRequest};
use domain::service::ModelProblem;
use domain::units::Seconds;
use speech::models::{AlignChoice, ModelChoice, ModelError};

use super::located::Shelf;

/// The longest that the hub may take to say what it has, while a client waits.
const HUB_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long an answer of the hub holds.
const ANSWER_HOLDS: Duration = Duration::from_mins(1);

/// What the hub answered lately, by the name of the model.
#[derive(Debug, Default)]
pub(super) struct HubAnswers(Mutex<Answers>);

/// Each with when it came.
type Answers = HashMap<String, (Instant, Result<(), String>)>;

impl Shelf {
    /// Whether the models of `request` are on this machine or can be fetched.
    ///
    /// # Errors
    /// One is neither.
    pub(super) fn check(&self, request: &JobRequest) -> Result<(), ModelProblem> {
        match request {
            JobRequest::FullProcess { model, align, .. } => {
                self.check_model(&ModelChoice::Name(model.model))?;
                self.check_aligner(align)?;
                self.check_diarizer()
            }
            JobRequest::Transcription { model, .. } => {
                self.check_model(&ModelChoice::Name(model.model))
            }
            JobRequest::Alignment {
                transcript, align, ..
            } => {
                self.check_aligner(align)?;
                let language = transcript.language.parse().unwrap_or(Language::ENGLISH);
                self.check_times(align, language)
            }
            JobRequest::Diarization { .. } => self.check_diarizer(),
            JobRequest::Combination { .. } => Ok(()),
        }
    }

    /// An alignment model that is asked for must be had; the default of a language need not.
    fn check_aligner(&self, align: &AlignmentGroup) -> Result<(), ModelProblem> {
        let Some(name) = &align.align_model else {
            return Ok(());
        };
        let choice = AlignChoice::published(name).map_err(|_| ModelProblem::Unknown {
            parameter: "align_model",
            reason: "neither a torchaudio pipeline nor a repository 'owner/name'".to_owned(),
        })?;
        self.check_model(&ModelChoice::Align(choice))
    }

    /// Words of a known text are timed by a model of their language, else by a recogniser that is installed.
    fn check_times(&self, align: &AlignmentGroup, language: Language) -> Result<(), ModelProblem> {
        if align.align_model.is_some() || self.has_recogniser(language) {
            return Ok(());
        }
        let choice = AlignChoice::for_language(language).map(ModelChoice::Align);
        choice.map_or_else(
            || {
                let language = language.name();
                Err(ModelProblem::Missing(format!(
                    "no model that times words of {language} is installed on this server"
                )))
            },
            |choice| self.check_model(&choice),
        )
    }

    pub(super) fn check_model(&self, choice: &ModelChoice) -> Result<(), ModelProblem> {
        let name = choice.to_string();
        self.hub_answer(&name, |shelf, monitor| {
            shelf.check_obtainable(choice, monitor)
        })
    }

    fn check_diarizer(&self) -> Result<(), ModelProblem> {
        self.hub_answer("diarization", Self::check_diarizer_obtainable)
    }

    /// What `ask` says about the model `name`: a good answer of this machine costs nothing, one of the hub holds for a
    /// while.
    fn hub_answer(
        &self,
        name: &str,
        ask: impl FnOnce(&Self, &dyn Monitor) -> Result<(), ModelError>,
    ) -> Result<(), ModelProblem> {
        let known = self.answers.get(name);
        let answer = known.unwrap_or_else(|| {
            let deadline = Deadline(Instant::now() + HUB_TIMEOUT);
            let answer = ask(self, &deadline).map_err(|error| told(name, &error));
            self.answers.keep(name, &answer);
            answer
        });
        answer.map_err(ModelProblem::Missing)
    }
}

impl HubAnswers {
    /// The answer of a moment ago.
    fn get(&self, name: &str) -> Option<Result<(), String>> {
        let answers = self.lock();
        let (at, answer) = answers.get(name)?;
        (at.elapsed() < ANSWER_HOLDS).then(|| answer.clone())
    }

    fn keep(&self, name: &str, answer: &Result<(), String>) {
        let mut answers = self.lock();
        // Clients may name any repository.
        answers.retain(|_, (at, _)| at.elapsed() < ANSWER_HOLDS);
        answers.insert(name.to_owned(), (Instant::now(), answer.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client is told: no paths.
fn told(name: &str, error: &ModelError) -> String {
    tracing::warn!(%error, "a model that a client asks for cannot be had");
    match error {
        ModelError::Offline { .. } | ModelError::NotHere(_) => format!(
            "the model '{name}' is not installed on this server, which does not fetch models"
        ),
        ModelError::NoCompanion { name, .. } => {
            format!("the model '{name}' is not installed on this server")
        }
        ModelError::Refused { .. } | ModelError::NotAModel { .. } => format!(
            "the model '{name}' is not installed on this server, and the model hub does not give it out"
        ),
        ModelError::HubFailed { .. } | ModelError::Cancelled => format!(
            "the model '{name}' is not installed on this server, and the model hub cannot be reached now"
        ),
        _ => format!("the model '{name}' cannot be used; the server's log says why"),
    }
}

/// Gives up at a moment.
struct Deadline(Instant);

impl Monitor for Deadline {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn is_cancelled(&self) -> bool {
        Instant::now() >= self.0
    }
}
