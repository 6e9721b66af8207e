//! Which parameters there are (contract 1.5), each with its default, its range and its description.

use std::num::NonZeroU16;

use domain::align_model::AlignModel;
use domain::language::Language;
use domain::options::{AsrTask, Interpolation};
use domain::request::{
    AlignmentGroup, AsrGroup, Device, ModelGroup, SpeakerGroup, SpokenLanguage, VadGroup,
};
use url::Url;

use super::parameters::{About, Parameters};
use super::query::QueryGroup;
use crate::state::ApiSettings;
use crate::wire::Bound;

/// The query of `/speech-to-text` and `/speech-to-text-url`.
#[derive(Debug)]
pub(crate) struct FullProcess {
    pub(crate) model: ModelGroup,
    pub(crate) align: AlignmentGroup,
    pub(crate) speakers: SpeakerGroup,
    pub(crate) asr: AsrGroup,
    pub(crate) vad: VadGroup,
    pub(crate) callback_url: Option<Url>,
    pub(crate) audio_track: Option<NonZeroU16>,
}

impl QueryGroup for FullProcess {
    fn read(query: &mut impl Parameters, settings: &ApiSettings) -> Self {
        let model = model(query, settings, is_alignable);
        let align = alignment(query);
        let language = model.language.given();
        if let Some(reason) = language.and_then(|language| no_align_model(language, &align)) {
            query.refuse("language", &reason);
        }
        Self {
            model,
            align,
            speakers: speakers(query),
            asr: asr(query),
            vad: vad(query),
            callback_url: query.url(About(
                "callback_url",
                "Gets the task by POST once it has ended. It is asked by HEAD before the task is accepted.",
            )),
            audio_track: audio_track(query),
        }
    }
}

/// The query of `/service/transcribe`.
#[derive(Debug)]
pub(crate) struct TranscribeQuery {
    pub(crate) model: ModelGroup,
    pub(crate) asr: AsrGroup,
    pub(crate) vad: VadGroup,
    pub(crate) audio_track: Option<NonZeroU16>,
}

impl QueryGroup for TranscribeQuery {
    fn read(query: &mut impl Parameters, settings: &ApiSettings) -> Self {
        Self {
            model: model(query, settings, |_| true),
            asr: asr(query),
            vad: vad(query),
            audio_track: audio_track(query),
        }
    }
}

/// The query of `/service/align`.
#[derive(Debug)]
pub(crate) struct AlignQuery {
    pub(crate) device: Device,
    pub(crate) align: AlignmentGroup,
    pub(crate) audio_track: Option<NonZeroU16>,
}

impl QueryGroup for AlignQuery {
    fn read(query: &mut impl Parameters, settings: &ApiSettings) -> Self {
        Self {
            device: device(query, settings),
            align: alignment(query),
            audio_track: audio_track(query),
        }
    }
}

/// The query of `/service/diarize`.
#[derive(Debug)]
pub(crate) struct DiarizeQuery {
    pub(crate) device: Device,
    pub(crate) speakers: SpeakerGroup,
    pub(crate) audio_track: Option<NonZeroU16>,
}

impl QueryGroup for DiarizeQuery {
    fn read(query: &mut impl Parameters, settings: &ApiSettings) -> Self {
        Self {
            device: device(query, settings),
            speakers: speakers(query),
            audio_track: audio_track(query),
        }
    }
}

/// Why words in `language` cannot be timed, if they cannot.
pub(crate) fn no_align_model(language: Language, align: &AlignmentGroup) -> Option<String> {
    let has_model = align.align_model.is_some() || AlignModel::for_language(language).is_some();
    (!has_model).then(|| {
        format!("No default align-model for language: {language}; name one by 'align_model'")
    })
}

/// Whether words in a language are timed without a model being named.
fn is_alignable(language: SpokenLanguage) -> bool {
    let no_model = |language| no_align_model(language, &AlignmentGroup::default());
    language.given().and_then(no_model).is_none()
}

fn model(
    query: &mut impl Parameters,
    settings: &ApiSettings,
    is_usual_language: impl Fn(SpokenLanguage) -> bool,
) -> ModelGroup {
    let defaults = settings.defaults;
    ModelGroup {
        language: query.word_among(
            About(
                "language",
                "The language spoken, a code; `auto` detects it, and the result tells which it is. Where words are aligned, \
                 any other language of Whisper needs `align_model`.",
            ),
            SpokenLanguage::Given(defaults.language),
            is_usual_language,
        ),
        task: query.word(
            About(
                "task",
                "Whether the text stays in its language or becomes English.",
            ),
            AsrTask::Transcribe,
        ),
        model: query.word(
            About(
                "model",
                "The Whisper model; names that end in `.en` know only English.",
            ),
            defaults.model,
        ),
        device: device(query, settings),
        device_index: query.integer(About("device_index", "Which graphics processor."), 0, 0),
        threads: query.integer(
            About(
                "threads",
                "Threads to compute with; 0 leaves it to the service.",
            ),
            0,
            0,
        ),
        batch_size: query.integer(
            About("batch_size", "Chunks that are decoded side by side."),
            8,
            1,
        ),
        chunk_size: query.integer(
            About(
                "chunk_size",
                "The longest segment of the result, in seconds; no more than 30 are used.",
            ),
            20,
            1,
        ),
        compute_type: query.word(
            About(
                "compute_type",
                "The arithmetic; on a processor `float16` is computed as `int8`.",
            ),
            defaults.compute_type,
        ),
    }
}

