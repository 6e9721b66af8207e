//! pyannote's agglomerative pipeline with CAM++, to measure it:
//! `pyannote_driver SEGMENTATION CAMPPLUS THREADS float32|int8 STEP_SECONDS MIN_DURATION_OFF THRESHOLDS FILE...`.
//!
//! Each recording is heard once. Prints a line of JSON for each of the thresholds, which are parted by commas.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::diarization::Turn;
use domain::options::DiarizeOptions;
use domain::progress::Silent;
use domain::units::Seconds;
use serde_json::json;
use speech::audio;
use speech::diarize::pyannote::{Agglomerative, Clustering, Heard, Method, STEP};
use speech::embedding::CamPlusPlus;
use speech::pyannet::PyanNet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        segmentation,
        voices,
        threads,
        compute_type,
        step,
        pause,
        thresholds,
        files @ ..,
    ] = &arguments[..]
    else {
        return Err("usage: pyannote_driver SEGMENTATION CAMPPLUS THREADS float32|int8 STEP_SECONDS MIN_DURATION_OFF THRESHOLDS FILE...".into());
    };
    let pyannet = PyanNet::load(Path::new(segmentation), threads.parse::<usize>()?)?;
    let network = CamPlusPlus::load(
        Path::new(voices),
        compute_type.parse()?,
        threads.parse::<usize>()?,
    )?;
    let step = step.parse::<usize>()? * STEP;
    for file in files {
        let samples = audio::decode(Path::new(file), &audio::Settings::default(), &Silent)?.samples;
        let began = Instant::now();
        let segmentation = pyannet.segment(&samples, step, &Silent)?;
        let segment = began.elapsed().as_secs_f64();
        let heard = Heard::listen(&segmentation, &samples, &network, &Silent)?;
        for threshold in thresholds.split(',') {
            let method = Method {
                clustering: Clustering::Agglomerative(Agglomerative {
                    threshold: threshold.parse()?,
                    ..Agglomerative::default()
                }),
                min_duration_off: Seconds(pause.parse()?),
            };
            let (diarization, cost) = heard.diarize(&method, &DiarizeOptions::default());
            let turns = |turns: &[Turn]| -> Vec<_> {
                let turn = |turn: &Turn| json!([turn.start.0, turn.end.0, turn.speaker]);
                turns.iter().map(turn).collect()
            };
            let line = json!({
                "file": file, "threshold": threshold, "duration": samples.duration().0,
                "segmentation": segment, "embedding": cost.embedding.as_secs_f64(),
                "clustering": cost.clustering.as_secs_f64(),
                "reconstruction": cost.reconstruction.as_secs_f64(), "voices": cost.n_pieces,
                "turns": turns(&diarization.turns), "exclusive": turns(&diarization.exclusive),
            });
            writeln!(std::io::stdout(), "{line}")?;
        }
    }
    Ok(())
}
