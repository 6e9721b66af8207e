//! JSON and the like on the command line: a file, or standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use super::Input;
use crate::exit::{Exit, Failure};

/// Larger documents are refused, since they are read into memory; ten hours of speech take a hundredth of it.
const LARGEST_BYTES: u64 = 512 * 1024 * 1024;

/// The bytes of a document. Messages begin with what it is called.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let input = Input::new(path.to_owned());
    if input == Input::Stdin && io::stdin().is_terminal() {
        let message = "standard input is a terminal; pipe a document into it";
        return Err(Failure::new(Exit::Input, message));
    }
    let bytes = match &input {
        Input::Stdin => read_some(io::stdin().lock()),
        Input::File(path) => File::open(path).and_then(read_some),
    };
    let bytes = bytes.map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("{input}: there is no such file"),
            io::ErrorKind::IsADirectory => format!("{input}: this is a folder"),
            _ => format!("{input}: cannot be read: {error}"),
        };
        Failure::new(Exit::Input, message)
    })?;
    if bytes.len() as u64 > LARGEST_BYTES {
        let message = format!("{input}: is larger than {} MB", LARGEST_BYTES >> 20);
        return Err(Failure::new(Exit::Input, message));
    }
    Ok(bytes)
}

/// Not much more than may be.
fn read_some(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
