//! How the process ends, and what it says when something fails.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// The exit code; of several failures the largest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All was done.
    Ok = 0,
    /// The command line asks for what cannot be.
    Usage = 2,
    /// A recording cannot be read.
    Input = 3,
    /// The model cannot be found or loaded.
    Model = 4,
    /// A result cannot be written, or the program is wrong.
    Internal = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Something failed: the exit code it leads to, and one line for the person at the keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Without a final full stop.
    pub(crate) message: String,
    /// What to do about it, printed on a line of its own.
    pub(crate) hint: Option<String>,
    /// Whether it is the recording's: then the next one may do better.
    pub(crate) is_about_recording: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            is_about_recording: exit == Exit::Input,
        }
    }

    /// The failure that `error` and its causes describe, on one line.
    pub(crate) fn from_error(exit: Exit, error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors quote their cause already.
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::new(exit, message.replace('\n', " "))
    }

    /// The same as a failure of one recording, whatever its exit code.
    pub(crate) fn about_recording(mut self) -> Self {
        self.is_about_recording = true;
        self
    }

    /// True if the next recording would fail in the same way.
    pub(crate) fn is_of_every_recording(&self) -> bool {
        matches!(self.exit, Exit::Usage | Exit::Model) && !self.is_about_recording
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        enum Outer {
            #[error("cannot read: {0}")]
            Quoting(#[source] io::Error),
            #[error("cannot read")]
            Silent(#[source] io::Error),
        }
        for outer in [Outer::Quoting, Outer::Silent] {
            let failure = Failure::from_error(Exit::Input, &outer(io::Error::other("no\nluck")));
            assert_eq!(failure.message, "cannot read: no luck");
        }
    }
}
