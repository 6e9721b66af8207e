//! JSON documents that were received as files (contract 7.5 to 7.7).

use domain::diarization::Turn;
use domain::document::DocumentError;
use domain::transcript::Transcript;
use domain::transcript_input::{self, Form};
use domain::turns_input;

use super::receive::StoredFile;
use crate::problem::Problem;
use crate::state::ApiState;

/// A text with times, to be aligned. It need not name its language if a model is named.
pub(crate) async fn read_transcript(
    state: &ApiState,
    file: StoredFile,
    names_model: bool,
) -> Result<Transcript, Problem> {
    let form = Form::to_align(!names_model);
    let text = move |bytes: &[u8]| transcript_input::read(bytes, form);
    let transcript = read(state, file, text).await?;
    transcript.map_err(Problem::Transcript)
}

/// Words with times, to get speakers. What else the document tells is left out.
pub(crate) async fn read_words(state: &ApiState, file: StoredFile) -> Result<Transcript, Problem> {
    let words = |bytes: &[u8]| transcript_input::read(bytes, Form::OF_SERVICE).map(only_words);
    let transcript = read(state, file, words).await?;
    transcript.map_err(Problem::Transcript)
}

/// Who speaks when.
pub(crate) async fn read_diarization(
    state: &ApiState,
    file: StoredFile,
) -> Result<Vec<Turn>, Problem> {
    let turns = |bytes: &[u8]| turns_input::read(bytes).map(|diarization| diarization.turns);
    let turns = read(state, file, turns).await?;
    turns.map_err(Problem::Turns)
}

/// Reads the file on a thread that may block. Only so many are held in memory at once.
async fn read<T: Send + 'static>(
    state: &ApiState,
    file: StoredFile,
    read: impl FnOnce(&[u8]) -> Result<T, DocumentError> + Send + 'static,
) -> Result<Result<T, DocumentError>, Problem> {
    let permit = state.documents.clone().acquire_owned().await;
    let permit = permit.map_err(|error| Problem::Unexpected(error.to_string()))?;
    let blocking = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let bytes = std::fs::read(file.media.path())?;
        Ok(read(&bytes))
    });
    let read: Result<std::io::Result<_>, _> = blocking.await;
    read.map_err(|error| Problem::Unexpected(error.to_string()))?
        .map_err(|error| Problem::Unexpected(format!("cannot read a document: {error}")))
}

fn only_words(mut transcript: Transcript) -> Transcript {
    for segment in &mut transcript.segments {
        for word in segment.words.iter_mut().flatten() {
            word.speaker = None;
        }
        *segment = domain::transcript::Segment {
            start: segment.start,
            end: segment.end,
            text: std::mem::take(&mut segment.text),
            words: segment.words.take(),
            ..Default::default()
        };
    }
    Transcript {
        segments: transcript.segments,
        ..Transcript::default()
    }
}
