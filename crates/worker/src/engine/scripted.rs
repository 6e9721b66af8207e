//! An engine that computes nothing: its results follow from the request alone, and the name of the recording says what
//! goes wrong.
//!
//! A word of the name such as `transcribe-sleep-500` (words are parted by dots) scripts a stage: it sleeps so many
//! milliseconds (`sleep`), fails for good (`error`), fails on the first attempts (`flaky-2`), panics (`panic`), runs out
//! of memory (`oom`), never ends and hears nothing (`hang`), or ends the process (`abort`). Stages are `decode`, `vad`,
//! `transcribe`, `align`, `diarize` and `assign`; those that a task does not have are passed over.

use std::thread;
use std::time::{Duration, Instant};

use domain::diarization::{Diarization, Turn};
use domain::language::Language;
use domain::model::ModelName;
use domain::progress::{Monitor, Stage};
use domain::request::{JobRequest, SpokenLanguage};
use domain::results::{self, TaskResult};
use domain::service::{ModelCheck, ModelProblem};
use domain::transcript::{Segment, Transcript, Word};
use domain::units::Seconds;

use super::speech::{combined, found_language};
use super::{Engine, Job};
use crate::error::TaskFailure;

/// How often a sleeping stage looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(5);

/// An engine without models, for tests of the service.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScriptedEngine;

/// It needs no models.
impl ModelCheck for ScriptedEngine {
    fn check_models(&self, _request: &JobRequest) -> Result<(), ModelProblem> {
        Ok(())
    }

    fn check_recogniser(&self, _name: ModelName) -> Result<(), ModelProblem> {
        Ok(())
    }
}

impl Engine for ScriptedEngine {
    fn run(&self, job: &Job, monitor: &dyn Monitor) -> Result<TaskResult, TaskFailure> {
        for stage in job.request.stages() {
            monitor.begins(*stage);
            let began = Instant::now();
            for action in actions(job.file_name.as_deref().unwrap_or_default(), *stage) {
                action.act(*stage, job.attempt, monitor)?;
            }
            if monitor.is_cancelled() {
                return Err(TaskFailure::Cancelled);
            }
            monitor.ends(*stage, began.elapsed());
        }
        Ok(result(job))
    }

    fn preload(&self) -> Result<(), String> {
        Ok(())
    }

    fn tidy(&self) {}
}

/// What a stage does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Sleep(Duration),
    Error,
    Flaky(u32),
    Panic,
    OutOfMemory,
    Hang,
    Abort,
}

/// The words of `file_name` that are for `stage`, in their order.
fn actions(file_name: &str, stage: Stage) -> impl Iterator<Item = Action> {
    let words = file_name.split('.');
    words.filter_map(move |word| {
        let mut parts = word.split('-');
        if parts.next()? != stage.name() {
            return None;
        }
        let (action, number) = (parts.next()?, parts.next());
        let number = || number.and_then(|number| number.parse().ok());
        match action {
            "sleep" => Some(Action::Sleep(Duration::from_millis(number()?))),
            "error" => Some(Action::Error),
            "flaky" => Some(Action::Flaky(u32::try_from(number()?).ok()?)),
            "panic" => Some(Action::Panic),
            "oom" => Some(Action::OutOfMemory),
            "hang" => Some(Action::Hang),
            "abort" => Some(Action::Abort),
            _ => None,
        }
    })
}

impl Action {
    fn act(self, stage: Stage, attempt: u32, monitor: &dyn Monitor) -> Result<(), TaskFailure> {
        match self {
            Self::Sleep(duration) => sleep(duration, stage, monitor),
            Self::Error => Err(TaskFailure::fail(stage, "a scripted error")),
            Self::Flaky(n_attempts) if attempt <= n_attempts => {
                Err(TaskFailure::retry(stage, "a scripted error that passes"))
            }
            Self::Flaky(_) => Ok(()),
            Self::Panic => panic!("a scripted panic"),
            Self::OutOfMemory => Err(TaskFailure::fail(stage, "not enough memory (scripted)")),
            Self::Hang => loop {
                thread::park();
            },
            Self::Abort => std::process::abort(),
        }
    }
}

