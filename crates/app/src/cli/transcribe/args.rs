//! The flags of `scriven transcribe`: one per option of the API, with dashes for underscores.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, ValueEnum};
use domain::export::Format;
use domain::options::{AsrTask, ComputeType, WordTimes};
use domain::request::SpokenLanguage;
use speech::models::{ModelAt, Revision};

use super::parse;
use crate::cli::align_args::AlignArgs;
use crate::cli::audio_args::AudioArgs;
use crate::cli::layout_args::LayoutArgs;
use crate::cli::speaker_args::SpeakerArgs;
use crate::cli::split_args::SplitArgs;

/// Write down what is said in recordings
///
/// Any audio or video file will do. The text goes to standard output, or into a folder as text, subtitles or data.
/// Everything runs on this machine; only a model that is not here yet is fetched from the Hugging Face hub.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub(crate) struct Args {
    /// Recordings, or `-` for one on standard input
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) layout: LayoutArgs,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    #[command(flatten)]
    pub(super) speech: SpeechArgs,
    #[command(flatten)]
    pub(super) search: SearchArgs,
    #[command(flatten)]
    pub(super) fallback: FallbackArgs,
    #[command(flatten)]
    pub(super) words: WordArgs,
    #[command(flatten)]
    pub(super) speakers: WhoArgs,
    #[command(flatten)]
    pub(super) vad: VadArgs,
}

/// Where results go, and how they look.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Kind of result; `all` is txt, vtt, srt, tsv and json
    #[arg(long, short, value_enum, default_value_t = FormatArg::Txt)]
    pub(super) format: FormatArg,

    /// Folder for the results, made if missing; each is named like its recording and replaces a file of that name
    #[arg(long, short, value_name = "FOLDER")]
    pub(super) output_dir: Option<PathBuf>,

    /// Show nothing but failures on standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// The model, and what it runs on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Model")]
pub(super) struct ModelArgs {
    /// Name such as `small`, hub repository, or folder [default: base if installed, else tiny.en]; `small@v1.0` is a revision
    #[arg(long, short)]
    pub(super) model: Option<ModelAt>,

    /// Branch, tag or commit of the model's repository
    #[arg(long, requires = "model")]
    pub(super) revision: Option<Revision>,

    /// Folder with one folder a model, searched first; downloads go there
    #[arg(long, value_name = "FOLDER", env = "MODEL_DIR", hide_env_values = true)]
    pub(super) model_dir: Option<PathBuf>,

    /// Never ask the hub for a model
    #[arg(long)]
    pub(super) offline: bool,

    /// Arithmetic of the network
    #[arg(long, value_enum, default_value_t = ComputeTypeArg::Int8)]
    pub(super) compute_type: ComputeTypeArg,

    /// Threads; 0 takes every core
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::whole_number)]
    pub(super) threads: usize,

    /// What computes
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    pub(super) device: DeviceArg,
}

/// What is spoken, and what is wanted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Speech")]
pub(super) struct SpeechArgs {
    #[command(flatten)]
    pub(super) audio: AudioArgs,

    /// Language spoken: a code such as `de`, a name such as `german`, or `auto`
    #[arg(long, short, default_value = "auto")]
    pub(super) language: SpokenLanguage,

    /// `translate` gives English, whatever is spoken
    #[arg(long, value_enum, default_value_t = TaskArg::Transcribe)]
    pub(super) task: TaskArg,

    /// Detect the language of each 30 s window anew
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", hide_possible_values = true,
        action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    pub(super) multilingual: bool,

    /// Windows that vote on the language; more are looked at where none is sure
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse::whole_number)]
    pub(super) language_detection_segments: usize,

    /// Votes together surer than this need no more windows; 0 to 1
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) language_detection_threshold: f32,

    /// Text said to come before the recording; sets spelling and style
    #[arg(long, value_name = "TEXT")]
    pub(super) initial_prompt: Option<String>,

    /// Text with which the transcript is made to begin
    #[arg(long, value_name = "TEXT")]
    pub(super) prefix: Option<String>,

    /// Names and rare words to expect
    #[arg(long, value_name = "WORDS")]
    pub(super) hotwords: Option<String>,

    /// Write numbers as words
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", hide_possible_values = true,
        action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    pub(super) suppress_numerals: bool,

    /// Token ids never written, with commas between; -1 is the model's own set of non-speech signs
    #[arg(long, value_name = "IDS", default_value = "-1", value_parser = parse::token_ids, allow_hyphen_values = true)]
    pub(super) suppress_tokens: TokenIds,
}

