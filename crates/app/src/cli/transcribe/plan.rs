//! Flags become a plan that can be carried out, or a list of everything that is wrong with them.

use std::num::NonZeroU16;
use std::path::PathBuf;

use domain::export::Format;
use domain::options::{
    AlignOptions, AsrOptions, AsrTask, ComputeType, DiarizeOptions, VadOptions, WordTimes,
    temperature_ladder,
};
use domain::units::Seconds;
use speech::models::{AlignChoice, DiarizeChoice, ModelAt, ModelChoice, ModelRequest};
use speech::pipeline::{Recognition, Request, Text};

use super::args::{
    AlignArg, Args, ComputeTypeArg, DeviceArg, FormatArg, ModelArgs, TaskArg, VadArg, WhoArgs,
};
use super::output::Output;
use crate::cli::layout_args::LayoutArgs;
use crate::cli::split_args::SplitArgs;
use crate::cli::{Input, out_of_range};
use crate::exit::{Exit, Failure};

/// What is to be done; nothing in it is out of range.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) inputs: Vec<Input>,
    pub(super) output: Output,
    /// How results look.
    pub(super) layout: LayoutArgs,
    pub(super) model: ModelRequest,
    pub(super) compute_type: ComputeType,
    /// 0 stands for one a core.
    pub(super) n_threads: usize,
    pub(super) options: AsrOptions,
    pub(super) chunking: Chunking,
    pub(super) words: Words,
    /// How many people speak; `None` if nobody asks who.
    pub(super) speakers: Option<DiarizeOptions>,
    /// What tells speakers apart.
    pub(super) diarize_model: DiarizeChoice,
    /// Whether results tell what voices sound like.
    pub(super) speaker_embeddings: bool,
    pub(super) split: SplitArgs,
    /// Which audio track of each recording is taken.
    pub(super) audio_track: Option<NonZeroU16>,
    /// What the person should know before the work begins.
    pub(super) notes: Vec<String>,
}

/// Whether recordings are cut into chunks of speech.
#[derive(Debug)]
pub(super) struct Chunking {
    pub(super) wish: VadArg,
    pub(super) options: VadOptions,
}

/// How words get their times after the recogniser's.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) wish: AlignArg,
    pub(super) choice: Option<AlignChoice>,
    pub(super) options: AlignOptions,
}

impl Plan {
    /// # Errors
    /// Everything that is wrong, at least one thing.
    pub(super) fn new(args: Args) -> Result<Self, Vec<Failure>> {
        let options = asr_options(&args);
        let mut problems = Vec::new();
        problems.extend(options.problems().iter().map(out_of_range));
        let chunking = chunking(&args);
        problems.extend(chunking.options.problems().iter().map(out_of_range));
        problems.extend(chunking_problem(&args));
        problems.extend(word_problem(&args));
        let model = asked_model(&args.model).map_err(|problem| problems.push(problem));
        let model = model.unwrap_or_default();
        if let Some(ModelChoice::Name(model)) = model.as_ref().map(|model| &model.choice)
            && model.is_english_only()
        {
            problems.extend(english_only_failure(&options, model.as_str()));
        }
        problems.extend(device_problem(args.model.device));
        problems.extend(threads_problem(args.model.threads));
        problems.extend(layout_problems(&args));
        problems.extend(speaker_problems(&args.speakers));

        let mut notes = notes(&args);
        let words = words(&args);
        let inputs: Vec<_> = args.files.into_iter().map(Input::new).collect();
        problems.extend(stdin_problem(&inputs));
        let output = output(&inputs, args.output.format, args.output.output_dir)
            .map_err(|problem| problems.push(problem));
        if let Ok(output) = &output {
            problems.extend(output.find_clash(&inputs));
            notes.extend(output.notes(&inputs));
        }

        let (Ok(output), true) = (output, problems.is_empty()) else {
            return Err(problems);
        };
        Ok(Self {
            inputs,
            output,
            layout: args.layout,
            model: ModelRequest::new(
                model,
                // An empty variable is an unset one.
                args.model
                    .model_dir
                    .filter(|folder| !folder.as_os_str().is_empty()),
                args.model.offline,
                |name| std::env::var_os(name),
            ),
            compute_type: args.model.compute_type.into(),
            n_threads: args.model.threads,
            options,
            chunking,
            words,
            speakers: args
                .speakers
                .diarize
                .then(|| args.speakers.number.options()),
            diarize_model: args.speakers.number.model(),
            speaker_embeddings: args.speakers.speaker_embeddings,
            split: args.speakers.split,
            audio_track: args.speech.audio.audio_track,
            notes,
        })
    }

