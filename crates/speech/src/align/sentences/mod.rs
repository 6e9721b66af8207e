//! Where sentences end: Punkt for the languages that have its tables, a plain rule for the others.
//!
//! Our own splitter also knows what Punkt does not: titles, initials, and that no sentence begins in lower case
//! ([`continuation`]).

mod abbreviations;
mod continuation;
mod plain;
mod punkt;
mod tables;

use std::ops::Range;

use self::continuation::Continuation;
use self::punkt::Punkt;

/// Finds the sentences of texts in one language.
#[derive(Debug)]
pub(crate) struct Splitter {
    punkt: Option<Punkt>,
    /// Our own rules: what goes on all the same, and full stops of other scripts; `None` where whisperX's count.
    continuation: Option<Continuation>,
}

impl Splitter {
    /// The splitter of a language code; `None` for the tables means the plain rule.
    pub(crate) fn for_language(code: &str) -> Self {
        Self {
            punkt: tables::of_language(code).map(Punkt::new),
            continuation: Some(Continuation::of_language(code)),
        }
    }

    /// What whisperX takes: Punkt for every language, with the English tables where there are none of its own, and no
    /// other full stops.
    pub(crate) fn of_whisperx(code: &str) -> Self {
        let tables = tables::of_language(code).or_else(|| tables::of_language("en"));
        Self {
            punkt: tables.map(Punkt::new),
            continuation: None,
        }
    }

    /// The sentences of `text` as ranges of characters, in order. Together they hold all but white space.
    pub(crate) fn spans(&self, text: &[char]) -> Vec<Range<usize>> {
        let spans = match &self.punkt {
            Some(punkt) => punkt.spans(text),
            None => plain::spans(text),
        };
        let Some(continuation) = &self.continuation else {
            return spans;
        };
        let sentences = continuation.join(text, spans, self.punkt.as_ref());
        let parts = sentences
            .into_iter()
            .flat_map(|sentence| plain::split_at_own_marks(text, sentence));
        parts.collect()
    }
}

#[cfg(test)]
mod tests;
