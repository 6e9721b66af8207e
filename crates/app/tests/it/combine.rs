//! `scriven combine`: words get their speakers, whoever wrote the documents.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::command::{Desk, Ran};

/// Two sentences and a number that nobody heard, as whisperX writes them.
const TRANSCRIPT: &str = r#"{"segments":[
    {"start":0.0,"end":4.0,"text":" Are you well? I am 9.","words":[
        {"word":"Are","start":0.0,"end":0.5,"score":0.9},{"word":"you","start":0.5,"end":1.0,"score":0.9},
        {"word":"well?","start":1.0,"end":1.5,"score":0.9},{"word":"I","start":2.0,"end":2.5,"score":0.9},
        {"word":"am","start":2.5,"end":3.0,"score":0.9},{"word":"9."}]},
    {"start":9.0,"end":9.5,"text":" 10.","words":[{"word":"10.","start":9.0,"end":9.5}],"chars":null}],
    "word_segments":[],"language":"en"}"#;

const TURNS: &str = r#"[{"label":"B","speaker":"SPEAKER_01","start":1.8,"end":3.2},
    {"label":"A","speaker":"SPEAKER_00","start":0.0,"end":1.6}]"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("talk.json", TRANSCRIPT);
    desk.put("turns.json", TURNS);
    desk
}

