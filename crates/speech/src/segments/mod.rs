//! How a transcript is parted into segments: what is said stays as it is.

mod cut;
mod join;
mod length;
pub(crate) mod marks;
mod texts;

pub(crate) use cut::cut_before;
pub(crate) use join::join_across_chunks;
pub(crate) use length::cut_to_length;
