//! `cargo xtask upgrade`: every dependency in its newest version, if the checks agree.

use anyhow::Context;

use crate::ci;
use crate::step::Step;

/// Moves the lock file to the newest versions that the manifests allow, lists what is newer still, and runs all checks.
///
/// # Errors
/// The newest versions cannot be looked up, or a check fails with them.
pub(crate) fn run() -> anyhow::Result<()> {
    // Its list says `available` where only a change of a manifest would reach the newest version.
    Step::cargo("newest versions", &["update", "--verbose"]).run()?;
    ci::run().context(
        "with the newest versions the checks fail: mend what they found, or go back with 'git checkout Cargo.lock'",
    )
}
