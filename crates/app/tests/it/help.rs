//! `--help` teaches.

use crate::command::Desk;

#[test]
fn help_shows_examples_defaults_and_exit_codes() {
    let ran = Desk::new().run(&["transcribe", "--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for part in [
        "Examples:",
        "Exit codes:",
        "130  stopped with Ctrl-C",
        "[default: 2.4]",
        "Doubtful text:",
        "[env: MODEL_DIR]",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is not in the help");
    }
}

#[test]
fn no_command_shows_the_help_and_is_a_usage_error() {
    let ran = Desk::new().run(&[]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("transcribe"), "{ran:?}");
}

#[test]
fn short_help_shows_every_flag() {
    let ran = Desk::new().run(&["transcribe", "-h"]);
    insta::assert_snapshot!(ran.stdout);
}
