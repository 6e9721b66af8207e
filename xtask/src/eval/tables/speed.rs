//! How long each stage takes, and how much memory.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

use super::super::row::Row;
use crate::table::{Table, number, per_cent};

/// What one stage took over all recordings.
#[derive(Debug, Default)]
struct Total {
    name: String,
    seconds: f64,
    peak_rss_bytes: Option<u64>,
}

/// Prints time and memory of each stage over the recordings that did not fail.
pub(in super::super) fn print(rows: &[Row], load_seconds: f64) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.error.is_none()).collect();
    let audio: f64 = rows.iter().filter_map(|row| row.audio_seconds).sum();
    let wall: f64 = rows.iter().map(|row| row.seconds).sum();
    let stages = totals(&rows);
    let sum = Total {
        name: "sum of stages".to_owned(),
        seconds: stages.iter().map(|stage| stage.seconds).sum(),
        peak_rss_bytes: stages.iter().filter_map(|stage| stage.peak_rss_bytes).max(),
    };
    let whole = Total {
        name: "whole pipeline".to_owned(),
        seconds: wall,
        peak_rss_bytes: sum.peak_rss_bytes,
    };
    let mut table = Table::new(&[
        "stage",
        "s",
        "real-time factor",
        "of the whole, %",
        "peak memory, MB",
    ]);
    for stage in stages.iter().chain([&sum, &whole]) {
        table.row([
            stage.name.clone(),
            number(Some(stage.seconds), 2),
            number((audio > 0.0).then(|| stage.seconds / audio), 4),
            number(per_cent(stage.seconds, wall), 1),
            number(stage.peak_rss_bytes.map(|bytes| bytes as f64 / 1e6), 0),
        ]);
    }
    table.print(&format!(
        "Speed and memory: {} recordings, {audio:.0} s of audio",
        rows.len()
    ));
    println!("\nModels loaded in {load_seconds:.2} s, not counted above.");
}

/// The stages in the order in which they first come.
fn totals(rows: &[&Row]) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for stage in rows.iter().flat_map(|row| &row.stages) {
        let known = totals.iter().position(|total| total.name == stage.name);
        let known = known.unwrap_or_else(|| {
            totals.push(Total {
                name: stage.name.clone(),
                ..Total::default()
            });
            totals.len() - 1
        });
        let total = &mut totals[known];
        total.seconds += stage.seconds;
        total.peak_rss_bytes = total.peak_rss_bytes.max(stage.peak_rss_bytes);
    }
    totals
}
