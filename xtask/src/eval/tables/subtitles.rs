//! How well the subtitles can be read.

use super::super::row::Row;
use super::{by_kind, scored};
use crate::score::statistics::{median, percentile};
use crate::score::subtitles::Subtitles;
use crate::table::{Table, number, per_cent};

const LIMITS: [&str; 11] = [
    "kind",
    "recordings",
    "cues",
    "line too long, %",
    "more than 2 lines, %",
    "over 7 s, %",
    "under 5/6 s, %",
    "read too fast, %",
    "though spoken slower, %",
    "overlaps",
    "gaps under 80 ms",
];

const READING: [&str; 9] = [
    "kind",
    "characters a second, median",
    "90th percentile",
    "longest line",
    "most lines",
    "longest cue, characters",
    "s",
    "lines cut inside phrases, %",
    "cues cut so, %",
];

/// Prints the cues beyond each limit, and how the others read, by kind.
pub(in super::super) fn print(rows: &[Row]) {
    let (mut limits, mut reading) = (Table::new(&LIMITS), Table::new(&READING));
    for (kind, measures) in by_kind(scored(rows, |row| row.subtitles.clone())) {
        let n_recordings = measures.len();
        let total: Subtitles = measures.into_iter().sum();
        limits.row(limit_cells(&kind, n_recordings, &total));
        reading.row(reading_cells(kind, &total));
    }
    limits.print("Subtitles: cues beyond the limits");
    reading.print("Subtitles: reading");
}

fn limit_cells(kind: &str, n_recordings: usize, total: &Subtitles) -> Vec<String> {
    let mut cells = vec![
        kind.to_owned(),
        n_recordings.to_string(),
        total.n_cues.to_string(),
    ];
    for part in [
        total.n_wide,
        total.n_tall,
        total.n_long,
        total.n_short,
        total.n_fast,
        total.n_needlessly_fast,
    ] {
        cells.push(share(part, total.n_cues));
    }
    cells.push(total.n_overlaps.to_string());
    cells.push(total.n_small_gaps.to_string());
    cells
}

fn reading_cells(kind: String, total: &Subtitles) -> [String; 9] {
    [
        kind,
        number(median(&total.speeds), 1),
        number(percentile(&total.speeds, 90), 1),
        total.longest_line.to_string(),
        total.most_lines.to_string(),
        total.longest_text.to_string(),
        number(Some(total.longest_duration), 1),
        share(total.n_cut_lines, total.n_line_ends),
        share(total.n_cut_cues, total.n_cues),
    ]
}

fn share(part: usize, whole: usize) -> String {
    number(per_cent(part as f64, whole as f64), 1)
}