    /// What is wanted of each recording, which is cut into chunks of speech if that can be done.
    pub(super) fn request(&self, cuts_at_speech: bool) -> Request {
        let aligns = matches!(self.words.wish, AlignArg::Auto | AlignArg::Ctc);
        Request {
            text: Text::Recognise(Recognition {
                options: self.options.clone(),
                cuts: cuts_at_speech.then(|| self.chunking.options.clone()),
            }),
            align: aligns.then_some(self.words.options),
            diarize: self.speakers,
            speaker_embeddings: self.speaker_embeddings,
        }
    }
}

/// The model, at the revision that either flag names.
fn asked_model(args: &ModelArgs) -> Result<Option<ModelAt>, Failure> {
    match (args.model.clone(), args.revision.clone()) {
        (Some(model), Some(revision)) => {
            let model = model.at(revision);
            model.map(Some).map_err(|error| usage(error.to_string()))
        }
        (model, _) => Ok(model),
    }
}

/// The first thing that the options ask of an English-only model and that it cannot do.
pub(super) fn english_only_failure(options: &AsrOptions, model: &str) -> Option<Failure> {
    let problems = options.problems_with_english_only(model);
    let hint = "choose a model without '.en' in its name, such as --model base";
    problems
        .first()
        .map(|problem| out_of_range(problem).with_hint(hint))
}

