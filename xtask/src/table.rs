//! Tables in Markdown.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the command"
)]

/// Rows under a heading. Columns of numbers alone stand to the right, others to the left.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| within_a_cell(&cell));
        self.rows.push(cells.collect());
    }

    /// Prints the table under a title; nothing if it has no rows.
    pub(crate) fn print(&self, title: &str) {
        if !self.rows.is_empty() {
            println!("\n### {title}\n\n{}", self.text());
        }
    }

    fn text(&self) -> String {
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let heads: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        let rules: Vec<String> = (0..heads.len()).map(|column| self.rule(column)).collect();
        let rows = self.rows.iter().map(|row| line(row));
        let lines: Vec<String> = [line(&heads), line(&rules)]
            .into_iter()
            .chain(rows)
            .collect();
        lines.join("\n")
    }

    fn rule(&self, column: usize) -> String {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column));
        let is_number = |cell: &String| cell == "-" || cell.parse::<f64>().is_ok();
        let rule = if cells.all(is_number) { "---:" } else { "---" };
        rule.to_owned()
    }
}

/// Text that ends neither its cell nor its row.
fn within_a_cell(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").replace('|', "\\|")
}

/// A number with so many digits after the point; `-` where there is none.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

/// `part` in per cent of `whole`; `None` of nothing.
pub(crate) fn per_cent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| 100.0 * part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_as_markdown() {
        let mut table = Table::new(&["stage", "s"]);
        table.row(["decode".to_owned(), number(Some(0.25), 1)]);
        table.row(["vad".to_owned(), number(None, 1)]);
        let expected = "| stage | s |\n| --- | ---: |\n| decode | 0.2 |\n| vad | - |";
        assert_eq!(table.text(), expected);
    }

    #[test]
    fn what_programs_say_does_not_break_a_table() {
        let mut table = Table::new(&["recording", "error", "times"]);
        table.row([
            "a|b".to_owned(),
            "it died:\n  why".to_owned(),
            "2".to_owned(),
        ]);
        let expected =
            "| recording | error | times |\n| --- | --- | ---: |\n| a\\|b | it died: why | 2 |";
        assert_eq!(table.text(), expected);
    }

    #[test]
    fn nothing_is_no_share_of_nothing() {
        assert_eq!(per_cent(1.0, 4.0), Some(25.0));
        assert_eq!(per_cent(0.0, 0.0), None);
    }
}
