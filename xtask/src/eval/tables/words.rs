//! Errors in what is said, by language.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

use std::collections::BTreeMap;

use super::super::row::Row;
use super::{Scored, by_kind, scored};
use crate::score::text::{Errors, Unit};
use crate::table::{Table, number};

const COLUMNS: [&str; 8] = [
    "language",
    "recordings",
    "counted",
    "unit",
    "wrong, %",
    "replaced",
    "left out",
    "put in",
];

/// Prints errors by language and kind, and the languages that were heard wrongly.
pub(in super::super) fn print(rows: &[Row]) {
    let mut languages: BTreeMap<(&str, Unit), Vec<Scored<'_, Errors>>> = BTreeMap::new();
    for (row, errors) in scored(rows, |row| row.text_errors) {
        let language = row.language.as_deref().unwrap_or("unknown");
        languages
            .entry((language, row.unit))
            .or_default()
            .push((row, errors));
    }
    let mut table = Table::new(&COLUMNS);
    for ((language, unit), scored) in languages {
        for (kind, errors) in by_kind(scored) {
            let name = format!("{language}, {kind}");
            table.row(cells(name.trim_end_matches([' ', ',']), unit, &errors));
        }
    }
    table.print("Words");
    print_wrong_languages(rows);
}

fn cells(name: &str, unit: Unit, errors: &[Errors]) -> [String; 8] {
    let total: Errors = errors.iter().copied().sum();
    [
        name.to_owned(),
        errors.len().to_string(),
        total.words.to_string(),
        unit.name().to_owned(),
        number((total.words > 0).then(|| total.rate()), 2),
        total.substitutions.to_string(),
        total.deletions.to_string(),
        total.insertions.to_string(),
    ]
}

fn print_wrong_languages(rows: &[Row]) {
    for row in rows {
        if let (Some(spoken), Some(found)) = (&row.language, &row.language_found)
            && spoken != "zxx"
            && spoken != found
        {
            println!("\n{}: spoken {spoken}, heard {found}", row.id);
        }
    }
}
