//! Options of alignment.

use std::fmt;
use std::str::FromStr;

/// How words without a time of their own get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// They lie beside the nearest timed word, as long as they would take to say.
    #[default]
    Nearest,
    /// They share the gap between their neighbours, by their length.
    Linear,
    /// They stay without times.
    Ignore,
}

impl Interpolation {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Nearest, Self::Linear, Self::Ignore];

    /// The name as requests spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Linear => "linear",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|method| method.as_str() == text);
        found.ok_or_else(|| format!("'{text}' is not one of nearest, linear, ignore"))
    }
}

/// Whose rules alignment follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlignRules {
    /// Ours: exact CTC paths, times exact to the frame, nothing dropped.
    #[default]
    Own,
    /// Those of whisperX 3.8, its mistakes included; for comparing.
    WhisperX,
}

/// Options of alignment; the defaults are whisperX's (`whisperx.align`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlignOptions {
    /// How words without a time of their own get one.
    pub interpolate_method: Interpolation,
    /// Also give the time of every character.
    pub return_char_alignments: bool,
    /// Whose rules are followed.
    pub rules: AlignRules,
}
