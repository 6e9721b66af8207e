//! Whether the models of a task can be had, looked at before the task is accepted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::language::Language;
use domain::progress::{Monitor, Silent, Stage};
use domain::request::{AlignmentGroup, JobRequest};
use domain::service::ModelProblem;
use domain::units::Seconds;
use speech::models::{self, AlignChoice, Hub, ModelChoice, ModelError};

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
        let recogniser = models::smallest_recogniser(language, &self.places);
        if align.align_model.is_some() || recogniser.is_some() {
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
        self.check_obtainable(&choice.to_string(), |hub, monitor| {
            models::check_obtainable(choice, &self.places, hub, monitor)
        })
    }

    fn check_diarizer(&self) -> Result<(), ModelProblem> {
        self.check_obtainable("diarization", |hub, monitor| {
            self.diarize.check_obtainable(&self.places, hub, monitor)
        })
    }

    /// What `look` finds about the model `name`, here or at a hub. This machine is looked at each time: a model that was
    /// just installed is there. What the hub answers holds for a while.
    fn check_obtainable(
        &self,
        name: &str,
        look: impl Fn(&Hub, &dyn Monitor) -> Result<(), ModelError>,
    ) -> Result<(), ModelProblem> {
        let no_hub = Hub {
            offline: true,
            ..self.hub.clone()
        };
        let answer = match look(&no_hub, &Silent) {
            Err(ModelError::Offline { .. }) if !self.hub.offline => {
                self.answers.get(name).unwrap_or_else(|| {
                    let deadline = Deadline(Instant::now() + HUB_TIMEOUT);
                    let answer = look(&self.hub, &deadline).map_err(|error| told(name, &error));
                    self.answers.keep(name, &answer);
                    answer
                })
            }
            here => here.map_err(|error| told(name, &error)),
        };
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

#[cfg(test)]
mod tests {
    use std::fs;

    use speech::models::{DiarizeChoice, ModelRequest};

    use super::*;

    #[test]
    fn a_model_that_is_installed_after_the_hub_was_asked_is_there_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // Nobody answers at this port.
        let variable = |name: &str| (name == "HF_ENDPOINT").then(|| "http://127.0.0.1:9".into());
        let request = ModelRequest::new(None, Some(folder.path().to_owned()), false, variable);
        let shelf = Shelf::new(request.places, request.hub, DiarizeChoice::default());
        let choice: ModelChoice = "tiny".parse().unwrap();
        let Err(ModelProblem::Missing(reason)) = shelf.check_model(&choice) else {
            panic!("it is not there");
        };
        assert!(reason.contains("'tiny' is not installed"), "{reason}");
        assert!(reason.contains("cannot be reached"), "{reason}");
        let place = folder.path().join("tiny");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("model.bin"), "weights").unwrap();
        assert_eq!(shelf.check_model(&choice), Ok(()));
    }
}
