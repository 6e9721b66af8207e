//! Diarization by itself, to measure it: `diarize_driver SEGMENTATION CAMPPLUS THREADS float32|int8 [NUM_SPEAKERS|-] FILE...`.
//!
//! Both networks are loaded once. Prints a line of JSON for each file: the turns, the exclusive turns, and what each part took in seconds.
//! `decode` is not part of the sum.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::diarization::Turn;
use domain::options::DiarizeOptions;
use domain::progress::Silent;
use serde_json::json;
use speech::audio;
use speech::diarize;
use speech::embedding::CamPlusPlus;
use speech::pyannet::PyanNet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        segmentation,
        voices,
        threads,
        compute_type,
        speakers,
        files @ ..,
    ] = &arguments[..]
    else {
        return Err("usage: diarize_driver SEGMENTATION CAMPPLUS THREADS float32|int8 NUM_SPEAKERS|- FILE...".into());
    };
    let options = DiarizeOptions {
        num_speakers: speakers.parse().ok(),
        ..DiarizeOptions::default()
    };
    let pyannet = PyanNet::load(Path::new(segmentation), threads.parse::<usize>()?)?;
    let network = CamPlusPlus::load(
        Path::new(voices),
        compute_type.parse()?,
        threads.parse::<usize>()?,
    )?;
    for file in files {
        let began = Instant::now();
        let samples = audio::decode(Path::new(file), &audio::Settings::default(), &Silent)?.samples;
        let decode = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let segmentation = pyannet.segment(&samples, diarize::STEP, &Silent)?;
        let segment = began.elapsed().as_secs_f64();
        let (diarization, cost) =
            diarize::diarize_measured(&segmentation, &samples, &network, &options, &Silent)?;
        let turns = |turns: &[Turn]| -> Vec<_> {
            turns
                .iter()
                .map(|turn| json!([turn.start.0, turn.end.0, turn.speaker]))
                .collect()
        };
        let line = json!({
            "file": file, "duration": samples.duration().0, "decode": decode, "segmentation": segment,
            "stitching": cost.stitching.as_secs_f64(), "fbank": cost.fbank.as_secs_f64(),
            "embedding": cost.embedding.as_secs_f64(), "clustering": cost.clustering.as_secs_f64(),
            "reconstruction": cost.reconstruction.as_secs_f64(), "pieces": cost.n_pieces,
            "seconds": began.elapsed().as_secs_f64(),
            "turns": turns(&diarization.turns), "exclusive": turns(&diarization.exclusive),
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}