fn combine(desk: &Desk, flags: &[&str]) -> String {
    let ran = desk.run(&[&["combine", "talk.json", "turns.json"], flags].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

/// Fails on the document `content` under `name`, the other being right.
fn check_wrong(name: &str, content: impl AsRef<[u8]>, expected: &str) {
    let desk = desk();
    desk.put(name, content);
    let ran = desk.run(&["combine", "talk.json", "turns.json"]);
    ran.assert_failed_saying(3, expected);
}

#[test]
fn flags_for_subtitles_need_subtitles_and_notes_say_what_has_no_effect() {
    let desk = desk();
    let ran = desk.run(&["combine", "--gap", "0.1", "talk.json", "turns.json"]);
    let expected = "--gap shapes subtitles and has no effect on this format\n\
                    hint: use it with --format srt or vtt";
    ran.assert_failed_saying(2, expected);
    let flags = [
        "combine",
        "-f",
        "srt",
        "--subtitle-style",
        "sentences",
        "--gap",
        "0.1",
    ];
    let ran = desk.run(&[&flags[..], &["talk.json", "turns.json"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.stderr,
        "note: --gap has no effect in the style sentences\n"
    );
}

#[test]
fn every_word_gets_a_speaker_and_every_format_shows_it() {
    let desk = desk();
    assert_eq!(
        combine(&desk, &["-f", "txt"]),
        "[SPEAKER_00]: Are you well?\n[SPEAKER_01]: I am 9.\n[SPEAKER_01]: 10.\n"
    );
    assert_eq!(
        combine(&desk, &["-f", "srt", "--subtitle-style", "sentences"]),
        "1\n00:00:00,000 --> 00:00:01,500\n[SPEAKER_00]: Are you well?\n\n\
         2\n00:00:02,000 --> 00:00:04,000\n[SPEAKER_01]: I am 9.\n\n\
         3\n00:00:09,000 --> 00:00:09,500\n[SPEAKER_01]: 10.\n\n"
    );
    let vtt = combine(&desk, &["-f", "vtt", "--subtitle-style", "sentences"]);
    assert!(
        vtt.contains("00:02.000 --> 00:04.000\n[SPEAKER_01]: I am 9.\n"),
        "{vtt}"
    );
    let vtt = combine(&desk, &["-f", "vtt"]);
    assert!(
        vtt.contains("00:02.000 --> 00:04.500\n<v SPEAKER_01>I am 9.\n"),
        "{vtt}"
    );
    let named = combine(&desk, &["-f", "srt", "--speaker-labels", "names"]);
    assert!(named.contains("\nSPEAKER_01: I am 9.\n"), "{named}");
    assert_eq!(
        combine(&desk, &["-f", "txt", "--text-style", "paragraphs"]),
        "[SPEAKER_00]: Are you well?\n\n[SPEAKER_01]: I am 9.\n\n10.\n"
    );
    assert_eq!(
        combine(&desk, &["-f", "md"]),
        "## SPEAKER_00\n\n[00:00] Are you well?\n\n## SPEAKER_01\n\n[00:02] I am 9.\n\n[00:09] 10.\n"
    );
    assert_eq!(
        combine(&desk, &["-f", "tsv"]),
        "start\tend\ttext\n0\t1500\tAre you well?\n2000\t4000\tI am 9.\n9000\t9500\t10.\n"
    );
    let aud = combine(&desk, &["-f", "aud"]);
    assert!(
        aud.starts_with("0.0\t1.5\t[[SPEAKER_00]]Are you well?\n"),
        "{aud}"
    );

    let json: Value = serde_json::from_str(&combine(&desk, &[])).unwrap();
    assert_eq!(json["language"], "en");
    let segments = json["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 2);
    assert_eq!(segments[0]["speaker"], "SPEAKER_00");
    let words = segments[0]["words"].as_array().unwrap();
    let speakers: Vec<_> = words
        .iter()
        .map(|word| word["speaker"].as_str().unwrap())
        .collect();
    let (first, second) = ("SPEAKER_00", "SPEAKER_01");
    assert_eq!(speakers, [first, first, first, second, second, second]);
}

#[test]
fn splitting_can_be_asked_for_and_declined() {
    let desk = desk();
    let json: Value = serde_json::from_str(&combine(&desk, &["--split-speakers"])).unwrap();
    let texts: Vec<_> = json["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["text"])
        .collect();
    assert_eq!(texts, [" Are you well?", " I am 9.", " 10."]);
    assert_eq!(
        combine(&desk, &["-f", "txt", "--split-speakers=false"]),
        "[SPEAKER_00]: Are you well? I am 9.\n[SPEAKER_01]: 10.\n"
    );
}

#[test]
fn the_compatible_form_is_that_of_the_service() {
    let word = |text: &str, start: f64, end: f64, rest: &str| {
        format!("{{\"word\":\"{text}\",\"start\":{start:?},\"end\":{end:?}{rest}}}")
    };
    let heard = |speaker: &str| format!(",\"score\":0.9,\"speaker\":\"SPEAKER_{speaker}\"");
    let words = [
        word("Are", 0.0, 0.5, &heard("00")),
        word("you", 0.5, 1.0, &heard("00")),
        word("well?", 1.0, 1.5, &heard("00")),
        word("I", 2.0, 2.5, &heard("01")),
        word("am", 2.5, 3.0, &heard("01")),
        word("9.", 3.0, 4.0, ",\"speaker\":\"SPEAKER_01\""),
    ];
    let expected = format!(
        "{{\"segments\":[{{\"start\":0.0,\"end\":4.0,\"text\":\" Are you well? I am 9.\",\"words\":[{}],\
         \"speaker\":\"SPEAKER_00\"}},{{\"start\":9.0,\"end\":9.5,\"text\":\" 10.\",\"words\":[{}]}}],\
         \"word_segments\":[]}}\n",
        words.join(","),
        word("10.", 9.0, 9.5, "")
    );
    assert_eq!(combine(&desk(), &["--compat"]), expected);
}

#[test]
fn turns_may_be_rttm_and_come_through_a_pipe() {
    let desk = desk();
    let rttm = "SPEAKER talk 1 0.0 1.6 <NA> <NA> SPEAKER_00 <NA> <NA>\n\
                SPEAKER talk 1 1.8 1.4 <NA> <NA> SPEAKER_01 <NA> <NA>\n";
    let mut command = desk.command(&["combine", "-f", "txt", "talk.json", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(rttm.as_bytes())
        .unwrap();
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout, combine(&desk, &["-f", "txt"]));
    desk.run(&["combine", "-", "-"]).assert_failed(
        2,
        "scriven: '-' stands for standard input, which can be read only once",
    );
}

#[test]
fn without_turns_nobody_is_named() {
    let desk = desk();
    desk.put("turns.json", "[]");
    let ran = desk.run(&["combine", "talk.json", "turns.json", "-f", "txt"]);
    assert_eq!(ran.stdout, "Are you well? I am 9.\n10.\n");
    assert_eq!(
        ran.stderr,
        "note: the turns are empty, so nobody is named\n"
    );
    assert_eq!(ran.code, Some(0));
}

#[test]
fn wrong_documents_are_named_with_what_is_wrong() {
    let turns = "turns.json holds no turns: ";
    let turn_checks = [
        ("", "it is not JSON: it is empty"),
        ("nope", "it is not JSON: expected ident at line 1 column 2"),
        ("null", "the document must be a list, not null"),
        ("[1]", "turn 1 must be an object, not a number"),
        ("[{\"speaker\":\"A\"}]", "turn 1 has no 'start'"),
        (
            "[{\"label\":\"A\",\"speaker\":7,\"start\":0,\"end\":1}]",
            "turn 1 has a 'speaker' that is a number, where a text is needed",
        ),
        (
            "[{\"label\":\"A\",\"speaker\":\"A\",\"start\":5,\"end\":1}]",
            "turn 1 ends at 1 s, before it starts at 5 s",
        ),
        (
            "[{\"speaker\":\"A\",\"start\":NaN}]",
            "turn 1 has a 'start' that is NaN, where a number is needed",
        ),
        (
            "[{\"start\":nan}]",
            "it is not JSON: expected ident at line 1 column 12, in 'start' of turn 1",
        ),
        (
            "SPEAKER x",
            "line 1 has '' where the start in seconds is needed",
        ),
    ];
    for (document, expected) in turn_checks {
        check_wrong(
            "turns.json",
            document,
            &format!("scriven: {turns}{expected}"),
        );
    }
    check_wrong(
        "turns.json",
        b"\xff\xfe\0",
        &format!("scriven: {turns}it is not JSON"),
    );
    check_wrong(
        "talk.json",
        "{\"segmens\":[]}",
        "scriven: talk.json is no transcript: the document has no 'segments'\nhint: a transcript is JSON",
    );
    let desk = desk();
    desk.run(&["combine", "talk.json", "none.json"])
        .assert_failed(3, "scriven: none.json: there is no such file");
    desk.run(&["combine", "talk.json", "."])
        .assert_failed(3, "scriven: .: this is a folder");
    desk.put(
        "plain.json",
        "{\"segments\":[{\"start\":0,\"end\":1,\"text\":\"x\"}]}",
    );
    desk.run(&["combine", "--compat", "plain.json", "turns.json"])
        .assert_failed_saying(
            3,
            "scriven: plain.json is no transcript: the document has no 'word_segments'",
        );
    let ran = desk.run(&["combine", "-f", "txt", "plain.json", "turns.json"]);
    assert_eq!(ran.stdout, "[SPEAKER_00]: x\n");
}

/// A file of the contract's fixtures; `None`, loudly, if they are not here.
fn fixture(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let path = folder.join(name);
    if !path.exists() {
        skipped::on_this_machine("the fixtures of the contract are not beside the repository");
        return None;
    }
    Some(path)
}

#[test]
fn the_contracts_fixtures_combine() {
    let names = [
        "aligned_transcript.json",
        "diarazition.json",
        "transcript-wrong.json",
    ];
    let [Some(aligned), Some(turns), Some(wrong)] = names.map(fixture) else {
        return;
    };
    let desk = Desk::new();
    let [aligned, turns, wrong] = [aligned, turns, wrong].map(|path| path.display().to_string());
    let ran = desk.run(&["combine", "--compat", &aligned, &turns]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let given: Value = serde_json::from_slice(&fs::read(&aligned).unwrap()).unwrap();
    assert_eq!(json["word_segments"], Value::Array(Vec::new()));
    let (segment, given) = (&json["segments"][0], &given["segments"][0]);
    assert_eq!(segment["speaker"], "SPEAKER_00");
    assert_eq!(segment["text"], given["text"]);
    let words = segment["words"].as_array().unwrap();
    assert_eq!(words.len(), given["words"].as_array().unwrap().len());
    assert!(words.iter().all(|word| word["speaker"] == "SPEAKER_00"));
    desk.run(&["combine", "--compat", &wrong, &turns])
        .assert_failed_saying(3, "the document has no 'word_segments'");
    desk.run(&["combine", &wrong, &turns])
        .assert_failed_saying(3, "the document has no 'segments'");
}
