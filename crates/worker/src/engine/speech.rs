//! The speech engine: the pipeline of `speech`, with models that all tasks share.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use domain::diarization::Diarization;
use domain::language::Language;
use domain::model::ModelName;
use domain::options::{AsrTask, ComputeType, WordTimes};
use domain::progress::{Monitor, Silent, Stage};
use domain::request::{AsrGroup, JobRequest, ModelGroup, SpokenLanguage, VadGroup, recognition};
use domain::results::{self, FoundLanguage, TaskResult};
use domain::service::{ModelCheck, ModelProblem};
use domain::transcript::Transcript;
use speech::Pool;
use speech::align::Aligner;
use speech::asr::Whisper;
use speech::assign::{assign_as_reference, fill_times};
use speech::audio::{self, Source};
use speech::diarize::Diarizer;
use speech::models::{DiarizeChoice, Hub, ModelChoice, Places};
use speech::pipeline::{EngineFailure, Engines, Outcome, Pipeline, Recognition, Request, Text};
use speech::pyannet::PyanNet;

use super::cache::{Admission, ModelCache, Refused};
use super::late::LateAlignment;
use super::located::{Found, Located, Shelf};
use super::{Engine, Job, ModelBudget};
use crate::error::{EngineProblem, TaskFailure};

/// Threads that compute yield to those that answer requests, by so much (`nice`).
const NICENESS: i32 = 10;

/// How speech is computed.
#[derive(Debug)]
pub struct SpeechSettings {
    /// How recordings are read.
    pub audio: audio::Settings,
    /// Folders with models.
    pub places: Places,
    /// The hub that is asked for others.
    pub hub: Hub,
    /// What tells speakers apart.
    pub diarize: DiarizeChoice,
    /// Threads that compute; 0 is one a core.
    pub n_threads: usize,
    /// How much memory models and recordings may take.
    pub budget: ModelBudget,
    /// Recognisers that are loaded at start.
    pub preload: Vec<ModelName>,
    /// The arithmetic in which they are.
    pub compute_type: ComputeType,
}

/// Computes tasks by the pipeline of `speech`.
#[derive(Debug)]
pub struct SpeechEngine {
    audio: audio::Settings,
    shelf: Shelf,
    cache: ModelCache,
    max_search_bytes: Option<u64>,
    pool: Pool,
    preload: Vec<ModelName>,
    compute_type: ComputeType,
}

impl SpeechEngine {
    /// An engine that has loaded nothing yet.
    ///
    /// # Panics
    /// If the system refuses to start threads.
    pub fn new(settings: SpeechSettings) -> Self {
        let n_threads = settings.n_threads;
        Self {
            audio: settings.audio,
            shelf: Shelf::new(settings.places, settings.hub, settings.diarize),
            cache: ModelCache::new(settings.budget),
            max_search_bytes: settings.budget.max_search_bytes,
            pool: polite_pool(n_threads),
            preload: settings.preload,
            compute_type: settings.compute_type,
        }
    }

    fn compute(&self, job: &Job, monitor: &dyn Monitor) -> Result<TaskResult, TaskFailure> {
        if let JobRequest::Combination { transcript, turns } = &job.request {
            let diarization = Diarization::new(turns.clone(), Vec::new());
            return Ok(TaskResult::new(combined(transcript.clone(), &diarization)));
        }
        let located = self.shelf.locate(&job.request, monitor)?;
        let admission = self.admit(&located, samples_bytes(job), monitor)?;
        let models = Models {
            located: &located,
            late: LateAlignment::of(&job.request, &self.shelf, &self.cache),
            admission,
            max_search_bytes: self.max_search_bytes,
            pool: &self.pool,
        };
        let media = job
            .media
            .as_ref()
            .ok_or_else(|| TaskFailure::fail(Stage::Decode, "the recording is no longer there"))?;
        let source = Source::file(media).with_track(job.request.audio_track());
        let pipeline = Pipeline {
            engines: &models,
            audio: self.audio.clone(),
            side_by_side: self.pool.n_threads() > 2,
        };
        let outcome = pipeline.run(source, &request(&job.request, &located), monitor)?;
        Ok(result(&job.request, outcome))
    }

    fn admit(
        &self,
        located: &Located,
        recording_bytes: u64,
        monitor: &dyn Monitor,
    ) -> Result<Admission<'_>, TaskFailure> {
        let needs = located.needs();
        let admission = self.cache.admit(&needs, recording_bytes, monitor);
        admission.map_err(|refused| match refused {
            Refused::Cancelled => TaskFailure::Cancelled,
            Refused::TooLarge {
                needed_bytes,
                max_bytes,
            } => {
                let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
                let cause = format!(
                    "not enough memory: its models and its recording take about {} MB, and this server allows {} MB",
                    megabytes(needed_bytes),
                    megabytes(max_bytes)
                );
                TaskFailure::fail(Stage::Transcribe, &cause)
            }
        })
    }
}

