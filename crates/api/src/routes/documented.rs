//! The forms and the answers that the `OpenAPI` document tells of the endpoints.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

type Responses = BTreeMap<String, RefOr<Response>>;

/// The form of `/speech-to-text`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_speech_to_text_speech_to_text_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct SpeechForm {
    /// The recording, audio or video; its name must have an extension that is supported.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// The form of `/speech-to-text-url`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_speech_to_text_url_speech_to_text_url_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct UrlForm {
    /// Where the recording lies.
    #[schema(min_length = 1, format = "uri")]
    url: String,
}

/// The form of `/service/transcribe`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_1__Transcribe_service_transcribe_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TranscribeForm {
    /// The recording, audio or video; its name must have an extension that is supported.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// The form of `/service/align`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_2__Align_Transcript_service_align_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct AlignForm {
    /// The text with times, such as `/service/transcribe` gives it, as a file `*.json`.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    transcript: Vec<u8>,
    /// The recording, audio or video; its name must have an extension that is supported.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// The form of `/service/diarize`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_3__Diarize_service_diarize_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct DiarizeForm {
    /// The recording, audio or video; its name must have an extension that is supported.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// The form of `/service/combine`.
#[derive(Debug, ToSchema)]
#[schema(as = Body_4__Combine_Transcript_and_Diarization_result_service_combine_post)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct CombineForm {
    /// Words with times, such as `/service/align` gives them, as a file `*.json`.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    aligned_transcript: Vec<u8>,
    /// Who speaks when, such as `/service/diarize` gives it, as a file `*.json`.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    diarization_result: Vec<u8>,
}

/// What may go wrong with a submission.
pub(crate) struct SubmissionProblems;

impl IntoResponses for SubmissionProblems {
    fn responses() -> Responses {
        problems(&[
            (
                400,
                "The form is broken, a file has a wrong name or cannot be decoded, a download failed, or the callback does not answer: `UNSUPPORTED_FILE_EXTENSION`, `AUDIO_PROCESSING_ERROR`, `FILE_DOWNLOAD_ERROR`, `CALLBACK_UNREACHABLE`, `BAD_REQUEST`",
            ),
            (408, "The form was not sent in time: `REQUEST_TIMEOUT`"),
            (
                413,
                "A file is too large, or a recording too long: `AUDIO_TOO_LARGE`",
            ),
            (
                422,
                "Values are missing or wrong: `REQUEST_VALIDATION_ERROR`, `INVALID_LANGUAGE_CODE`, `INVALID_TRANSCRIPT_JSON`, `INVALID_DIARIZATION_JSON`, `UNSUPPORTED_FILE_EXTENSION`, `SSRF_BLOCKED`, `CALLBACK_NOT_ALLOWED`",
            ),
            (
                429,
                "As much waits as may: `QUEUE_FULL`; the header `Retry-After` tells when to come back",
            ),
            (500, "Nobody thought of it: `INTERNAL_ERROR`"),
            (
                503,
                "The database does not answer, the disk is full, a decoder is missing, or the service stops: `DATABASE_OPERATION_ERROR`, `STORAGE_FULL`, `FFMPEG_MISSING`, `SHUTTING_DOWN`",
            ),
        ])
    }
}

/// What may go wrong with a list.
pub(crate) struct ReadProblems;

impl IntoResponses for ReadProblems {
    fn responses() -> Responses {
        problems(&[
            (500, "Nobody thought of it: `INTERNAL_ERROR`"),
            (
                503,
                "The database does not answer: `DATABASE_OPERATION_ERROR`",
            ),
        ])
    }
}

/// What may go wrong with a single task.
pub(crate) struct TaskProblems;

impl IntoResponses for TaskProblems {
    fn responses() -> Responses {
        problems(&[
            (400, "The name is no text: `BAD_REQUEST`"),
            (404, "There is no such task: `TASK_NOT_FOUND`"),
            (500, "Nobody thought of it: `INTERNAL_ERROR`"),
            (
                503,
                "The database does not answer: `DATABASE_OPERATION_ERROR`",
            ),
        ])
    }
}

/// What may go wrong with a result.
pub(crate) struct ResultProblems;

impl IntoResponses for ResultProblems {
    fn responses() -> Responses {
        let own = problems(&[
            (
                409,
                "There is no such result: `TASK_NOT_COMPLETED`, where the header `Retry-After` tells when to come back; `TASK_FAILED`, where `message` says why; `FORMAT_NOT_POSSIBLE`, where there is no text, or nobody knows who speaks",
            ),
            (422, "Values are wrong: `REQUEST_VALIDATION_ERROR`"),
        ]);
        TaskProblems::responses().into_iter().chain(own).collect()
    }
}

fn problems(problems: &[(u16, &str)]) -> Responses {
    let response = |(status, description): &(u16, &str)| {
        let schema = if *status == 422 {
            "HTTPValidationError"
        } else {
            "Problem"
        };
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema)));
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/json", content.build());
        (status.to_string(), response.build().into())
    };
    problems.iter().map(response).collect()
}
