//! What can go wrong, and nothing else gives it its status, its code and its body (contract 1.3).

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::document::DocumentError;
use domain::media::ProbeError;
use domain::service::ModelProblem;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use store::{InsertError, MediaError, StoreError};
use uuid::Uuid;

use crate::wire::{Detail, ErrorMember, FieldProblem, ProblemBody, echo};

/// Why a request is not fulfilled.
#[derive(Debug)]
pub(crate) enum Problem {
    /// There is nothing at this path.
    NotFound,
    /// There is something at this path, but not with this method.
    MethodNotAllowed,
    /// The body, or the path, is no such thing. The text says why.
    BadRequest(&'static str),
    /// Values of query or form are wrong.
    Fields(Vec<FieldProblem>),
    /// There is no such task.
    NoSuchTask(String),
    /// A task that has no result yet; when to ask again.
    NotCompleted { retry_after_seconds: u64 },
    /// A task that ended with this error, so that it has no result.
    TaskFailed(String),
    /// A result has nothing of what a format holds.
    FormatNotPossible {
        format: &'static str,
        reason: String,
    },
    /// The name of an uploaded file has no extension that is taken.
    Extension {
        file_name: String,
        allowed: Vec<String>,
    },
    /// Neither headers nor URL of a download name a file that is taken.
    DownloadExtension {
        file_name: String,
        extension: String,
        /// What the server says that it sends.
        content_type: Option<String>,
        allowed: Vec<String>,
    },
    /// The URL of a recording may not be called.
    UrlNotAllowed { url: String, reason: String },
    /// A download failed.
    Download(String),
    /// The receiver of the callback does not answer.
    CallbackUnreachable(String),
    /// The receiver of the callback may not be called.
    CallbackNotAllowed(String),
    /// A file is no recording that can be decoded.
    Unreadable(String),
    /// Something has more bytes than are taken.
    TooLarge { size: Option<u64>, max_size: u64 },
    /// A recording lasts longer than is taken, in seconds.
    TooLong { limit: f64 },
    /// A body stood still for too long, or took too long as a whole.
    TimedOut,
    /// A transcript has another form than it must have.
    Transcript(DocumentError),
    /// A list of turns has another form than it must have.
    Turns(DocumentError),
    /// A transcript is in no language that is known.
    Language(String),
    /// As much waits as may.
    QueueFull { retry_after_seconds: u64 },
    /// No more tasks are accepted.
    Stopping,
    /// There are as many connections as may be.
    TooManyConnections,
    /// A recording needs a decoder that is not installed.
    DecoderMissing,
    /// A model is not installed and cannot be fetched. The text says which and why.
    ModelMissing(String),
    /// The disk is full.
    NoSpace,
    /// The database failed. The text is for the log.
    Database(String),
    /// Nobody thought of it. The text is for the log.
    Unexpected(String),
}

/// Status, code, sentence, and further members of `error`.
struct Worded {
    status: StatusCode,
    code: &'static str,
    message: String,
    members: Value,
}

fn worded(status: StatusCode, code: &'static str, message: impl Into<String>) -> Worded {
    Worded {
        status,
        code,
        message: message.into(),
        members: json!({}),
    }
}

impl Worded {
    fn with(mut self, members: Value) -> Self {
        self.members = members;
        self
    }
}

impl Problem {
    fn worded(&self) -> Worded {
        match self {
            Self::NotFound => worded(StatusCode::NOT_FOUND, "NOT_FOUND", "Not Found"),
            Self::MethodNotAllowed => worded(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "Method Not Allowed",
            ),
            Self::BadRequest(reason) => worded(StatusCode::BAD_REQUEST, "BAD_REQUEST", *reason),
            Self::Fields(problems) => wrong_fields(problems),
            Self::NoSuchTask(identifier) => {
                let message = format!("Task with identifier '{}' not found", echo(identifier));
                worded(StatusCode::NOT_FOUND, "TASK_NOT_FOUND", message)
                    .with(json!({"identifier": identifier}))
            }
            Self::NotCompleted { .. } => worded(
                StatusCode::CONFLICT,
                "TASK_NOT_COMPLETED",
                "The task has no result yet; try again later",
            ),
            Self::TaskFailed(error) => worded(StatusCode::CONFLICT, "TASK_FAILED", error),
            Self::FormatNotPossible { format, reason } => worded(
                StatusCode::CONFLICT,
                "FORMAT_NOT_POSSIBLE",
                format!("The result cannot be written as '{format}': {reason}"),
            )
            .with(json!({"format": format})),
            Self::Extension { file_name, allowed } => worded(
                StatusCode::BAD_REQUEST,
                "UNSUPPORTED_FILE_EXTENSION",
                format!(
                    "Invalid file extension for file {file_name}. Allowed: {}",
                    allowed.join(", ")
                ),
            )
            .with(json!({"filename": file_name, "allowed_extensions": allowed})),
            Self::DownloadExtension {
                file_name,
                extension,
                content_type,
                allowed,
            } => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "UNSUPPORTED_FILE_EXTENSION",
                format!(
                    "Unsupported file extension: {}{}",
                    echo(extension),
                    what_is_sent(content_type.as_deref())
                ),
            )
            .with(json!({
                "field": null,
                "filename": echo(file_name),
                "extension": echo(extension),
                "allowed_extensions": allowed,
            })),
            Self::UrlNotAllowed { url, reason } => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "SSRF_BLOCKED",
                format!("The URL is not allowed: {reason}"),
            )
            .with(json!({"field": null, "url": echo(url), "reason": reason})),
            Self::Download(reason) => worded(
                StatusCode::BAD_REQUEST,
                "FILE_DOWNLOAD_ERROR",
                format!("Failed to download file from URL: {reason}"),
            ),
            Self::CallbackUnreachable(url) => worded(
                StatusCode::BAD_REQUEST,
                "CALLBACK_UNREACHABLE",
                format!("Callback URL is not reachable: {url}"),
            ),
            Self::CallbackNotAllowed(reason) => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "CALLBACK_NOT_ALLOWED",
                format!("The provided callback URL is not allowed: {reason}"),
            ),
            Self::Unreadable(reason) => worded(
                StatusCode::BAD_REQUEST,
                "AUDIO_PROCESSING_ERROR",
                format!("The file cannot be processed: {reason}"),
            )
            .with(json!({"reason": reason, "original_error": null})),
            Self::TooLarge { size, max_size } => worded(
                StatusCode::PAYLOAD_TOO_LARGE,
                "AUDIO_TOO_LARGE",
                format!("The file is too large; the limit is {max_size} bytes"),
            )
            .with(json!({"size": size, "max_size": max_size, "unit": "bytes"})),
            Self::TooLong { limit } => worded(
                StatusCode::PAYLOAD_TOO_LARGE,
                "AUDIO_TOO_LARGE",
                format!("The recording is too long; the limit is {limit} seconds"),
            )
            .with(json!({"size": null, "max_size": limit, "unit": "seconds"})),
            Self::TimedOut => worded(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                "The request was not sent in time",
            ),
            Self::Transcript(error) => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "INVALID_TRANSCRIPT_JSON",
                format!("Invalid transcript JSON: {error}"),
            )
            .with(json!({"field": null})),
            Self::Turns(error) => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "INVALID_DIARIZATION_JSON",
                format!("Invalid diarization JSON: {error}"),
            )
            .with(json!({"field": null})),
            Self::Language(code) => worded(
                StatusCode::UNPROCESSABLE_ENTITY,
                "INVALID_LANGUAGE_CODE",
                "The language of the transcript is not known; correct it, or name a model by 'align_model'",
            )
            .with(json!({"field": "language", "language_code": echo(code)})),
            Self::QueueFull {
                retry_after_seconds,
            } => worded(
                StatusCode::TOO_MANY_REQUESTS,
                "QUEUE_FULL",
                format!("The queue is full; try again in {retry_after_seconds} seconds"),
            )
            .with(json!({"retry_after_seconds": retry_after_seconds})),
            Self::Stopping => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "SHUTTING_DOWN",
                "The service is shutting down, a temporary system error for new tasks; please try again later",
            ),
            Self::TooManyConnections => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "TOO_MANY_CONNECTIONS",
                "There are as many connections as the service takes, a temporary system error; please try again later",
            ),
            Self::DecoderMissing => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "FFMPEG_MISSING",
                "A temporary system error occurred: this kind of file needs a decoder that is not installed",
            ),
            Self::ModelMissing(reason) => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "MODEL_UNAVAILABLE",
                format!("A temporary system error occurred: {reason}"),
            ),
            Self::NoSpace => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "STORAGE_FULL",
                "A temporary system error occurred: there is no room left for files; please try again later",
            ),
            Self::Database(_) => worded(
                StatusCode::SERVICE_UNAVAILABLE,
                "DATABASE_OPERATION_ERROR",
                "A temporary system error occurred. Please try again later.",
            ),
            Self::Unexpected(_) => worded(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "An unexpected error occurred. Please try again later.",
            ),
        }
    }

    /// What only the log is told.
    fn secret(&self) -> &str {
        match self {
            Self::Database(text) | Self::Unexpected(text) => text,
            _ => "",
        }
    }

    /// What `detail` is: the sentence, unless the framework of the reference gives a list.
    fn detail(&mut self, message: &str) -> Detail {
        match self {
            Self::Fields(problems) => Detail::Fields(std::mem::take(problems)),
            _ => Detail::Sentence(message.to_owned()),
        }
    }
}

