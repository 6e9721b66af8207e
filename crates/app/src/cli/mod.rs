//! The commands, one file each.

pub(crate) mod align;
mod align_args;
mod input;
pub(crate) mod models;
pub(crate) mod transcribe;

pub(crate) use input::Input;
