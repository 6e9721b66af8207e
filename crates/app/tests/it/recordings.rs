//! What commands say of recordings: which track they take, and where there is nothing in it.

use domain::transcript::Transcript;

use crate::command::{Desk, model, silence, tiny_model};
use crate::fixtures::field_path;

/// Two audio tracks: German, and English, which is flagged as the default.
fn two_tracks() -> String {
    field_path("08-second-track-is-default.mkv")
        .display()
        .to_string()
}

fn transcript(arguments: &[&str]) -> (Transcript, String) {
    let first = ["transcribe", "-f", "json", "--model"];
    let ran = Desk::new().run(&[&first, arguments].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    (serde_json::from_str(&ran.stdout).unwrap(), ran.stderr)
}

fn text(transcript: &Transcript) -> String {
    let texts = transcript.segments.iter().map(|segment| &*segment.text);
    texts.collect()
}

#[test]
fn the_default_track_is_taken_and_the_others_are_noted() {
    if tiny_model().is_none() {
        return;
    }
    let (found, stderr) = transcript(&["tiny.en", &two_tracks()]);
    assert!(text(&found).contains("what your country can do for you"));
    assert!(stderr.contains("2 audio tracks; number 2"), "{stderr}");
    let (chosen, stderr) = transcript(&["tiny.en", "--audio-track", "2", &two_tracks()]);
    assert_eq!(chosen, found);
    assert_eq!(stderr, "");
}

#[test]
fn a_track_is_chosen_by_its_number() {
    if model("base").is_none() {
        return;
    }
    let (found, stderr) = transcript(&["base", "--audio-track=1", &two_tracks()]);
    assert_eq!((found.language.as_str(), stderr.as_str()), ("de", ""));
    assert!(text(&found).contains("Raum wurde als"), "{found:?}");
}

#[test]
fn a_track_that_is_not_there_is_a_mistake_of_the_command_line() {
    let desk = Desk::new();
    let message = |file: &str, there: &str| {
        format!(
            "scriven: {file}: the file has no audio track {there}\n\
             hint: name another with --audio-track, or leave it out"
        )
    };
    let ran = desk.run(&["diarize", "--audio-track", "3", &two_tracks()]);
    if ran.code == Some(4) {
        return skipped::for_want_of_model("campplus");
    }
    ran.assert_failed(2, &message(&two_tracks(), "3: it has 2, numbered 1 to 2"));
    if tiny_model().is_none() {
        return;
    }
    // The other recording is transcribed all the same.
    let arguments = ["transcribe", "--model", "tiny.en", "--audio-track", "2"];
    let one_track = field_path("09-data-size-zero.wav").display().to_string();
    let ran = desk.run(&[&arguments[..], &[&one_track, &two_tracks()]].concat());
    assert_eq!(ran.code, Some(2));
    let expected = message(&one_track, "2: it has one, number 1");
    assert_eq!(ran.stderr.trim_end(), expected);
    assert!(
        ran.stdout.contains("what your country can do for you"),
        "{ran:?}"
    );
}

#[test]
fn tracks_are_counted_from_one() {
    for command in ["transcribe", "diarize"] {
        for number in ["0", "-1", "x", "65536"] {
            let track = format!("--audio-track={number}");
            let ran = Desk::new().run(&[command, &track, &two_tracks()]);
            ran.assert_failed_saying(2, "it must be a whole number from 1 to 65535");
        }
    }
}

#[test]
fn where_no_speech_is_found_that_is_said() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(2));
    let ran = desk.run(&["diarize", "-f", "json", "talk.wav"]);
    if ran.code == Some(4) {
        skipped::for_want_of_model("campplus");
    } else {
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "[]\n"));
        assert_eq!(ran.stderr, "note: no speech was found\n");
    }
    if tiny_model().is_none() {
        return;
    }
    for vad in ["--vad=off", "--vad=auto"] {
        let ran = desk.run(&["transcribe", "--model", "tiny.en", vad, "talk.wav"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
        assert!(
            ran.stderr
                .ends_with("note: talk.wav: no speech was found\n"),
            "{ran:?}"
        );
        let ran = desk.run(&[
            "transcribe",
            "--model",
            "tiny.en",
            vad,
            "--quiet",
            "talk.wav",
        ]);
        assert_eq!(ran.stderr, "");
    }
}
