//! Voices by themselves, to measure them: `voice_driver MODEL THREADS float32|int8 FILE [RTTM]`.
//!
//! Embeds stretches of 1.5 s every 0.6 s of the whole file and prints what that took, a line of JSON. With the turns of
//! an RTTM file it prints the cosines between stretches that lie within the turns of one speaker or of two.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::progress::Silent;
use serde_json::json;
use speech::audio;
use speech::embedding::fbank::{Fbank, Kind};
use speech::embedding::{CamPlusPlus, Embedding, cosine};

/// Frames of a stretch, and from one to the next.
const STRETCH: usize = 148;
const SHIFT: usize = 60;
/// Stretches whose frames are held at once.
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, threads, compute_type, file, turns @ ..] = &arguments[..] else {
        return Err("usage: voice_driver MODEL THREADS float32|int8 FILE [RTTM]".into());
    };
    let network = CamPlusPlus::load(
        Path::new(folder),
        compute_type.parse()?,
        threads.parse::<usize>()?,
    )?;
    let samples = audio::decode(Path::new(file), &audio::Settings::default(), &Silent)?.samples;
    let samples = &samples.to_vec();
    let fbank = Fbank::new(Kind::Povey);
    let n_frames = Fbank::n_frames(samples.len());
    let starts: Vec<usize> = (0..(n_frames + 1).saturating_sub(STRETCH))
        .step_by(SHIFT)
        .collect();
    let (mut embeddings, mut listening, mut embedding) = (Vec::new(), 0.0, 0.0);
    for starts in starts.chunks(BATCH) {
        let began = Instant::now();
        let frames = starts[0]..starts[starts.len() - 1] + STRETCH;
        let features = fbank.frames(network.pool(), samples, frames);
        let stretch = |start: &usize| features.centred(*start..start + STRETCH);
        let stretches: Vec<Vec<f32>> = starts.iter().map(stretch).collect();
        listening += began.elapsed().as_secs_f64();
        let began = Instant::now();
        embeddings.extend(network.embed(&stretches));
        embedding += began.elapsed().as_secs_f64();
    }
    let each = |seconds: f64| seconds * 1e3 / starts.len().max(1) as f64;
    let mut line = json!({
        "file": file, "stretches": starts.len(), "fbank_ms": each(listening), "embedding_ms": each(embedding),
        "seconds": listening + embedding,
    });
    if let [turns] = turns {
        let speakers = speakers(&std::fs::read_to_string(turns)?, &starts);
        line["cosines"] = compare(&speakers, &embeddings);
    }
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Who alone speaks in all of a stretch, if anybody does.
fn speakers(rttm: &str, starts: &[usize]) -> Vec<Option<String>> {
    let turns: Vec<(f64, f64, &str)> = (rttm.lines())
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let start: f64 = fields.get(3)?.parse().ok()?;
            let length: f64 = fields.get(4)?.parse().ok()?;
            Some((start, start + length, *fields.get(7)?))
        })
        .collect();
    (starts.iter())
        .map(|start| {
            let (start, end) = (*start as f64 * 0.01, *start as f64 * 0.01 + 1.5);
            let mut here = turns.iter().filter(|turn| turn.0 < end && start < turn.1);
            let turn = here.next()?;
            let is_whole = turn.0 <= start && end <= turn.1;
            (is_whole && here.next().is_none()).then(|| turn.2.to_owned())
        })
        .collect()
}

fn compare(speakers: &[Option<String>], embeddings: &[Embedding]) -> serde_json::Value {
    let (mut same, mut different) = (Vec::new(), Vec::new());
    for (index, a) in speakers.iter().enumerate() {
        for (other, b) in speakers.iter().enumerate().skip(index + 1) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            let cosine = cosine(&embeddings[index], &embeddings[other]);
            if a == b { &mut same } else { &mut different }.push(cosine);
        }
    }
    let summary = |cosines: &[f32]| {
        json!({
            "pairs": cosines.len(),
            "least": cosines.iter().copied().fold(1.0, f32::min),
            "mean": cosines.iter().sum::<f32>() / cosines.len().max(1) as f32,
            "most": cosines.iter().copied().fold(-1.0, f32::max),
        })
    };
    json!({"same": summary(&same), "different": summary(&different)})
}
