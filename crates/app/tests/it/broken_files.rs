//! Recordings that cannot be read, and models that cannot be found: a clear line and the right exit code.

use std::fs;
use std::process::Stdio;

use crate::command::{Desk, silence, tiny_model, wav};

#[test]
fn missing_files_and_folders_are_named_without_looking_for_a_model() {
    let desk = Desk::new();
    fs::create_dir(desk.path().join("folder")).unwrap();
    let ran = desk.run_without_models(&["transcribe", "nowhere.mp3", "folder"]);
    ran.assert_failed(
        3,
        "scriven: nowhere.mp3: there is no such file\n\
         scriven: folder: this is a folder; name the recordings in it",
    );
}

#[test]
fn no_model_at_all_says_how_to_get_one() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let ran = desk.run_without_models(&["transcribe", "talk.wav"]);
    ran.assert_failed_saying(4, "scriven: no model is installed");
    assert!(ran.stderr.contains("scriven models pull base"), "{ran:?}");
}

#[test]
fn a_model_that_is_not_here_is_not_fetched_offline() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "--model", "small", "--offline"]);
    ran.assert_failed_saying(4, "scriven: model 'small' is not on this machine");
}

#[test]
fn a_model_folder_that_is_missing_or_not_whole_is_named() {
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "--model", "./nowhere"]);
    ran.assert_failed_saying(4, "there is no model folder ./nowhere");

    desk.put("mine/config.json", "{}");
    let ran = desk.run_without_models(&["transcribe", "talk.wav", "--model", "./mine"]);
    ran.assert_failed_saying(4, "the model folder ./mine has no ");
}

#[cfg(unix)]
#[test]
fn an_english_model_by_another_name_takes_no_other_language_either() {
    let Some(model) = tiny_model() else {
        return;
    };
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    std::os::unix::fs::symlink(model, desk.path().join("mine")).unwrap();
    let ran = desk.run(&[
        "transcribe",
        "talk.wav",
        "--model",
        "./mine",
        "--task",
        "translate",
    ]);
    ran.assert_failed_saying(
        2,
        "scriven: --task cannot be translate: the model './mine' knows only English\nhint: ",
    );
}

#[test]
fn a_model_file_that_is_damaged_is_named() {
    let desk = Desk::new();
    let Some(model) = tiny_model() else {
        return;
    };
    fs::create_dir_all(desk.path().join("models/tiny.en")).unwrap();
    for file in fs::read_dir(model).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            desk.path().join("models/tiny.en").join(file.file_name()),
        )
        .unwrap();
    }
    let weights = desk.path().join("models/tiny.en/model.bin");
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&weights, bytes).unwrap();
    desk.put("talk.wav", silence(1));
    let ran = desk.run(&[
        "transcribe",
        "talk.wav",
        "--model",
        "tiny.en",
        "--model-dir",
        "models",
    ]);
    ran.assert_failed_saying(
        4,
        "models/tiny.en/model.bin is damaged or is another file: its SHA-256 is",
    );
}

#[test]
fn what_is_no_recording_fails_by_itself_and_the_others_go_on() {
    let Some(_) = tiny_model() else {
        return;
    };
    let desk = Desk::new();
    desk.put("empty.wav", "");
    desk.put(
        "letter.mp3",
        "Dear reader, this is a letter and no music.\n".repeat(50),
    );
    desk.put("silence.wav", silence(2));
    desk.put("one_sample.wav", wav(&[100]));
    let ran = desk.run(&[
        "transcribe",
        "--model",
        "tiny.en",
        "empty.wav",
        "nowhere.wav",
        "letter.mp3",
        "silence.wav",
        "one_sample.wav",
    ]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 5, "{ran:?}");
    assert_eq!(lines[0], "scriven: nowhere.wav: there is no such file");
    assert!(
        lines[1].starts_with("scriven: empty.wav: the file is empty"),
        "{ran:?}"
    );
    assert!(
        lines[2].starts_with("scriven: letter.mp3: this is not an audio or video file"),
        "{ran:?}"
    );
    let silent = ["silence.wav", "one_sample.wav"];
    let notes = silent.map(|file| format!("note: {file}: no speech was found"));
    assert_eq!(lines[3..], notes);
    assert_eq!(
        ran.stdout,
        "==> silence.wav <==\n\n==> one_sample.wav <==\n"
    );
}

#[test]
fn standard_input_is_read_and_can_be_wrong_too() {
    let Some(_) = tiny_model() else {
        return;
    };
    let desk = Desk::new();
    desk.put("silence.wav", silence(2));
    desk.put("empty", "");
    let run = |file: &str, arguments: &[&str]| {
        let file = fs::File::open(desk.path().join(file)).unwrap();
        let mut command = desk.command(arguments);
        crate::command::Ran::from(command.stdin(Stdio::from(file)).output().unwrap())
    };
    let arguments = [
        "transcribe",
        "--model",
        "tiny.en",
        "-",
        "-f",
        "json",
        "-o",
        "out",
    ];
    let ran = run("silence.wav", &arguments);
    let note = "note: standard input: no speech was found\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), note), "{ran:?}");
    assert_eq!(
        desk.read("out/stdin.json"),
        "{\"segments\":[],\"language\":\"en\"}\n"
    );

    let ran = run("empty", &["transcribe", "--model", "tiny.en", "-"]);
    ran.assert_failed_saying(3, "scriven: standard input: the file is empty");
}