/// What a server sends instead of a recording, as the end of a sentence.
fn what_is_sent(content_type: Option<&str>) -> String {
    match content_type {
        Some("text/html" | "application/xhtml+xml") => {
            "; the server sends a web page (text/html), perhaps one to log in".to_owned()
        }
        Some(other) if !["application/octet-stream", "binary/octet-stream"].contains(&other) => {
            format!("; the server sends {other}")
        }
        _ => String::new(),
    }
}

/// Wrong fields are of one code, but for a language that nobody knows, which has its own.
fn wrong_fields(problems: &[FieldProblem]) -> Worded {
    let is_language = |problem: &&FieldProblem| problem.is_unknown("language");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match problems.iter().find(is_language) {
        Some(problem) => worded(
            status,
            "INVALID_LANGUAGE_CODE",
            "The language is not one that is known",
        )
        .with(json!({"field": "language", "language_code": problem.input()})),
        None => worded(
            status,
            "REQUEST_VALIDATION_ERROR",
            "The request has values that are missing or wrong",
        ),
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let worded = self.worded();
        let correlation_id = Uuid::new_v4().to_string();
        log(&worded, &correlation_id, self.secret());
        let members = match worded.members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let body = ProblemBody {
            detail: self.detail(&worded.message),
            error: ErrorMember {
                message: worded.message,
                code: worded.code,
                correlation_id,
                members,
            },
        };
        let mut response = (worded.status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::QueueFull {
                retry_after_seconds,
            }
            | Self::NotCompleted {
                retry_after_seconds,
            } => {
                headers.insert(header::RETRY_AFTER, retry_after_seconds.into());
            }
            // The rest of the body is not read, so nothing can follow it.
            Self::TooLarge { .. } | Self::TimedOut => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Self::TooManyConnections => {
                headers.insert(header::RETRY_AFTER, 1.into());
            }
            _ => {}
        }
        response
    }
}

