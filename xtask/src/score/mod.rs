//! How good a result is: words, times of words and speakers against references.
//!
//! The rules are those of the evaluation's own scorer, and so are the numbers; `fixtures/scores` holds what it
//! says of some cases. Beside them, [`spelling`] counts the errors of words apart from how they are written, and
//! [`subtitles`] measures how well subtitles can be read.

mod assignment;
pub(crate) mod count;
pub(crate) mod diarization;
mod edits;
mod normalise;
pub(crate) mod rttm;
pub(crate) mod speaker_text;
pub(crate) mod spelling;
pub(crate) mod statistics;
pub(crate) mod subtitles;
pub(crate) mod text;
pub(crate) mod words;

#[cfg(test)]
mod tests;
