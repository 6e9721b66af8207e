//! Where results go, and what happens when they cannot go there.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::command::{Desk, Ran, silence, tiny_model};
use crate::fixtures::field_path;

#[test]
fn every_format_lands_in_the_folder_and_replaces_what_was_there() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("my.talk.wav", silence(1));
    desk.put("out/my.talk.srt", "an older result");
    let ran = desk.run(&[
        "transcribe",
        "my.talk.wav",
        "--model",
        "tiny.en",
        "--format",
        "all",
        "--output-dir",
        "out",
    ]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "note: my.talk.wav: no speech was found\n")
    );
    assert_eq!(
        desk.list("out"),
        [
            "my.talk.json",
            "my.talk.srt",
            "my.talk.tsv",
            "my.talk.txt",
            "my.talk.vtt"
        ]
    );
    assert_eq!(desk.read("out/my.talk.srt"), "");
    assert_eq!(desk.read("out/my.talk.vtt"), "WEBVTT\n\n");
}

#[test]
fn f18_a_name_that_is_too_long_is_shortened() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    // 255 bytes, of which the last letter before the extension has two
    let name = "y".repeat(249) + "é.mp3";
    desk.put(&name, silence(1));
    let arguments = ["transcribe", &*name, "--model", "tiny.en", "-o", "out"];
    let ran = desk.run(&[&arguments[..], &["-f", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(desk.list("out"), ["y".repeat(249) + ".json"]);
    let note = "…: its results have a shorter name, since a name has at most 255 bytes\n";
    assert!(ran.stderr.contains(note), "{ran:?}");
}

#[test]
fn f19_no_line_is_longer_than_asked_for() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    let recording = field_path("05-gap.mkv").display().to_string();
    let arguments = ["transcribe", "-q", "--model", "tiny.en", &recording];
    for (flags, width) in [
        (
            "-f srt --subtitle-style sentences --max-line-width 42 --max-line-count 2",
            42,
        ),
        (
            "-f vtt --subtitle-style sentences --max-line-width 20 --max-line-count 1",
            20,
        ),
        (
            "-f srt --subtitle-style sentences --max-line-width 30 --highlight-words",
            30,
        ),
        ("-f srt", 42),
        (
            "-f vtt --speaker-labels none --max-line-width 20 --max-line-count 1",
            20,
        ),
    ] {
        let flags: Vec<_> = flags.split(' ').collect();
        let ran = desk.run(&[&arguments[..], &flags].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("country"), "{ran:?}");
        let texts = ran.stdout.lines().filter(|line| !line.contains(" --> "));
        for line in texts {
            assert_eq!(line, line.trim_end());
            assert!(line.chars().count() <= width, "{line:?} in {flags:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn results_may_be_read_by_whom_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let ran = desk.run(&["transcribe", "talk.wav", "--model", "tiny.en", "-o", "."]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mode = |name| {
        let metadata = fs::metadata(desk.path().join(name)).unwrap();
        metadata.permissions().mode()
    };
    assert_eq!(mode("talk.txt"), mode("talk.wav"));
}

#[test]
fn notes_are_told_unless_they_are_not_wanted() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let arguments = [
        "transcribe",
        "talk.wav",
        "--model",
        "tiny.en",
        "--compute-type",
        "float16",
        "-f",
        "srt",
        "--subtitle-style",
        "sentences",
        "--max-line-count",
        "2",
    ];
    let ran = desk.run(&arguments);
    assert_eq!(
        ran.stderr,
        "note: float16 runs as int8 on a processor\n\
         note: --max-line-count has no effect without --max-line-width in the style sentences\n\
         note: talk.wav: no speech was found\n"
    );
    let ran = desk.run(&[&arguments[..], &["--quiet"]].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = desk.command(&["transcribe", "talk.wav", "--model", "tiny.en", "-f", "json"]);
    let ran: Ran = command.stdout(Stdio::from(full)).output().unwrap().into();
    ran.assert_failed(
        5,
        "note: talk.wav: no speech was found\n\
         scriven: talk.wav: cannot write to standard output: No space left on device (os error 28)",
    );
}

#[test]
fn a_reader_that_left_is_no_error() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("a.wav", silence(1));
    desk.put("b.wav", silence(1));
    let mut command = desk.command(&["transcribe", "a.wav", "b.wav", "--model", "tiny.en"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran: Ran = child.wait_with_output().unwrap().into();
    let note = "note: a.wav: no speech was found\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), note), "{ran:?}");
}

/// A file system of 8 pages that is unmounted when dropped; `None` where that is not allowed.
#[cfg(target_os = "linux")]
struct SmallDisk<'a>(&'a std::path::Path);

#[cfg(target_os = "linux")]
impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a std::path::Path) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32k", "scriven-test"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        mount
            .is_ok_and(|status| status.success())
            .then_some(Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let unmount = Command::new("umount").arg(self.0).status();
        assert!(unmount.is_ok_and(|status| status.success()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_half_written() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("talk.wav", silence(1));
    let folder = desk.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&folder) else {
        skipped::on_this_machine("only root can mount a small disk");
        return;
    };
    let run = || {
        desk.run(&[
            "transcribe",
            "talk.wav",
            "--model",
            "tiny.en",
            "-f",
            "all",
            "-o",
            "disk",
        ])
    };

    // Two free pages: enough to begin with, not enough for the three results that are not empty.
    fs::write(folder.join("filler"), vec![0; 6 * 4096]).unwrap();
    let ran = run();
    ran.assert_failed(
        5,
        "note: talk.wav: no speech was found\n\
         scriven: talk.wav: cannot write disk/talk.json: No space left on device (os error 28)",
    );
    assert_eq!(
        desk.list("disk"),
        ["filler", "talk.srt", "talk.tsv", "talk.txt", "talk.vtt"]
    );

    // No free page: found before the work.
    let ran = run();
    ran.assert_failed(
        2,
        "scriven: cannot write in disk: No space left on device (os error 28)\n\
         hint: name another folder with --output-dir",
    );
    assert_eq!(
        desk.list("disk"),
        ["filler", "talk.srt", "talk.tsv", "talk.txt", "talk.vtt"]
    );
}
