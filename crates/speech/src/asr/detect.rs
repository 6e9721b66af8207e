//! Which language is spoken.
//!
//! Music and noise have a likeliest language too, and Whisper is often sure of it. So each window that is looked at is
//! also decoded: one without a text that is believed has no vote. A window whose text is doubtful although another
//! language is likely is decoded in that one too, and votes for the language whose text is surer. Votes weigh as much as
//! there is speech in their windows.

mod loud;
mod votes;

use domain::language::Language;
use domain::options::AsrOptions;
use domain::progress::Monitor;

use super::error::AsrError;
use super::fallback::Attempt;
use super::mel::FRAMES_PER_SECOND;
use super::network::Network;
use super::special::SpecialTokens;
use crate::audio::Sound;
use votes::Votes;

/// Windows that vote where none is sure.
pub(super) const UNSURE_VOTES: usize = 3;
/// Windows that are looked at beyond those, in search of some text.
const MORE_WINDOWS: usize = 5;
/// A text less sure than this (mean log-probability) is doubtful...
const DOUBTFUL: f32 = -0.5;
/// ...and is decoded again if another language has this probability at least.
const LIKELY: f32 = 0.1;

/// The language of a recording.
#[derive(Debug)]
pub(super) struct Detection<E> {
    /// The likeliest; English where there is nothing to hear.
    pub(super) language: Language,
    /// Its probability among the languages, in `[0, 1]`.
    pub(super) probability: f32,
    /// The window looked at last, for whoever wants to go on with it.
    pub(super) ready: Option<Ready<E>>,
}

/// A window that was encoded and decoded.
#[derive(Debug)]
pub(super) struct Ready<E> {
    /// What the caller knows it by: a frame, or the number of a chunk.
    pub(super) place: usize,
    pub(super) encoded: E,
    pub(super) language: Language,
    /// At the first temperature.
    pub(super) attempt: Attempt,
}

/// A recording whose windows can be looked at, each known by its place.
pub(super) trait Windows {
    /// An encoded window.
    type Encoded;

    fn encode(&self, place: usize) -> Self::Encoded;

    /// Decodes a window at the first temperature.
    fn decode(
        &self,
        place: usize,
        encoded: &Self::Encoded,
        language: Language,
    ) -> Result<Attempt, AsrError>;

    /// Seconds of a window in which somebody speaks; 0 if its text is not believed.
    fn believed_seconds(&self, place: usize, attempt: &Attempt) -> f64;
}

/// The language asked for if the model knows it. An English-only model needs no asking: it is English.
///
/// # Errors
///
/// When the model was not taught the language.
pub fn supported_language(
    asked: Option<Language>,
    special: &SpecialTokens,
) -> Result<Option<Language>, AsrError> {
    let english_only = !special.is_multilingual();
    match asked {
        None if english_only => Ok(Some(Language::ENGLISH)),
        None => Ok(None),
        Some(Language::ENGLISH) if english_only => Ok(asked),
        Some(language) if special.language_token(language).is_some() => Ok(asked),
        Some(language) => Err(AsrError::LanguageNotSupported {
            language,
            english_only,
        }),
    }
}

/// Frames at which windows of a recording begin, in the order in which they are looked at.
pub(super) fn loud_frames(sound: Sound<'_>, options: &AsrOptions) -> Vec<usize> {
    let n_wanted = options.language_detection_segments;
    let seconds = loud::loud_seconds(sound, n_wanted, n_looked_at(n_wanted));
    seconds
        .iter()
        .map(|second| second * FRAMES_PER_SECOND)
        .collect()
}

/// How many windows are looked at, at most.
pub(super) fn n_looked_at(n_wanted: usize) -> usize {
    n_wanted.max(UNSURE_VOTES) + MORE_WINDOWS
}

