//! The whole pipeline as a resident program, for `cargo xtask eval` and `cargo xtask bench --peer senko`:
//! `eval_driver THREADS COMPUTE_TYPE SEGMENTATION VOICES [MODEL]`.
//!
//! Prints a line of JSON when the models are loaded, then one for each line of JSON it reads. Without a recogniser it
//! only diarizes.

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::diarization::{Diarization, Turn};
use domain::options::{AsrOptions, ComputeType, DiarizeOptions, VadOptions};
use domain::progress::Silent;
use domain::transcript::{Transcript, Word};
use nn::Precision;
use serde::Deserialize;
use serde_json::{Value, json};
use speech::asr::{self, Whisper};
use speech::assign::assign;
use speech::audio::{self, Samples};
use speech::diarize::{self, diarize};
use speech::embedding::CamPlusPlus;
use speech::pyannet::{PyanNet, Segmentation};
use speech::vad;

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
}

struct Models {
    segmentation: PyanNet,
    voices: CamPlusPlus,
    whisper: Option<Whisper>,
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
            _ => evaluate(&models, &request),
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
        let n_threads: usize = threads.parse()?;
        let (compute_type, precision) = match compute_type.as_str() {
            "float32" => (ComputeType::Float32, Precision::Float32),
            _ => (ComputeType::Int8, Precision::Int8),
        };
        let whisper = model.first().map(Path::new);
        let whisper = whisper.map(|folder| Whisper::load(folder, compute_type, n_threads));
        Ok(Self {
            segmentation: PyanNet::load(Path::new(segmentation), n_threads)?,
            voices: CamPlusPlus::load(Path::new(voices), n_threads, precision)?,
            whisper: whisper.transpose()?,
        })
    }

    fn segment(&self, samples: &Samples) -> Result<Segmentation, Failure> {
        Ok((self.segmentation).segment(samples, diarize::STEP, &Silent)?)
    }

    fn diarize(
        &self,
        segmentation: &Segmentation,
        samples: &Samples,
        num_speakers: Option<usize>,
    ) -> Result<Diarization, Failure> {
        let options = DiarizeOptions::new(num_speakers, None, None);
        let options = options.map_err(|_| "a number of speakers that cannot be")?;
        Ok(diarize(
            segmentation,
            samples,
            &self.voices,
            &options,
            &Silent,
        )?)
    }
}

/// One recording through all stages, and what each of them took; its error if it fails.
fn evaluate(models: &Models, request: &Request) -> Value {
    let mut stages = Stages::default();
    let began = Instant::now();
    let outcome = run(models, request, &mut stages);
    let seconds = began.elapsed().as_secs_f64();
    let mut answer = outcome.unwrap_or_else(|failure| {
        let stage = stages.current;
        json!({"error": {"stage": stage, "message": whole_message(&*failure)}})
    });
    answer["seconds"] = seconds.into();
    answer["stages"] = stages.done.into();
    answer
}

fn run(models: &Models, request: &Request, stages: &mut Stages) -> Result<Value, Failure> {
    let samples = stages.run("decode", || decode(&request.path))?;
    let segmentation = stages.run("segment", || models.segment(&samples))?;
    let chunks = vad::chunks(
        &segmentation.speech_scores(),
        samples.len(),
        &VadOptions::default(),
    );
    let mut transcript = stages.run("transcribe", || {
        let options = AsrOptions {
            language: request
                .language
                .as_deref()
                .and_then(|code| code.parse().ok()),
            batch_size: request.batch_size.unwrap_or(8),
            ..AsrOptions::default()
        };
        let whisper = models.whisper.as_ref().ok_or("no recogniser was given")?;
        Ok(asr::transcribe_chunks(
            whisper, &samples, &chunks, &options, &Silent,
        )?)
    })?;
    let diarization = stages.run("diarize", || {
        models.diarize(&segmentation, &samples, request.num_speakers)
    })?;
    stages.run("assign", || {
        assign(&mut transcript, &diarization);
        Ok(())
    })?;
    Ok(json!({
        "audio_seconds": samples.duration(),
        "text": text(&transcript),
        "language": transcript.language,
        "words": words(&transcript),
        "turns": turns(&diarization.turns),
    }))
}

/// Who speaks in a recording, by all steps from samples to turns.
fn only_diarize(models: &Models, request: &Request) -> Result<Value, Failure> {
    let samples = decode(&request.path)?;
    let began = Instant::now();
    let segmentation = models.segment(&samples)?;
    let diarization = models.diarize(&segmentation, &samples, request.num_speakers)?;
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
    Ok(audio::decode(path, &settings, &Silent)?)
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

/// What each stage took.
#[derive(Default)]
struct Stages {
    /// The one under way.
    current: &'static str,
    done: Vec<Value>,
}

impl Stages {
    fn run<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.current = name;
        forget_peak();
        let began = Instant::now();
        let result = work()?;
        let seconds = began.elapsed().as_secs_f64();
        let peak = peak_rss_bytes();
        self.done
            .push(json!({"name": name, "seconds": seconds, "peak_rss_bytes": peak}));
        Ok(result)
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
