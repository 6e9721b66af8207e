//! The models that a task needs, found on this machine or fetched, before anything of it is computed.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::language::Language;
use domain::model::ModelName;
use domain::options::ComputeType;
use domain::progress::{Monitor, Stage};
use domain::request::{AlignmentGroup, JobRequest};
use speech::models::{
    self, AlignChoice, Companion, DiarizeChoice, Hub, ModelChoice, ModelError, ModelRequest,
    Places, VoiceFolder,
};

use super::availability::HubAnswers;
use super::cache::{ModelKey, Need};
use crate::error::{TaskFailure, no_model};

/// After the hub could not be asked for a default model, it is left alone for so long.
const PATIENCE: Duration = Duration::from_mins(10);

/// Where models are looked for.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) places: Places,
    pub(super) hub: Hub,
    pub(super) diarize: DiarizeChoice,
    failed_at: Mutex<Option<Instant>>,
    pub(super) answers: HubAnswers,
}

/// A folder to load a model from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<T> {
    pub(super) place: T,
    pub(super) key: ModelKey,
    n_bytes: u64,
}

/// The models that a task needs.
#[derive(Debug, Default)]
pub(super) struct Located {
    pub(super) whisper: Option<Found<PathBuf>>,
    pub(super) segmenter: Option<Found<PathBuf>>,
    pub(super) voices: Option<Found<VoiceFolder>>,
    /// With the language whose words it times.
    pub(super) aligner: Option<(Found<PathBuf>, Language)>,
    pub(super) compute_type: ComputeType,
}

impl Located {
    /// What is to be loaded at once.
    pub(super) fn needs(&self) -> Vec<Need> {
        let folders = (self.whisper.iter())
            .chain(&self.segmenter)
            .chain(self.aligner.iter().map(|(found, _)| found))
            .map(Found::need);
        folders.chain(self.voices.iter().map(Found::need)).collect()
    }
}

impl<T> Found<T> {
    /// What it takes to load it.
    pub(super) fn need(&self) -> Need {
        Need {
            key: self.key.clone(),
            n_bytes: self.n_bytes,
        }
    }
}

impl Found<PathBuf> {
    /// What `label` names, in `folder`, that is computed by `compute_type`.
    fn in_folder(label: impl Display, folder: PathBuf, compute_type: ComputeType) -> Self {
        Self {
            key: key(label, compute_type, &folder),
            n_bytes: in_memory(&folder, compute_type),
            place: folder,
        }
    }
}

impl Shelf {
    pub(super) fn new(places: Places, hub: Hub, diarize: DiarizeChoice) -> Self {
        Self {
            places,
            hub,
            diarize,
            failed_at: Mutex::new(None),
            answers: HubAnswers::default(),
        }
    }

    /// The models for `request`; what is not on this machine is fetched.
    pub(super) fn locate(
        &self,
        request: &JobRequest,
        monitor: &dyn Monitor,
    ) -> Result<Located, TaskFailure> {
        match request {
            JobRequest::FullProcess { model, align, .. } => {
                let compute_type = model.compute_type.on_cpu();
                // First what is known to be there, and the alignment before the long stage.
                let aligner = match model.known_language() {
                    Some(language) => self.aligner(align, language, compute_type, monitor)?,
                    None => None,
                };
                Ok(Located {
                    aligner,
                    whisper: Some(self.whisper(model.model, compute_type, monitor)?),
                    ..self.speakers(compute_type, monitor)?
                })
            }
            JobRequest::Transcription { model, .. } => {
                let compute_type = model.compute_type.on_cpu();
                Ok(Located {
                    whisper: Some(self.whisper(model.model, compute_type, monitor)?),
                    segmenter: self.segmenter(),
                    compute_type,
                    ..Located::default()
                })
            }
            JobRequest::Alignment {
                transcript, align, ..
            } => self.alignment(&transcript.language, align, monitor),
            JobRequest::Diarization { .. } => self.speakers(ComputeType::default(), monitor),
            JobRequest::Combination { .. } => Ok(Located::default()),
        }
    }

    /// The recogniser alone.
    pub(super) fn whisper(
        &self,
        name: ModelName,
        compute_type: ComputeType,
        monitor: &dyn Monitor,
    ) -> Result<Found<PathBuf>, TaskFailure> {
        let found = models::locate(&self.request(ModelChoice::Name(name)), monitor);
        let folder = found.map_err(|error| no_model(Stage::Transcribe, &error))?;
        Ok(Found::in_folder(name, folder.path, compute_type))
    }

    /// For the times of a known text: a model for its language, else the smallest recogniser, which hears them too.
    fn alignment(
        &self,
        language: &str,
        align: &AlignmentGroup,
        monitor: &dyn Monitor,
    ) -> Result<Located, TaskFailure> {
        let language = language.parse().unwrap_or(Language::ENGLISH);
        let compute_type = ComputeType::default();
        let aligner = self.aligner(align, language, compute_type, monitor)?;
        let whisper = match &aligner {
            Some(_) => None,
            None => Some(self.smallest_recogniser(language, compute_type)?),
        };
        Ok(Located {
            whisper,
            aligner,
            compute_type,
            ..Located::default()
        })
    }

