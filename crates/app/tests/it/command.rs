//! Runs `scriven`, and makes the recordings it is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use domain::model::ModelName;
use speech::models::{ModelChoice, find};
use tempfile::TempDir;

pub(crate) use crate::places::places;
pub(crate) use crate::wav::wav;

/// A folder of its own in which `scriven` runs.
pub(crate) struct Desk {
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file there.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Names of what lies in a folder, sorted.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// `scriven` with these arguments, ready to run there; it never asks a hub.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scriven"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HF_HUB_OFFLINE", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs where no model is installed.
    pub(crate) fn run_without_models(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        for variable in ["MODEL_DIR", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.path());
        command.output().unwrap().into()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Ended with `code`, printed no result, and said exactly `stderr`.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: i32, stderr: &str) {
        assert_eq!(self.stderr.trim_end(), stderr);
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
    }

    /// Ended with `code`, printed no result, and said `part` among other things.
    #[track_caller]
    pub(crate) fn assert_failed_saying(&self, code: i32, part: &str) {
        assert!(self.stderr.contains(part), "{part:?} is not in {self:?}");
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
    }
}

/// The folder of the model that most tests use; `None`, loudly, if it is not installed.
pub(crate) fn tiny_model() -> Option<PathBuf> {
    model("tiny.en")
}

/// The folder of a model; `None`, loudly, if it is not installed.
pub(crate) fn model(name: &str) -> Option<PathBuf> {
    let model: ModelName = name.parse().unwrap();
    match find(&ModelChoice::Name(model), &places()) {
        Ok(Some(folder)) => Some(folder.path),
        Ok(None) => {
            skipped::for_want_of_model(name);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A real telephone call of 30 seconds; `None`, loudly, if it was not fetched.
pub(crate) fn recorded_call() -> Option<String> {
    let places = places();
    let ours = places.cache.map(|cache| cache.join("models"));
    let folders = places.model_dir.into_iter().chain(ours);
    let call = folders
        .map(|folder| folder.join("sample/sample.wav"))
        .find(|path| path.exists());
    if call.is_none() {
        skipped::for_want_of_the_recorded_call();
    }
    call.map(|path| path.into_os_string().into_string().unwrap())
}

/// A WAV file in which nothing is heard.
pub(crate) fn silence(seconds: usize) -> Vec<u8> {
    wav(&vec![0; seconds * 16_000])
}

/// A WAV file of hissing: no words, but plenty of work.
pub(crate) fn noise(seconds: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let samples: Vec<i16> = (0..seconds * 16_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(state >> 18).unwrap() - 8192
        })
        .collect();
    wav(&samples)
}