fn log(worded: &Worded, correlation_id: &str, secret: &str) {
    let (status, code) = (worded.status.as_u16(), worded.code);
    // That there are too many connections is told once, where they are counted.
    let is_told = worded.code == "TOO_MANY_CONNECTIONS";
    if worded.status.is_server_error() && !is_told {
        tracing::error!(
            status,
            code,
            correlation_id,
            cause = secret,
            "the request failed"
        );
    } else {
        tracing::info!(status, code, correlation_id, "the request was refused");
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<InsertError> for Problem {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::QueueFull { retry_after } => Self::QueueFull {
                retry_after_seconds: retry_after.as_secs().max(1),
            },
            InsertError::Store(error) => error.into(),
        }
    }
}

impl From<ModelProblem> for Problem {
    fn from(problem: ModelProblem) -> Self {
        match problem {
            ModelProblem::Unknown { parameter, reason } => {
                Self::Fields(vec![FieldProblem::refused(parameter, &reason, "")])
            }
            ModelProblem::Missing(reason) => Self::ModelMissing(reason),
        }
    }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NoSpace => Self::NoSpace,
            MediaError::Io { .. } => Self::Unexpected(error.to_string()),
        }
    }
}

impl From<ProbeError> for Problem {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::Unreadable { reason } => Self::Unreadable(reason),
            ProbeError::NoSuchTrack { track, reason } => {
                let input = track.to_string();
                Self::Fields(vec![FieldProblem::refused("audio_track", &reason, &input)])
            }
            ProbeError::TooLong { limit } => Self::TooLong { limit: limit.0 },
            ProbeError::DecoderMissing => Self::DecoderMissing,
            ProbeError::Cancelled => Self::Unexpected(error.to_string()),
            ProbeError::Machine(text) => Self::Unexpected(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn body(problem: Problem) -> (StatusCode, Value) {
        let response = problem.into_response();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn c8_31_every_error_has_sentence_code_and_a_uuid() {
        let (status, body) = body(Problem::NoSuchTask("abc".into())).await;
        assert_eq!(status, 404);
        assert_eq!(body["error"]["code"], "TASK_NOT_FOUND");
        assert_eq!(body["error"]["identifier"], "abc");
        assert_eq!(body["detail"], body["error"]["message"]);
        let correlation_id = body["error"]["correlation_id"].as_str().unwrap();
        assert_eq!(correlation_id.len(), 36);
        assert_eq!(correlation_id.matches('-').count(), 4);
    }

    #[tokio::test]
    async fn c8_32_what_is_inside_stays_inside() {
        let secret = "/var/lib/records.db: disk I/O error";
        for (problem, expected, sentence) in [
            (
                Problem::Database(secret.into()),
                503,
                "temporary system error",
            ),
            (Problem::Unexpected(secret.into()), 500, "unexpected error"),
            (Problem::NoSpace, 503, "temporary system error"),
            (Problem::Stopping, 503, "temporary system error"),
            (Problem::TooManyConnections, 503, "temporary system error"),
            (Problem::DecoderMissing, 503, "temporary system error"),
        ] {
            let (status, body) = body(problem).await;
            assert_eq!(status.as_u16(), expected);
            let message = body["error"]["message"].as_str().unwrap().to_lowercase();
            assert!(message.contains(sentence), "{message}");
            assert!(!body.to_string().contains("records.db"));
            assert_eq!(body["error"].as_object().unwrap().len(), 3);
        }
    }

    #[tokio::test]
    async fn c1_4_2_an_unknown_language_has_its_own_code() {
        let unknown = FieldProblem::no_word("language", &["en", "de"], "xx");
        let other = FieldProblem::no_integer("beam_size", "x");
        let (status, found) = body(Problem::Fields(vec![unknown, other.clone()])).await;
        assert_eq!(status, 422);
        assert_eq!(found["detail"].as_array().unwrap().len(), 2);
        assert_eq!(found["error"]["code"], "INVALID_LANGUAGE_CODE");
        assert_eq!(found["error"]["language_code"], "xx");
        let (_, found) = body(Problem::Fields(vec![other])).await;
        assert_eq!(found["error"]["code"], "REQUEST_VALIDATION_ERROR");
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let problem = Problem::QueueFull {
            retry_after_seconds: 7,
        };
        assert_eq!(problem.into_response().headers()["retry-after"], "7");
    }
}
