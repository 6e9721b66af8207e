//! Voices of windows by themselves, to measure them: `resnet_driver MODEL THREADS FILE...`.
//!
//! Cuts windows of 10 s every second out of each file and hears three voices in each. Prints a line of JSON for each
//! file: what a window took.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::progress::Silent;
use serde_json::json;
use speech::audio;
use speech::embedding::ResNet34;
use speech::embedding::fbank::{Fbank, Kind};
use speech::embedding::resnet34::Stretch;

/// Frames of a window, and from one to the next.
const WINDOW: usize = 998;
const SHIFT: usize = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, threads, files @ ..] = &arguments[..] else {
        return Err("usage: resnet_driver MODEL THREADS FILE...".into());
    };
    let network = ResNet34::load(Path::new(folder), threads.parse::<usize>()?)?;
    let fbank = Fbank::new(Kind::Hamming);
    // three voices that speak in turns
    let mask =
        |voice: usize| (0..589).map(move |frame| f32::from(u8::from(frame / 40 % 3 == voice)));
    let masks = [0, 1, 2].map(|voice| mask(voice).collect::<Vec<f32>>());
    for file in files {
        let samples = audio::decode(Path::new(file), &audio::Settings::default(), &Silent)?.samples;
        let samples = &samples.to_vec();
        let n_frames = Fbank::n_frames(samples.len());
        let features = fbank.frames(network.pool(), samples, 0..n_frames.max(WINDOW));
        let starts = (0..=n_frames.saturating_sub(WINDOW)).step_by(SHIFT);
        let windows: Vec<Vec<f32>> = starts.map(|at| features.centred(at..at + WINDOW)).collect();
        let stretch = |features| Stretch {
            features,
            masks: &masks,
        };
        let stretches: Vec<_> = windows.iter().map(|window| stretch(window)).collect();
        let began = Instant::now();
        let voices = network.embed(&stretches);
        let seconds = began.elapsed().as_secs_f64();
        let line = json!({
            "file": file, "windows": voices.len(), "window_ms": seconds * 1e3 / voices.len() as f64, "seconds": seconds,
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}
