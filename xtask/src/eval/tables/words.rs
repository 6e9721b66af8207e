//! Errors in what is said, by language: as the scorer counts them, and apart from how words are written.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

use std::collections::BTreeMap;

use super::super::row::Row;
use super::{Scored, by_kind, scored};
use crate::score::text::{Errors, Unit};
use crate::table::{Table, number};

const COLUMNS: [&str; 9] = [
    "language",
    "recordings",
    "counted",
    "unit",
    "wrong, %",
    "replaced",
    "left out",
    "put in",
    "wrong apart from writing, %",
];

/// Prints errors by language and kind, and the languages that were heard wrongly.
pub(in super::super) fn print(rows: &[Row]) {
    let mut languages: BTreeMap<(&str, Unit), Vec<Scored<'_, [Errors; 2]>>> = BTreeMap::new();
    for (row, errors) in scored(rows, both_errors) {
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

/// Errors as they are, and normalised.
fn both_errors(row: &Row) -> Option<[Errors; 2]> {
    Some([row.text_errors?, row.text_errors_normalised?])
}

fn cells(name: &str, unit: Unit, errors: &[[Errors; 2]]) -> [String; 9] {
    let [total, normalised] =
        [0, 1].map(|which| errors.iter().map(|both| both[which]).sum::<Errors>());
    let rate = |errors: Errors| number((errors.words > 0).then(|| errors.rate()), 2);
    [
        name.to_owned(),
        errors.len().to_string(),
        total.words.to_string(),
        unit.name().to_owned(),
        rate(total),
        total.substitutions.to_string(),
        total.deletions.to_string(),
        total.insertions.to_string(),
        rate(normalised),
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
