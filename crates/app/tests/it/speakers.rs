//! Who speaks: `scriven diarize`, and `scriven transcribe --diarize`.

use domain::diarization::Diarization;
use domain::transcript::Transcript;
use domain::turns_input;
use serde_json::Value;
use speech::models::Companion;

use crate::command::{Desk, places, recorded_call, silence, tiny_model};

/// The recorded call; `None`, loudly, if it or a network that hears speakers is not installed.
fn call_with_speakers() -> Option<String> {
    let missing = Companion::ALL
        .into_iter()
        .find(|companion| companion.find(&places()).is_none());
    if let Some(companion) = missing {
        let name = companion.name();
        skipped::for_want_of_model(name);
        return None;
    }
    recorded_call()
}

fn check_refused(arguments: &[&str], expected: &str) {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    desk.run_without_models(arguments)
        .assert_failed(2, expected);
}

#[test]
fn flags_about_speakers_need_somebody_who_asks_for_them() {
    let hint = "hint: add --diarize";
    for (flag, name) in [
        ("--num-speakers=2", "--num-speakers"),
        ("--min-speakers=2", "--min-speakers"),
        ("--max-speakers=2", "--max-speakers"),
        ("--split-speakers", "--split-speakers"),
        ("--diarize-model=campplus", "--diarize-model"),
        ("--speaker-embeddings", "--speaker-embeddings"),
    ] {
        check_refused(
            &["transcribe", "talk.wav", flag],
            &format!("scriven: {name} has no effect without --diarize\n{hint}"),
        );
    }
}

#[test]
fn numbers_of_speakers_that_cannot_be_are_refused_before_anything_is_loaded() {
    let zero = "must be a whole number from 1 upwards, not 0";
    let flags = [
        (
            vec!["--num-speakers", "0"],
            format!("--num-speakers {zero}"),
        ),
        (
            vec!["--min-speakers", "0"],
            format!("--min-speakers {zero}"),
        ),
        (
            vec!["--min-speakers", "3", "--max-speakers", "2"],
            "--max-speakers must be at least the minimum, 3, not 2".to_owned(),
        ),
    ];
    for (flags, expected) in flags {
        let expected = format!("scriven: {expected}");
        check_refused(&[&["diarize", "talk.wav"], &flags[..]].concat(), &expected);
        let transcribe = ["transcribe", "talk.wav", "--diarize"];
        check_refused(&[&transcribe, &flags[..]].concat(), &expected);
    }
    let ran = Desk::new().run(&["diarize", "x.wav", "--num-speakers", "two"]);
    ran.assert_failed_saying(2, "it must be a whole number from 0 upwards");
}

#[test]
fn a_network_that_is_not_here_is_named_with_the_way_to_get_it() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    desk.run_without_models(&["diarize", "talk.wav"])
        .assert_failed_saying(
            4,
            "'segmentation-3.0', which finds the speech, is not on this machine",
        );
    desk.put("models/segmentation-3.0/pytorch_model.bin", "no weights");
    desk.run_without_models(&["diarize", "talk.wav", "--model-dir", "models"])
        .assert_failed_saying(4, "segmentation-3.0");
    desk.run(&["diarize", "none.wav"])
        .assert_failed(3, "scriven: none.wav: there is no such file");
}

#[test]
fn a_diarization_model_is_named_by_what_there_is() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let with = |model: &str| {
        let flags = ["diarize", "talk.wav", "--offline", "--diarize-model", model];
        desk.run_without_models(&flags)
    };
    with("speaker-diarization-4").assert_failed_saying(
        2,
        "give a folder, or one of campplus, speaker-diarization-3.1, speaker-diarization-community-1",
    );
    with("pyannote/speaker-diarization-community-1").assert_failed_saying(
        4,
        "run 'scriven models pull speaker-diarization-community-1' without --offline",
    );
    desk.put("mine/README.md", "nothing else");
    with("./mine").assert_failed_saying(4, "./mine holds no diarization model");
}

