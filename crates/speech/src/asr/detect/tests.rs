//! Votes of scripted windows.

use std::cell::RefCell;

use domain::progress::Silent;

use super::*;
use crate::asr::search::Hypothesis;
use crate::asr::search::toy::{Toy, VOCABULARY, special};

/// A window: logits of English and German, how sure its text is in each, and the seconds of speech in it, of which none
/// are believed unless some text is as sure as −1.
#[derive(Clone, Copy)]
struct Script {
    logits: (f32, f32),
    sureness: (f32, f32),
    n_seconds: f64,
}

/// A window of ten seconds whose text is sure in any language.
const fn speech(english: f32, german: f32) -> Script {
    Script {
        logits: (english, german),
        sureness: (-0.2, -0.2),
        n_seconds: 10.0,
    }
}

/// A window without speech.
const fn music(english: f32, german: f32) -> Script {
    Script {
        sureness: (-1.5, -1.6),
        ..speech(english, german)
    }
}

struct Scripted<'a> {
    script: &'a [Script],
    /// Windows and languages in the order in which they were decoded.
    decoded: RefCell<Vec<String>>,
}

impl Windows for Scripted<'_> {
    type Encoded = u64;

    fn encode(&self, place: usize) -> u64 {
        place as u64
    }

    fn decode(
        &self,
        place: usize,
        _encoded: &u64,
        language: Language,
    ) -> Result<Attempt, AsrError> {
        let code = language.code();
        self.decoded.borrow_mut().push(format!("{place} {code}"));
        let (english, german) = self.script[place].sureness;
        let sureness = if code == "de" { german } else { english };
        Ok(Attempt {
            hypothesis: Hypothesis {
                tokens: vec![1],
                sum_logprob: sureness * 2.0,
                score: 0.0,
            },
            no_speech_prob: 0.1,
            compression_ratio: 1.0,
            n_words: 1.0,
            is_loop: false,
            temperature: 0.0,
        })
    }

    fn believed_seconds(&self, place: usize, attempt: &Attempt) -> f64 {
        if attempt.hypothesis.avg_logprob() > -1.0 {
            self.script[place].n_seconds
        } else {
            0.0
        }
    }
}

/// The language, its probability, and what was decoded in which language.
fn detect(script: &[Script], n_wanted: usize) -> (&'static str, f32, String) {
    let network = Toy::new(|window, _| {
        let mut row = vec![0.0; VOCABULARY];
        (row[8], row[9]) = script[usize::try_from(window).unwrap()].logits;
        row
    });
    let windows = Scripted {
        script,
        decoded: RefCell::default(),
    };
    let places: Vec<usize> = (0..script.len()).collect();
    let options = AsrOptions {
        language_detection_segments: n_wanted,
        language_detection_threshold: 0.9,
        ..AsrOptions::default()
    };
    let found = detect_language(&network, &special(), &windows, &places, &options, &Silent);
    let found = found.unwrap();
    let last = found.ready.map(|ready| ready.place);
    let decoded = windows.decoded.into_inner();
    let n_last = decoded
        .last()
        .map(|line| line[..1].parse::<usize>().unwrap());
    assert_eq!(last, n_last);
    (found.language.code(), found.probability, decoded.join(", "))
}

fn check(script: &[Script], n_wanted: usize, language: &str, decoded: &str) {
    let (found, _, found_decoded) = detect(script, n_wanted);
    assert_eq!((found, found_decoded.as_str()), (language, decoded));
}

#[test]
fn a_sure_window_decides_alone_unless_more_are_wanted() {
    let script = [speech(0.0, 3.0), speech(9.0, 0.0), speech(9.0, 0.0)];
    check(&script, 1, "de", "0 de");
    check(&script, 2, "en", "0 de, 1 en");
    let (_, probability, _) = detect(&script, 1);
    assert!((probability - 1.0 / (1.0 + (-3f32).exp())).abs() < 1e-5);
    let unsure = [speech(0.0, 1.0), speech(9.0, 0.0), speech(9.0, 0.0)];
    check(&unsure, 1, "en", "0 de, 1 en");
}

#[test]
fn unsure_windows_are_averaged_by_their_speech() {
    // English leads by 1 once, and German by 0.6 twice.
    let unsure = [speech(1.0, 0.0), speech(0.0, 0.6), speech(0.0, 0.6)];
    let (language, probability, _) = detect(&unsure, 1);
    assert_eq!(language, "de");
    assert!((probability - 1.0 / (1.0 + (-0.2f32 / 3.0).exp())).abs() < 1e-4);
    let mut short = unsure;
    for window in &mut short[1..] {
        window.n_seconds = 1.0;
    }
    assert_eq!(detect(&short, 1).0, "en");
    // A fourth is not looked at.
    let four = [&unsure[..], &[speech(9.0, 0.0)]].concat();
    check(&four, 1, "de", "0 en, 1 de, 2 de");
    check(&four, 4, "en", "0 en, 1 de, 2 de, 3 en");
}

#[test]
fn a_window_without_believed_text_has_no_vote() {
    let script = [music(9.0, 0.0), music(9.0, 0.0), speech(0.0, 3.0)];
    check(&script, 1, "de", "0 en, 1 en, 2 de");
    // Where none has any, their guess is all there is.
    check(&script[..2], 1, "en", "0 en, 1 en");
    check(&[], 1, "en", "");
    assert!(detect(&[], 1).1 < 1e-6);
    // The search for speech ends at some time.
    let (_, _, decoded) = detect(&[music(9.0, 0.0); 30], 1);
    assert_eq!(decoded.matches("en").count(), n_looked_at(1));
}

#[test]
fn a_doubtful_text_is_compared_with_that_in_another_likely_language() {
    let doubtful = |english, german| Script {
        sureness: (english, german),
        ..speech(0.6, 0.0)
    };
    let again = "0 en, 0 de";
    check(&[doubtful(-0.7, -0.4)], 1, "de", again);
    check(&[doubtful(-0.7, -0.9)], 1, "en", again);
    check(&[doubtful(-0.4, -0.1)], 1, "en", "0 en");
    let unlikely = Script {
        logits: (3.0, 0.0),
        ..doubtful(-0.7, -0.4)
    };
    check(&[unlikely], 1, "en", "0 en");
    // The better one has the vote of the likelier one.
    let (_, probability, _) = detect(&[doubtful(-0.7, -0.4)], 1);
    assert!((probability - 1.0 / (1.0 + (-0.6f32).exp())).abs() < 1e-5);
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
