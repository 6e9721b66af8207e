//! Which language is spoken.

use domain::language::Language;
use domain::options::AsrOptions;
use domain::progress::Monitor;

use super::error::AsrError;
use super::mel::{FRAMES_PER_SECOND, FileFeatures, WINDOW_FRAMES, WINDOW_SAMPLES};
use super::network::Network;
use super::special::SpecialTokens;
use crate::audio::Sound;

/// Seconds quieter than the loudest by this factor are not speech: 30 dB.
const QUIET: f32 = 1.0 / 31.6;
/// Silence up to here does not move the first window, so that it can serve for recognition too.
const LATEST_START_SECONDS: usize = 10;
const WINDOW_SECONDS: usize = WINDOW_FRAMES / FRAMES_PER_SECOND;
const SAMPLES_PER_SECOND: usize = WINDOW_SAMPLES / WINDOW_SECONDS;

/// The language of a recording.
#[derive(Debug)]
pub struct Detection<E> {
    /// The likeliest; English where there is nothing to hear.
    pub language: Language,
    /// Its probability among the languages, in `[0, 1]`.
    pub probability: f32,
    /// The window looked at last, with its place, for whoever wants to go on with it.
    pub encoded: Option<(usize, E)>,
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

/// Finds the language of a recording by looking at windows spread over it, beginning where there is something to hear.
/// A window surer than `language_detection_threshold` decides alone. Where none is, their log-probabilities are
/// averaged, each window weighing as much as it has seconds of sound.
///
/// # Errors
///
/// When the monitor cancels, which is looked at before each window.
pub fn detect_language<N: Network>(
    network: &N,
    special: &SpecialTokens,
    features: &FileFeatures<'_>,
    samples: Sound<'_>,
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Detection<N::Encoded>, AsrError> {
    let windows = windows(samples, options.language_detection_segments);
    let windows = windows.into_iter().map(|window| LanguageWindow {
        place: window.second * FRAMES_PER_SECOND,
        weight: window.n_loud as f32,
    });
    let encode = |seek: usize| {
        network.encode(&features.window(seek, features.n_frames().saturating_sub(seek)))
    };
    detect_in_windows(network, special, windows, encode, options, monitor)
}

/// A window in which the language is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct LanguageWindow {
    /// What the caller knows it by: a frame, or the number of a chunk.
    pub(super) place: usize,
    /// How much of it there is to hear.
    pub(super) weight: f32,
}

/// [`detect_language`] for windows that `encode` makes of their places.
pub(super) fn detect_in_windows<N: Network>(
    network: &N,
    special: &SpecialTokens,
    windows: impl IntoIterator<Item = LanguageWindow>,
    encode: impl Fn(usize) -> N::Encoded,
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Detection<N::Encoded>, AsrError> {
    let mut detection = Detection {
        language: Language::ENGLISH,
        probability: 0.0,
        encoded: None,
    };
    let mut sums = vec![0.0; special.languages.len()];
    let mut total_weight = 0.0;
    for window in windows {
        if monitor.is_cancelled() {
            return Err(AsrError::Cancelled);
        }
        detection.encoded = None;
        let encoded = encode(window.place);
        let log_probs = language_log_probs(network, special, &encoded);
        detection.encoded = Some((window.place, encoded));
        (detection.language, detection.probability) = likeliest(special, &log_probs);
        if detection.probability > options.language_detection_threshold {
            return Ok(detection);
        }
        total_weight += window.weight;
        sums.iter_mut()
            .zip(&log_probs)
            .for_each(|(sum, log_prob)| *sum += window.weight * log_prob);
    }
    if total_weight > 0.0 {
        for sum in &mut sums {
            *sum /= total_weight;
        }
        normalise(&mut sums);
        (detection.language, detection.probability) = likeliest(special, &sums);
    }
    Ok(detection)
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
    likeliest(special, &language_log_probs(network, special, encoded))
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
    normalise(&mut log_probs);
    log_probs
}

/// Shifts logits so that their exponentials sum to 1.
fn normalise(logits: &mut [f32]) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - max).exp()).sum();
    let shift = max + sum.ln();
    for logit in logits {
        *logit -= shift;
    }
}

fn likeliest(special: &SpecialTokens, log_probs: &[f32]) -> (Language, f32) {
    let (best, log_prob) = special
        .languages
        .iter()
        .zip(log_probs)
        .rev() // so that the first of equals is found
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .expect("a multilingual model has languages");
    (best.0, log_prob.exp())
}

/// A window of up to 30 s to look at.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    /// Where it begins, in seconds.
    second: usize,
    /// Seconds of it that are loud.
    n_loud: usize,
}

