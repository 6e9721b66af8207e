//! A program that is run and must succeed.

use std::ffi::OsStr;
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

    /// `cargo` with a subcommand that builds or resolves, by the lock file as it is, and further `arguments`.
    pub(crate) fn locked(what: &'static str, subcommand: &[&str], arguments: &[&str]) -> Self {
        Self::cargo(what, subcommand)
            .with_arguments(&["--locked"])
            .with_arguments(arguments)
    }

    pub(crate) fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn with_path(mut self, path: &Path) -> Self {
        self.command.arg(path);
        self
    }

    pub(crate) fn with_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What is run.
    #[cfg(test)]
    pub(crate) fn arguments(&self) -> Vec<String> {
        let arguments = self.command.get_args();
        arguments
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect()
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
