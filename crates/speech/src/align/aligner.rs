//! An alignment model for one language, ready to run.

use std::path::Path;

use domain::language::Language;
use domain::options::{AlignOptions, AlignRules, ComputeType};
use domain::progress::Monitor;
use domain::transcript::Segment;
use nn::{Isa, Pool};

use super::ear::Ear;
use super::emissions::Emissions;
use super::error::AlignError;
use super::listen;
use super::run;
use super::sentences::Splitter;
use super::wav2vec2::{self, LoadError, Loaded};
use crate::audio::Sound;

/// An alignment model for one language.
#[derive(Debug)]
pub struct Aligner {
    model: Loaded,
    splitter: Splitter,
    language: Language,
}

/// Languages that put no space between words: each character counts as one.
const WITHOUT_SPACES: [&str; 3] = ["ja", "zh", "yue"];

impl Aligner {
    /// Loads a model folder (Hugging Face's, or one with a file of torchaudio) for so many threads of its own (0
    /// takes one a core), or for a pool that it shares.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of a wav2vec2 model with a CTC head.
    pub fn load(
        folder: &Path,
        language: Language,
        compute: ComputeType,
        threads: impl Into<Pool>,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            model: wav2vec2::load(
                folder,
                crate::precision(compute),
                Isa::detect(),
                threads.into(),
            )?,
            splitter: Splitter::for_language(language.code()),
            language,
        })
    }

    /// The language whose texts it aligns.
    pub fn language(&self) -> Language {
        self.language
    }

    /// What the model hears: log-probabilities of its classes, one frame in 20 ms, in windows where it is long.
    pub fn emissions(&self, samples: &[f32]) -> Emissions {
        listen::listen(&self.ear(AlignRules::Own), samples)
    }

    fn ear(&self, rules: AlignRules) -> Ear<'_> {
        Ear {
            network: &self.model.network,
            normalises: self.model.normalises && rules == AlignRules::Own,
        }
    }
}

/// Gives every word of `segments` its time. A segment becomes one for each of its sentences.
///
/// `samples` are those of the whole recording, mono at 16 kHz. Words come in order, inside the recording; what had to
/// be guessed has no score. Where a text does not fit the recording at all, times of words that an earlier stage gave
/// are kept, else words share their segment.
///
/// # Errors
/// When the monitor cancels.
pub fn align<'a>(
    aligner: &Aligner,
    segments: &[Segment],
    sound: impl Into<Sound<'a>>,
    options: &AlignOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Segment>, AlignError> {
    let of_whisperx = (options.rules == AlignRules::WhisperX)
        .then(|| Splitter::of_whisperx(aligner.language.code()));
    let language = run::Language {
        model: &aligner.ear(options.rules),
        dictionary: &aligner.model.dictionary,
        splitter: of_whisperx.as_ref().unwrap_or(&aligner.splitter),
        spaced: !WITHOUT_SPACES.contains(&aligner.language.code()),
    };
    run::align(&language, segments, sound.into(), *options, monitor)
}
