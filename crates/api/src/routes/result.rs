//! The result of a task in any format, laid out as the command line lays it out.

use std::path::Path as FilePath;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::diarization::{Diarization, Turn};
use domain::export::{self, Format};
use domain::task::{TaskState, TaskType};
use domain::transcript::{Segment, Transcript};
use domain::transcript_input::Form;
use domain::{transcript_input, turns_input};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use store::Task;

use super::documented::ResultProblems;
use super::tasks::{find, text};
use crate::extract::{Query, ResultQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{ApiWord, FieldProblem, ResultFormat, attachment};

/// When to ask again for a task that has not ended.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Retrieve the result of a task as text, subtitles, labels, turns or JSON
#[utoipa::path(
    get,
    path = "/task/{identifier}/result",
    tag = "Tasks Management",
    operation_id = "get_task_result",
    params(("identifier" = String, Path, description = "The name of the task")),
    responses(
        (status = 200, description = "The result; `json` is the member `result` of the task", content(
            (serde_json::Value = "application/json"),
            (String = "text/plain"),
            (String = "application/x-subrip"),
            (String = "text/vtt"),
            (String = "text/tab-separated-values"),
            (String = "text/markdown"),
        )),
        (status = 304, description = "The client has it: its `ETag` came in `If-None-Match`"),
        ResultProblems,
    )
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    identifier: Result<Path<String>, PathRejection>,
    query: Query<ResultQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let identifier = text(identifier)?;
    if !query.problems.is_empty() {
        return Err(Problem::Fields(query.problems));
    }
    let query = query.value;
    let format = query
        .format
        .unwrap_or_else(|| ResultFormat::accepted(&headers));
    refuse_idle_options(format, &query)?;
    let task = find(&state, identifier).await?;
    let download = query
        .download
        .then(|| attachment(&file_name(&task, format)));
    let body = write(&state, task, format, query).await?;
    Ok(answer(&headers, format, download, body))
}

/// Refuses options of subtitles that would have no effect, rather than pass over them.
fn refuse_idle_options(format: ResultFormat, query: &ResultQuery) -> Result<(), Problem> {
    match (format, query.options.warning()) {
        (ResultFormat::Export(format), Some(reason)) if format.is_subtitles() => {
            let style = query.options.subtitle_style.as_str();
            let problem = FieldProblem::refused("subtitle_style", reason, style);
            Err(Problem::Fields(vec![problem]))
        }
        _ => Ok(()),
    }
}

/// The text of the file. Long ones take a while, so that they are written on a thread that may block, few at a time.
async fn write(
    state: &ApiState,
    task: Task,
    format: ResultFormat,
    query: ResultQuery,
) -> Result<String, Problem> {
    let permit = state.documents.clone().acquire_owned().await;
    let permit = permit.map_err(|error| Problem::Unexpected(error.to_string()))?;
    let split = state.split_at_speakers;
    let written = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        Writing {
            task: &task,
            format,
            query,
            split,
        }
        .text()
    });
    written
        .await
        .map_err(|error| Problem::Unexpected(error.to_string()))?
}

/// What is to be written, and how.
struct Writing<'a> {
    task: &'a Task,
    format: ResultFormat,
    query: ResultQuery,
    split: fn(&mut Transcript),
}

