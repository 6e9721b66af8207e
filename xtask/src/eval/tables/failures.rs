//! Recordings without a result.

use super::super::row::{Expectation, Row};
use crate::table::Table;

/// Prints what failed, and whether that was expected.
pub(in super::super) fn print(rows: &[Row]) {
    let mut table = Table::new(&["recording", "stage", "error", "expected"]);
    for row in rows {
        let Some(failure) = &row.error else {
            continue;
        };
        let is_expected = row.expectation.as_ref().is_some_and(Expectation::holds);
        table.row([
            row.id.clone(),
            failure.stage.clone(),
            failure.message.clone(),
            if is_expected { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table.print("Failed");
}
