//! Ctrl-C stops the work soon, and leaves nothing half-written.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{Desk, Ran, noise, tiny_model};

/// It takes a fraction of a second on a machine that has nothing else to do, and the whole recordings here take far
/// longer than this on any.
const SOON: Duration = Duration::from_secs(8);

/// Presses Ctrl-C for this process alone.
fn press_ctrl_c(child: &Child) {
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Starts on a long recording, lets it work for `head_start`, presses Ctrl-C, and tells how long it went on.
fn interrupt_after(head_start: Duration, desk: &Desk, arguments: &[&str]) -> (Ran, Duration) {
    let mut command = desk.command(arguments);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // No waiting on a clock elsewhere; here the process has to be in the middle of its work.
    std::thread::sleep(head_start);
    press_ctrl_c(&child);
    let pressed = Instant::now();
    let ran = child.wait_with_output().unwrap().into();
    (ran, pressed.elapsed())
}

#[test]
fn ctrl_c_stops_soon_and_leaves_nothing() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.put("long.wav", noise(3600));
    let arguments = [
        "transcribe",
        "long.wav",
        "--model",
        "tiny.en",
        "-f",
        "all",
        "-o",
        "out",
        // noise is no speech, and this must take long
        "--vad",
        "off",
    ];
    for head_start in [300, 2500] {
        let head_start = Duration::from_millis(head_start);
        let (ran, took) = interrupt_after(head_start, &desk, &arguments);
        assert_eq!(ran.code, Some(130), "{ran:?}");
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        assert!(took < SOON, "{took:?}");
        assert!(desk.list("out").is_empty());
    }
}

#[test]
fn ctrl_c_ends_waiting_for_standard_input() {
    if tiny_model().is_none() {
        return;
    }
    let desk = Desk::new();
    let mut command = desk.command(&["transcribe", "-", "--model", "tiny.en"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Another process says nothing while it waits for its input.
    std::thread::sleep(Duration::from_millis(500));
    press_ctrl_c(&child);
    let pressed = Instant::now();
    // Held open, so that the end of the input is not what ends the process.
    let stdin = child.stdin.take();
    let ran: Ran = child.wait_with_output().unwrap().into();
    drop(stdin);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(pressed.elapsed() < SOON);
}
