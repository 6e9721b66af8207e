//! `.env` files: every line is a variable or named as a bad one, values do not explode, and a quoted value comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;

// The command is no library.
#[path = "../../crates/app/src/config/dot_env.rs"]
mod dot_env;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (_, bad_lines) = within((8 << 20) + 64 * text.len(), || parse(&text));
    assert!(bad_lines.is_sorted_by(|a, b| a < b));
    assert!(
        bad_lines
            .iter()
            .all(|line| (1..=text.lines().count()).contains(line))
    );
    check_quoted(&text);
});

fn parse(text: &str) -> (Vec<(String, String)>, Vec<usize>) {
    dot_env::parse(text, |name| {
        (name == "HOME").then(|| "/home/ann".to_owned())
    })
}

fn check_quoted(value: &str) {
    let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
    let (variables, bad_lines) = parse(&format!("A=\"{quoted}\"\nB=1"));
    assert_eq!(bad_lines, [0; 0]);
    let names: Vec<&str> = variables.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["A", "B"]);
    if !value.contains("${") {
        assert_eq!(variables[0].1, value);
    }
}
