//! Flags that say how many people speak, wherever they are some.

use domain::options::DiarizeOptions;

use super::whole_number;

/// How many people speak.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::cli) struct SpeakerArgs {
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
    pub(in crate::cli) fn options(self) -> DiarizeOptions {
        DiarizeOptions {
            num_speakers: self.num,
            min_speakers: self.min,
            max_speakers: self.max,
        }
    }

    /// The first of these flags that was given.
    pub(in crate::cli) fn first_given(self) -> Option<&'static str> {
        let flags = [
            (self.num, "--num-speakers"),
            (self.min, "--min-speakers"),
            (self.max, "--max-speakers"),
        ];
        let given = flags.iter().find(|(value, _)| value.is_some());
        given.map(|(_, flag)| *flag)
    }

    /// What the person who gave these flags should know, if anything.
    pub(in crate::cli) fn note(self) -> Option<&'static str> {
        let has_range = self.min.is_some() || self.max.is_some();
        (self.num.is_some() && has_range)
            .then_some("--num-speakers is followed, and --min-speakers and --max-speakers are not")
    }
}
