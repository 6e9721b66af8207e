//! Voice detection by itself, to measure it: `vad_driver MODEL THREADS STEP_SECONDS FILE...`.
//!
//! Prints a line of JSON for each file: how long it took, and the chunks with their speech in seconds.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::options::VadOptions;
use domain::progress::Silent;
use serde_json::json;
use speech::pyannet::PyanNet;
use speech::{audio, vad};

const SAMPLE_RATE: f64 = 16_000.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, threads, step, files @ ..] = &arguments[..] else {
        return Err("usage: vad_driver MODEL THREADS STEP_SECONDS FILE...".into());
    };
    let network = PyanNet::load(Path::new(folder), threads.parse::<usize>()?)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few seconds"
    )]
    let step = (step.parse::<f64>()? * SAMPLE_RATE) as usize;
    for file in files {
        let samples = audio::decode(Path::new(file), &audio::Settings::default(), &Silent)?.samples;
        let samples = &samples;
        let began = Instant::now();
        let segmentation = network.segment(samples, step, &Silent)?;
        let scores = segmentation.speech_scores();
        let chunks = vad::chunks(&scores, samples.len(), &VadOptions::default());
        let seconds = began.elapsed().as_secs_f64();
        let at = |n: usize| n as f64 / SAMPLE_RATE;
        let chunks: Vec<_> = (chunks.iter())
            .map(|chunk| {
                let speech: Vec<_> = (chunk.speech.iter()).map(|s| [at(s.start), at(s.end)]).collect();
                json!({"start": at(chunk.start), "end": at(chunk.end), "doubtful": chunk.is_doubtful, "speech": speech})
            })
            .collect();
        let line = json!({"file": file, "duration": at(samples.len()), "seconds": seconds, "chunks": chunks});
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}
