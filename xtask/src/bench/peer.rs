//! faster-whisper in a virtual environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::scriven::target_folder;

/// What is installed; change both together, and the name of the folder follows.
const PACKAGES: [&str; 2] = ["faster-whisper==1.2.1", "ctranslate2==4.8.5"];

/// The driver of faster-whisper.
pub(super) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/peer.py")
}

/// The Python of the environment, made if it is not there.
///
/// # Errors
/// Python has no `venv`, or pip reaches no package index.
pub(super) fn install() -> anyhow::Result<PathBuf> {
    let folder = target_folder()?.join("bench").join(PACKAGES.join("_"));
    let python = folder.join("bin/python");
    if works(&python) {
        return Ok(python);
    }
    super::report::say(&format!(
        "installing {} in {}",
        PACKAGES.join(", "),
        folder.display()
    ));
    let status = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .status();
    if !status
        .context("cannot run python3; install Python 3.9 or later")?
        .success()
    {
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
    ])
    .args(PACKAGES);
    if !pip.status().context("cannot run pip")?.success() || !works(&python) {
        bail!(
            "pip could not install {}: it needs a package index (set PIP_INDEX_URL to a mirror, or give \
             --peer-python, or --no-peer to measure scriven alone)",
            PACKAGES.join(" and ")
        );
    }
    Ok(python)
}

fn works(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import faster_whisper"]);
    command.stderr(std::process::Stdio::null());
    python.exists() && command.status().is_ok_and(|status| status.success())
}
