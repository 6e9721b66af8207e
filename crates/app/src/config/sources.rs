//! Where settings are read: the environment, `.env` and a file. Only this module asks the process for them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mistake::{Mistake, Mistakes};

/// All texts that settings are read from. Secrets are among them, so they cannot be printed.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    /// The process' environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// The text of `.env`.
    pub(crate) dot_env: Option<String>,
    /// The configuration file and its text.
    pub(crate) file: Option<(PathBuf, String)>,
}

impl Sources {
    /// The environment of this process, `.env` in its folder, and `file`, or else the file that `SCRIVEN_CONFIG` names.
    pub(crate) fn gather(file: Option<&Path>) -> Result<Self, Mistakes> {
        let environment = environment();
        let named = environment.get("SCRIVEN_CONFIG");
        let named = named.filter(|name| !name.is_empty()).map(PathBuf::from);
        let file = file.map(Path::to_owned).or(named);
        let mut mistakes = Vec::new();
        let mut read = |path: &Path| {
            fs::read_to_string(path).map_err(|error| {
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                mistakes.push(Mistake {
                    place: path.display().to_string(),
                    reason: format!("cannot be read: {error}"),
                });
                is_missing
            })
        };
        let file_text = file.as_deref().map(&mut read);
        let dot_env = read(Path::new(".env"));
        if dot_env == Err(true) {
            mistakes.pop();
        }
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        Ok(Self {
            environment,
            dot_env: dot_env.ok(),
            file: file.zip(file_text.and_then(Result::ok)),
        })
    }
}

/// All variables; a byte that is no text becomes U+FFFD, which no setting accepts.
fn environment() -> BTreeMap<String, String> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    env::vars_os()
        .map(|(name, value)| (lossy(name), lossy(value)))
        .collect()
}