impl ModelCheck for SpeechEngine {
    fn check_models(&self, request: &JobRequest) -> Result<(), ModelProblem> {
        self.shelf.check(request)
    }

    fn check_recogniser(&self, name: ModelName) -> Result<(), ModelProblem> {
        self.shelf.check_model(&ModelChoice::Name(name))
    }
}

impl Engine for SpeechEngine {
    fn run(&self, job: &Job, monitor: &dyn Monitor) -> Result<TaskResult, TaskFailure> {
        let result = self.compute(job, monitor)?;
        for note in &result.notes {
            tracing::info!(note, "the result has a note");
        }
        Ok(result)
    }

    fn preload(&self) -> Result<(), String> {
        for name in &self.preload {
            let whisper = self.shelf.whisper(*name, self.compute_type, &Silent);
            let located = whisper.map(|whisper| Located {
                whisper: Some(whisper),
                compute_type: self.compute_type,
                ..Located::default()
            });
            let loaded = located.and_then(|located| {
                let models = Models {
                    admission: self.admit(&located, 0, &Silent)?,
                    located: &located,
                    late: None,
                    max_search_bytes: self.max_search_bytes,
                    pool: &self.pool,
                };
                models.whisper().map(drop).map_err(|problem| problem.0)
            });
            loaded.map_err(|failure| match failure {
                TaskFailure::Fail(text) | TaskFailure::Retry(text) => {
                    format!("model '{name}': {text}")
                }
                TaskFailure::Cancelled => format!("model '{name}' was not loaded"),
            })?;
        }
        Ok(())
    }

    fn tidy(&self) {
        self.cache.give_back_idle();
    }
}

/// What the samples of a recording take in memory.
fn samples_bytes(job: &Job) -> u64 {
    let n_samples = audio::samples_in(job.audio_duration.unwrap_or_default(), audio::SAMPLE_RATE);
    (n_samples as u64).saturating_mul(size_of::<i16>() as u64)
}

/// Threads that yield to others: they have the niceness of the thread that starts them.
fn polite_pool(n_threads: usize) -> Pool {
    let starter = thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            be_polite();
            Pool::new(n_threads)
        });
    let starter = starter.unwrap_or_else(|error| panic!("cannot start a thread: {error}"));
    starter
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Has this thread, and those that it starts, yield to threads that answer requests.
pub(crate) fn be_polite() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "threads keep their priority");
    }
}

/// The models of one task.
#[derive(Debug)]
struct Models<'a> {
    located: &'a Located,
    /// Where the language is not known yet.
    late: Option<LateAlignment<'a>>,
    admission: Admission<'a>,
    max_search_bytes: Option<u64>,
    pool: &'a Pool,
}

impl Models<'_> {
    fn whisper(&self) -> Result<Arc<Whisper>, EngineProblem> {
        let found = found(self.located.whisper.as_ref(), Stage::Transcribe)?;
        self.admission.get(&found.key, || {
            let compute_type = self.located.compute_type;
            let whisper = Whisper::load(&found.place, compute_type, self.pool.clone())
                .map_err(|error| cannot_load(Stage::Transcribe, &error))?;
            Ok(match self.max_search_bytes {
                Some(n_bytes) => whisper.with_search_limit(n_bytes),
                None => whisper,
            })
        })
    }
}

impl Engines for Models<'_> {
    fn segmenter(&self, _monitor: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
        let found = found(self.located.segmenter.as_ref(), Stage::Vad)?;
        let loaded = self.admission.get(&found.key, || {
            PyanNet::load(&found.place, self.pool.clone())
                .map_err(|error| cannot_load(Stage::Vad, &error))
        });
        Ok(loaded?)
    }

    fn recogniser(&self, _monitor: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
        Ok(self.whisper()?)
    }

    fn aligner(
        &self,
        language: Language,
        monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Aligner>>, EngineFailure> {
        let compute_type = self.located.compute_type;
        let load = |found: &Found<PathBuf>, language, admission: &Admission<'_>| {
            admission.get(&found.key, || {
                Aligner::load(&found.place, language, compute_type, self.pool.clone())
                    .map_err(|error| cannot_load(Stage::Align, &error))
            })
        };
        if let Some((found, language)) = &self.located.aligner {
            return Ok(Some(load(found, *language, &self.admission)?));
        }
        let Some(late) = &self.late else {
            return Ok(None);
        };
        let admitted = late.admit(language, compute_type, monitor);
        match admitted.map_err(EngineProblem)? {
            Some((found, admission)) => Ok(Some(load(&found, language, admission)?)),
            None => Ok(None),
        }
    }

    fn diarizer(&self, _monitor: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
        let found = found(self.located.voices.as_ref(), Stage::Diarize)?;
        let loaded = self.admission.get(&found.key, || {
            Diarizer::load(&found.place, self.located.compute_type, self.pool)
                .map_err(|error| cannot_load(Stage::Diarize, &error))
        });
        Ok(loaded?)
    }
}

