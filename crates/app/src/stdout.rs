//! Standard output: results, and nothing else.

use std::io::{self, Write};

use crate::exit::{Exit, Failure};

/// What became of a result that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is where it should be.
    Whole,
    /// Nobody reads standard output any more.
    ReaderGone,
}

/// Writes `text` at once.
pub(crate) fn print(text: &str) -> Result<Written, Failure> {
    let mut stdout = io::stdout().lock();
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match printed {
        Ok(()) => Ok(Written::Whole),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Written::ReaderGone),
        Err(error) => Err(Failure::new(
            Exit::Internal,
            format!("cannot write to standard output: {error}"),
        )),
    }
}
