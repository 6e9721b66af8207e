//! Options of voice activity detection: where speech is, and how it is cut into chunks.

use super::OptionProblem;
use super::check::{above_zero, from_to};
use crate::units::Seconds;

/// The longest chunk that the recogniser can take.
pub const LONGEST_CHUNK: Seconds = Seconds(30.0);

/// Options of voice activity detection; thresholds and chunk size are whisperX's.
#[derive(Debug, Clone, PartialEq)]
pub struct VadOptions {
    /// Speech begins where its score, in `[0, 1]`, rises above this.
    pub onset: f32,
    /// Speech ends where its score falls below this; 0 stands for `onset`.
    pub offset: f32,
    /// Chunks are never longer; above 0, at most [`LONGEST_CHUNK`].
    pub chunk_size: Seconds,
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
            chunk_size: LONGEST_CHUNK,
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
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only to be compared and shown"
        )]
        let seconds = |seconds: Seconds| seconds.0 as f32;
        let longest = seconds(LONGEST_CHUNK);
        [
            from_to("vad_onset", self.onset, 1.0),
            from_to("vad_offset", self.offset, 1.0),
            above_zero("chunk_size", seconds(self.chunk_size))
                .or_else(|| from_to("chunk_size", seconds(self.chunk_size), longest)),
            from_to("vad_padding", seconds(self.padding), 1.0),
            from_to("vad_min_silence", seconds(self.min_silence), longest),
            from_to("vad_min_speech", seconds(self.min_speech), longest),
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
            chunk_size: Seconds(31.0),
            padding: Seconds(-1.0),
            ..VadOptions::default()
        };
        let problems: Vec<_> = options.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "vad_onset must be from 0 to 1, not 1.5",
                "vad_offset must be from 0 to 1, not NaN",
                "chunk_size must be from 0 to 30, not 31",
                "vad_padding must be from 0 to 1, not -1"
            ]
        );
        let options = VadOptions {
            chunk_size: Seconds(0.0),
            ..VadOptions::default()
        };
        assert_eq!(options.problems().len(), 1);
    }
}
