//! `cargo xtask sweep`: one recording in many containers, codecs, rates, channels and bit rates, with headers right and
//! wrong. Whatever form it takes, its text, its length and its words' times are to come out.

mod fault;
mod form;
mod forms;
mod row;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use self::form::Form;
use self::row::{Heard, Row, Truth};
use crate::console::say;
use crate::engine::{Engine, Request, Settings};
use crate::table::Table;

/// What to sweep over.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Recording to write in all forms [default: fixtures/field/01-joined.mp3 of the repository]
    #[arg(long, value_name = "FILE", requires = "text")]
    recording: Option<PathBuf>,
    /// What is said in it
    #[arg(long, value_name = "TEXT", requires = "recording")]
    text: Option<String>,
    /// Recogniser by name, or its folder
    #[arg(long, value_name = "NAME", default_value = "tiny.en")]
    model: String,
    /// Only forms with this in their name
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// Keep the files here
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    engine: Settings,
}

/// What is said in the default recording, after its description in `fixtures/README.md`.
const TEXT: &str = "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your \
    country. I really liked that account of himself better than anything else he said. His statement of having been a \
    shop boy was the thing I liked best of all.";

/// Writes the recording in every form, hears each, and prints a table.
///
/// # Errors
/// Something is lost in some form, or `ffmpeg` or the engine cannot be run.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let original = options.recording.clone().unwrap_or_else(|| {
        let root = crate::step::root();
        root.join("fixtures/field/01-joined.mp3")
    });
    let source = folder.join("source.wav");
    form::convert(&original, &source, &["-ac", "1", "-ar", "48000"])?;
    let mut sweep = Sweep {
        engine: Engine::start(&options.model, &options.engine)?,
        text: options.text.clone().unwrap_or_else(|| TEXT.to_owned()),
        folder: folder.to_owned(),
        rows: Vec::new(),
    };
    let heard = sweep.hear(&source)?;
    let truth = Truth::of(&heard).context("no word is heard in the recording itself")?;
    let word = options.only.as_deref().unwrap_or_default();
    let forms = forms::all();
    let n_forms = forms.len();
    for (i, form) in forms.iter().enumerate() {
        if form.name().contains(word) {
            say("sweep", &format!("[{}/{n_forms}] {}", i + 1, form.name()));
            sweep.try_form(form, &source, &truth)?;
        }
    }
    sweep.conclude()
}

struct Sweep {
    engine: Engine,
    text: String,
    folder: PathBuf,
    rows: Vec<Row>,
}

impl Sweep {
    /// The form itself, then with each of its faults.
    fn try_form(&mut self, form: &Form, source: &Path, truth: &Truth) -> anyhow::Result<()> {
        let Some(whole) = form.write(source, &self.folder)? else {
            say("sweep", "    this ffmpeg cannot write it");
            return Ok(());
        };
        // What the codec leaves of the words, however its container is read.
        let decoded = self.folder.join("decoded.wav");
        form::convert(&whole, &decoded, &["-ac", "1", "-ar", "16000"])?;
        let own = self.hear(if form.is_mixture() { source } else { &decoded })?;
        for case in form.cases() {
            let path = case.write(&whole, source, &self.folder)?;
            let heard = self.hear(&path)?;
            let row = Row::new(&case, &self.text, truth, &own, &heard);
            if !row.is_right() {
                say("sweep", &format!("    {}", row.summary()));
            }
            self.rows.push(row);
        }
        Ok(())
    }

    fn hear(&mut self, path: &Path) -> anyhow::Result<Heard> {
        let answer = self.engine.ask(&Request {
            kind: "transcribe",
            path: path.to_owned(),
            language: Some("en"),
            batch_size: 8,
            side_by_side: true,
            num_speakers: None,
        })?;
        Ok(Heard::from(answer))
    }

    fn conclude(self) -> anyhow::Result<()> {
        let mut table = Table::new(&row::COLUMNS);
        for row in &self.rows {
            table.row(row.cells());
        }
        let wrong = self.rows.iter().filter(|row| !row.is_right()).count();
        table.print(&format!("{} forms, {wrong} of them wrong", self.rows.len()));
        if wrong > 0 {
            bail!("something is lost in {wrong} forms");
        }
        Ok(())
    }
}
