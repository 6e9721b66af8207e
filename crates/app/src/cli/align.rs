//! `scriven align TRANSCRIPT RECORDING`: gives every word of a known text its time.

use std::path::PathBuf;

use clap::ValueEnum;
use domain::export::Format;
use domain::language::Language;
use domain::progress::Monitor;
use domain::transcript::Transcript;
use domain::transcript_input::Form;
use speech::models::{self, AlignChoice, ModelChoice, ModelRequest};
use speech::pipeline::{Request, Text};

use super::Input;
use super::align_args::AlignArgs;
use super::audio_args::AudioArgs;
use super::documents;
use super::layout_args::LayoutArgs;
use super::machine_args::MachineArgs;
use crate::console::{Console, Progress};
use crate::engine::{Alignment, Machine, Models, Recogniser};
use crate::exit::{Exit, Failure};
use crate::guard;
use crate::interrupt::Interrupt;
use crate::stdout::print;

/// Find the time of every word of a transcript
///
/// The transcript is JSON as `scriven transcribe -f json` writes it: segments with text, start and end, and a language.
/// The result, on standard output, has a segment for each sentence and the words with their times. A language without an
/// alignment model on this machine or at the hub is timed by the smallest recogniser that is installed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is said, as JSON, or `-` for standard input
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,

    /// The recording, or `-` for standard input
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,

    /// Kind of result
    #[arg(long, short, value_enum, default_value_t = FormatArg::Json)]
    format: FormatArg,

    /// Language of the text [default: what the transcript says]
    #[arg(long, short)]
    language: Option<Language>,

    #[command(flatten)]
    align: AlignArgs,

    #[command(flatten)]
    audio: AudioArgs,

    #[command(flatten)]
    machine: MachineArgs,

    /// Show nothing but failures on standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    layout: LayoutArgs,
}

/// Does what the flags say.
pub(crate) fn run(args: Args) -> Exit {
    let console = Console::new(args.quiet);
    guard::conclude(&console, |interrupt| carry_out(args, &console, interrupt))
}

fn carry_out(args: Args, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    documents::check_stdin([&args.transcript, &args.recording])?;
    let format = args.format.into();
    args.layout.check(format, console)?;
    let form = Form::to_align(args.language.is_none());
    let mut transcript = documents::read_transcript(&args.transcript, form)?;
    let input = Input::new(args.recording);
    input.glance().map_err(|failure| input.blame(failure))?;
    let language = match args.language {
        Some(language) => language,
        None => language_of(&transcript)?,
    };
    let options = args.align.options();
    let places = args.machine.places();
    let machine = args.machine.machine();
    // The models are loaded by what the transcript says.
    language.code().clone_into(&mut transcript.language);
    let choice = args.align.align_model;
    let following = console.follow("model", interrupt);
    let models = find_models(language, choice, &places, &machine, &following, console)?;
    drop(following);
    let request = Request {
        text: Text::Given(transcript),
        align: Some(options),
        ..Request::default()
    };
    let outcome = models.run(&input, args.audio.audio_track, &request, console, interrupt)?;
    let transcript = outcome.transcript.unwrap_or_default();
    print(&args.layout.render_for_stdout(&transcript, format)?).map(drop)
}

/// The alignment model; where there is no default for the language, the smallest recogniser that knows it.
fn find_models(
    language: Language,
    choice: Option<AlignChoice>,
    places: &ModelRequest,
    machine: &Machine,
    monitor: &Progress<'_>,
    console: &Console,
) -> Result<Models, Failure> {
    let is_named = choice.is_some();
    let alignment = Alignment::new(places.clone(), choice, machine);
    let Err(failure) = alignment.find(language, monitor) else {
        return Ok(Models {
            alignment: Some(alignment),
            ..Models::default()
        });
    };
    let recogniser = models::smallest_recogniser(language, &places.places);
    let Some(name) = recogniser.filter(|_| !is_named && !monitor.is_cancelled()) else {
        return Err(failure);
    };
    let request = ModelRequest {
        choice: Some(ModelChoice::Name(name)),
        ..places.clone()
    };
    let recogniser = Recogniser::find(&request, machine, monitor)?;
    console.note(&format!("words are timed by the model '{name}': {failure}"));
    Ok(Models {
        recogniser: Some(recogniser),
        ..Models::default()
    })
}

fn language_of(transcript: &Transcript) -> Result<Language, Failure> {
    let language = transcript.language.parse();
    language.map_err(|error| {
        Failure::from_error(Exit::Usage, &error).with_hint("name the language with --language")
    })
}

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Segments, words and language
    Json,
    /// SubRip subtitles
    Srt,
    /// WebVTT subtitles
    Vtt,
    /// Start and end in milliseconds and text, with tabs between
    Tsv,
    /// Plain text
    Txt,
    /// Markdown, with a heading where the speaker changes
    Md,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Json => Self::Json,
            FormatArg::Srt => Self::Srt,
            FormatArg::Vtt => Self::Vtt,
            FormatArg::Tsv => Self::Tsv,
            FormatArg::Txt => Self::Txt,
            FormatArg::Md => Self::Md,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  scriven align talk.json talk.mp3 > aligned.json
  scriven align -f vtt --language de talk.json talk.mp3 > talk.vtt";