fn asr_options(args: &Args) -> AsrOptions {
    let (speech, search, fallback) = (&args.speech, &args.search, &args.fallback);
    AsrOptions {
        language: speech.language.given(),
        task: AsrTask::from(speech.task),
        beam_size: search.beam_size,
        best_of: search.best_of,
        patience: search.patience,
        length_penalty: search.length_penalty,
        repetition_penalty: search.repetition_penalty,
        no_repeat_ngram_size: search.no_repeat_ngram_size,
        temperatures: temperature_ladder(
            fallback.temperature,
            fallback.temperature_increment_on_fallback,
        ),
        compression_ratio_threshold: fallback.compression_ratio_threshold.0,
        log_prob_threshold: fallback.log_prob_threshold.0,
        no_speech_threshold: fallback.no_speech_threshold.0,
        condition_on_previous_text: search.condition_on_previous_text,
        initial_prompt: speech.initial_prompt.clone(),
        prefix: speech.prefix.clone(),
        hotwords: speech.hotwords.clone(),
        suppress_tokens: speech.suppress_tokens.0.clone(),
        suppress_numerals: speech.suppress_numerals,
        without_timestamps: search.without_timestamps,
        max_initial_timestamp: search.max_initial_timestamp,
        multilingual: speech.multilingual,
        batch_size: args.vad.batch_size,
        chunk_size: Seconds(f64::from(args.vad.chunk_size)),
        language_detection_segments: speech.language_detection_segments,
        language_detection_threshold: speech.language_detection_threshold,
        word_times: WordTimes::from(args.words.align),
        hallucination_silence_threshold: args.words.hallucination_silence_threshold.0,
        ..AsrOptions::default()
    }
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

/// Options that only the way window by window has choose it, unless the person wants the other.
fn chunking(args: &Args) -> Chunking {
    let vad = &args.vad;
    let is_for_windows = args.words.hallucination_silence_threshold.0.is_some();
    Chunking {
        wish: match vad.vad {
            VadArg::Auto if is_for_windows => VadArg::Off,
            wish => wish,
        },
        options: VadOptions {
            onset: vad.vad_onset,
            offset: vad.vad_offset,
            ..VadOptions::default()
        },
    }
}

fn chunking_problem(args: &Args) -> Option<Failure> {
    let is_for_windows = args.words.hallucination_silence_threshold.0.is_some();
    (args.vad.vad == VadArg::On && is_for_windows).then(|| {
        usage("--hallucination-silence-threshold has no effect with --vad on")
            .with_hint("leave one of them out")
    })
}

/// What the sounds of the language can time are only its own words, and only of one language.
fn words(args: &Args) -> Words {
    let method = &args.words.method;
    let is_of_one_language = args.speech.task == TaskArg::Transcribe && !args.speech.multilingual;
    Words {
        wish: match args.words.align {
            AlignArg::Auto if !is_of_one_language => AlignArg::Attention,
            AlignArg::Auto if method.align_model.is_some() => AlignArg::Ctc,
            wish => wish,
        },
        choice: method.align_model.clone(),
        options: method.options(),
    }
}

fn word_problem(args: &Args) -> Option<Failure> {
    let (words, speech) = (&args.words, &args.speech);
    let is_named = words.method.align_model.is_some();
    let wants_ctc = words.align == AlignArg::Ctc || words.align == AlignArg::Auto && is_named;
    if wants_ctc && speech.task == TaskArg::Translate {
        let message = "--align ctc cannot time a translation, whose words nobody says";
        return Some(usage(message).with_hint("use --align attention, without --align-model"));
    }
    if wants_ctc && speech.multilingual {
        let message = "--align ctc works in one language, not with --multilingual";
        return Some(usage(message).with_hint("use --align attention, without --align-model"));
    }
    let is_idle = matches!(words.align, AlignArg::Attention | AlignArg::Off);
    let idle = [
        (is_named, "--align-model"),
        (
            words.method.return_char_alignments,
            "--return-char-alignments",
        ),
    ];
    let (_, flag) = idle.iter().find(|(is_given, _)| *is_given && is_idle)?;
    let message = format!("{flag} has no effect without forced alignment");
    Some(usage(message).with_hint("use it with --align ctc"))
}

fn device_problem(device: DeviceArg) -> Option<Failure> {
    (device == DeviceArg::Cuda).then(|| {
        usage("--device cuda: this build of scriven has no support for graphics cards")
            .with_hint("leave --device out, or use --device cpu")
    })
}

/// More threads than this only cost memory.
const MOST_THREADS: usize = 1024;

fn threads_problem(n_threads: usize) -> Option<Failure> {
    (n_threads > MOST_THREADS).then(|| {
        usage(format!(
            "--threads must be from 0 to {MOST_THREADS}, not {n_threads}"
        ))
    })
}

/// Flags for subtitles and text that would have no effect, or lack what they need.
fn layout_problems(args: &Args) -> Vec<Failure> {
    let formats = args.output.format.formats();
    let mut problems = args.layout.problems(&formats, true);
    let lacks_words = args.layout.highlight_words && args.words.align == AlignArg::Off;
    if lacks_words && formats.into_iter().any(Format::is_subtitles) {
        let message = "--highlight-words needs the times of words, which --align off leaves out";
        problems.push(usage(message));
    }
    problems
}

/// Numbers of speakers that cannot be, and flags that have no effect while nobody asks who speaks.
fn speaker_problems(args: &WhoArgs) -> Vec<Failure> {
    if args.diarize {
        let problems = args.number.options().problems();
        return problems.iter().map(out_of_range).collect();
    }
    let split = args.split.split_speakers.map(|_| "--split-speakers");
    let embeddings = (args.speaker_embeddings).then_some("--speaker-embeddings");
    let idle = args.number.first_given().or(split).or(embeddings);
    let problem = idle.map(|flag| {
        usage(format!("{flag} has no effect without --diarize")).with_hint("add --diarize")
    });
    problem.into_iter().collect()
}

fn stdin_problem(inputs: &[Input]) -> Option<Failure> {
    let n_stdin = inputs
        .iter()
        .filter(|input| **input == Input::Stdin)
        .count();
    (n_stdin > 1).then(|| usage("'-' stands for standard input, which can be read only once"))
}

fn output(inputs: &[Input], format: FormatArg, folder: Option<PathBuf>) -> Result<Output, Failure> {
    if let Some(folder) = folder {
        return Ok(Output::Folder {
            folder,
            formats: format.formats(),
        });
    }
    let with_headers = inputs.len() > 1;
    match format.formats()[..] {
        [format] if format == Format::Txt || !with_headers => Ok(Output::Stream {
            format,
            with_headers,
        }),
        [format] => Err(usage(format!(
            "several {format} results cannot share standard output"
        ))
        .with_hint("name a folder for them with --output-dir")),
        _ => Err(
            usage("--format all gives several files, which cannot share standard output")
                .with_hint("name a folder for them with --output-dir"),
        ),
    }
}

fn notes(args: &Args) -> Vec<String> {
    let float16 = (args.model.compute_type == ComputeTypeArg::Float16)
        .then(|| "float16 runs as int8 on a processor".to_owned());
    let layout = args.layout.note();
    let speakers = args.speakers.number.note().map(str::to_owned);
    let no_words = args.speakers.diarize && args.words.align == AlignArg::Off;
    let no_words = no_words.then(|| {
        "without the times of words a segment has one speaker, even if several speak".to_owned()
    });
    let tsv = (args.speakers.diarize && args.output.format == FormatArg::Tsv)
        .then(|| "tsv has no place for speakers".to_owned());
    let formats = args.output.format.formats();
    let hides_names = args.speakers.diarize && formats.contains(&Format::Srt);
    let srt = (hides_names && args.layout.names_are_hidden_by_default()).then(|| {
        "srt shows by dashes where two people speak, not who; --speaker-labels names writes their names".to_owned()
    });
    let embeddings = (args.speakers.speaker_embeddings && !formats.contains(&Format::Json))
        .then(|| "only json has a place for speaker embeddings".to_owned());
    [float16, layout, speakers, no_words, tsv, srt, embeddings]
        .into_iter()
        .flatten()
        .collect()
}
