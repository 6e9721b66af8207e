//! What continuous integration runs, and nothing else.

use crate::step::{Step, has_cargo};
use crate::{clients, fuzz, schemathesis};

/// Every check, cheapest first.
///
/// # Errors
/// The first check that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    Step::cargo("format", &["fmt", "--all", "--check"]).run()?;
    Step::cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )
    .run()?;
    Step::cargo("documentation", &["doc", "--workspace", "--no-deps"])
        .with_variable("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    if has_cargo("nextest") {
        Step::cargo("tests", &["nextest", "run", "--workspace"]).run()?;
        Step::cargo(
            "examples in documentation",
            &["test", "--workspace", "--doc"],
        )
        .run()?;
    } else {
        Step::cargo("tests", &["test", "--workspace"]).run()?;
    }
    schemathesis::check()?;
    clients::run(&clients::Options::usual())?;
    fuzz::check()?;
    // Without it, the licences at least are compared by a test of `tests/tidy`.
    if has_cargo("deny") {
        Step::cargo("dependencies", &["deny", "check"]).run()?;
    }
    Ok(())
}

/// The rules of the house alone.
///
/// # Errors
/// A rule is broken.
pub(crate) fn tidy() -> anyhow::Result<()> {
    Step::cargo(
        "rules of the house",
        &["test", "--package", "xtask", "--test", "tidy"],
    )
    .run()
}
