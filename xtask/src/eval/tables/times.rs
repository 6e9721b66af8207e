//! How well words are placed in time.

use super::super::row::Row;
use super::{by_kind, scored};
use crate::score::words::WordTimes;
use crate::table::{Table, number};

const COLUMNS: [&str; 11] = [
    "kind",
    "words with known time",
    "recognised",
    "of them timed, %",
    "start: median error, ms",
    "within 100 ms, %",
    "200 ms, %",
    "end: median error, ms",
    "within 100 ms, %",
    "200 ms, %",
    "both: mean error, ms",
];

/// Prints errors of starts and ends by kind, all words of a kind pooled.
pub(in super::super) fn print(rows: &[Row]) {
    let mut table = Table::new(&COLUMNS);
    for (kind, times) in by_kind(scored(rows, |row| row.word_times.clone())) {
        let total: WordTimes = times.into_iter().sum();
        let (start, end) = (total.start_errors(), total.end_errors());
        table.row([
            kind,
            total.n_reference.to_string(),
            total.n_matched.to_string(),
            number(total.per_cent_timed(), 1),
            number(start.median_ms, 0),
            number(start.within_100_ms_per_cent, 1),
            number(start.within_200_ms_per_cent, 1),
            number(end.median_ms, 0),
            number(end.within_100_ms_per_cent, 1),
            number(end.within_200_ms_per_cent, 1),
            number(total.all_errors().mean_ms, 0),
        ]);
    }
    table.print("Times of words");
}