fn device(query: &mut impl Parameters, settings: &ApiSettings) -> Device {
    let device = query.word(
        About("device", "On what it is computed."),
        settings.defaults.device,
    );
    if device == Device::Cuda && !settings.has_gpu {
        query.refuse(
            "device",
            "this service has no usable graphics processor (CUDA); use 'cpu'",
        );
    }
    device
}

fn audio_track(query: &mut impl Parameters) -> Option<NonZeroU16> {
    let about = About(
        "audio_track",
        "Which audio track of the recording, counted from 1; without it the file's default, else the first.",
    );
    query.small_integer(about, 1).and_then(NonZeroU16::new)
}

fn alignment(query: &mut impl Parameters) -> AlignmentGroup {
    AlignmentGroup {
        align_model: query
            .text(
                About(
                    "align_model",
                    "The model that times the words; without one the default of the language.",
                ),
                None,
            )
            .filter(|model| !model.is_empty()),
        interpolate_method: query.word(
            About("interpolate_method", "How what has no time gets one."),
            Interpolation::Nearest,
        ),
        return_char_alignments: query.boolean(
            About(
                "return_char_alignments",
                "Whether characters get times too.",
            ),
            false,
        ),
    }
}

fn speakers(query: &mut impl Parameters) -> SpeakerGroup {
    let min_speakers =
        query.optional_integer(About("min_speakers", "At least so many people speak."), 1);
    let max_speakers =
        query.optional_integer(About("max_speakers", "At most so many people speak."), 1);
    if let (Some(min), Some(max)) = (min_speakers, max_speakers)
        && max < min
    {
        query.refuse(
            "max_speakers",
            "max_speakers must not be less than min_speakers",
        );
    }
    SpeakerGroup {
        min_speakers,
        max_speakers,
    }
}

/// The longest text that the recogniser is given, in characters.
const LONGEST_PROMPT: usize = 4000;

fn asr(query: &mut impl Parameters) -> AsrGroup {
    let defaults = AsrGroup::default();
    AsrGroup {
        beam_size: query.integer(
            About("beam_size", "Beams that are kept side by side."),
            defaults.beam_size,
            1,
        ),
        best_of: query.integer(
            About("best_of", "Samples that are drawn at a temperature above 0."),
            defaults.best_of,
            1,
        ),
        patience: query.number(
            About(
                "patience",
                "Finished hypotheses that are wanted, as a multiple of `beam_size`.",
            ),
            defaults.patience,
            &[Bound::Above(0)],
        ),
        length_penalty: query.number(
            About(
                "length_penalty",
                "Exponent of the length by which a hypothesis' score is divided.",
            ),
            defaults.length_penalty,
            &[],
        ),
        temperatures: query.number(
            About("temperatures", "The first temperature."),
            defaults.temperatures,
            &[Bound::AtLeast(0)],
        ),
        compression_ratio_threshold: query.number(
            About(
                "compression_ratio_threshold",
                "A text that compresses better is taken for a loop.",
            ),
            defaults.compression_ratio_threshold,
            &[],
        ),
        log_prob_threshold: query.number(
            About(
                "log_prob_threshold",
                "A text whose mean log-probability is lower is not acceptable.",
            ),
            defaults.log_prob_threshold,
            &[],
        ),
        no_speech_threshold: query.number(
            About(
                "no_speech_threshold",
                "From this probability of silence on a window may be silent.",
            ),
            defaults.no_speech_threshold,
            &[],
        ),
        initial_prompt: query.text(
            About("initial_prompt", "Text that every chunk is told came before."),
            Some(LONGEST_PROMPT),
        ),
        suppress_tokens: query.integers(
            About(
                "suppress_tokens",
                "Token ids that are never chosen, repeated or with commas between; -1 stands for the model's own set.",
            ),
            defaults.suppress_tokens,
        ),
        suppress_numerals: query.boolean(
            About("suppress_numerals", "Never write digits, `%`, `$` and `£`."),
            defaults.suppress_numerals,
        ),
        hotwords: query.text(About("hotwords", "Words to expect."), Some(LONGEST_PROMPT)),
    }
}

fn vad(query: &mut impl Parameters) -> VadGroup {
    let defaults = VadGroup::default();
    let within = &[Bound::Above(0), Bound::Below(1)];
    VadGroup {
        vad_onset: query.number(
            About(
                "vad_onset",
                "Speech begins where its score rises above this.",
            ),
            defaults.vad_onset,
            within,
        ),
        vad_offset: query.number(
            About(
                "vad_offset",
                "Speech ends where its score falls below this.",
            ),
            defaults.vad_offset,
            within,
        ),
    }
}
