//! Why an attempt at a task ended without a result: the line that fails says whether trying again can help.

use domain::progress::Stage;
use domain::task::FailureText;
use speech::audio::AudioError;
use speech::models::ModelError;
use speech::pipeline::PipelineError;

/// An attempt ended without a result. The texts are for the person who sent the audio: no paths, no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskFailure {
    /// Trying again may help.
    Retry(FailureText),
    /// Trying again will not help.
    Fail(FailureText),
    /// Nobody wants the result any more.
    Cancelled,
}

impl TaskFailure {
    /// `stage` failed for a passing reason.
    pub(crate) fn retry(stage: Stage, cause: &str) -> Self {
        Self::Retry(worded(stage, cause))
    }

    /// `stage` failed, and will again.
    pub(crate) fn fail(stage: Stage, cause: &str) -> Self {
        Self::Fail(worded(stage, cause))
    }
}

fn worded(stage: Stage, cause: &str) -> FailureText {
    FailureText::new(&format!("{} failed: {cause}", doing(stage)))
}

/// What a stage does, as the beginning of a sentence.
pub(crate) fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "decoding",
        Stage::Vad => "finding speech",
        Stage::Transcribe => "transcription",
        Stage::Align => "alignment",
        Stage::Diarize => "diarization",
        Stage::Assign => "speaker assignment",
    }
}

impl From<PipelineError> for TaskFailure {
    fn from(error: PipelineError) -> Self {
        if error.is_cancelled() {
            return Self::Cancelled;
        }
        let stage = error.stage();
        match error {
            PipelineError::Decode(AudioError::Io { .. }) => {
                Self::retry(stage, "the recording cannot be read now")
            }
            PipelineError::Decode(error) => Self::fail(stage, &reason(&error)),
            PipelineError::Model { source, .. } => match source.downcast::<EngineProblem>() {
                Ok(problem) => problem.0,
                Err(other) => {
                    tracing::error!(stage = stage.name(), error = %other, "an engine failed");
                    Self::fail(stage, "its model cannot be used")
                }
            },
            error => Self::fail(stage, &error.to_string()),
        }
    }
}

/// What is wrong with a recording, without paths and without what other programs said. Clients know the beginning.
pub(crate) fn reason(error: &AudioError) -> String {
    let unreadable = |why: &str| format!("Audio file is unreadable or corrupted: {why}");
    match error {
        AudioError::Empty => unreadable("it is empty (0 bytes)"),
        AudioError::NotAudio { looks_like } => {
            unreadable(&format!("it is not an audio or video file ({looks_like})"))
        }
        AudioError::Broken { format, .. } => {
            unreadable(&format!("the {format} file is damaged or cut off"))
        }
        AudioError::NotFinite { n_bad, n_total } => unreadable(&format!(
            "{n_bad} of its {n_total} sample values are not numbers"
        )),
        AudioError::NoAudioTrack => "Audio file has no audio track".to_owned(),
        AudioError::TimedOut { limit } => format!(
            "Decoding timed out after {} s; the audio file may be damaged",
            limit.as_secs()
        ),
        AudioError::FfmpegMissing { .. } => {
            "an external decoder is needed for this kind of file, and none is installed".to_owned()
        }
        AudioError::TooLong { .. } | AudioError::NoSuchTrack { .. } => error.to_string(),
        AudioError::NotFound { .. } | AudioError::Unreadable { .. } | AudioError::Io { .. } => {
            "the recording is no longer there".to_owned()
        }
        _ => "Audio file is unreadable or corrupted".to_owned(),
    }
}

/// A model that `stage` needs cannot be had.
pub(crate) fn no_model(stage: Stage, error: &ModelError) -> TaskFailure {
    // The text names folders of this machine, which are the operator's business.
    tracing::error!(stage = stage.name(), %error, "a model cannot be had");
    match error {
        ModelError::Cancelled => TaskFailure::Cancelled,
        ModelError::Offline { model, .. } | ModelError::NotHere(model) => TaskFailure::fail(
            stage,
            &format!("the model '{model}' is not installed on this server"),
        ),
        ModelError::NoCompanion { name, .. } => TaskFailure::fail(
            stage,
            &format!("the model '{name}' is not installed on this server"),
        ),
        error if error.may_pass() => {
            TaskFailure::retry(stage, "its model cannot be fetched from the hub now")
        }
        _ => TaskFailure::fail(stage, "its model cannot be used; the server's log says why"),
    }
}

/// A failure on its way through the pipeline.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(crate) struct EngineProblem(pub(crate) TaskFailure);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_its_stage_and_its_cause() {
        let failure = TaskFailure::fail(Stage::Align, "no words");
        assert_eq!(
            failure,
            TaskFailure::Fail(FailureText::new("alignment failed: no words"))
        );
    }

    #[test]
    fn what_is_wrong_with_a_recording_names_no_path() {
        let error = AudioError::NotFound {
            path: "/var/lib/scriven/x".into(),
        };
        let TaskFailure::Fail(text) = TaskFailure::from(PipelineError::Decode(error)) else {
            panic!("trying again does not bring it back");
        };
        assert_eq!(
            text.as_str(),
            "decoding failed: the recording is no longer there"
        );
    }

    #[test]
    fn a_reading_error_may_pass() {
        let error = AudioError::Io {
            action: "reading",
            source: std::io::ErrorKind::TimedOut.into(),
        };
        let failure = TaskFailure::from(PipelineError::Decode(error));
        assert!(matches!(failure, TaskFailure::Retry(_)), "{failure:?}");
        let cancelled = TaskFailure::from(PipelineError::Decode(AudioError::Cancelled));
        assert_eq!(cancelled, TaskFailure::Cancelled);
    }
}
