//! Programs in Python, in virtual environments of their own below the target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::console::say;
use crate::example::target_folder;

/// A virtual environment with certain packages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment<'a> {
    /// The command that needs it; also the folder below the target folder.
    pub(crate) command: &'a str,
    /// What is installed, with versions.
    pub(crate) packages: &'a [&'a str],
    /// What pip is told besides.
    pub(crate) pip_options: &'a [&'a str],
    /// What can be run once all is there, such as `import this`.
    pub(crate) proof: &'a str,
    /// What else can be done where no package index is within reach.
    pub(crate) hint: &'a str,
}

impl Environment<'_> {
    /// The Python of the environment, made if it is not there.
    ///
    /// # Errors
    /// Python has no `venv`, or pip reaches no package index.
    pub(crate) fn install(self) -> anyhow::Result<PathBuf> {
        let folder = target_folder()?
            .join(self.command)
            .join(self.packages.join("_"));
        let python = folder.join("bin/python");
        if self.works(&python) {
            return Ok(python);
        }
        let listed = self.packages.join(", ");
        let place = folder.display();
        say(self.command, &format!("installing {listed} in {place}"));
        let mut venv = Command::new("python3");
        let status = venv.args(["-m", "venv", "--clear"]).arg(&folder).status();
        let status = status.context("cannot run python3; install Python 3.10 or later")?;
        if !status.success() {
            bail!(
                "python3 cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"
            );
        }
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip.args(self.pip_options).args(self.packages);
        if !pip.status().context("cannot run pip")?.success() || !self.works(&python) {
            bail!(
                "pip could not install {listed}: it needs a package index ({})",
                self.hint
            );
        }
        Ok(python)
    }

    fn works(self, python: &Path) -> bool {
        let mut command = Command::new(python);
        command.args(["-c", self.proof]).stderr(Stdio::null());
        python.exists() && command.status().is_ok_and(|status| status.success())
    }
}