#[test]
fn the_two_people_of_the_recorded_call_are_told_apart() {
    let Some(call) = call_with_speakers() else {
        return;
    };
    let desk = Desk::new();
    let ran = desk.run(&["diarize", "-f", "json", &call]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let diarization = turns_input::read(ran.stdout.as_bytes()).unwrap();
    assert_eq!(diarization.speakers(), ["SPEAKER_00", "SPEAKER_01"]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json[0]["label"], "A");
    assert_eq!(json[0]["speaker"], "SPEAKER_00");

    // where both speak at once, the better heard has the word
    let ends = |diarization: &Diarization| {
        let turns = diarization.turns.windows(2);
        turns
            .map(|pair| (pair[0].end.0, pair[1].start.0))
            .collect::<Vec<_>>()
    };
    let ran = desk.run(&["diarize", "-f", "json", "--exclusive", &call]);
    let exclusive = turns_input::read(ran.stdout.as_bytes()).unwrap();
    assert!(ends(&diarization).iter().any(|(end, start)| end > start));
    assert!(ends(&exclusive).iter().all(|(end, start)| end <= start));

    // standard output is no terminal
    let ran = desk.run(&["diarize", &call]);
    assert_eq!(ran.stdout, diarization.to_rttm("sample"));
    let ran = desk.run(&["diarize", "--num-speakers", "90", &call]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr
            .starts_with("note: asked for 90 speakers, found "),
        "{ran:?}"
    );
    let ran = desk.run(&["diarize", "-f", "table", "--num-speakers", "1", &call]);
    assert!(
        ran.stdout
            .starts_with("     start        end   length  speaker\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("SPEAKER_00") && !ran.stdout.contains("SPEAKER_01"),
        "{ran:?}"
    );
}

#[test]
fn every_word_of_the_recorded_call_has_a_speaker() {
    let (Some(_), Some(call)) = (tiny_model(), call_with_speakers()) else {
        return;
    };
    let desk = Desk::new();
    let flags = [
        "transcribe",
        "--model",
        "tiny.en",
        "--diarize",
        "--speaker-embeddings",
        "--subtitle-style",
        "sentences",
        "-f",
        "all",
        "-o",
        ".",
        &call,
    ];
    let ran = desk.run(&flags);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let transcript: Transcript = serde_json::from_str(&desk.read("sample.json")).unwrap();
    let words = transcript
        .segments
        .iter()
        .flat_map(|segment| segment.words.iter().flatten());
    let speakers: Vec<_> = words.map(|word| word.speaker.clone().unwrap()).collect();
    for speaker in ["SPEAKER_00", "SPEAKER_01"] {
        let n_words = speakers.iter().filter(|name| *name == speaker).count();
        assert!(n_words > 10, "{n_words} words of {speaker}");
    }
    assert!(
        transcript
            .segments
            .iter()
            .all(|segment| segment.speaker.is_some())
    );

    let embeddings = transcript.speaker_embeddings.unwrap();
    let lengths: Vec<_> = (embeddings.iter())
        .map(|(name, voice)| (name.as_str(), voice.len()))
        .collect();
    assert_eq!(lengths, [("SPEAKER_00", 192), ("SPEAKER_01", 192)]);

    let text = desk.read("sample.txt");
    assert!(
        text.lines().all(|line| line.starts_with("[SPEAKER_0")),
        "{text}"
    );
    let said: String = text
        .lines()
        .map(|line| &line["[SPEAKER_00]:".len()..])
        .collect();
    let whole: String = transcript
        .segments
        .iter()
        .map(|segment| &*segment.text)
        .collect();
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(letters(&said), letters(&whole));
    assert!(desk.read("sample.srt").contains("\n[SPEAKER_01]: "));
}

#[test]
fn names_that_subtitles_leave_out_are_told_unless_that_was_asked_for() {
    if tiny_model().is_none() || call_with_speakers().is_none() {
        return;
    }
    let note = "note: srt shows by dashes where two people speak, not who; --speaker-labels names writes their names\n";
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let arguments = ["transcribe", "talk.wav", "--model", "tiny.en", "--diarize"];
    for (flags, is_told) in [
        (&["-f", "srt"][..], true),
        (&["-f", "vtt"], false),
        (&["-f", "srt", "--speaker-labels", "dashes"], false),
        (&["-f", "srt", "--subtitle-style", "sentences"], false),
    ] {
        let ran = desk.run(&[&arguments[..], flags].concat());
        assert_eq!(ran.stderr.contains(note), is_told, "{flags:?}: {ran:?}");
    }
}
