//! Whether odd recordings are met as they should be.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

use super::super::row::Row;
use crate::table::Table;

/// Prints how many expectations are met, and what came in place of the others.
pub(in super::super) fn print(rows: &[Row]) {
    let wished = rows
        .iter()
        .filter_map(|row| Some((row, row.expectation.as_ref()?)));
    let wished: Vec<_> = wished.collect();
    if wished.is_empty() {
        return;
    }
    let n_met = wished.iter().filter(|(_, wish)| wish.holds()).count();
    println!(
        "\n### Odd recordings: {n_met} of {} as expected",
        wished.len()
    );
    let mut table = Table::new(&["recording", "expected", "came"]);
    for (row, wish) in wished.iter().filter(|(_, wish)| !wish.holds()) {
        let wanted = match wish.is_met {
            None => format!("{} (not understood)", wish.wanted),
            Some(_) => wish.wanted.clone(),
        };
        table.row([row.id.clone(), wanted, row.outcome()]);
    }
    table.print("Not as expected");
}
