//! What the recordings are heard with.

use std::sync::Arc;

use domain::language::Language;
use domain::progress::Monitor;
use speech::align::Aligner;
use speech::asr::Whisper;
use speech::diarize::Diarizer;
use speech::pipeline::{self, EngineFailure};
use speech::pyannet::PyanNet;

use super::args::{AlignArg, VadArg};
use super::{Run, plan};
use crate::console::Progress;
use crate::engine::{Alignment, Machine, Recogniser, Segmenter, Speakers, Voices, load_shown};
use crate::exit::Failure;

const NO_VAD: &str = "the model segmentation-3.0 is not installed, so recordings are decoded window by window; \
    scripts/fetch-models fetches it, and --vad off leaves out this note";

/// The models that the flags ask for.
#[derive(Debug)]
pub(super) struct Engines {
    recogniser: Recogniser,
    segmenter: Option<Segmenter>,
    /// Whether recordings are cut into chunks of speech, by what the segmenter hears.
    cuts_at_speech: bool,
    alignment: Option<Alignment>,
    voices: Option<Voices>,
    machine: Machine,
}

impl Engines {
    /// Finds or fetches what every recording needs.
    pub(super) fn find(run: &Run<'_>) -> Result<Self, Failure> {
        let plan = run.plan;
        let machine = Machine::new(plan.compute_type, plan.n_threads);
        let progress = run.console.follow("model", run.interrupt);
        let recogniser = Recogniser::find(&plan.model, &machine, &progress)?;
        let cuts_at_speech = match plan.chunking.wish {
            VadArg::Off => false,
            VadArg::On => true,
            VadArg::Auto => Segmenter::is_installed(&plan.model) || plan.speakers.is_some(),
        };
        if plan.chunking.wish == VadArg::Auto && !cuts_at_speech {
            run.console.note(NO_VAD);
        }
        let speakers = (plan.speakers)
            .map(|_| Speakers::find(&plan.diarize_model, &plan.model, &machine, &progress));
        let (segmenter, voices) = match speakers.transpose()? {
            Some(speakers) => (Some(speakers.segmenter), Some(speakers.voices)),
            None if cuts_at_speech => {
                let segmenter = Segmenter::find(&plan.model, &machine, &progress)?;
                (Some(segmenter), None)
            }
            None => (None, None),
        };
        // Only now it is known which model is the default.
        if let Some(name) = recogniser.english_only_name() {
            plan::english_only_failure(&plan.options, name).map_or(Ok(()), Err)?;
        }
        Ok(Self {
            recogniser,
            segmenter,
            cuts_at_speech,
            alignment: find_alignment(run, &machine, &progress)?,
            voices,
            machine,
        })
    }

    /// Whether stages that do not need each other run side by side.
    pub(super) fn run_side_by_side(&self) -> bool {
        self.machine.runs_side_by_side()
    }

    /// Whether recordings are cut into chunks of speech.
    pub(super) fn cuts_at_speech(&self) -> bool {
        self.cuts_at_speech
    }

    /// The models for one recording; what takes long is shown by `progress`.
    pub(super) fn shown_by<'a>(
        &'a self,
        run: &'a Run<'a>,
        progress: &'a Progress<'a>,
    ) -> Shown<'a> {
        Shown {
            engines: self,
            run,
            progress,
        }
    }
}

fn find_alignment(
    run: &Run<'_>,
    machine: &Machine,
    progress: &Progress<'_>,
) -> Result<Option<Alignment>, Failure> {
    let (plan, words) = (run.plan, &run.plan.words);
    if matches!(words.wish, AlignArg::Attention | AlignArg::Off) {
        return Ok(None);
    }
    let alignment = Alignment::new(plan.model.clone(), words.choice.clone(), machine);
    if let (AlignArg::Ctc, Some(language)) = (words.wish, plan.options.language) {
        alignment.find(language, progress)?; // now, not after hours of work
    }
    Ok(Some(alignment))
}

/// The models for one recording.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    engines: &'a Engines,
    run: &'a Run<'a>,
    progress: &'a Progress<'a>,
}

impl pipeline::Engines for Shown<'_> {
    fn segmenter(&self, _monitor: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
        let segmenter = self.engines.segmenter.as_ref();
        load_shown(segmenter, self.progress, Segmenter::load)
    }

    fn recogniser(&self, _monitor: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
        let recogniser = &self.engines.recogniser;
        let whisper = load_shown(Some(recogniser), self.progress, Recogniser::load)?;
        if !whisper.tokenizer().special().is_multilingual() {
            let options = &self.run.plan.options;
            plan::english_only_failure(options, &recogniser.label()).map_or(Ok(()), Err)?;
        }
        Ok(whisper)
    }

    /// What was recognised is never lost for want of an alignment model.
    fn aligner(
        &self,
        language: Language,
        _monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Aligner>>, EngineFailure> {
        let Some(alignment) = &self.engines.alignment else {
            return Ok(None);
        };
        if self.run.plan.words.wish == AlignArg::Auto && !alignment.has(language) {
            return Ok(None);
        }
        let loaded = alignment.find(language, self.progress).and_then(|folder| {
            let load = || alignment.load(&folder, language);
            self.progress.spin("loading the alignment model", load)
        });
        match loaded {
            Ok(aligner) => Ok(Some(aligner)),
            Err(failure) if self.run.interrupt.is_requested() => Err(failure.into()),
            Err(failure) => {
                let note = format!("words are timed by attention: {}", failure.message);
                self.run.console.note(&note);
                Ok(None)
            }
        }
    }

    fn diarizer(&self, _monitor: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
        load_shown(self.engines.voices.as_ref(), self.progress, Voices::load)
    }
}