/// Up to `wanted` windows: the recording is cut into as many parts, and each window begins at the first loud second of
/// its part. None where all is silent.
fn windows(samples: Sound<'_>, wanted: usize) -> Vec<Window> {
    let seconds = (0..samples.len()).step_by(SAMPLES_PER_SECOND);
    let power = |start: usize| {
        let second = samples.read(start..samples.len().min(start + SAMPLES_PER_SECOND));
        second.iter().map(|x| x * x).sum::<f32>()
    };
    let powers: Vec<f32> = seconds.map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let is_loud = |power: &f32| *power > 0.0 && *power >= loudest * QUIET * QUIET;
    let n_parts = wanted.min(powers.len().div_ceil(WINDOW_SECONDS)).max(1);
    let mut windows: Vec<Window> = Vec::new();
    for part in 0..n_parts {
        let range = powers.len() * part / n_parts..powers.len() * (part + 1) / n_parts;
        let Some(first) = powers[range.clone()].iter().position(is_loud) else {
            continue;
        };
        let second = match range.start + first {
            second if second < LATEST_START_SECONDS => 0,
            second => second,
        };
        let end = powers.len().min(second + WINDOW_SECONDS);
        let n_loud = powers[second..end]
            .iter()
            .filter(|power| is_loud(power))
            .count();
        windows.push(Window { second, n_loud });
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::mel::LogMel;
    use crate::asr::search::toy::{Toy, VOCABULARY, special};
    use domain::progress::Silent;

    /// A recording of seconds with these amplitudes.
    fn sound(amplitudes: impl IntoIterator<Item = f32>) -> Vec<f32> {
        let second = |amplitude: f32| (0..16_000).map(move |i| amplitude * (i as f32 * 0.3).sin());
        amplitudes.into_iter().flat_map(second).collect()
    }

    fn check(samples: &[f32], wanted: usize, expected: &[(usize, usize)]) {
        let windows = windows(samples.into(), wanted);
        let found: Vec<_> = windows.iter().map(|w| (w.second, w.n_loud)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn windows_begin_where_there_is_something_to_hear() {
        let minutes = |amplitude, n: usize| vec![amplitude; n * 60];
        check(&sound(minutes(0.1, 2)), 1, &[(0, 30)]);
        check(&sound(minutes(0.1, 2)), 3, &[(0, 30), (40, 30), (80, 30)]);
        // Hiss 40 dB below the speech: the window waits for the speech, or begins a little before it.
        let late = sound([minutes(0.001, 1), minutes(0.1, 1)].concat());
        check(&late, 1, &[(60, 30)]);
        check(&late, 2, &[(60, 30)]);
        check(
            &sound([vec![0.0; 9], vec![0.1; 30]].concat()),
            1,
            &[(0, 21)],
        );
        // A short file has one window, and silence none.
        check(&sound([0.1; 5]), 4, &[(0, 5)]);
        check(&sound([0.0; 50]), 4, &[]);
        check(&[], 4, &[]);
    }

    /// English and German logits of each window; the decision and its probability.
    fn detect(logits: &[(f32, f32)], n_seconds: &[f32]) -> (&'static str, f32, u64) {
        let network = Toy::new(|window, _| {
            let mut row = vec![0.0; VOCABULARY];
            (row[8], row[9]) = logits[usize::try_from(window).unwrap()];
            row
        });
        let samples = sound(n_seconds.iter().copied());
        let log_mel = LogMel::new(80);
        let options = AsrOptions {
            language_detection_segments: logits.len(),
            language_detection_threshold: 0.9,
            ..AsrOptions::default()
        };
        let found = detect_language(
            &network,
            &special(),
            &log_mel.file(&samples),
            (&samples).into(),
            &options,
            &Silent,
        );
        let found = found.unwrap();
        (
            found.language.code(),
            found.probability,
            network.n_encoded(),
        )
    }

    #[test]
    fn a_sure_window_decides_alone() {
        let (language, probability, n_windows) = detect(&[(0.0, 3.0), (9.0, 0.0)], &[0.1; 60]);
        assert_eq!((language, n_windows), ("de", 1));
        assert!((probability - 1.0 / (1.0 + (-3f32).exp())).abs() < 1e-5);
        let (language, _, n_windows) = detect(&[(0.0, 1.0), (9.0, 0.0)], &[0.1; 60]);
        assert_eq!((language, n_windows), ("en", 2));
    }

    #[test]
    fn unsure_windows_are_weighed_by_their_sound() {
        // The mean of their log-probabilities, English leading by 1 once and German by 0.6 twice.
        let unsure = [(1.0, 0.0), (0.0, 0.6), (0.0, 0.6)];
        let (language, probability, _) = detect(&unsure, &[0.1; 90]);
        assert_eq!(language, "de");
        assert!((probability - 1.0 / (1.0 + (-0.2f32 / 3.0).exp())).abs() < 1e-4);
        // Where the others are nearly silent, the first counts most.
        let mut mostly_silent = [0.0; 90];
        mostly_silent[..31].fill(0.1);
        mostly_silent[65] = 0.1;
        assert_eq!(detect(&unsure, &mostly_silent).0, "en");
    }

    #[test]
    fn nothing_to_hear_is_no_language() {
        assert_eq!(detect(&[(0.0, 9.0)], &[0.0; 40]), ("en", 0.0, 0));
        assert_eq!(detect(&[(0.0, 9.0)], &[]), ("en", 0.0, 0));
    }

    #[test]
    fn what_a_model_was_not_taught_is_refused() {
        let german: Language = "de".parse().unwrap();
        let yue: Language = "yue".parse().unwrap();
        let multilingual = special();
        let english_only = SpecialTokens {
            languages: Vec::new(),
            ..special()
        };
        assert_eq!(supported_language(None, &multilingual), Ok(None));
        assert_eq!(
            supported_language(Some(german), &multilingual),
            Ok(Some(german))
        );
        assert_eq!(
            supported_language(None, &english_only),
            Ok(Some(Language::ENGLISH))
        );
        for (language, model, english_only) in
            [(yue, &multilingual, false), (german, &english_only, true)]
        {
            let error = AsrError::LanguageNotSupported {
                language,
                english_only,
            };
            assert_eq!(supported_language(Some(language), model), Err(error));
        }
    }
}
