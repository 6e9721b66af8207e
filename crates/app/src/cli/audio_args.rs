//! Flags that say what of a recording is taken, wherever there is one.

use std::num::NonZeroU16;

/// What of a recording is taken.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::cli) struct AudioArgs {
    /// Audio track taken, counted from 1 [default: the file's default, else its first]
    #[arg(long, value_name = "N", value_parser = track)]
    pub(in crate::cli) audio_track: Option<NonZeroU16>,
}

fn track(text: &str) -> Result<NonZeroU16, String> {
    text.parse()
        .map_err(|_| format!("it must be a whole number from 1 to {}", u16::MAX))
}