/// Finds the language of a recording from the windows at `places`, in their order: `language_detection_segments` votes
/// are wanted, and some more until together they are surer than `language_detection_threshold`.
///
/// # Errors
///
/// When the monitor cancels, which is looked at before each window.
pub(super) fn detect_language<N: Network, W: Windows<Encoded = N::Encoded>>(
    network: &N,
    special: &SpecialTokens,
    windows: &W,
    places: &[usize],
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Detection<N::Encoded>, AsrError> {
    let n_wanted = options.language_detection_segments;
    let (mut votes, mut guesses) = (Votes::new(special), Votes::new(special));
    let mut ready = None;
    for place in places.iter().take(n_looked_at(n_wanted)) {
        if monitor.is_cancelled() {
            return Err(AsrError::Cancelled);
        }
        drop(ready.take()); // before the next is encoded: both are large
        let encoded = windows.encode(*place);
        let mut log_probs = language_log_probs(network, special, &encoded);
        let (language, attempt) = best_decoded(special, windows, *place, &encoded, &mut log_probs)?;
        match windows.believed_seconds(*place, &attempt) {
            n_seconds if n_seconds > 0.0 => votes.add(n_seconds, &log_probs),
            _ => guesses.add(1.0, &log_probs),
        }
        ready = Some(Ready {
            place: *place,
            encoded,
            language,
            attempt,
        });
        let is_sure =
            (votes.winner()).is_some_and(|(_, p)| p > options.language_detection_threshold);
        if votes.n() >= n_wanted.max(UNSURE_VOTES) || votes.n() >= n_wanted && is_sure {
            break;
        }
    }
    let winner = votes.winner().or_else(|| guesses.winner());
    let (language, probability) = winner.unwrap_or((Language::ENGLISH, 0.0));
    Ok(Detection {
        language,
        probability,
        ready,
    })
}

/// Decodes a window in its likeliest language, and in the next if that comes out badly; where the next is the better one,
/// the two change places in `log_probs`.
fn best_decoded<W: Windows>(
    special: &SpecialTokens,
    windows: &W,
    place: usize,
    encoded: &W::Encoded,
    log_probs: &mut [f32],
) -> Result<(Language, Attempt), AsrError> {
    let (first, second) = two_likeliest(log_probs);
    let (language, _) = special.languages[first];
    let attempt = windows.decode(place, encoded, language)?;
    let is_doubtful = attempt.hypothesis.avg_logprob() < DOUBTFUL || attempt.is_loop;
    let Some(second) = second.filter(|second| is_doubtful && log_probs[*second].exp() >= LIKELY)
    else {
        return Ok((language, attempt));
    };
    let (other_language, _) = special.languages[second];
    let other = windows.decode(place, encoded, other_language)?;
    let sureness = |attempt: &Attempt| (!attempt.is_loop, attempt.hypothesis.avg_logprob());
    if sureness(&other) <= sureness(&attempt) {
        return Ok((language, attempt));
    }
    log_probs.swap(first, second);
    Ok((other_language, other))
}

/// The numbers of the likeliest language and of the next; the first of equals.
fn two_likeliest(log_probs: &[f32]) -> (usize, Option<usize>) {
    let mut order: Vec<usize> = (0..log_probs.len()).collect();
    order.sort_by(|a, b| log_probs[*b].total_cmp(&log_probs[*a]));
    (order[0], order.get(1).copied())
}

/// The likeliest language of one encoded window, and its probability among the languages.
///
/// # Panics
///
/// When the model is English-only.
pub fn most_likely_language<N: Network>(
    network: &N,
    special: &SpecialTokens,
    encoded: &N::Encoded,
) -> (Language, f32) {
    let log_probs = language_log_probs(network, special, encoded);
    let (best, _) = two_likeliest(&log_probs);
    (special.languages[best].0, log_probs[best].exp())
}

/// Log-probabilities in the order of `special.languages`.
fn language_log_probs<N: Network>(
    network: &N,
    special: &SpecialTokens,
    encoded: &N::Encoded,
) -> Vec<f32> {
    let mut decoding = network.decode(&[encoded]);
    let logits = decoding.feed(&[&[special.start_of_transcript]]);
    let mut log_probs: Vec<f32> = special
        .languages
        .iter()
        .map(|(_, token)| logits[*token as usize])
        .collect();
    votes::normalise(&mut log_probs);
    log_probs
}

#[cfg(test)]
mod tests;
