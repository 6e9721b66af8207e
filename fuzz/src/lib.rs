//! What the targets share: a limit on memory, a file on disk, and what is checked of recordings, weights and subtitles.

pub mod archive;
pub mod downloads;
pub mod file;
pub mod forms;
pub mod memory;
pub mod ogg;
pub mod problem;
pub mod recording;
mod state;
pub mod subtitles;
pub mod weights;
