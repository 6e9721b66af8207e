//! Who speaks when, and how many they are.

use super::super::row::{COLLARS, Row};
use super::{by_kind, scored};
use crate::score::count::SpeakerCount;
use crate::score::diarization::DiarizationErrors;
use crate::score::text::Errors;
use crate::table::{Table, number, per_cent};

/// Prints errors by kind for each collar, counts of speakers by kind, and both for each recording.
pub(in super::super) fn print(rows: &[Row]) {
    for (which, collar) in COLLARS.iter().enumerate() {
        let scored = scored(rows, |row| Some(row.diarization?[which]));
        let mut table = Table::new(&[
            "kind",
            "recordings",
            "speech, s",
            "wrong, %",
            "missed, s",
            "%",
            "false alarm, s",
            "%",
            "confused, s",
            "%",
        ]);
        for (kind, errors) in by_kind(scored) {
            table.row(cells(kind, &errors));
        }
        table.print(&format!("Speakers: diarization errors, collar {collar} s"));
    }
    print_texts(rows);
    print_counts(rows);
    print_recordings(rows);
}

fn cells(kind: String, errors: &[DiarizationErrors]) -> Vec<String> {
    let total: DiarizationErrors = errors.iter().copied().sum();
    let mut cells = vec![
        kind,
        errors.len().to_string(),
        number(Some(total.speech), 1),
        number(Some(total.rate()), 2),
    ];
    for part in [total.missed, total.false_alarm, total.confusion] {
        cells.push(number(Some(part), 1));
        cells.push(number(Some(total.per_cent(part)), 2));
    }
    cells
}

fn print_texts(rows: &[Row]) {
    let mut table = Table::new(&["kind", "recordings", "counted", "wrong or wrongly given, %"]);
    for (kind, errors) in by_kind(scored(rows, |row| row.speaker_text_errors)) {
        let total: Errors = errors.iter().copied().sum();
        table.row([
            kind,
            errors.len().to_string(),
            total.words.to_string(),
            number(Some(total.rate()), 2),
        ]);
    }
    table.print("Speakers: who says what (cpWER)");
}

fn print_counts(rows: &[Row]) {
    let mut table = Table::new(&[
        "kind",
        "recordings",
        "number right",
        "%",
        "too few",
        "too many",
        "mean error",
    ]);
    for (kind, counts) in by_kind(scored(rows, |row| row.speakers)) {
        let n = counts.len() as f64;
        let count = |of: fn(&SpeakerCount) -> bool| counts.iter().filter(|one| of(one)).count();
        let n_right = count(|one| one.is_right());
        let error: usize = counts.iter().map(|one| one.error()).sum();
        table.row([
            kind,
            counts.len().to_string(),
            n_right.to_string(),
            number(per_cent(n_right as f64, n), 0),
            count(|one| one.n_found < one.n_true).to_string(),
            count(|one| one.n_found > one.n_true).to_string(),
            number(Some(error as f64 / n), 2),
        ]);
    }
    table.print("Speakers: how many");
}

fn print_recordings(rows: &[Row]) {
    let mut table = Table::new(&[
        "recording",
        "speakers",
        "found",
        "wrong, collar 0.25 s, %",
        "collar 0 s, %",
    ]);
    for row in rows.iter().filter(|row| row.speakers.is_some()) {
        let rate = |which: usize| number(row.diarization.map(|errors| errors[which].rate()), 2);
        table.row([
            row.id.clone(),
            row.speakers
                .map_or_else(String::new, |count| count.n_true.to_string()),
            row.speakers
                .map_or_else(String::new, |count| count.n_found.to_string()),
            rate(0),
            rate(1),
        ]);
    }
    table.print("Speakers: each recording");
}
