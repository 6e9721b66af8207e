//! Where sentences end: Punkt for the languages that have its tables, a plain rule for the others.

mod plain;
mod punkt;
mod tables;

use std::ops::Range;

use self::punkt::Punkt;

/// Finds the sentences of texts in one language.
#[derive(Debug)]
pub(crate) struct Splitter {
    punkt: Option<Punkt>,
    /// Also after the full stops of scripts that have their own.
    every_script: bool,
}

impl Splitter {
    /// The splitter of a language code; `None` for the tables means the plain rule.
    pub(crate) fn for_language(code: &str) -> Self {
        Self {
            punkt: tables::of_language(code).map(Punkt::new),
            every_script: true,
        }
    }

    /// What whisperX takes: Punkt for every language, with the English tables where there are none of its own, and no
    /// other full stops.
    pub(crate) fn of_whisperx(code: &str) -> Self {
        let tables = tables::of_language(code).or_else(|| tables::of_language("en"));
        Self {
            punkt: tables.map(Punkt::new),
            every_script: false,
        }
    }

    /// The sentences of `text` as ranges of characters, in order. Together they hold all but white space.
    pub(crate) fn spans(&self, text: &[char]) -> Vec<Range<usize>> {
        let spans = match &self.punkt {
            Some(punkt) => punkt.spans(text),
            None => plain::spans(text),
        };
        if self.every_script {
            let parts = spans
                .into_iter()
                .flat_map(|span| plain::split_at_own_marks(text, span));
            parts.collect()
        } else {
            spans
        }
    }
}

#[cfg(test)]
mod tests;
