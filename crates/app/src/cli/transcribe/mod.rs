//! `scriven transcribe FILE…`: recordings in, texts out, without server or database.

mod args;
mod engines;
mod names;
mod output;
mod parse;
mod plan;

use std::time::{Duration, Instant};

use domain::transcript::Transcript;
use domain::units::Seconds;
use speech::pipeline::Pipeline;

pub(crate) use self::args::Args;
use self::engines::Engines;
use self::output::Shape;
use self::plan::Plan;
use crate::cli::Input;
use crate::console::{Console, clock};
use crate::engine;
use crate::exit::{Exit, Failure};
use crate::guard;
use crate::interrupt::Interrupt;
use crate::stdout::Written;

/// Does what the flags say.
pub(crate) fn run(args: Args) -> Exit {
    let console = Console::new(args.output.quiet);
    let plan = match Plan::new(args) {
        Ok(plan) => plan,
        Err(problems) => {
            for problem in &problems {
                console.failure(problem);
            }
            return Exit::Usage;
        }
    };
    let interrupt = Interrupt::watch();
    guard::silence_panics();
    let mut run = Run {
        plan: &plan,
        console: &console,
        interrupt: &interrupt,
        n_written: 0,
        worst: Exit::Ok,
    };
    let outcome = guard::run(|| run.carry_out());
    if interrupt.is_requested() {
        return Exit::Interrupted;
    }
    match outcome {
        Ok(()) => run.worst,
        Err(failure) => {
            console.failure(&failure);
            run.worst.max(failure.exit)
        }
    }
}

/// One run over all recordings.
#[derive(Debug)]
struct Run<'a> {
    plan: &'a Plan,
    console: &'a Console,
    interrupt: &'a Interrupt,
    n_written: usize,
    /// The largest exit code of the recordings so far.
    worst: Exit,
}

impl<'a> Run<'a> {
    /// Transcribes one recording after the other; an error ends the whole run.
    fn carry_out(&mut self) -> Result<(), Failure> {
        for note in &self.plan.notes {
            self.console.note(note);
        }
        self.plan.output.prepare(&self.plan.inputs)?;
        let inputs = self.readable_inputs();
        if inputs.is_empty() {
            return Ok(());
        }
        let engines = Engines::find(self)?;
        for input in inputs {
            match guard::run(|| self.transcribe(input, &engines)) {
                Ok(Written::Whole) => self.n_written += 1,
                Ok(Written::ReaderGone) => break,
                Err(failure) if failure.is_of_every_recording() => return Err(failure),
                Err(failure) => self.fail(input, &failure),
            }
            if self.interrupt.is_requested() {
                break;
            }
        }
        Ok(())
    }

    /// The recordings that are there, so that no model is fetched in vain.
    fn readable_inputs(&mut self) -> Vec<&'a Input> {
        let plan = self.plan;
        let mut readable = Vec::new();
        for input in &plan.inputs {
            match input.glance() {
                Ok(()) => readable.push(input),
                Err(failure) => self.fail(input, &failure),
            }
        }
        readable
    }

    fn transcribe(&self, input: &Input, engines: &Engines) -> Result<Written, Failure> {
        let began = Instant::now();
        let progress = self.console.follow(&input.label(), self.interrupt);
        let pipeline = Pipeline {
            engines: &engines.shown_by(self, &progress),
            audio: engine::audio_settings(),
            side_by_side: engines.run_side_by_side(),
        };
        let request = self.plan.request(engines.cuts_at_speech());
        let outcome = pipeline.run(
            engine::source(input, self.plan.audio_track),
            &request,
            &progress,
        );
        let outcome = outcome.map_err(engine::failure)?;
        drop(progress);
        for note in &outcome.notes {
            self.console.note(&format!("{input}: {note}"));
        }

        let transcript = outcome.transcript.unwrap_or_default();
        let n_speakers = outcome.diarization.map(|who| who.speakers().len());
        let written = self.plan.output.write(
            input,
            &transcript,
            &Shape {
                layout: self.plan.layout.clone(),
                split: n_speakers.map(|_| self.plan.split),
            },
            self.n_written == 0,
            self.interrupt,
        )?;
        let summary = summary(input, &transcript, outcome.duration, began.elapsed());
        let speakers = n_speakers.map_or_else(String::new, |n_speakers| match n_speakers {
            1 => ", 1 speaker".to_owned(),
            _ => format!(", {n_speakers} speakers"),
        });
        self.console.summary(&format!("{summary}{speakers}"));
        Ok(written)
    }

    fn fail(&mut self, input: &Input, failure: &Failure) {
        self.worst = self.worst.max(failure.exit);
        // What fails because of Ctrl-C needs no words.
        if !self.interrupt.is_requested() {
            self.console.file_failure(&input.to_string(), failure);
        }
    }
}

/// `talk.mp3: 12:34 in 1:02 (12.2x real time), language de, words by attention`.
fn summary(input: &Input, transcript: &Transcript, audio: Seconds, elapsed: Duration) -> String {
    let speed = audio.0 / elapsed.as_secs_f64().max(1e-3);
    let audio = clock(Duration::try_from_secs_f64(audio.0).unwrap_or_default());
    let (elapsed, language) = (clock(elapsed), &transcript.language);
    let words = transcript
        .word_timing
        .map_or_else(String::new, |timing| format!(", words by {timing}"));
    format!("{input}: {audio} in {elapsed} ({speed:.1}x real time), language {language}{words}")
}