impl Writing<'_> {
    fn text(&self) -> Result<String, Problem> {
        let result = self.result()?;
        let splits = self.query.split_speakers;
        match self.format {
            ResultFormat::JSON if splits != Some(true) => Ok(result),
            _ if self.task.task_type.known() == Some(TaskType::Diarization) => self.turns(result),
            ResultFormat::Export(format) => {
                self.export(format, &self.transcript(&result, splits.unwrap_or(true))?)
            }
            ResultFormat::Rttm => self.rttm(&self.transcript(&result, true)?),
        }
    }

    /// The result as it is stored.
    fn result(&self) -> Result<String, Problem> {
        if let TaskState::Failed(failed) = &self.task.state {
            return Err(Problem::TaskFailed(failed.error.to_string()));
        }
        let result = self.task.result()?.ok_or(Problem::NotCompleted {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        })?;
        Ok(result.get().to_owned())
    }

    /// The words of the result, with the language of the task where the result does not say it.
    fn transcript(&self, result: &str, splits: bool) -> Result<Transcript, Problem> {
        let read = transcript_input::read(result.as_bytes(), Form::TO_COMBINE);
        let mut transcript = read.map_err(|error| self.not_possible(error.to_string()))?;
        if transcript.language.is_empty() {
            transcript.language = self.task.language.clone().unwrap_or_default();
        }
        if splits {
            (self.split)(&mut transcript);
        }
        Ok(transcript)
    }

    fn export(&self, format: Format, transcript: &Transcript) -> Result<String, Problem> {
        let written = export::write(format, transcript, &self.query.options);
        written.map_err(|error| self.not_possible(error.to_string()))
    }

    /// Turns alone, which have no words.
    fn turns(&self, result: String) -> Result<String, Problem> {
        let read = turns_input::read(result.as_bytes());
        let diarization = read.map_err(|error| self.not_possible(error.to_string()))?;
        match self.format {
            ResultFormat::JSON => Ok(result),
            ResultFormat::Rttm => Ok(diarization.to_rttm(&stem(self.task))),
            ResultFormat::Export(Format::Aud) => self.labels(diarization),
            ResultFormat::Export(_) => Err(self.not_possible("a diarization has no text")),
        }
    }

    /// A label for each turn, which says who speaks.
    fn labels(&self, diarization: Diarization) -> Result<String, Problem> {
        let segment = |turn: Turn| Segment {
            start: turn.start,
            end: turn.end,
            text: turn.speaker,
            ..Segment::default()
        };
        let labels = Transcript {
            segments: diarization.turns.into_iter().map(segment).collect(),
            ..Transcript::default()
        };
        self.export(Format::Aud, &labels)
    }

    /// Who speaks when, by the segments.
    fn rttm(&self, transcript: &Transcript) -> Result<String, Problem> {
        let turn = |segment: &Segment| {
            Some(Turn {
                start: segment.start,
                end: segment.end,
                speaker: segment.speaker.clone()?,
            })
        };
        let turns: Vec<_> = transcript.segments.iter().filter_map(turn).collect();
        if turns.is_empty() && !transcript.segments.is_empty() {
            return Err(self.not_possible("nobody knows who speaks"));
        }
        Ok(Diarization::new(turns, Vec::new()).to_rttm(&stem(self.task)))
    }

    fn not_possible(&self, reason: impl Into<String>) -> Problem {
        Problem::FormatNotPossible {
            format: self.format.word(),
            reason: reason.into(),
        }
    }
}

/// What the recording is called, without its extension; the name of the task if nobody says.
fn stem(task: &Task) -> String {
    let stem = task
        .file_name
        .as_deref()
        .and_then(|name| FilePath::new(name).file_stem());
    stem.map_or_else(
        || task.id.to_string(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

fn file_name(task: &Task, format: ResultFormat) -> String {
    format!("{}.{}", stem(task), format.word())
}

/// The file, or that the client has it already.
fn answer(
    request: &HeaderMap,
    format: ResultFormat,
    download: Option<HeaderValue>,
    body: String,
) -> Response {
    let tag = entity_tag(&body);
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    let is_known = is_known(request, &tag);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let content_type = HeaderValue::from_static(format.content_type());
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.extend(download.map(|value| (header::CONTENT_DISPOSITION, value)));
    (headers, body).into_response()
}

/// A name for these bytes, in quotes: half of their SHA-256.
fn entity_tag(body: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(body).into();
    let half = hash
        .first_chunk()
        .map_or(0, |half| u128::from_be_bytes(*half));
    format!("\"{half:032x}\"")
}

/// Whether `If-None-Match` has the tag, weak or strong, or takes any (RFC 9110, 13.1.2).
fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter();
    let tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    let mut tags = tags.map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|known| known == tag || known == "*")
}
