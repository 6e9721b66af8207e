//! What continuous integration runs, and nothing else.

use anyhow::Context;

use crate::step::{Step, has_cargo, root};
use crate::{clients, deny, fuzz, schemathesis, unrun};

/// Every check, cheapest first.
///
/// # Errors
/// The first check that fails; in continuous integration also tests that could run if all was installed.
pub(crate) fn run() -> anyhow::Result<()> {
    deny::require()?;
    fuzz::require()?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let list = folder.path().join("tests that did not run");
    for step in checks(has_cargo("nextest")) {
        step.with_variable(skipped::LIST, &list).run()?;
    }
    schemathesis::check()?;
    clients::run(&clients::Options::usual())?;
    fuzz::run(&fuzz::Options::brief())?;
    unrun::report(&skipped::read(&list)?, unrun::is_ci())
}

fn checks(has_nextest: bool) -> Vec<Step> {
    let mut checks = vec![
        Step::cargo("format", &["fmt", "--all", "--check"]),
        dependencies(),
        lints(),
        documentation(),
    ];
    checks.extend(all_tests(has_nextest));
    checks
}

/// Licences, what must not be among the dependencies, and where they come from. Known weaknesses are looked for by
/// `cargo xtask advisories`.
fn dependencies() -> Step {
    let (manifest, rules) = (root().join("Cargo.toml"), root().join(deny::RULES));
    let kinds = ["licenses", "bans", "sources"];
    deny::step("dependencies", &manifest, &rules, &kinds)
}

fn lints() -> Step {
    let arguments = ["--workspace", "--all-targets", "--", "-D", "warnings"];
    Step::locked("lints", &["clippy"], &arguments)
}

fn documentation() -> Step {
    Step::locked("documentation", &["doc"], &["--workspace", "--no-deps"])
        .with_variable("RUSTDOCFLAGS", "-D warnings")
}

fn all_tests(has_nextest: bool) -> Vec<Step> {
    if !has_nextest {
        return vec![Step::locked("tests", &["test"], &["--workspace"])];
    }
    let examples = ["--workspace", "--doc"];
    vec![
        Step::locked("tests", &["nextest", "run"], &["--workspace"]),
        Step::locked("examples in documentation", &["test"], &examples),
    ]
}

/// The rules of the house alone.
///
/// # Errors
/// A rule is broken.
pub(crate) fn tidy() -> anyhow::Result<()> {
    let arguments = ["--package", "xtask", "--test", "tidy"];
    Step::locked("rules of the house", &["test"], &arguments).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dp3_every_step_but_the_formatter_builds_what_the_lock_file_says() {
        for step in [true, false].into_iter().flat_map(checks) {
            let arguments = step.arguments();
            let is_locked = arguments.iter().any(|argument| argument == "--locked");
            assert_eq!(is_locked, arguments[0] != "fmt", "{arguments:?}");
        }
    }

    #[test]
    fn dp3_licences_bans_and_sources_are_checked_whatever_is_installed() {
        for has_nextest in [true, false] {
            let mut checks = checks(has_nextest).into_iter();
            let deny = checks.find(|step| step.arguments()[0] == "deny").unwrap();
            for kind in ["licenses", "bans", "sources"] {
                assert!(deny.arguments().contains(&kind.to_owned()), "{kind}");
            }
        }
    }
}
