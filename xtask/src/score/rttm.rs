//! Who speaks when, as RTTM writes it.

use serde::{Deserialize, Serialize};

/// Somebody speaks from `start` to `end`, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) speaker: String,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// The turns of a file: the lines that begin with `SPEAKER` and have eight fields or more.
///
/// # Errors
/// A start or a duration is not a number.
pub(crate) fn parse(text: &str) -> Result<Vec<Turn>, String> {
    let fields = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields
        .filter(|fields| fields.len() >= 8 && fields[0] == "SPEAKER")
        .map(|fields| {
            let start = number(fields[3])?;
            Ok(Turn {
                speaker: fields[7].to_owned(),
                start,
                end: start + number(fields[4])?,
            })
        })
        .collect()
}

fn number(field: &str) -> Result<f64, String> {
    let number = field.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("'{field}' is not a time in seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_read_and_other_lines_passed_over() {
        let text = "SPKR-INFO a 1 <NA> <NA> <NA> unknown eve <NA>\n\
                    SPEAKER a 1 1.50 2.25 <NA> <NA> eve <NA> <NA>\n\n\
                    SPEAKER a 1 4.0 1.0 <NA> <NA> adam\n\
                    SPEAKER a 1 4.0\n";
        let turns = parse(text).unwrap();
        let found: Vec<_> = (turns.iter())
            .map(|turn| (turn.speaker.as_str(), turn.start, turn.end))
            .collect();
        assert_eq!(found, [("eve", 1.5, 3.75), ("adam", 4.0, 5.0)]);
    }

    #[test]
    fn a_time_that_is_no_number_is_named() {
        let problem = parse("SPEAKER a 1 soon 2.25 <NA> <NA> eve <NA> <NA>").unwrap_err();
        assert_eq!(problem, "'soon' is not a time in seconds");
    }
}
