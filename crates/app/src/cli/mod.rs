//! The commands, one file each.

pub(crate) mod models;
pub(crate) mod transcribe;
