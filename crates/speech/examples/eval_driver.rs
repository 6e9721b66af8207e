//! The whole pipeline as a resident program, for `cargo xtask eval` and `cargo xtask bench --peer senko`:
//! `eval_driver THREADS COMPUTE_TYPE SEGMENTATION VOICES [MODEL]`.
//!
//! Prints a line of JSON when the models are loaded, then one for each line of JSON it reads. Without a recogniser it
//! only diarizes.

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::diarization::Turn;
use domain::export::{self, ExportOptions, Format};
use domain::language::Language;
use domain::options::{AsrOptions, ComputeType, DiarizeOptions, VadOptions};
use domain::progress::{Monitor, Silent, Stage};
use domain::transcript::{Transcript, Word};
use domain::units::Seconds;
use serde::Deserialize;
use serde_json::{Value, json};
use speech::Pool;
use speech::align::Aligner;
use speech::asr::Whisper;
use speech::assign;
use speech::audio::{self, Samples};
use speech::diarize::Diarizer;
use speech::models::VoiceFolder;
use speech::pipeline::{self, EngineFailure, Engines, Pipeline, PipelineError, Recognition, Text};
use speech::pyannet::PyanNet;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Request {
    kind: String,
    path: PathBuf,
    /// Where samples are to be written.
    to: Option<PathBuf>,
    /// Without it, or where the model does not know it, it is detected.
    language: Option<String>,
    /// Chunks of speech decoded side by side.
    batch_size: Option<usize>,
    /// How many people speak, if that is told.
    num_speakers: Option<usize>,
    /// Whether stages that do not need each other run side by side.
    #[serde(default)]
    side_by_side: bool,
}

#[derive(Debug)]
struct Models {
    segmenter: Arc<PyanNet>,
    diarizer: Arc<Diarizer>,
    whisper: Option<Arc<Whisper>>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let began = Instant::now();
    let models = Models::load(&arguments)?;
    let load_seconds = began.elapsed().as_secs_f64();
    say(&json!({"version": env!("CARGO_PKG_VERSION"), "load_seconds": load_seconds}))?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        say(&match request.kind.as_str() {
            "samples" => write_samples(&request)?,
            "diarize" => only_diarize(&models, &request)?,
            kind => evaluate(&models, &request, kind != "transcribe"),
        })?;
    }
    Ok(())
}

impl Models {
    fn load(arguments: &[String]) -> Result<Self, Failure> {
        let [threads, compute_type, segmentation, voices, model @ ..] = arguments else {
            return Err(
                "usage: eval_driver THREADS COMPUTE_TYPE SEGMENTATION VOICES [MODEL]".into(),
            );
        };
        let pool = Pool::new(threads.parse()?);
        let compute_type: ComputeType = compute_type.parse()?;
        let whisper = model.first().map(Path::new);
        let whisper = whisper.map(|folder| Whisper::load(folder, compute_type, pool.clone()));
        let voices = VoiceFolder::CamPlusPlus(voices.into());
        Ok(Self {
            segmenter: Arc::new(PyanNet::load(Path::new(segmentation), pool.clone())?),
            diarizer: Arc::new(Diarizer::load(&voices, compute_type, &pool)?),
            whisper: whisper.transpose()?.map(Arc::new),
        })
    }
}

impl Engines for Models {
    fn segmenter(&self, _: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
        Ok(Arc::clone(&self.segmenter))
    }

    fn recogniser(&self, _: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
        let whisper = self.whisper.as_ref().ok_or("no recogniser was given")?;
        Ok(Arc::clone(whisper))
    }

    fn aligner(&self, _: Language, _: &dyn Monitor) -> Result<Option<Arc<Aligner>>, EngineFailure> {
        Ok(None)
    }

    fn diarizer(&self, _: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
        Ok(Arc::clone(&self.diarizer))
    }
}

/// One recording through all stages, or all but diarization, and what each of them took; its error if it fails.
fn evaluate(models: &Models, request: &Request, with_speakers: bool) -> Value {
    let stages = Stages::default();
    let began = Instant::now();
    let outcome = run(models, request, with_speakers, &stages);
    let seconds = began.elapsed().as_secs_f64();
    let mut answer = outcome.unwrap_or_else(|error| {
        let stage = error.stage().name();
        json!({"error": {"stage": stage, "message": whole_message(&error)}})
    });
    answer["seconds"] = seconds.into();
    answer["stages"] = stages.done.into_inner().unwrap_or_default().into();
    answer
}

