//! From a request to good values: queries, forms, files, JSON documents.
//!
//! Handlers start with what these give them. What is wrong with a query is kept until the form has been seen, so that one
//! answer tells everything.

mod body;
mod describe;
mod disposition;
mod documents;
mod file_name;
mod form;
mod groups;
mod parameters;
mod parse;
mod part_headers;
mod query;
mod receive;
mod result;
mod room;

pub(crate) use describe::described;
pub(crate) use documents::{read_diarization, read_transcript, read_words};
pub(crate) use form::Form;
pub(crate) use groups::{AlignQuery, DiarizeQuery, FullProcess, TranscribeQuery, no_align_model};
pub(crate) use query::Query;
pub(crate) use receive::{FilePart, StoredFile};
pub(crate) use result::ResultQuery;
pub(crate) use room::Room;
