//! Inputs to begin with: small ones that each reader accepts, made here, by `ffmpeg`, or taken from `fixtures`.

mod recordings;
mod texts;
mod weights;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::step::root;

/// An input and its name.
type Seed = (String, Vec<u8>);

/// Writes the seeds of a target into its folder of inputs. A target without any begins with nothing.
///
/// # Errors
/// A file cannot be read or written.
pub(super) fn write(target: &str, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in seeds(target)? {
        fs::write(folder.join(format!("seed-{name}")), bytes)?;
    }
    Ok(())
}

fn seeds(target: &str) -> anyhow::Result<Vec<Seed>> {
    Ok(match target {
        "audio" => recordings::audio()?,
        "mp4" => recordings::mp4()?,
        "wave" => recordings::wave()?,
        "model_bin" => vec![named("all-kinds", weights::model_bin())],
        "safetensors" => vec![named("two", weights::safetensors())],
        "npz" => [fixtures("clustering/plda", "npz")?, weights::npy()].concat(),
        "torch_checkpoint" => weights::with_pickles(fixtures("torch", "pt")?),
        "transcript" => [fixtures("field", "json")?, texts::transcripts()].concat(),
        "turns" => [fixtures("field", "json")?, texts::turns()].concat(),
        "dot_env" => texts::dot_env(),
        "file_names" => texts::file_names(),
        "multipart" => texts::forms(),
        "subtitles" => random(),
        _ => Vec::new(),
    })
}

fn named(name: &str, bytes: Vec<u8>) -> Seed {
    (name.to_owned(), bytes)
}

/// Texts, numbered.
fn numbered(texts: &[&str]) -> Vec<Seed> {
    let seeds = texts.iter().enumerate();
    seeds
        .map(|(number, text)| (number.to_string(), text.as_bytes().to_vec()))
        .collect()
}

/// The files of a folder of `fixtures` whose names end so.
fn fixtures(folder: &str, extension: &str) -> anyhow::Result<Vec<Seed>> {
    let folder = root().join("fixtures").join(folder);
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().unwrap_or_default();
            seeds.push((name.to_string_lossy().into_owned(), bytes));
        }
    }
    Ok(seeds)
}

/// Bytes from which a target makes what it needs; always the same.
fn random() -> Vec<Seed> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut seed = |number: usize| {
        let length = 32 << (number % 4);
        let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
        (number.to_string(), bytes)
    };
    (0..16).map(&mut seed).collect()
}
