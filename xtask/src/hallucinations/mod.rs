//! `cargo xtask hallucinations`: how many words the recogniser makes of sounds in which nobody speaks, and beside speech.

mod inputs;
mod synth;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::console::say;
use crate::driver::Driver;
use crate::score::text::Errors;
use crate::table::Table;
use crate::{example, models};
use inputs::Input;

/// Beams of the search, and chunks decoded side by side: as usual.
const BEAM_SIZE: usize = 5;
const BATCH_SIZE: usize = 8;

/// What to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Recogniser by name, or its folder; may be given several times
    #[arg(long, value_name = "NAME", default_values = ["tiny.en", "base"])]
    model: Vec<String>,
    /// Way through a recording; may be given several times
    #[arg(long, value_enum, default_values = ["chunks", "sequential"])]
    way: Vec<Way>,
    /// Folder of more recordings in which nobody speaks, such as a ring tone's; may be given several times
    #[arg(long, value_name = "FOLDER")]
    sounds: Vec<PathBuf>,
    /// Only inputs whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Keep the inputs as WAV files here
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Threads of the recogniser
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Build profile of the recogniser
    #[arg(long, default_value = "release")]
    profile: String,
    /// Write what was made of each input here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A way through a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// Chunks of speech, as voice activity detection finds them
    Chunks,
    /// Window by window
    Sequential,
}

/// One line to the driver, `bench_driver`.
#[derive(Debug, Serialize)]
struct Request<'a> {
    kind: &'static str,
    path: &'a Path,
    batch_size: Option<usize>,
}

/// What it answers; the segments are only written down.
#[derive(Debug, Deserialize)]
struct Transcribed {
    text: String,
    language: String,
    segments: serde_json::Value,
}

/// What a model made of an input in one way.
#[derive(Debug, Serialize)]
struct Outcome {
    input: String,
    said: String,
    model: String,
    way: Way,
    text: String,
    language: String,
    /// Words that nobody said.
    hallucinated: usize,
    /// Words that are not in the text.
    lost: usize,
    segments: serde_json::Value,
}

/// Tries every input and prints what was made of it.
///
/// # Errors
/// A recording or a model is missing, or the driver cannot be built or dies.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut inputs = inputs::list(&options.sounds)?;
    if let Some(part) = &options.only {
        inputs.retain(|input| input.name.contains(part));
    }
    if inputs.is_empty() {
        bail!("no input has such a name");
    }
    let temporary = tempfile::tempdir()?;
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    let paths = write(&inputs, folder)?;
    let program = example::build("bench_driver", &options.profile)?;
    let mut outcomes = Vec::new();
    for model in &options.model {
        let mut command = Command::new(&program);
        command.arg(models::recogniser(model)?).arg("int8");
        command
            .arg(options.threads.to_string())
            .arg(BEAM_SIZE.to_string());
        command.arg(models::fetched("segmentation-3.0")?);
        let mut driver = Driver::start("scriven", &mut command)?;
        for (i, (input, path)) in inputs.iter().zip(&paths).enumerate() {
            for way in &options.way {
                let found = ask(&mut driver, path, *way)?;
                let outcome = Outcome::new(input, model, *way, found);
                say("hallucinations", &progress(i, inputs.len(), &outcome));
                outcomes.push(outcome);
            }
        }
    }
    print(&inputs, &outcomes, options);
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&outcomes)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Writes each input as a file; returns where.
fn write(inputs: &[Input], folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    (inputs.iter())
        .map(|input| {
            let path = folder.join(format!("{}.wav", input.name.replace('/', "-")));
            std::fs::write(&path, inputs::wav(&input.samples)?)?;
            Ok(std::path::absolute(path)?)
        })
        .collect()
}

fn ask(driver: &mut Driver, path: &Path, way: Way) -> anyhow::Result<Transcribed> {
    let request = Request {
        kind: "transcribe",
        path,
        batch_size: (way == Way::Chunks).then_some(BATCH_SIZE),
    };
    let answer = driver.ask(&request);
    answer.with_context(|| format!("on {}", path.display()))
}

impl Outcome {
    fn new(input: &Input, model: &str, way: Way, found: Transcribed) -> Self {
        let errors = Errors::of(&input.said, &found.text);
        Self {
            input: input.name.clone(),
            said: input.said.clone(),
            model: model.to_owned(),
            way,
            text: found.text,
            language: found.language,
            hallucinated: errors.insertions,
            lost: errors.deletions + errors.substitutions,
            segments: found.segments,
        }
    }

    fn is_of(&self, model: &str, way: Way) -> bool {
        self.model == model && self.way == way
    }
}

fn progress(i: usize, n: usize, outcome: &Outcome) -> String {
    let Outcome {
        input, model, way, ..
    } = outcome;
    let (number, hallucinated, text) = (i + 1, outcome.hallucinated, outcome.text.trim());
    format!("[{number}/{n}] {input}: {model}, {way:?}: {hallucinated} {text}")
}

/// How many words each model invents in each way, for every input, and which.
fn print(inputs: &[Input], outcomes: &[Outcome], options: &Options) {
    let ways: Vec<(&str, Way)> = (options.model.iter())
        .flat_map(|model| options.way.iter().map(move |way| (model.as_str(), *way)))
        .collect();
    let mut counts = Table::new(&[
        "model",
        "way",
        "inputs",
        "with hallucinated words",
        "hallucinated words",
        "words lost",
    ]);
    for (model, way) in &ways {
        let of = || outcomes.iter().filter(|outcome| outcome.is_of(model, *way));
        counts.row([
            (*model).to_owned(),
            format!("{way:?}"),
            inputs.len().to_string(),
            of().filter(|outcome| outcome.hallucinated > 0)
                .count()
                .to_string(),
            of().map(|outcome| outcome.hallucinated)
                .sum::<usize>()
                .to_string(),
            of().map(|outcome| outcome.lost).sum::<usize>().to_string(),
        ]);
    }
    let mut all = Table::new(&[
        "input",
        "s",
        "words said",
        "hallucinated words, in the order above",
    ]);
    for input in inputs {
        let of = |(model, way): &(&str, Way)| {
            let found = outcomes
                .iter()
                .find(|outcome| outcome.input == input.name && outcome.is_of(model, *way));
            found.map_or_else(
                || "-".to_owned(),
                |outcome| outcome.hallucinated.to_string(),
            )
        };
        let hallucinated: Vec<String> = ways.iter().map(of).collect();
        let n_seconds = input.samples.len() as f64 / synth::SAMPLE_RATE as f64;
        all.row([
            input.name.clone(),
            format!("{n_seconds:.0}"),
            crate::score::text::n_words(&input.said).to_string(),
            hallucinated.join(", "),
        ]);
    }
    let mut texts = Table::new(&["input", "model", "way", "hallucinated", "lost", "text"]);
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.hallucinated + outcome.lost > 0)
    {
        texts.row([
            outcome.input.clone(),
            outcome.model.clone(),
            format!("{:?}", outcome.way),
            outcome.hallucinated.to_string(),
            outcome.lost.to_string(),
            outcome.text.clone(),
        ]);
    }
    counts.print("Words that nobody said");
    all.print("Each input");
    texts.print("Texts with hallucinated or lost words");
}
