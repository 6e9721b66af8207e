//! Flags that say how many people speak, wherever they are some.

use domain::options::DiarizeOptions;
use speech::models::DiarizeChoice;

use super::whole_number;

/// How many people speak, and what tells them apart.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct SpeakerArgs {
    /// Diarization model: campplus, speaker-diarization-3.1, speaker-diarization-community-1, or folder [default: campplus]
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) diarize_model: Option<DiarizeChoice>,

    /// Exactly so many people speak [default: found out]
    #[arg(long = "num-speakers", value_name = "N", value_parser = whole_number)]
    pub(in crate::cli) num: Option<usize>,

    /// At least so many people speak
    #[arg(long = "min-speakers", value_name = "N", value_parser = whole_number)]
    pub(in crate::cli) min: Option<usize>,

    /// At most so many people speak
    #[arg(long = "max-speakers", value_name = "N", value_parser = whole_number)]
    pub(in crate::cli) max: Option<usize>,
}

impl SpeakerArgs {
    pub(in crate::cli) fn options(&self) -> DiarizeOptions {
        DiarizeOptions {
            num_speakers: self.num,
            min_speakers: self.min,
            max_speakers: self.max,
        }
    }

    /// The model that was asked for, or ours.
    pub(in crate::cli) fn model(&self) -> DiarizeChoice {
        self.diarize_model.clone().unwrap_or_default()
    }

    /// The first of these flags that was given.
    pub(in crate::cli) fn first_given(&self) -> Option<&'static str> {
        let flags = [
            (self.diarize_model.is_some(), "--diarize-model"),
            (self.num.is_some(), "--num-speakers"),
            (self.min.is_some(), "--min-speakers"),
            (self.max.is_some(), "--max-speakers"),
        ];
        let given = flags.iter().find(|(is_given, _)| *is_given);
        given.map(|(_, flag)| *flag)
    }

    /// What the person who gave these flags should know, if anything.
    pub(in crate::cli) fn note(&self) -> Option<&'static str> {
        let has_range = self.min.is_some() || self.max.is_some();
        (self.num.is_some() && has_range)
            .then_some("--num-speakers is followed, and --min-speakers and --max-speakers are not")
    }
}
