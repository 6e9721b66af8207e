//! `scriven transcribe FILE…`: recordings in, texts out, without server or database.

mod args;
mod output;
mod parse;
mod plan;

use std::time::{Duration, Instant};

use domain::transcript::Transcript;
use domain::units::Seconds;
use speech::audio::Samples;
use speech::{assign, vad};

pub(crate) use self::args::Args;
use self::args::{AlignArg, VadArg};
use self::output::Shape;
use self::plan::Plan;
use crate::cli::Input;
use crate::console::{Console, Progress, clock};
use crate::engine::{self, Alignment, Engine, Segmenter, Voices};
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

const NO_VAD: &str = "the model segmentation-3.0 is not installed, so recordings are decoded window by window; \
    scripts/fetch-models fetches it, and --vad off leaves out this note";

/// What the recordings are heard with.
struct Engines {
    engine: Engine,
    segmenter: Option<Segmenter>,
    /// Whether recordings are cut into chunks of speech, by what the segmenter hears.
    cuts_at_speech: bool,
    alignment: Option<Alignment>,
    voices: Option<Voices>,
}

impl Engines {
    /// Loads what every recording needs, unless that was done.
    fn load(&mut self) -> Result<(), Failure> {
        self.engine.load()?;
        self.segmenter.as_mut().map_or(Ok(()), Segmenter::load)?;
        self.voices.as_mut().map_or(Ok(()), Voices::load)
    }
}

/// One run over all recordings.
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
        self.plan.output.prepare()?;
        let inputs = self.readable_inputs();
        if inputs.is_empty() {
            return Ok(());
        }
        let mut engines = self.find_engines()?;
        for input in inputs {
            match guard::run(|| self.transcribe(input, &mut engines)) {
                Ok(Written::Whole) => self.n_written += 1,
                Ok(Written::ReaderGone) => break,
                Err(failure) if failure.exit.is_of_every_recording() => return Err(failure),
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

    fn find_engines(&self) -> Result<Engines, Failure> {
        let plan = self.plan;
        let (compute_type, n_threads) = (plan.compute_type, plan.n_threads);
        let progress = self.console.follow("model", self.interrupt);
        let engine = Engine::find(&plan.model, compute_type, n_threads, &progress)?;
        let cuts_at_speech = match plan.chunking.wish {
            VadArg::Off => false,
            VadArg::On => true,
            VadArg::Auto => Segmenter::is_installed(&plan.model) || plan.speakers.is_some(),
        };
        if plan.chunking.wish == VadArg::Auto && !cuts_at_speech {
            self.console.note(NO_VAD);
        }
        let segmenter = (cuts_at_speech || plan.speakers.is_some())
            .then(|| Segmenter::find(&plan.model, n_threads, &progress));
        let voices = plan
            .speakers
            .map(|_| Voices::find(&plan.model, compute_type, n_threads, &progress));
        // Only now it is known which model is the default.
        if let Some(name) = engine.english_only_name() {
            plan::english_only_failure(&plan.options, name).map_or(Ok(()), Err)?;
        }
        Ok(Engines {
            engine,
            segmenter: segmenter.transpose()?,
            cuts_at_speech,
            alignment: self.find_alignment(&progress)?,
            voices: voices.transpose()?,
        })
    }

    fn find_alignment(&self, progress: &Progress<'_>) -> Result<Option<Alignment>, Failure> {
        let (plan, words) = (self.plan, &self.plan.words);
        let alignment = match words.wish {
            AlignArg::Auto | AlignArg::Ctc => Some(Alignment::new(
                plan.model.clone(),
                words.choice.clone(),
                plan.compute_type,
                plan.n_threads,
            )),
            AlignArg::Attention | AlignArg::Off => None,
        };
        if let (Some(alignment), AlignArg::Ctc, Some(language)) =
            (&alignment, words.wish, plan.options.language)
        {
            alignment.find(language, progress)?; // now, not after hours of work
        }
        Ok(alignment)
    }

    fn transcribe(&self, input: &Input, engines: &mut Engines) -> Result<Written, Failure> {
        let began = Instant::now();
        let progress = self.console.follow(&input.label(), self.interrupt);
        let samples = engine::decode(input, &progress)?;
        let (label, options) = (engines.engine.label(), &self.plan.options);
        progress.spin("loading the model", || engines.load())?;
        if engines.engine.is_english_only() {
            plan::english_only_failure(options, &label).map_or(Ok(()), Err)?;
        }
        let segmentation = match &engines.segmenter {
            Some(segmenter) => Some(segmenter.segment(&samples, &progress)?),
            None => None,
        };
        let at_speech = segmentation.as_ref().filter(|_| engines.cuts_at_speech);
        let chunks = at_speech.map(|segmentation| {
            let scores = segmentation.speech_scores();
            vad::chunks(&scores, samples.len(), &self.plan.chunking.options)
        });
        let chunks = chunks.as_deref();
        let mut transcript = engines
            .engine
            .transcribe(&samples, chunks, options, &progress)?;
        if let Some(alignment) = &mut engines.alignment
            && !transcript.segments.is_empty()
        {
            self.align(&mut transcript, &samples, alignment, &progress)?;
        }
        let mut n_speakers = None;
        if let (Some(voices), Some(segmentation), Some(options)) =
            (&engines.voices, &segmentation, &self.plan.speakers)
        {
            let diarization = voices.diarize(segmentation, &samples, options, &progress)?;
            assign::assign(&mut transcript, &diarization);
            n_speakers = Some(diarization.speakers().len());
        }
        drop(progress);

        let written = self.plan.output.write(
            input,
            &transcript,
            &Shape {
                export: self.plan.export,
                split: n_speakers.map(|_| self.plan.split),
            },
            self.n_written == 0,
            self.interrupt,
        )?;
        let summary = summary(input, &transcript, samples.duration(), began.elapsed());
        let speakers = n_speakers.map_or_else(String::new, |n_speakers| match n_speakers {
            1 => ", 1 speaker".to_owned(),
            _ => format!(", {n_speakers} speakers"),
        });
        self.console.summary(&format!("{summary}{speakers}"));
        Ok(written)
    }

    /// Times the words anew if there is a model for their language; what was recognised is never lost for want of one.
    fn align(
        &self,
        transcript: &mut Transcript,
        samples: &Samples,
        alignment: &mut Alignment,
        progress: &Progress<'_>,
    ) -> Result<(), Failure> {
        let Ok(language) = transcript.language.parse() else {
            return Ok(());
        };
        let words = &self.plan.words;
        if words.wish == AlignArg::Auto && !alignment.has(language) {
            return Ok(());
        }
        let loaded = alignment.find(language, progress).and_then(|folder| {
            progress.spin("loading the alignment model", || {
                alignment.load(&folder, language)
            })
        });
        match loaded {
            Ok(()) => alignment.align(transcript, samples, words.options, progress),
            Err(failure) if self.interrupt.is_requested() => Err(failure),
            Err(failure) => {
                let message = failure.message;
                self.console
                    .note(&format!("words are timed by attention: {message}"));
                Ok(())
            }
        }
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
