//! Files made after what people report, from the command line to the text: nothing that is said in them is lost.

use std::path::Path;

use domain::transcript::{Transcript, Word};

use crate::command::{Desk, tiny_model};
use crate::fixtures::field_path;

/// How each sentence begins.
const J: &str = "And so my fellow Americans";
const A: &str = "I really like";
const B: &str = "His statement of having been a shop boy";

/// A file, and what is said in it in order, with the second near which each sentence begins.
const FILES: [(&str, &[(&str, f64)]); 8] = [
    ("01-joined.mp3", &[(J, 0.3), (A, 11.3), (B, 16.2)]),
    ("02-count-too-small.mp3", &[(J, 0.3)]),
    ("03-vbr-without-tag.mp3", &[(J, 1.3), (A, 12.3), (B, 17.2)]),
    ("04-mono-then-stereo.mp3", &[(J, 0.4), (A, 11.3)]),
    ("05-gap.mkv", &[(J, 0.4), (A, 41.4), (B, 46.3)]),
    ("06-starts-late.mp4", &[(J, 4.4), (A, 15.4), (B, 20.3)]),
    ("09-data-size-zero.wav", &[(A, 0.3)]),
    ("10-opposite-phase.flac", &[(A, 0.3)]),
];

/// How far a sentence may begin from where it was said, in seconds.
const NEAR: f64 = 0.5;

#[test]
fn all_that_is_said_comes_out_where_it_is_said() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    let files = FILES.map(|(name, _)| field_path(name).to_str().unwrap().to_owned());
    let flags = ["transcribe", "--model", "tiny.en", "-f", "json", "-o", "."];
    let files = files.iter().map(String::as_str);
    let ran = desk.run(&flags.into_iter().chain(files).collect::<Vec<_>>());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (name, sentences) in FILES {
        let name = Path::new(name).with_extension("json");
        let transcript = desk.read(name.to_str().unwrap());
        let transcript: Transcript = serde_json::from_str(&transcript).unwrap();
        let segments = transcript.segments.iter();
        let words: Vec<&Word> = segments
            .flat_map(|segment| segment.words.iter().flatten())
            .collect();
        let texts: Vec<&str> = words
            .iter()
            .map(|word| {
                word.word
                    .trim_matches(|letter: char| !letter.is_alphanumeric())
            })
            .collect();
        let said = texts.join(" ");
        for (sentence, time) in sentences {
            let place = said.find(sentence);
            let place = place.unwrap_or_else(|| panic!("{name:?}: no {sentence:?} in {said:?}"));
            let first = words[said[..place].matches(' ').count()];
            let start = first.start.unwrap().0;
            assert!(
                (start - time).abs() < NEAR,
                "{name:?}: {sentence:?} at {start} s, not {time} s"
            );
        }
    }
}
