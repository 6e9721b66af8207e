//! Which text is believed: the one rule for all that the recogniser writes, in a first pass and in any later one.
//!
//! A text passes [`doubt`] as a whole before its words get times, and [`plausible`] sentence by sentence after that. A
//! text that a client brings ([`given`](super::given)) is not ours to doubt.

mod pace;

use domain::options::AsrOptions;

use super::fallback::Attempt;
pub(super) use pace::{is_too_fast, n_words_in, plausible};

/// Speech of which some text is expected, in seconds; what is shorter may be a bark.
pub(super) const AUDIBLE_SECONDS: f64 = 1.0;
/// Where even the finder of speech has doubts, the text must be surer than this...
const DOUBTFUL_LOGPROB: f32 = -0.5;
/// ...and silence less likely than this; a short sound must fail in one only.
const DOUBTFUL_NO_SPEECH: f32 = 0.2;

/// So few words, where the network thinks that nothing is said, must be surer than this.
const LONE_WORDS: f64 = 2.0;
const LONE_WORD_LOGPROB: f32 = -0.3;

/// What voice activity detection says of a piece of sound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    /// Seconds in which somebody speaks.
    pub(super) n_seconds: f64,
    /// Whether it has doubts itself.
    pub(super) is_doubtful: bool,
}

/// A text that may be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) attempt: &'a Attempt,
    /// Seconds of the sound it was made of.
    pub(super) n_seconds: f64,
    /// `None` if nobody looked for voices.
    pub(super) voice: Option<Voice>,
}

/// Why a text is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The network thinks that nothing is said.
    Silence,
    /// There is hardly a voice, and the text is not sure enough for that.
    NoVoice,
    /// The decoder was in a loop at every temperature.
    Loop,
    /// Nobody can say so many words in that time.
    TooFast,
}

/// Why a text is not believed; `None` if it is.
pub(super) fn doubt(claim: &Claim<'_>, options: &AsrOptions) -> Option<Doubt> {
    let attempt = claim.attempt;
    if attempt.is_silence(options) || is_lone_word(attempt, options) {
        Some(Doubt::Silence)
    } else if claim.voice.is_some_and(|voice| lacks_voice(attempt, voice)) {
        Some(Doubt::NoVoice)
    } else if attempt.loops(options) || attempt.is_doubtful_loop(options) {
        Some(Doubt::Loop)
    } else if is_too_fast(attempt.n_words, claim.n_seconds) {
        Some(Doubt::TooFast)
    } else {
        None
    }
}

/// Whether this is what Whisper makes of a short sound, such as `you`: a word or two, where it thinks that nothing is said.
fn is_lone_word(attempt: &Attempt, options: &AsrOptions) -> bool {
    let silent =
        (options.no_speech_threshold).is_some_and(|threshold| attempt.no_speech_prob > threshold);
    let unlikely = attempt.hypothesis.avg_logprob() < LONE_WORD_LOGPROB;
    silent && unlikely && attempt.n_words <= LONE_WORDS
}

fn lacks_voice(attempt: &Attempt, voice: Voice) -> bool {
    let (unlikely, silent) = (
        attempt.hypothesis.avg_logprob() < DOUBTFUL_LOGPROB,
        attempt.no_speech_prob > DOUBTFUL_NO_SPEECH,
    );
    (voice.is_doubtful && (unlikely || silent))
        || (voice.n_seconds < AUDIBLE_SECONDS && unlikely && silent)
}

#[cfg(test)]
mod tests;