/// How the likeliest text is searched.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Search")]
pub(super) struct SearchArgs {
    /// Texts followed side by side; 1 is fastest
    #[arg(long, value_name = "N", default_value = "5", value_parser = parse::whole_number)]
    pub(super) beam_size: usize,

    /// Texts drawn, and the best taken, at a temperature above 0
    #[arg(long, value_name = "N", default_value = "5", value_parser = parse::whole_number)]
    pub(super) best_of: usize,

    /// Finished texts waited for, as a multiple of --beam-size
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) patience: f32,

    /// Exponent of the length that scores are divided by; higher favours long texts
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) length_penalty: f32,

    /// Above 1, words already used become less likely
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) repetition_penalty: f32,

    /// No run of this many tokens comes twice; 0 is off
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::whole_number)]
    pub(super) no_repeat_ngram_size: usize,

    /// Decode without timestamp tokens; times are then those of whole windows
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", hide_possible_values = true,
        action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    pub(super) without_timestamps: bool,

    /// Latest first timestamp of a window, in seconds
    #[arg(long, value_name = "S", default_value = "1", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) max_initial_timestamp: f32,

    /// Give the text so far to the next window as its context: true or false
    #[arg(
        long, value_name = "BOOL", default_value = "true", hide_possible_values = true,
        action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    pub(super) condition_on_previous_text: bool,
}

/// When a text is not believed, and what is done then.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Doubtful text")]
pub(super) struct FallbackArgs {
    /// Sampling temperature tried first; 0 takes the likeliest text
    #[arg(long, value_name = "T", default_value = "0", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) temperature: f32,

    /// Raised by this, up to 1, while the text is not believed; 0 never tries again
    #[arg(long, value_name = "T", default_value = "0.2", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) temperature_increment_on_fallback: f32,

    /// Text that compresses better than this is a loop; `none` is off
    #[arg(long, value_name = "X", default_value = "2.4", value_parser = parse::threshold, allow_negative_numbers = true)]
    pub(super) compression_ratio_threshold: Threshold,

    /// Text with a lower mean log-probability is not believed; `none` is off
    #[arg(
        long, alias = "logprob-threshold", value_name = "X", default_value = "-1",
        value_parser = parse::threshold, allow_negative_numbers = true
    )]
    pub(super) log_prob_threshold: Threshold,

    /// A window likelier than this to hold no speech is silence, if its text is not believed; `none` is off
    #[arg(long, value_name = "P", default_value = "0.6", value_parser = parse::threshold, allow_negative_numbers = true)]
    pub(super) no_speech_threshold: Threshold,
}

/// The times of single words.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Words")]
pub(super) struct WordArgs {
    /// How words get their times
    #[arg(long, value_enum, default_value_t = AlignArg::Auto)]
    pub(super) align: AlignArg,

    #[command(flatten)]
    pub(super) method: AlignArgs,

    /// Drop doubtful words amid a silence longer than this, in seconds; `none` is off
    #[arg(long, value_name = "S", default_value = "none", value_parser = parse::threshold, allow_negative_numbers = true)]
    pub(super) hallucination_silence_threshold: Threshold,
}

/// Who speaks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Speakers")]
pub(super) struct WhoArgs {
    /// Say who speaks; speakers are numbered in order of their first words
    #[arg(long)]
    pub(super) diarize: bool,

    #[command(flatten)]
    pub(super) number: SpeakerArgs,

    #[command(flatten)]
    pub(super) split: SplitArgs,

    /// Also give what each speaker's voice sounds like, as a list of numbers (json)
    #[arg(long)]
    pub(super) speaker_embeddings: bool,
}

/// Where people speak, and how the recording is cut there.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Voice activity")]
pub(super) struct VadArgs {
    /// Whether speech is found first and cut into chunks that are decoded side by side
    #[arg(long, value_enum, default_value_t = VadArg::Auto)]
    pub(super) vad: VadArg,

    /// Speech begins where its score rises above this; 0 to 1
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) vad_onset: f32,

    /// Speech ends where its score falls below this; 0 to 1
    #[arg(long, value_name = "P", default_value = "0.363", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) vad_offset: f32,

    /// Seconds of the longest segment of the result, at most 30
    #[arg(long, value_name = "S", default_value = "30", value_parser = parse::number, allow_negative_numbers = true)]
    pub(super) chunk_size: f32,

    /// Chunks decoded side by side; more is faster and takes more memory
    #[arg(long, value_name = "N", default_value = "8", value_parser = parse::whole_number)]
    pub(super) batch_size: usize,
}

