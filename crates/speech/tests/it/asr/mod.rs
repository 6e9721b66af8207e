//! Recognition against the reference results in `fixtures/whisper/`.
//!
//! They need the models, and the recordings beside the repository; what is not there is skipped aloud.

mod cuts;
mod languages;
mod probes;
mod tokens;
mod words;

use std::path::{Path, PathBuf};

use domain::options::ComputeType;
use domain::progress::Silent;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use speech::asr::Whisper;
use speech::audio;

const THREADS: usize = 2;

/// What every entry of a file of reference results begins with.
#[derive(Debug, Deserialize)]
struct Source {
    id: String,
    path: PathBuf,
    n_samples: usize,
    /// The first 16 digits of the sum of the samples as 16-bit integers.
    pcm_sha256: String,
}

impl Source {
    /// The samples, if the recording is there and decodes to the very samples that the reference saw.
    fn samples(&self) -> Option<Vec<f32>> {
        let path = root().join("../shared/eval").join(&self.path);
        if !path.exists() {
            skipped::on_this_machine("no recordings beside the repository");
            return None;
        }
        let samples = audio::decode(path.as_path(), &audio::Settings::default(), &Silent)
            .unwrap()
            .samples;
        let samples = samples.to_vec();
        let pcm: Vec<u8> = (samples.iter())
            .flat_map(|sample| ((sample * 32_768.0).round() as i16).to_le_bytes())
            .collect();
        let sum = format!("{:x}", Sha256::digest(&pcm));
        let same = samples.len() == self.n_samples && sum.starts_with(&self.pcm_sha256);
        // Resampled audio differs in its last bits, and so do the tokens now and then.
        same.then_some(samples)
    }
}

/// The entries of a file of reference results.
fn golden<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let path = root().join("fixtures/whisper").join(file);
    let mut golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::from_value(golden["items"].take()).unwrap()
}

/// A model in single precision, or `None` after saying that it is not there.
fn whisper(name: &str) -> Option<Whisper> {
    whisper_as(name, ComputeType::Float32)
}

fn whisper_as(name: &str, compute_type: ComputeType) -> Option<Whisper> {
    let folder = model_folder(name, "model.bin")?;
    Some(Whisper::load(&folder, compute_type, THREADS).unwrap())
}

/// The folder of a model that holds `file`, or `None` after saying that it is not there.
pub(crate) fn model_folder(name: &str, file: &str) -> Option<PathBuf> {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    let shelves = [
        from("MODEL_DIR"),
        cache.map(|cache| cache.join("scriven/models")),
    ];
    let mut folders = shelves.into_iter().flatten().map(|shelf| shelf.join(name));
    let folder = folders.find(|folder| folder.join(file).exists());
    if folder.is_none() {
        skipped::for_want_of_model(name);
    }
    folder
}

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[track_caller]
fn assert_near(found: f32, wanted: f64, tolerance: f64, what: &str) {
    let off = (f64::from(found) - wanted).abs();
    assert!(off <= tolerance, "{what}: found {found}, wanted {wanted}");
}
