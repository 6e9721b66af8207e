//! `scriven diarize FILE`: who speaks when, without a word of what is said.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use domain::diarization::Diarization;
use domain::units::Seconds;
use speech::pipeline::Request;

use super::audio_args::AudioArgs;
use super::dialogue::Look;
use super::input::visible;
use super::machine_args::MachineArgs;
use super::speaker_args::SpeakerArgs;
use super::{Input, out_of_range};
use crate::console::Console;
use crate::engine::{Models, Speakers};
use crate::exit::{Exit, Failure};
use crate::guard;
use crate::interrupt::Interrupt;
use crate::stdout::print;

/// Find out who speaks when
///
/// Speakers are numbered in order of their first words. The result, on standard output, is a table for people or a list
/// for programs; `scriven combine` gives the words of a transcript the speakers in it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The recording, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Kind of result [default: table on a terminal, else rttm]
    #[arg(long, short, value_enum)]
    format: Option<FormatArg>,

    /// One speaker at a time: whoever is heard best where several speak, as the words of a transcript need it
    #[arg(long)]
    exclusive: bool,

    #[command(flatten)]
    number: SpeakerArgs,

    #[command(flatten)]
    audio: AudioArgs,

    #[command(flatten)]
    machine: MachineArgs,

    /// Show nothing but failures on standard error
    #[arg(long, short)]
    quiet: bool,
}

/// Does what the flags say.
pub(crate) fn run(args: &Args) -> Exit {
    let console = Console::new(args.quiet);
    let problems = args.number.options().problems();
    if !problems.is_empty() {
        for problem in &problems {
            console.failure(&out_of_range(problem));
        }
        return Exit::Usage;
    }
    guard::conclude(&console, |interrupt| carry_out(args, &console, interrupt))
}

fn carry_out(args: &Args, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    if let Some(note) = args.number.note() {
        console.note(note);
    }
    let input = Input::new(args.file.clone());
    input.glance().map_err(|failure| input.blame(failure))?;
    let (duration, mut diarization) = hear(args, &input, console, interrupt)?;
    if args.exclusive {
        diarization = diarization.into_exclusive();
    }
    let look = Look::of_stdout();
    let default = if look.is_some() {
        FormatArg::Table
    } else {
        FormatArg::Rttm
    };
    let text = match args.format.unwrap_or(default) {
        FormatArg::Rttm => diarization.to_rttm(&input.base_name().to_string_lossy()),
        FormatArg::Json => diarization.to_json() + "\n",
        FormatArg::Table => table(&diarization, look.unwrap_or(Look::PLAIN)),
    };
    print(&text)?;
    console.summary(&summary(&diarization, duration));
    Ok(())
}

/// How long the recording is, and who speaks when.
fn hear(
    args: &Args,
    input: &Input,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<(Seconds, Diarization), Failure> {
    let places = args.machine.places();
    let machine = args.machine.machine();

    let following = console.follow("model", interrupt);
    let model = args.number.model();
    let Speakers { segmenter, voices } = Speakers::find(&model, &places, &machine, &following)?;
    let models = Models {
        segmenter: Some(segmenter),
        voices: Some(voices),
        ..Models::default()
    };
    drop(following);
    let request = Request {
        diarize: Some(args.number.options()),
        ..Request::default()
    };
    let outcome = models.run(input, args.audio.audio_track, &request, console, interrupt)?;
    Ok((outcome.duration, outcome.diarization.unwrap_or_default()))
}

/// A line a turn: start, end and length in seconds, and the speaker.
fn table(diarization: &Diarization, look: Look) -> String {
    let speakers = diarization.speakers();
    let mut out = look.paint(Look::DIM, "     start        end   length  speaker") + "\n";
    for turn in &diarization.turns {
        let (start, end) = (turn.start.0, turn.end.0);
        let idx = speakers.iter().position(|name| *name == turn.speaker);
        let speaker = look.paint(Look::colour(idx.unwrap_or(0)), &visible(&turn.speaker));
        let (start_text, end_text, length) = (clock(start), clock(end), end - start);
        writeln!(
            out,
            "{start_text:>10} {end_text:>10} {length:8.2}  {speaker}"
        )
        .expect("a String takes everything");
    }
    out
}

/// `2 speakers: SPEAKER_00 12.3 s, SPEAKER_01 8.0 s of 0:30`.
fn summary(diarization: &Diarization, duration: Seconds) -> String {
    let speakers = diarization.speakers();
    let spoken = speakers.iter().map(|speaker| {
        let turns = diarization.turns.iter();
        let turns = turns.filter(|turn| turn.speaker == *speaker);
        let seconds: f64 = turns.map(|turn| turn.end.0 - turn.start.0).sum();
        format!("{} {seconds:.1} s", visible(speaker))
    });
    let (spoken, whole): (Vec<_>, _) = (spoken.collect(), duration.0);
    match speakers.len() {
        0 => format!("nobody speaks in {whole:.1} s"),
        1 => format!("1 speaker: {} of {whole:.1} s", spoken[0]),
        n => format!("{n} speakers: {} of {whole:.1} s", spoken.join(", ")),
    }
}

/// `1:02:03.45` or `2:03.45`.
fn clock(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times are not negative, and the cast saturates"
    )]
    let hundredths = (seconds * 100.0).round() as u64;
    let (minutes, rest) = (hundredths / 6000, hundredths % 6000);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let (seconds, hundredths) = (rest / 100, rest % 100);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{hundredths:02}")
    } else {
        format!("{minutes}:{seconds:02}.{hundredths:02}")
    }
}

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// For people: a line a turn
    Table,
    /// For tools that score: `SPEAKER` lines
    Rttm,
    /// A list of turns with label, speaker, start and end
    Json,
}

const EXAMPLES: &str = "\
Examples:
  scriven diarize meeting.mp4
  scriven diarize --num-speakers 2 -f json call.wav > turns.json
  scriven diarize --exclusive talk.mp3 | scriven combine -f txt talk.json -";

#[cfg(test)]
mod tests {
    use domain::diarization::Turn;

    use super::*;

    #[test]
    fn the_table_has_a_line_a_turn() {
        let turn = |start: f64, end: f64, speaker: &str| Turn {
            start: Seconds(start),
            end: Seconds(end),
            speaker: speaker.into(),
        };
        let turns = vec![
            turn(0.5, 59.996, "SPEAKER_00"),
            turn(3599.996, 3661.25, "SPEAKER_01"),
        ];
        let diarization = Diarization::new(turns, Vec::new());
        assert_eq!(
            table(&diarization, Look::PLAIN),
            "     start        end   length  speaker\n\
             \x20  0:00.50    1:00.00    59.50  SPEAKER_00\n\
             1:00:00.00 1:01:01.25    61.25  SPEAKER_01\n"
        );
    }
}
