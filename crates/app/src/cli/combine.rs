//! `scriven combine TRANSCRIPT TURNS`: gives the words of a transcript their speakers.

use std::path::PathBuf;

use clap::ValueEnum;
use domain::aligned;
use domain::export::Format;
use domain::transcript::Transcript;
use domain::transcript_input::Form;
use speech::assign;

use super::documents;
use super::layout_args::LayoutArgs;
use super::split_args::SplitArgs;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::guard;
use crate::stdout::print;

/// Give the words of a transcript their speakers
///
/// The transcript is JSON with segments, as `scriven transcribe -f json` or whisperX writes it; words with times make
/// the result exact. The turns say who speaks when: JSON or RTTM, as `scriven diarize --exclusive` writes them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is said, as JSON, or `-` for standard input
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,

    /// Who speaks when, as JSON or RTTM, or `-` for standard input
    #[arg(value_name = "TURNS")]
    turns: PathBuf,

    /// Kind of result
    #[arg(long, short, value_enum, default_value_t = FormatArg::Json)]
    format: FormatArg,

    #[command(flatten)]
    split: SplitArgs,

    /// Follow whisperX: each word and segment for itself, none where no turn overlaps
    #[arg(long)]
    compat: bool,

    /// With --compat, take the nearest turn where none overlaps
    #[arg(long, requires = "compat")]
    fill_nearest: bool,

    #[command(flatten)]
    layout: LayoutArgs,
}

/// Does what the flags say.
pub(crate) fn run(args: &Args) -> Exit {
    let console = Console::new(false);
    guard::silence_panics();
    console.conclude(guard::run(|| carry_out(args, &console)))
}

fn carry_out(args: &Args, console: &Console) -> Result<(), Failure> {
    documents::check_stdin([&args.transcript, &args.turns])?;
    args.layout.check(args.format.into(), console)?;
    let form = if args.compat {
        Form::OF_SERVICE
    } else {
        Form::TO_COMBINE
    };
    let mut transcript = documents::read_transcript(&args.transcript, form)?;
    let diarization = documents::read_turns(&args.turns)?;
    if diarization.turns.is_empty() {
        console.note("the turns are empty, so nobody is named");
    }
    if args.compat {
        assign::fill_times(&mut transcript.segments);
        assign::assign_as_reference(&mut transcript.segments, &diarization, args.fill_nearest);
    } else {
        assign::assign(&mut transcript, &diarization);
        // Only now: words without times go with their sentence.
        assign::fill_times(&mut transcript.segments);
    }
    print(&render(&transcript, args)?).map(drop)
}

fn render(transcript: &Transcript, args: &Args) -> Result<String, Failure> {
    let format = args.format.into();
    let transcript = args.split.apply(transcript, format);
    if args.compat && format == Format::Json {
        return Ok(aligned::to_service_json(&transcript) + "\n");
    }
    args.layout.render_for_stdout(&transcript, format)
}

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Segments and words with their speakers
    Json,
    /// SubRip subtitles
    Srt,
    /// WebVTT subtitles
    Vtt,
    /// Plain text
    Txt,
    /// Start and end in milliseconds and text, with tabs between; without speakers
    Tsv,
    /// Audacity labels
    Aud,
    /// Markdown, with a heading where the speaker changes
    Md,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Json => Self::Json,
            FormatArg::Srt => Self::Srt,
            FormatArg::Vtt => Self::Vtt,
            FormatArg::Txt => Self::Txt,
            FormatArg::Tsv => Self::Tsv,
            FormatArg::Aud => Self::Aud,
            FormatArg::Md => Self::Md,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  scriven combine talk.json turns.json > spoken.json
  scriven diarize --exclusive talk.mp3 | scriven combine -f txt talk.json -";
