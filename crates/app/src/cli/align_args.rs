//! Flags of forced alignment, wherever it is one.

use domain::options::{AlignOptions, Interpolation};
use speech::models::AlignChoice;

/// The alignment model, and what it is asked for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AlignArgs {
    /// Alignment model: a pipeline of torchaudio, hub repository, or folder [default: one for the language]
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) align_model: Option<AlignChoice>,

    /// What gives times to words that cannot be heard: nearest, linear, or ignore
    #[arg(long, value_name = "METHOD", default_value_t = Interpolation::Nearest)]
    pub(in crate::cli) interpolate_method: Interpolation,

    /// Also give the time of every character
    #[arg(long)]
    pub(in crate::cli) return_char_alignments: bool,
}

impl AlignArgs {
    pub(in crate::cli) fn options(&self) -> AlignOptions {
        AlignOptions {
            interpolate_method: self.interpolate_method,
            return_char_alignments: self.return_char_alignments,
            ..AlignOptions::default()
        }
    }
}
