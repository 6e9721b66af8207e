//! Everything at once: words, their times, and who says them (contract 1.6, 1.7).

use axum::Json;
use axum::extract::State;
use domain::request::JobRequest;

use super::documented::{SpeechForm, SubmissionProblems, UrlForm};
use crate::download::download;
use crate::extract::{Form, FullProcess, Query, Room};
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::recording::Recording;
use crate::state::ApiState;
use crate::submit::{Submission, submit};
use crate::wire::Outcome;

/// Process a recording: transcribe, align, diarize, and give words their speakers
#[utoipa::path(
    post,
    path = "/speech-to-text",
    tag = "Speech-2-Text",
    operation_id = "speech_to_text_speech_to_text_post",
    request_body(content = SpeechForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn upload(
    State(state): State<ApiState>,
    request_id: RequestId,
    query: Query<FullProcess>,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let recording = Recording::alone(&state, form, query.problems, query.value.audio_track).await?;
    let submission = submission(query.value, recording, None, request_id);
    submit(state, submission).await
}

/// Process a recording that lies on another machine
#[utoipa::path(
    post,
    path = "/speech-to-text-url",
    tag = "Speech-2-Text",
    operation_id = "speech_to_text_url_speech_to_text_url_post",
    request_body(content(
        (UrlForm = "application/x-www-form-urlencoded"),
        (UrlForm = "multipart/form-data"),
    )),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn from_url(
    State(state): State<ApiState>,
    request_id: RequestId,
    query: Query<FullProcess>,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let url = form.text(&state, query.problems, "url").await?;
    let file = download(&state, &url).await?;
    let recording = Recording::probe(&state, file, query.value.audio_track).await?;
    let submission = submission(query.value, recording, Some(url), request_id);
    submit(state, submission).await
}

fn submission(
    query: FullProcess,
    recording: Recording,
    url: Option<String>,
    request_id: RequestId,
) -> Submission {
    Submission {
        request: JobRequest::FullProcess {
            model: query.model,
            align: query.align,
            speakers: query.speakers,
            asr: query.asr,
            vad: query.vad,
            audio_track: query.audio_track,
        },
        recording: Some(recording),
        url,
        callback_url: query.callback_url,
        request_id,
    }
}
