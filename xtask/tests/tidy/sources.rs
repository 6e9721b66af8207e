//! How sources look.

use std::fs;

use crate::tree::{files, root, rust_sources};

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<_> = rust_sources()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(
        silent.is_empty(),
        "these begin without a line of `//!`: {silent:#?}"
    );
}

#[test]
fn no_test_sleeps_without_saying_why() {
    let needles = ["thread", "time"].map(|module| format!("{module}::sleep") + "(");
    let mut sleepers = Vec::new();
    for (path, text) in rust_sources() {
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        let mut in_tests = is_test;
        let mut above = "";
        for (i, line) in text.lines().enumerate() {
            in_tests |= line.contains("#[cfg(test)]");
            let sleeps = needles.iter().any(|needle| line.contains(needle));
            if in_tests && sleeps && !above.trim_start().starts_with("//") {
                sleepers.push(format!("{}:{}", path.display(), i + 1));
            }
            above = line;
        }
    }
    assert!(
        sleepers.is_empty(),
        "wait for what happens, not for time to pass, or say in the line above why not: {sleepers:#?}"
    );
}

#[test]
fn a_test_that_does_not_run_is_counted() {
    let word = ["SKIP", "PED"].concat();
    let mut uncounted = Vec::new();
    for (path, text) in rust_sources() {
        let may_say_so =
            path.starts_with("crates/skipped") || path.starts_with("xtask/src/schemathesis");
        if !may_say_so && text.contains(&word) {
            uncounted.push(path);
        }
    }
    assert!(
        uncounted.is_empty(),
        "these should call a function of the crate 'skipped': {uncounted:#?}"
    );
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    let places = ["work", "root"].map(|place| format!("/{place}/"));
    let mut named = Vec::new();
    for path in files() {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue; // not text
        };
        for (i, line) in text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place)) {
                named.push(format!("{}:{}: {line}", path.display(), i + 1));
            }
        }
    }
    assert!(named.is_empty(), "{named:#?}");
}

#[test]
fn the_script_and_the_program_pin_the_same_weights() {
    let script = fs::read_to_string(root().join("scripts/fetch-models")).unwrap();
    let program: String = ["manifest.rs", "companion.rs"]
        .map(|file| fs::read_to_string(root().join("crates/speech/src/models").join(file)).unwrap())
        .concat();
    let is_sum = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let pins: Vec<_> = program.split('"').filter(is_sum).collect();
    assert!(!pins.is_empty());
    for pin in pins {
        assert!(
            script.contains(pin),
            "scripts/fetch-models does not know {pin}"
        );
    }
}
