//! The engine as a resident program, for `cargo xtask bench`: `bench_driver MODEL COMPUTE_TYPE THREADS BEAM_SIZE [VAD]`.
//!
//! Prints a line of JSON when the model is loaded, then one for each line of JSON it reads.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::options::{AsrOptions, ComputeType, VadOptions, WordTimes};
use domain::progress::Silent;
use serde::Deserialize;
use serde_json::{Value, json};
use speech::asr::mel::{LogMel, WINDOW_SAMPLES};
use speech::asr::network::Network;
use speech::asr::whisper::Dimensions;
use speech::asr::{self, Whisper};
use speech::audio::{self, Samples};
use speech::pyannet::PyanNet;
use speech::vad;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Request {
    kind: String,
    path: PathBuf,
    language: Option<String>,
    /// Chunks of speech decoded side by side; without it, window by window.
    batch_size: Option<usize>,
    /// Times of words: `off`, `reference`, or as usual.
    words: Option<String>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, compute_type, threads, beam_size, vad @ ..] = &arguments[..] else {
        return Err("usage: bench_driver MODEL COMPUTE_TYPE THREADS BEAM_SIZE [VAD]".into());
    };
    let compute_type: ComputeType = compute_type.parse()?;
    let began = Instant::now();
    let n_threads = threads.parse::<usize>()?;
    let whisper = Whisper::load(Path::new(folder), compute_type, n_threads)?;
    let vad = vad.first().map(Path::new);
    let vad = vad
        .map(|folder| PyanNet::load(folder, n_threads))
        .transpose()?;
    let load_seconds = began.elapsed().as_secs_f64();
    say(&json!({"version": env!("CARGO_PKG_VERSION"), "load_seconds": load_seconds}))?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let beam_size = beam_size.parse()?;
        say(&match request.kind.as_str() {
            "kernels" => kernels(&whisper, &request, beam_size)?,
            _ => transcribe(&whisper, vad.as_ref(), &request, beam_size)?,
        })?;
    }
    Ok(())
}

fn transcribe(
    whisper: &Whisper,
    vad: Option<&PyanNet>,
    request: &Request,
    beam_size: usize,
) -> Result<Value, Failure> {
    let options = AsrOptions {
        beam_size,
        language: request.language.as_deref().map(str::parse).transpose()?,
        word_times: match request.words.as_deref() {
            Some("off") => WordTimes::Off,
            Some("reference") => WordTimes::AsReference,
            _ => WordTimes::Refined,
        },
        batch_size: request.batch_size.unwrap_or(1),
        ..AsrOptions::default()
    };
    let began = Instant::now();
    let samples = decode(request)?;
    let mut vad_seconds = None;
    let transcript = if let (Some(vad), Some(_)) = (vad, request.batch_size) {
        let began = Instant::now();
        let chunks = vad::detect(vad, &samples, &VadOptions::default(), &Silent)?;
        vad_seconds = Some(began.elapsed().as_secs_f64());
        asr::transcribe_chunks(whisper, &samples, &chunks, &options, &Silent)?
    } else {
        asr::transcribe(whisper, &samples, &options, &Silent)?
    };
    let seconds = began.elapsed().as_secs_f64();
    let text: String = transcript
        .segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    Ok(json!({
        "seconds": seconds,
        "vad_seconds": vad_seconds,
        "text": text,
        "language": transcript.language,
        "segments": transcript.segments,
        "peak_rss_bytes": peak_rss_bytes()?,
    }))
}

fn decode(request: &Request) -> Result<Samples, Failure> {
    let settings = audio::Settings::default();
    Ok(audio::decode(request.path.as_path(), &settings, &Silent)?.samples)
}

/// Times the parts of the network on the first window of the recording.
fn kernels(whisper: &Whisper, request: &Request, beam_size: usize) -> Result<Value, Failure> {
    let mut samples = decode(request)?.to_vec();
    samples.truncate(WINDOW_SAMPLES);
    let network = whisper.network();
    let log_mel = LogMel::new(network.n_mels());
    let features_ms = median_ms(|| log_mel.file(&samples).window(0, 3000));
    let features = log_mel.file(&samples).window(0, 3000);
    let encoder_ms = median_ms(|| network.encode_features(&features));

    let encoded = network.encode(&features);
    let begin = whisper.tokenizer().special().start_of_transcript;
    let mut decoding = network.decode(&[&encoded]);
    decoding.feed(&[&[begin]]);
    decoding.reorder(&vec![0; beam_size]);
    let any_text: &[u32] = &[300];
    let rows = vec![any_text; beam_size];
    let decoder_step_ms = median_ms(|| decoding.feed(&rows).len());

    let giga_operations = encoder_operations(network.dimensions()) / 1e9;
    Ok(json!({
        "features_ms": features_ms,
        "encoder_ms": encoder_ms,
        "encoder_gops": giga_operations / (encoder_ms / 1000.0),
        "decoder_step_ms": decoder_step_ms,
    }))
}

/// Multiplications and additions of the encoder's products for one window.
fn encoder_operations(dimensions: &Dimensions) -> f64 {
    let Dimensions {
        n_mels,
        width,
        encoder_layers,
        ..
    } = *dimensions;
    let (n_mels, width) = (n_mels as f64, width as f64);
    let (frames, positions) = (3000.0, 1500.0);
    let convolutions = 3.0 * (frames * n_mels + positions * width) * width;
    // queries, keys, values and output; two layers of four times the width; scores and their sums
    let block = positions * width * (4.0 * width + 8.0 * width + 2.0 * positions);
    2.0 * (convolutions + encoder_layers as f64 * block)
}

fn median_ms<T>(mut work: impl FnMut() -> T) -> f64 {
    work();
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(work());
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn peak_rss_bytes() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes
        .ok_or("no VmHWM in /proc/self/status")?
        .parse::<u64>()?
        * 1024)
}

fn say(answer: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}
