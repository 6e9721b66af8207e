//! The models of a command that works on one recording.

use std::num::NonZeroU16;
use std::sync::Arc;

use domain::language::Language;
use domain::progress::Monitor;
use speech::align::Aligner;
use speech::asr::Whisper;
use speech::diarize::Diarizer;
use speech::pipeline::{EngineFailure, Engines, Outcome, Pipeline, Request};
use speech::pyannet::PyanNet;

use super::{
    Alignment, Recogniser, Segmenter, Voices, audio_settings, failure, load_shown, source,
};
use crate::cli::Input;
use crate::console::{Console, Progress};
use crate::exit::Failure;
use crate::interrupt::Interrupt;

/// The models of a command that works on one recording and recognises no text: what it does not need is `None`.
#[derive(Debug, Default)]
pub(crate) struct Models {
    /// Times words where there is no alignment model.
    pub(crate) recogniser: Option<Recogniser>,
    pub(crate) segmenter: Option<Segmenter>,
    pub(crate) alignment: Option<Alignment>,
    pub(crate) voices: Option<Voices>,
}

impl Models {
    /// Does what is asked, with a bar that shows how far it is; then says what is worth knowing of the result.
    pub(crate) fn run(
        &self,
        input: &Input,
        track: Option<NonZeroU16>,
        request: &Request,
        console: &Console,
        interrupt: &Interrupt,
    ) -> Result<Outcome, Failure> {
        let progress = console.follow(&input.label(), interrupt);
        let pipeline = Pipeline {
            engines: &Shown {
                models: self,
                progress: &progress,
            },
            audio: audio_settings(),
            side_by_side: false,
        };
        let outcome = pipeline.run(source(input, track), request, &progress);
        let outcome = outcome.map_err(|error| input.blame(failure(error)))?;
        drop(progress);
        for note in &outcome.notes {
            console.note(note);
        }
        Ok(outcome)
    }
}

/// The models, loaded while a spinner turns.
#[derive(Debug)]
struct Shown<'a> {
    models: &'a Models,
    progress: &'a Progress<'a>,
}

impl Engines for Shown<'_> {
    fn segmenter(&self, _monitor: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
        load_shown(
            self.models.segmenter.as_ref(),
            self.progress,
            Segmenter::load,
        )
    }

    fn recogniser(&self, _monitor: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
        load_shown(
            self.models.recogniser.as_ref(),
            self.progress,
            Recogniser::load,
        )
    }

    fn aligner(
        &self,
        language: Language,
        monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Aligner>>, EngineFailure> {
        if self.models.alignment.is_none() {
            return Ok(None);
        }
        let load = |alignment: &Alignment| {
            let folder = alignment.find(language, monitor)?;
            alignment.load(&folder, language)
        };
        load_shown(self.models.alignment.as_ref(), self.progress, load).map(Some)
    }

    fn diarizer(&self, _monitor: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
        load_shown(self.models.voices.as_ref(), self.progress, Voices::load)
    }
}
