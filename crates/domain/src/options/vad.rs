//! Options of voice activity detection: where speech is, and how it is cut into chunks.

use super::OptionProblem;
use super::check::{from_to, single};
use crate::units::Seconds;

/// The longest chunk that the recogniser can take.
pub const LONGEST_CHUNK: Seconds = Seconds(30.0);

/// Options of voice activity detection; thresholds are whisperX's.
#[derive(Debug, Clone, PartialEq)]
pub struct VadOptions {
    /// Speech begins where its score, in `[0, 1]`, rises above this.
    pub onset: f32,
    /// Speech ends where its score falls below this; 0 stands for `onset`.
    pub offset: f32,
    /// Speech is taken to begin so much earlier and to end so much later than detected, as far as its neighbours and the
    /// recording leave room: first and last syllables are quiet.
    pub padding: Seconds,
    /// Shorter pauses within speech are part of it.
    pub min_silence: Seconds,
    /// Shorter speech is none.
    pub min_speech: Seconds,
    /// Look again for quiet speech where nothing was found for long; such chunks are marked as doubtful.
    pub recover: bool,
}

impl Default for VadOptions {
    fn default() -> Self {
        Self {
            onset: 0.5,
            offset: 0.363,
            padding: Seconds(0.2),
            min_silence: Seconds(0.1),
            min_speech: Seconds(0.1),
            recover: true,
        }
    }
}

impl VadOptions {
    /// All values that are out of range; empty if the options can be used.
    pub fn problems(&self) -> Vec<OptionProblem> {
        let longest = single(LONGEST_CHUNK);
        [
            from_to("vad_onset", self.onset, 1.0),
            from_to("vad_offset", self.offset, 1.0),
            from_to("vad_padding", single(self.padding), 1.0),
            from_to("vad_min_silence", single(self.min_silence), longest),
            from_to("vad_min_speech", single(self.min_speech), longest),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_used_and_each_value_out_of_range_is_named() {
        assert_eq!(VadOptions::default().problems(), []);
        let options = VadOptions {
            onset: 1.5,
            offset: f32::NAN,
            padding: Seconds(-1.0),
            ..VadOptions::default()
        };
        let problems: Vec<_> = options.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "vad_onset must be from 0 to 1, not 1.5",
                "vad_offset must be from 0 to 1, not NaN",
                "vad_padding must be from 0 to 1, not -1"
            ]
        );
    }
}