fn found<T>(found: Option<&Found<T>>, stage: Stage) -> Result<&Found<T>, EngineProblem> {
    let missing = || EngineProblem(TaskFailure::fail(stage, "its model is not installed"));
    found.ok_or_else(missing)
}

/// The log says what is wrong with the files; who sent the audio learns that it is not their fault.
fn cannot_load(stage: Stage, error: &dyn std::error::Error) -> EngineProblem {
    tracing::error!(stage = stage.name(), %error, "a model cannot be loaded");
    let cause = "its model cannot be loaded; the server's log says why";
    EngineProblem(TaskFailure::fail(stage, cause))
}

/// What the pipeline is to do for `request`.
fn request(request: &JobRequest, located: &Located) -> Request {
    match request {
        JobRequest::FullProcess {
            model,
            align,
            speakers,
            asr,
            vad,
            ..
        } => Request {
            text: Text::Recognise(recognise(model, asr, vad, located)),
            align: Some(align.options()),
            diarize: Some(speakers.options()),
            speaker_embeddings: false,
        },
        JobRequest::Transcription {
            model, asr, vad, ..
        } => {
            let mut recognition = recognise(model, asr, vad, located);
            recognition.options.word_times = WordTimes::Off;
            Request {
                text: Text::Recognise(recognition),
                ..Request::default()
            }
        }
        JobRequest::Alignment {
            transcript, align, ..
        } => {
            // Where nobody knows it, a model was named.
            let language = transcript.language.parse().unwrap_or(Language::ENGLISH);
            Request {
                text: Text::Given(Transcript {
                    language: language.code().to_owned(),
                    ..transcript.clone()
                }),
                align: Some(align.options()),
                ..Request::default()
            }
        }
        JobRequest::Diarization { speakers, .. } => Request {
            diarize: Some(speakers.options()),
            ..Request::default()
        },
        JobRequest::Combination { .. } => Request::default(),
    }
}

/// Words are timed by the recogniser where nothing else will time them.
fn recognise(model: &ModelGroup, asr: &AsrGroup, vad: &VadGroup, located: &Located) -> Recognition {
    let (mut options, cuts) = recognition(model, asr, vad);
    if model.model.is_english_only() {
        // As the reference does, whatever was asked for.
        options.language = Some(Language::ENGLISH);
        options.task = AsrTask::Transcribe;
    }
    options.word_times = match located.aligner {
        Some(_) => WordTimes::Off,
        None => WordTimes::Refined,
    };
    Recognition {
        options,
        cuts: located.segmenter.is_some().then_some(cuts),
    }
}

fn result(request: &JobRequest, outcome: Outcome) -> TaskResult {
    let transcript = outcome.transcript.unwrap_or_default();
    let found = found_language(request, &transcript);
    let json = match request {
        JobRequest::FullProcess { .. } | JobRequest::Combination { .. } => {
            results::full_process(&transcript, found)
        }
        JobRequest::Transcription { model, .. } => results::transcription(&Transcript {
            language: match model.language {
                SpokenLanguage::Given(language) => language.code().to_owned(),
                SpokenLanguage::Auto => transcript.language,
            },
            ..transcript
        }),
        JobRequest::Alignment { .. } => results::alignment(&transcript),
        JobRequest::Diarization { .. } => outcome.diarization.unwrap_or_default().to_json(),
    };
    TaskResult {
        json,
        notes: outcome.notes,
        language: found.map(|found| found.language),
    }
}

/// The language of `transcript`, if `request` left it open.
pub(super) fn found_language(
    request: &JobRequest,
    transcript: &Transcript,
) -> Option<FoundLanguage> {
    let (JobRequest::FullProcess { model, .. } | JobRequest::Transcription { model, .. }) = request
    else {
        return None;
    };
    match model.language {
        SpokenLanguage::Given(_) => None,
        SpokenLanguage::Auto => Some(FoundLanguage {
            language: transcript.language.parse().ok()?,
            probability: transcript.language_probability,
        }),
    }
}

/// Speakers for given words, as the reference's service finds them; words without times are kept, and get some.
pub(super) fn combined(mut transcript: Transcript, diarization: &Diarization) -> String {
    fill_times(&mut transcript.segments);
    assign_as_reference(&mut transcript.segments, diarization, false);
    results::full_process(&transcript, None)
}
