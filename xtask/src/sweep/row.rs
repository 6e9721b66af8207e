//! What is heard in a form, next to what was said.

use super::fault::Fault;
use super::form::Case;
use crate::engine::Answer;
use crate::score::text::Errors;
use crate::table::number;

/// Points of word errors that a form may have above those of its codec.
const WORDS: f64 = 10.0;
/// Seconds by which the length may be off, besides what the encoder puts in front and behind.
const LENGTH: f64 = 0.1;
/// The same of the first and the last word.
const TIME: f64 = 0.15;

pub(super) const COLUMNS: [&str; 13] = [
    "container",
    "codec",
    "Hz",
    "channels",
    "mode",
    "fault",
    "WER %",
    "codec's own",
    "length s",
    "first word",
    "last word",
    "notes",
    "wrong",
];

/// What came out of a file.
#[derive(Debug, Default)]
pub(super) struct Heard {
    failure: Option<String>,
    seconds: f64,
    text: String,
    notes: Vec<String>,
    /// Start of the first word and end of the last, in seconds.
    span: Option<[f64; 2]>,
}

impl From<Answer> for Heard {
    fn from(answer: Answer) -> Self {
        let words = answer.words.unwrap_or_default();
        let first = words.first().and_then(|word| word.start);
        let last = words.last().and_then(|word| word.end);
        Self {
            failure: answer.error.map(|failure| failure.message),
            seconds: answer.audio_seconds.unwrap_or_default(),
            text: answer.text.unwrap_or_default(),
            notes: answer.notes,
            span: first.zip(last).map(<[f64; 2]>::from),
        }
    }
}

/// Length of the recording, and when its words begin and end, in seconds.
#[derive(Debug)]
pub(super) struct Truth {
    seconds: f64,
    span: [f64; 2],
}

impl Truth {
    pub(super) fn of(heard: &Heard) -> Option<Self> {
        heard.span.map(|span| Self {
            seconds: heard.seconds,
            span,
        })
    }
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Row {
    names: [String; 6],
    /// Of the form, and of its codec, in per cent.
    errors: [f64; 2],
    /// Differences in seconds: length, first word, last word.
    off: [f64; 3],
    notes: String,
    wrong: Vec<String>,
}

impl Row {
    pub(super) fn new(
        case: &Case<'_>,
        text: &str,
        truth: &Truth,
        own: &Heard,
        heard: &Heard,
    ) -> Self {
        let form = case.form;
        let fault = case.fault.map_or_else(String::new, Fault::name);
        let names = [
            form.extension.to_owned(),
            form.codec.to_owned(),
            form.rate.to_string(),
            form.n_channels.to_string(),
            form.mode.to_owned(),
            fault,
        ];
        let errors = [&heard.text, &own.text].map(|heard| Errors::of(text, heard).rate());
        let [first, last] = heard.span.unwrap_or([f64::NAN; 2]);
        let off = [
            heard.seconds - truth.seconds,
            first - truth.span[0],
            last - truth.span[1],
        ];
        // Known only where the encoder tells it; two files that were joined have it twice.
        let filling = (own.seconds - truth.seconds).max(0.0);
        let n_parts = case.fault.map_or(1, Fault::n_parts);
        let (begins, fillings) = ((n_parts - 1) as f64 * filling, n_parts as f64 * filling);
        let mut wrong: Vec<String> = heard.failure.iter().cloned().collect();
        let checks = [
            ("words", errors[0] <= errors[1] + WORDS),
            ("length", (-LENGTH..=fillings + LENGTH).contains(&off[0])),
            ("first word", off[1].abs() <= TIME),
            ("last word", (-TIME..=begins + TIME).contains(&off[2])),
        ];
        let failed = checks.iter().filter(|(_, is_right)| !is_right);
        wrong.extend(failed.map(|(name, _)| (*name).to_owned()));
        Self {
            names,
            errors,
            off,
            notes: heard.notes.join("; "),
            wrong,
        }
    }

    pub(super) fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    pub(super) fn cells(&self) -> Vec<String> {
        let errors = self.errors.map(|errors| number(Some(errors), 1));
        let off = self.off.map(|seconds| format!("{seconds:+.2}"));
        let mut cells = self.names.to_vec();
        cells.extend(errors);
        cells.extend(off);
        cells.push(self.notes.clone());
        cells.push(self.wrong.join(", "));
        cells
    }

    pub(super) fn summary(&self) -> String {
        self.cells().join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::forms;

    fn heard(text: &str, seconds: f64, span: [f64; 2]) -> Heard {
        Heard {
            failure: None,
            seconds,
            text: text.to_owned(),
            notes: Vec::new(),
            span: Some(span),
        }
    }

    #[test]
    fn what_is_lost_is_wrong() {
        let form = &forms::all()[0];
        let case = form.cases().next().unwrap();
        let text = "one two three four five six seven eight nine ten";
        let truth = Truth {
            seconds: 5.0,
            span: [0.5, 4.5],
        };
        let own = heard(text, 5.0, [0.5, 4.5]);
        let check = |heard: &Heard, expected: &[&str]| {
            let row = Row::new(&case, text, &truth, &own, heard);
            assert_eq!(row.wrong, expected);
        };
        check(&own, &[]);
        check(
            &heard(
                "one two three four five six seven eight nine",
                5.05,
                [0.4, 4.4],
            ),
            &[],
        );
        check(
            &heard("one two three four five", 2.5, [0.5, 2.4]),
            &["words", "length", "last word"],
        );
        check(&heard(text, 5.0, [0.7, 4.5]), &["first word"]);
        check(
            &Heard::default(),
            &["words", "length", "first word", "last word"],
        );
    }
}
