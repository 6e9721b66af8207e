//! Everything that was found, and the tables that show it.
#![expect(
    clippy::print_stdout,
    reason = "the tables are the result of the command"
)]

use serde::Serialize;

use super::row::Row;
use super::{Options, Speakers, Told, tables};
use crate::engine::Engine;

/// The whole evaluation.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    model: String,
    compute_type: String,
    threads: usize,
    batch_size: usize,
    /// Whether the pipeline was told the language.
    language_given: bool,
    /// Whether diarization was told the number of speakers.
    num_speakers_given: bool,
    version: String,
    load_seconds: f64,
    pub(super) rows: Vec<Row>,
}

impl Report {
    pub(super) fn new(options: &Options, engine: &Engine) -> Self {
        Self {
            model: options.model.clone(),
            compute_type: options.engine.compute_type.clone(),
            threads: options.engine.threads,
            batch_size: options.batch_size,
            language_given: options.language == Told::Given,
            num_speakers_given: options.num_speakers == Speakers::Oracle,
            version: engine.version().to_owned(),
            load_seconds: engine.load_seconds(),
            rows: Vec::new(),
        }
    }

    /// Prints all tables in Markdown; those for which nothing is known are left out.
    pub(super) fn print(&self) {
        let told = |given, what: &str, how: &str| {
            let how = if given { "given" } else { how };
            format!("{what} {how}")
        };
        println!(
            "## scriven {}: {}, {}, {} threads, batches of {}, {}, {}",
            self.version,
            self.model,
            self.compute_type,
            self.threads,
            self.batch_size,
            told(self.language_given, "language", "detected"),
            told(self.num_speakers_given, "number of speakers", "found"),
        );
        tables::words::print(&self.rows);
        tables::times::print(&self.rows);
        tables::speakers::print(&self.rows);
        tables::subtitles::print(&self.rows);
        tables::speed::print(&self.rows, self.load_seconds);
        tables::expectations::print(&self.rows);
        tables::failures::print(&self.rows);
    }
}