/// Values of `--vad`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum VadArg {
    /// As `on` if the model segmentation-3.0 is installed
    Auto,
    /// Find speech first
    On,
    /// Go through the recording window by window, each told the text before it
    Off,
}

/// Value of a threshold; `None` is `none`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Threshold(pub(super) Option<f32>);

/// Value of `--suppress-tokens`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenIds(pub(super) Vec<i64>);

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// Plain text
    Txt,
    /// SubRip subtitles
    Srt,
    /// WebVTT subtitles
    Vtt,
    /// Start and end in milliseconds and text, with tabs between
    Tsv,
    /// Audacity labels
    Aud,
    /// Markdown, with a heading where the speaker changes
    Md,
    /// One document with segments and language
    Json,
    /// txt, vtt, srt, tsv and json
    All,
}

impl FormatArg {
    pub(super) fn formats(self) -> Vec<Format> {
        match self {
            Self::Txt => vec![Format::Txt],
            Self::Srt => vec![Format::Srt],
            Self::Vtt => vec![Format::Vtt],
            Self::Tsv => vec![Format::Tsv],
            Self::Aud => vec![Format::Aud],
            Self::Md => vec![Format::Md],
            Self::Json => vec![Format::Json],
            Self::All => Format::COMMON.to_vec(),
        }
    }
}

/// Values of `--task`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TaskArg {
    /// The words in the language spoken
    Transcribe,
    /// The words in English
    Translate,
}

impl From<TaskArg> for AsrTask {
    fn from(task: TaskArg) -> Self {
        match task {
            TaskArg::Transcribe => Self::Transcribe,
            TaskArg::Translate => Self::Translate,
        }
    }
}

/// Values of `--compute-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ComputeTypeArg {
    /// Fast and small
    Int8,
    /// Slower, and as exact as the model was made
    Float32,
    /// For graphics cards; runs as int8 here
    Float16,
}

impl From<ComputeTypeArg> for ComputeType {
    fn from(compute_type: ComputeTypeArg) -> Self {
        match compute_type {
            ComputeTypeArg::Int8 | ComputeTypeArg::Float16 => Self::Int8,
            ComputeTypeArg::Float32 => Self::Float32,
        }
    }
}

/// Values of `--align`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AlignArg {
    /// As `ctc` if an alignment model for the language is installed, else as `attention`
    Auto,
    /// By a second network that knows the sounds of the language; its model is fetched if need be
    Ctc,
    /// By where the model listens while it writes
    Attention,
    /// Not at all: no words in the result
    Off,
}

impl From<AlignArg> for WordTimes {
    fn from(align: AlignArg) -> Self {
        match align {
            // An alignment keeps these times where its network hears nothing of the text.
            AlignArg::Auto | AlignArg::Ctc | AlignArg::Attention => Self::Refined,
            AlignArg::Off => Self::Off,
        }
    }
}

/// Values of `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DeviceArg {
    /// The processor
    Cpu,
    /// A graphics card; this build has no support for it
    Cuda,
}

const EXAMPLES: &str = "\
Examples:
  scriven transcribe talk.mp3                        print what is said
  scriven transcribe -f srt talk.mp4 > talk.srt      subtitles for a video
  scriven transcribe -f all -o texts/ *.m4a          every format of many recordings
  scriven transcribe --diarize meeting.mp4           say who speaks, too
  scriven transcribe --language de --task translate interview.wav
  ffmpeg -i rtsp://camera -t 60 -f wav - | scriven transcribe -";

const DETAILS: &str = "\
Results:
  Without --output-dir a result goes to standard output. Of several recordings only txt can
  follow one another there, each below a line '==> FILE <=='. With --output-dir, talk.mp3 gives
  FOLDER/talk.txt, and standard input gives FOLDER/stdin.txt. A file of that name is replaced,
  and none is ever left half-written.

Exit codes:
  0    every recording was transcribed
  2    the command line asks for what cannot be: unknown flag or value, unusable output folder
  3    a recording cannot be read: missing, empty, damaged, no audio in it
  4    the model cannot be found, fetched or loaded
  5    a result cannot be written (disk full), or a mistake in scriven
  130  stopped with Ctrl-C
  One bad recording does not stop the others; the largest code that occurred is the exit code.";
