//! One thing to transcribe: a file, or standard input.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// A recording as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A path.
    File(PathBuf),
    /// `-`.
    Stdin,
}

impl Input {
    pub(crate) fn new(path: PathBuf) -> Self {
        if path == Path::new("-") {
            Self::Stdin
        } else {
            Self::File(path)
        }
    }

    /// What its results are called, before the extension.
    pub(crate) fn base_name(&self) -> OsString {
        match self {
            Self::File(path) => path
                .file_stem()
                .map_or_else(|| "recording".into(), Into::into),
            Self::Stdin => "stdin".into(),
        }
    }

    /// What a bar of progress calls it: short, for a line of a terminal must hold more than that.
    pub(crate) fn label(&self) -> String {
        const LONGEST: usize = 32;
        let name = match self {
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()),
            Self::Stdin => "standard input".as_ref(),
        };
        let name = visible(&name.to_string_lossy());
        if name.chars().count() <= LONGEST {
            return name;
        }
        let kept: String = name.chars().take(LONGEST - 1).collect();
        format!("{kept}…")
    }

    /// Where the file really lies, links followed; `None` if it lies nowhere.
    pub(crate) fn real_path(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => path.canonicalize().ok(),
            Self::Stdin => None,
        }
    }

    /// Sees at a glance whether it can be read at all, so that no model is fetched in vain.
    pub(crate) fn glance(&self) -> Result<(), Failure> {
        let wrong = |message: &str| Err(Failure::new(Exit::Input, message));
        match self {
            Self::Stdin if io::stdin().is_terminal() => {
                wrong("standard input is a terminal; pipe a recording into it")
            }
            Self::Stdin => Ok(()),
            Self::File(path) => match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    wrong("this is a folder; name the recordings in it")
                }
                Ok(_) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    wrong("there is no such file")
                }
                Err(error) => wrong(&format!("cannot be read: {error}")),
            },
        }
    }

    /// A failure that begins with the name of this recording, if it is the recording's.
    pub(crate) fn blame(&self, mut failure: Failure) -> Failure {
        if failure.is_about_recording {
            failure.message = format!("{self}: {}", failure.message);
        }
        failure
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => visible(&path.to_string_lossy()).fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// The name on one line; what would move the cursor of a terminal is spelled out.
pub(super) fn visible(name: &str) -> String {
    let spell = |character: char| {
        if character.is_control() {
            character.escape_default().to_string()
        } else {
            character.to_string()
        }
    };
    name.chars().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_its_line() {
        let input = Input::new("a\n\u{1b}[31mé.wav".into());
        assert_eq!(input.to_string(), r"a\n\u{1b}[31mé.wav");
    }

    #[test]
    fn a_label_is_short() {
        let label = |path: &str| Input::new(path.into()).label();
        assert_eq!(label("a/talk.mp3"), "talk.mp3");
        assert_eq!(label("-"), "standard input");
        assert_eq!(label(&"é".repeat(40)), "é".repeat(31) + "…");
    }

    #[test]
    fn only_the_last_extension_is_dropped() {
        for (path, expected) in [
            ("a/talk.mp3", "talk"),
            ("talk.part.2.wav", "talk.part.2"),
            ("talk", "talk"),
            (".hidden", ".hidden"),
            ("-", "stdin"),
            ("./-", "-"),
            ("..", "recording"),
        ] {
            assert_eq!(Input::new(path.into()).base_name(), expected, "{path}");
        }
    }
}