fn run(
    models: &Models,
    request: &Request,
    with_speakers: bool,
    stages: &Stages,
) -> Result<Value, PipelineError> {
    let pipeline = Pipeline {
        engines: models,
        audio: audio::Settings::default(),
        side_by_side: request.side_by_side,
    };
    let options = AsrOptions {
        language: request
            .language
            .as_deref()
            .and_then(|code| code.parse().ok()),
        batch_size: request.batch_size.unwrap_or(8),
        ..AsrOptions::default()
    };
    let wanted = pipeline::Request {
        text: Text::Recognise(Recognition {
            options,
            cuts: Some(VadOptions::default()),
        }),
        diarize: with_speakers.then(|| diarize_options(request)),
        ..pipeline::Request::default()
    };
    let outcome = pipeline.run(request.path.clone(), &wanted, stages)?;
    let transcript = outcome.transcript.unwrap_or_default();
    Ok(json!({
        "audio_seconds": outcome.duration,
        "notes": outcome.notes,
        "text": text(&transcript),
        "language": transcript.language,
        "words": words(&transcript),
        "srt": srt(&transcript),
        "turns": outcome.diarization.map(|diarization| turns(&diarization.turns)),
    }))
}

fn diarize_options(request: &Request) -> DiarizeOptions {
    DiarizeOptions {
        num_speakers: request.num_speakers.filter(|n| *n > 0),
        ..DiarizeOptions::default()
    }
}

/// Who speaks in a recording, by all steps from samples to turns.
fn only_diarize(models: &Models, request: &Request) -> Result<Value, Failure> {
    let samples = decode(&request.path)?;
    let began = Instant::now();
    let (diarizer, options) = (&models.diarizer, diarize_options(request));
    let segmentation = (models.segmenter).segment(&samples, diarizer.step(), &Silent)?;
    let diarization = diarizer.diarize(&segmentation, &samples, &options, &Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(json!({
        "seconds": seconds,
        "turns": turns(&diarization.turns),
        "peak_rss_bytes": peak_rss_bytes(),
    }))
}

fn turns(turns: &[Turn]) -> Vec<Value> {
    let turn = |turn: &Turn| json!({"speaker": turn.speaker, "start": turn.start, "end": turn.end});
    turns.iter().map(turn).collect()
}

fn decode(path: &Path) -> Result<Samples, Failure> {
    let settings = audio::Settings::default();
    Ok(audio::decode(path, &settings, &Silent)?.samples)
}

fn text(transcript: &Transcript) -> String {
    let texts = transcript
        .segments
        .iter()
        .map(|segment| segment.text.as_str());
    texts.collect()
}

fn words(transcript: &Transcript) -> Vec<&Word> {
    let segments = transcript.segments.iter();
    segments
        .flat_map(|segment| segment.words.iter().flatten())
        .collect()
}

/// The subtitles as the command line writes them by default; null where they cannot be written.
fn srt(transcript: &Transcript) -> Option<String> {
    let mut transcript = transcript.clone();
    assign::split_at_speakers(&mut transcript);
    export::write(Format::Srt, &transcript, &ExportOptions::default()).ok()
}

/// Decodes a recording into a WAV file of 16-bit samples, for a program that hears the same.
fn write_samples(request: &Request) -> Result<Value, Failure> {
    let to = request.to.as_ref().ok_or("no file to write to")?;
    let samples = decode(&request.path)?;
    fs::write(to, wav(&samples.to_vec())?)?;
    Ok(json!({"audio_seconds": samples.duration()}))
}

/// One channel at 16 kHz.
fn wav(samples: &[f32]) -> Result<Vec<u8>, Failure> {
    const RATE: u32 = 16_000;
    let n_bytes = u32::try_from(2 * samples.len())?;
    let mut out = Vec::with_capacity(44 + 2 * samples.len());
    out.extend(b"RIFF");
    out.extend((36 + n_bytes).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    for short in [1_u16, 1] {
        out.extend(short.to_le_bytes()); // PCM, one channel
    }
    out.extend(RATE.to_le_bytes());
    out.extend((2 * RATE).to_le_bytes());
    for short in [2_u16, 16] {
        out.extend(short.to_le_bytes()); // bytes of a frame, bits of a sample
    }
    out.extend(b"data");
    out.extend(n_bytes.to_le_bytes());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "conversion to an integer saturates"
    )]
    let shorts = samples.iter().map(|sample| (sample * 32_768.0) as i16);
    out.extend(shorts.flat_map(i16::to_le_bytes));
    Ok(out)
}

/// What each stage took, and the most memory that was held meanwhile.
#[derive(Default)]
struct Stages {
    done: Mutex<Vec<Value>>,
}

impl Monitor for Stages {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn begins(&self, _stage: Stage) {
        forget_peak();
    }

    fn ends(&self, stage: Stage, took: Duration) {
        let (name, seconds, peak) = (stage.name(), took.as_secs_f64(), peak_rss_bytes());
        if let Ok(mut done) = self.done.lock() {
            done.push(json!({"name": name, "seconds": seconds, "peak_rss_bytes": peak}));
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Lets the system measure the peak of memory anew, where it can; else peaks are those since the start.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Most memory held since it was last forgotten; `None` where the system does not say.
fn peak_rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// An error with what caused it.
fn whole_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}

fn say(answer: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}