    /// A model that was asked for must be had; the default of a language need not.
    pub(super) fn aligner(
        &self,
        align: &AlignmentGroup,
        language: Language,
        compute_type: ComputeType,
        monitor: &dyn Monitor,
    ) -> Result<Option<(Found<PathBuf>, Language)>, TaskFailure> {
        let chosen = align.align_model.as_deref().map(published);
        let chosen = chosen.transpose()?;
        let is_asked_for = chosen.is_some();
        let Some(choice) = chosen.or_else(|| AlignChoice::for_language(language)) else {
            return Ok(None);
        };
        let label = format!("{choice} {language}");
        let choice = ModelChoice::Align(choice);
        if !is_asked_for && !self.may_have(&choice) {
            return Ok(None);
        }
        match models::locate(&self.request(choice), monitor) {
            Ok(folder) => {
                let found = Found::in_folder(label, folder.path, compute_type);
                Ok(Some((found, language)))
            }
            Err(ModelError::Cancelled) => Err(TaskFailure::Cancelled),
            Err(error) if is_asked_for => Err(no_model(Stage::Align, &error)),
            Err(error) => {
                tracing::warn!(%error, "no alignment model: words are timed by the recogniser");
                *self.failed_at() = Some(Instant::now());
                Ok(None)
            }
        }
    }

    /// Whether it is worth looking for a model: it is here, or the hub may give it out.
    fn may_have(&self, choice: &ModelChoice) -> bool {
        let is_here = matches!(models::find(choice, &self.places), Ok(Some(_)));
        let may_ask = || !self.failed_at().is_some_and(|at| at.elapsed() < PATIENCE);
        is_here || (!self.hub.offline && may_ask())
    }

    fn smallest_recogniser(
        &self,
        language: Language,
        compute_type: ComputeType,
    ) -> Result<Found<PathBuf>, TaskFailure> {
        let name = models::smallest_recogniser(language, &self.places);
        let name = name.ok_or_else(|| {
            let cause = format!(
                "no model that times words of {} is installed",
                language.name()
            );
            TaskFailure::fail(Stage::Align, &cause)
        })?;
        self.whisper(name, compute_type, &domain::progress::Silent)
    }

    /// Where speech is; without it recordings are decoded window by window.
    fn segmenter(&self) -> Option<Found<PathBuf>> {
        let folder = Companion::Segmentation.find(&self.places)?;
        Some(segmenter_in(folder))
    }

    fn speakers(
        &self,
        compute_type: ComputeType,
        monitor: &dyn Monitor,
    ) -> Result<Located, TaskFailure> {
        let request = ModelRequest {
            choice: None,
            places: self.places.clone(),
            hub: self.hub.clone(),
        };
        let folders = self.diarize.locate(&request, monitor);
        let folders = folders.map_err(|error| no_model(Stage::Diarize, &error))?;
        let (folder, plda) = match &folders.voices {
            VoiceFolder::CamPlusPlus(folder) => (folder, None),
            VoiceFolder::ResNet34 { embedding, plda } => (embedding, plda.as_deref()),
        };
        Ok(Located {
            segmenter: Some(segmenter_in(folders.segmentation)),
            voices: Some(Found {
                key: key("voices", compute_type, folder),
                n_bytes: on_disk(folder) + plda.map_or(0, on_disk),
                place: folders.voices,
            }),
            compute_type,
            ..Located::default()
        })
    }

    fn request(&self, choice: ModelChoice) -> ModelRequest {
        ModelRequest {
            choice: Some(choice),
            places: self.places.clone(),
            hub: self.hub.clone(),
        }
    }

    fn failed_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn segmenter_in(folder: PathBuf) -> Found<PathBuf> {
    Found {
        // It is computed in one arithmetic alone.
        key: ModelKey {
            label: "segmentation".to_owned(),
            folder: folder.clone(),
        },
        n_bytes: on_disk(&folder),
        place: folder,
    }
}

/// A model that clients may name: published under a name, or a repository. Folders of this machine are not theirs.
fn published(text: &str) -> Result<AlignChoice, TaskFailure> {
    let refuse = || {
        let cause =
            format!("'{text}' is neither a torchaudio pipeline nor a repository 'owner/name'");
        TaskFailure::fail(Stage::Align, &cause)
    };
    AlignChoice::published(text).map_err(|_| refuse())
}

fn key(label: impl Display, compute_type: ComputeType, folder: &Path) -> ModelKey {
    let arithmetic = match compute_type {
        ComputeType::Int8 => "int8",
        ComputeType::Float32 => "float32",
    };
    ModelKey {
        label: format!("{label} {arithmetic}"),
        folder: folder.to_owned(),
    }
}

/// What the weights in `folder` probably take once they are loaded: they mostly come in half precision.
fn in_memory(folder: &Path, compute_type: ComputeType) -> u64 {
    let n_bytes = on_disk(folder);
    match compute_type {
        ComputeType::Int8 => n_bytes,
        ComputeType::Float32 => n_bytes.saturating_mul(2),
    }
}

/// Bytes of the files in `folder`.
fn on_disk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        // Caches hold links to their files.
        let file = fs::metadata(entry.path()).ok()?;
        file.is_file().then_some(file.len())
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_cannot_name_folders_of_the_server() {
        for text in ["/etc", "./x", "../models/x", "a/b/c", ".", "wrong"] {
            assert!(
                matches!(published(text), Err(TaskFailure::Fail(_))),
                "{text}"
            );
        }
        assert!(published("WAV2VEC2_ASR_BASE_960H").is_ok());
        assert!(published("owner/name").is_ok());
    }

    #[test]
    fn single_precision_takes_twice_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.bin"), [0; 100]).unwrap();
        assert_eq!(in_memory(folder.path(), ComputeType::Int8), 100);
        assert_eq!(in_memory(folder.path(), ComputeType::Float32), 200);
        assert_eq!(on_disk(Path::new("/nowhere")), 0);
    }
}
