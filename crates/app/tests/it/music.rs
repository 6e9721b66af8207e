//! Music before speech: it has no text, and no say in the language.

use domain::transcript::Transcript;

use crate::command::{Desk, model};
use crate::fixtures::field_path;

/// What is said in both recordings, as far as `base` recognises it.
const SAID: [&str; 4] = ["portal", "raum", "leichenhal", "genutzt"];

/// What the command makes of a recording of `fixtures/field` with `base`.
fn transcribed(name: &str, flags: &[&str]) -> Option<Transcript> {
    model("base")?;
    let path = field_path(name);
    let mut arguments = vec!["transcribe", "--model", "base", "-f", "json"];
    arguments.extend(flags);
    arguments.push(path.to_str().unwrap());
    let ran = Desk::new().run(&arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    Some(serde_json::from_str(&ran.stdout).unwrap())
}

/// The transcript is the German sentence alone, from about `start` seconds on.
fn assert_german_alone(transcript: &Transcript, start: f64) {
    assert_eq!(transcript.language, "de");
    let texts = transcript
        .segments
        .iter()
        .map(|segment| segment.text.as_str());
    let text: String = texts.collect();
    for word in SAID {
        assert!(
            text.to_lowercase().contains(word),
            "{word} is not in {text:?}"
        );
    }
    let n_words = text.split_whitespace().count();
    assert!((8..=13).contains(&n_words), "{text:?}");
    let first = transcript.segments[0].start.0;
    assert!(
        (first - start).abs() < 0.5,
        "it begins at {first}: {text:?}"
    );
}

#[test]
fn a_trumpet_has_no_say_in_the_language() {
    const NAME: &str = "07-trumpet-then-german.ogg";
    let Some(found) = transcribed(NAME, &[]) else {
        return;
    };
    assert_german_alone(&found, 22.0);
    let probability = found.language_probability.unwrap();
    assert!((0.5..=1.0).contains(&probability), "{probability}");
}

#[test]
fn music_has_no_text() {
    const NAME: &str = "17-music-then-german.ogg";
    let Some(found) = transcribed(NAME, &[]) else {
        return;
    };
    assert_german_alone(&found, 14.7);
}
