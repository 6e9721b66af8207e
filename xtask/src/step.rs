//! A program that is run and must succeed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

/// One step of a command, announced before it runs.
#[derive(Debug)]
pub(crate) struct Step {
    what: &'static str,
    command: Command,
}

impl Step {
    /// `cargo` with `arguments`, in the root of the workspace.
    pub(crate) fn cargo(what: &'static str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(root());
        Self { what, command }
    }

    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// # Errors
    /// The program cannot be started, or fails.
    #[expect(clippy::print_stderr, reason = "a command says what it does")]
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        eprintln!("== {}", self.what);
        let began = Instant::now();
        let status = self.command.status();
        let status = status.with_context(|| format!("cannot run {:?}", self.command))?;
        if !status.success() {
            bail!("{}: failed ({status}): {:?}", self.what, self.command);
        }
        eprintln!("== {}: done in {:.0?}", self.what, began.elapsed());
        Ok(())
    }
}

/// True if `cargo <subcommand>` is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    let mut command = Command::new(env!("CARGO"));
    command.args([subcommand, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
