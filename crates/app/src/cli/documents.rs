//! Transcripts and turns on the command line: a file, or standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use domain::diarization::Diarization;
use domain::document::DocumentError;
use domain::transcript::Transcript;
use domain::transcript_input::{self, Form};
use domain::turns_input;

use super::Input;
use crate::exit::{Exit, Failure};

/// Larger documents are refused, since they are read into memory; ten hours of speech take a hundredth of it.
const LARGEST_BYTES: u64 = 512 * 1024 * 1024;

/// Refuses two inputs of a command that are both `-`.
pub(crate) fn check_stdin(inputs: [&Path; 2]) -> Result<(), Failure> {
    if inputs.iter().all(|path| *path == Path::new("-")) {
        let message = "'-' stands for standard input, which can be read only once";
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(())
}

/// The transcript in a document.
pub(crate) fn read_transcript(path: &Path, form: Form) -> Result<Transcript, Failure> {
    let transcript = transcript_input::read(&read(path)?, form);
    transcript.map_err(|error| {
        let hint = "a transcript is JSON with 'segments' and 'language', as 'scriven transcribe -f json' writes it";
        wrong(path, "is no transcript", &error).with_hint(hint)
    })
}

/// The turns in a document: JSON or RTTM.
pub(crate) fn read_turns(path: &Path) -> Result<Diarization, Failure> {
    let bytes = read(path)?;
    let is_rttm = path
        .extension()
        .is_some_and(|extension| extension == "rttm");
    let turns = if is_rttm {
        turns_input::read_rttm(&bytes)
    } else {
        turns_input::read(&bytes)
    };
    turns.map_err(|error| {
        let hint = "turns are a JSON list of objects with 'speaker', 'start' and 'end', or RTTM, \
            as 'scriven diarize' writes them";
        wrong(path, "holds no turns", &error).with_hint(hint)
    })
}

fn wrong(path: &Path, what: &str, error: &DocumentError) -> Failure {
    let input = Input::new(path.to_owned());
    Failure::new(Exit::Input, format!("{input} {what}: {error}"))
}

/// The bytes of a document. Messages begin with what it is called.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
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