fn sleep(duration: Duration, stage: Stage, monitor: &dyn Monitor) -> Result<(), TaskFailure> {
    let began = Instant::now();
    while began.elapsed() < duration {
        if monitor.is_cancelled() {
            return Err(TaskFailure::Cancelled);
        }
        let (done, total) = (began.elapsed().as_secs_f64(), duration.as_secs_f64());
        monitor.progress(stage, Seconds(done), Seconds(total));
        thread::park_timeout(GLANCE.min(duration));
    }
    Ok(())
}

/// Follows from the request alone, so that a task that was tried twice has the result of one that was tried once.
fn result(job: &Job) -> TaskResult {
    let name = job.file_name.as_deref().unwrap_or_default();
    let end = Seconds(job.audio_duration.unwrap_or(1.0));
    let speaker = || "SPEAKER_00".to_owned();
    let turn = Turn {
        start: Seconds(0.0),
        end,
        speaker: speaker(),
    };
    let (language, probability) = match &job.request {
        JobRequest::FullProcess { model, .. } | JobRequest::Transcription { model, .. } => {
            match model.language {
                SpokenLanguage::Given(language) => (language, None),
                SpokenLanguage::Auto => (Language::ENGLISH, Some(1.0)),
            }
        }
        _ => (Language::ENGLISH, None),
    };
    let transcript = Transcript {
        segments: vec![Segment {
            start: Seconds(0.0),
            end,
            text: format!(" {name}"),
            avg_logprob: Some(-0.5),
            words: Some(vec![Word {
                word: name.to_owned(),
                start: Some(Seconds(0.0)),
                end: Some(end),
                score: Some(0.5),
                speaker: Some(speaker()),
                ..Word::default()
            }]),
            speaker: Some(speaker()),
            ..Segment::default()
        }],
        language: language.code().to_owned(),
        language_probability: probability,
        ..Transcript::default()
    };
    let found = found_language(&job.request, &transcript);
    let json = match &job.request {
        JobRequest::FullProcess { .. } => results::full_process(&transcript, found),
        JobRequest::Transcription { .. } => results::transcription(&transcript),
        JobRequest::Alignment { transcript, .. } => results::alignment(transcript),
        JobRequest::Diarization { .. } => Diarization::new(vec![turn], Vec::new()).to_json(),
        JobRequest::Combination { transcript, turns } => combined(
            transcript.clone(),
            &Diarization::new(turns.clone(), Vec::new()),
        ),
    };
    TaskResult {
        language: found.map(|found| found.language),
        ..TaskResult::new(json)
    }
}

#[cfg(test)]
mod tests {
    use domain::progress::Silent;
    use domain::request::{Device, SpeakerGroup};
    use domain::task::FailureText;

    use super::*;

    fn run(file_name: &str, attempt: u32) -> Result<TaskResult, TaskFailure> {
        let job = Job {
            request: JobRequest::Diarization {
                speakers: SpeakerGroup::default(),
                device: Device::Cpu,
                audio_track: None,
            },
            media: None,
            file_name: Some(file_name.to_owned()),
            audio_duration: Some(2.0),
            attempt,
        };
        ScriptedEngine.run(&job, &Silent)
    }

    #[test]
    fn the_result_follows_from_the_request() {
        let expected = r#"[{"label":"A","speaker":"SPEAKER_00","start":0.0,"end":2.0}]"#;
        let expected = Ok(TaskResult::new(expected));
        assert_eq!(run("a.mp3", 1), expected);
        assert_eq!(run("a.vad-sleep-10.mp3", 1), expected);
    }

    #[test]
    fn the_name_says_what_goes_wrong_and_where() {
        let failed = |text: &str| Err(TaskFailure::Fail(FailureText::new(text)));
        assert_eq!(
            run("a.diarize-error.mp3", 1),
            failed("diarization failed: a scripted error")
        );
        assert!(matches!(
            run("a.vad-flaky-2.mp3", 2),
            Err(TaskFailure::Retry(_))
        ));
        assert!(run("a.vad-flaky-2.mp3", 3).is_ok());
        assert!(run("a.transcribe-error.mp3", 1).is_ok(), "no such stage");
        assert!(run("a.vad-explode.mp3", 1).is_ok(), "no such action");
    }

    #[test]
    #[should_panic(expected = "a scripted panic")]
    fn a_panic_is_a_panic() {
        let _ = run("a.vad-panic.mp3", 1);
    }
}
