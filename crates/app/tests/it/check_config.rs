//! `scriven check-config`: the effective settings, and everything that is wrong with them.

use std::process::Command;

use crate::command::{Desk, Ran};

/// `scriven check-config` with no other variable than these.
fn command(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = desk.command(&["check-config"]);
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied());
    command
}

fn run(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    command(desk, arguments, variables).output().unwrap().into()
}

#[test]
fn the_defaults_are_a_configuration_file() {
    let desk = Desk::new();
    let ran = run(&desk, &[], &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.stdout);
    // Nothing is touched.
    assert_eq!(desk.list("."), Vec::<String>::new());
    // It can be used as it is.
    desk.put("scriven.toml", &ran.stdout);
    let again = run(&desk, &["--config", "scriven.toml"], &[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let values = |text: &str| -> Vec<String> {
        let values = text.lines().filter(|line| !line.starts_with('#'));
        values
            .map(|line| line.split("  # ").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(values(&again.stdout), values(&ran.stdout));
}

#[test]
fn values_come_from_four_places() {
    let desk = Desk::new();
    desk.put(
        "mine.toml",
        "[server]\nport = 1\nhost = \"::\"\n[tasks]\nmax_attempts = 9\n",
    );
    desk.put(".env", "PORT=2\nDB_ECHO=true\n");
    let ran = run(
        &desk,
        &[],
        &[("PORT", "3"), ("SCRIVEN_CONFIG", "mine.toml")],
    );
    for line in [
        "port = 3  # PORT\n",
        "db_echo = true  # DB_ECHO in .env\n",
        "max_attempts = 9  # tasks.max_attempts in mine.toml\n",
    ] {
        assert!(ran.stdout.contains(line), "{line} is not in {ran:?}");
    }
}

#[test]
fn every_mistake_is_told_without_secrets() {
    let desk = Desk::new();
    desk.put("mine.toml", "[server]\nprt = 1\n");
    let variables = [
        ("PORT", "x"),
        ("DEVICE", "cuda"),
        ("HF_TOKEN", "marker marker"),
        ("DB_URL", "mysql://ann:marker@x/y"),
    ];
    let ran = run(&desk, &["--config", "mine.toml"], &variables);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 5, "{ran:?}");
    assert!(
        ran.stderr.contains(
            "scriven: server.prt in mine.toml is no setting; did you mean server.port?\n"
        )
    );
    assert!(!ran.stderr.contains("marker"), "{ran:?}");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() {
    let desk = Desk::new();
    run(&desk, &["--config", "none.toml"], &[]).assert_failed(
        2,
        "scriven: none.toml cannot be read: No such file or directory (os error 2)",
    );
}

#[test]
fn notes_are_told_beside_the_values() {
    let ran = run(&Desk::new(), &[], &[("COMPUTE_TYPE", "float16")]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.stderr,
        "note: COMPUTE_TYPE float16 is computed as int8 on a processor\n"
    );
}

#[test]
fn misspelt_names_in_dot_env_are_told_with_the_right_one() {
    let desk = Desk::new();
    desk.put(".env", "WHISPER_MODLE=base\nCOMPOSE_PROJECT_NAME=x\n");
    let ran = run(&desk, &[], &[("CALBACK_TIMEOUT", "1")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in [
        "WHISPER_MODLE in .env is no setting; did you mean WHISPER_MODEL?",
        "CALBACK_TIMEOUT is no setting; did you mean CALLBACK_TIMEOUT?",
    ] {
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    assert!(!ran.stderr.contains("COMPOSE"), "{ran:?}");
}
