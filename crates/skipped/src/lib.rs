//! Tests that cannot run: each says so on standard error, and in the list that `cargo xtask ci` reads at its end.
//!
//! A test that returns early looks like one that passed. What it needs is either brought by `scripts/setup` and
//! `scripts/fetch-models`, so that its absence is a mistake of whoever runs the tests, or not to be had on this machine.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::{env, thread};

/// The variable that names the list.
pub const LIST: &str = "SCRIVEN_SKIPPED_TESTS";

/// The models that `scripts/fetch-models` brings where nobody names others.
const DEFAULT_MODELS: [&str; 4] = ["base", "campplus", "segmentation-3.0", "tiny.en"];

/// A test that did not run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Whether what it needs is brought by `scripts/setup` and `scripts/fetch-models`.
    pub can_be_had: bool,
    /// Why it did not run, such as `no model 'base'`.
    pub reason: String,
    /// Its name.
    pub test: String,
}

/// The test that runs needs a model that is not here.
pub fn for_want_of_model(name: &str) {
    let reason = format!("no model '{name}'");
    let hint = format!("run scripts/fetch-models {name}");
    say(DEFAULT_MODELS.contains(&name), &reason, &hint);
}

/// The test that runs needs the recorded call, which is not here.
pub fn for_want_of_the_recorded_call() {
    say(true, "no recorded call", "run scripts/fetch-models");
}

/// The test that runs needs a program that is not here.
pub fn for_want_of_program(name: &str) {
    say(
        true,
        &format!("no {name}"),
        "run scripts/setup --with-checks",
    );
}

/// The test that runs cannot do so on this machine, whatever is installed.
pub fn on_this_machine(reason: &str) {
    say(false, reason, "it runs elsewhere");
}

/// The tests in the list at `path`, sorted; none if there is no list.
///
/// # Errors
/// The list is there and cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<Skipped>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut skipped: Vec<_> = text.lines().filter_map(Skipped::of_line).collect();
    skipped.sort();
    skipped.dedup();
    Ok(skipped)
}

fn say(can_be_had: bool, reason: &str, hint: &str) {
    let skipped = Skipped {
        can_be_had,
        reason: reason.to_owned(),
        test: running_test(),
    };
    // Past the harness, which hides what a test that passes prints.
    let text = format!("SKIPPED {}: {reason}; {hint}\n", skipped.test);
    let _ = io::stderr().write_all(text.as_bytes());
    if let Some(list) = env::var_os(LIST) {
        let written = skipped.write_to(Path::new(&list));
        written.expect("the list of tests that did not run can be written");
    }
}

/// The harness gives the thread of a test its name; where it has only one thread, nextest says it.
fn running_test() -> String {
    let thread = thread::current();
    let of_thread = thread.name().filter(|name| *name != "main");
    let of_thread = of_thread.map(str::to_owned);
    of_thread
        .or_else(|| env::var("NEXTEST_TEST_NAME").ok())
        .unwrap_or_else(|| "a test".to_owned())
}

impl Skipped {
    /// Adds it to the list in one piece, for other tests do the same.
    fn write_to(&self, list: &Path) -> io::Result<()> {
        let kind = if self.can_be_had { "wanted" } else { "machine" };
        let plain = |text: &str| text.replace(['\t', '\n'], " ");
        let line = format!("{kind}\t{}\t{}\n", plain(&self.reason), plain(&self.test));
        let mut file = OpenOptions::new().create(true).append(true).open(list)?;
        file.write_all(line.as_bytes())
    }

    fn of_line(line: &str) -> Option<Self> {
        let (kind, rest) = line.split_once('\t')?;
        let (reason, test) = rest.split_once('\t')?;
        Some(Self {
            can_be_had: kind == "wanted",
            reason: reason.to_owned(),
            test: test.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(can_be_had: bool, reason: &str, test: &str) -> Skipped {
        Skipped {
            can_be_had,
            reason: reason.to_owned(),
            test: test.to_owned(),
        }
    }

    #[test]
    fn a_list_gives_back_each_test_once_and_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        assert_eq!(read(&list).unwrap(), []);
        let model = skipped(true, "no model 'base'", "b::second");
        let root = skipped(false, "only root\tmay\nmount", "a::first");
        for test in [&model, &root, &model] {
            test.write_to(&list).unwrap();
        }
        let root = skipped(false, "only root may mount", "a::first");
        assert_eq!(read(&list).unwrap(), [root, model]);
    }

    #[test]
    fn a_test_knows_its_name() {
        assert_eq!(running_test(), "tests::a_test_knows_its_name");
    }
}
