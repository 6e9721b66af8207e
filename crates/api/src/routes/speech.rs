//! Everything at once: words, their times, and who says them (contract 1.6, 1.7).

use axum::Json;
use axum::extract::State;
use domain::request::JobRequest;
use url::Url;

use super::documented::{SpeechForm, SubmissionProblems, UrlForm};
use crate::download::download;
use crate::extract::{Form, FullProcess, Query, Room};
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::recording::Recording;
use crate::state::ApiState;
use crate::submit::{Submission, submit, with_models};
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
    let track = query.value.audio_track;
    let (request, callback_url) = request(query.value);
    let request = with_models(&state, request, &query.problems).await?;
    let recording = Recording::alone(&state, form, query.problems, track).await?;
    let submission = Submission {
        request,
        recording: Some(recording),
        url: None,
        callback_url,
        request_id,
    };
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
    let track = query.value.audio_track;
    let (request, callback_url) = request(query.value);
    let request = with_models(&state, request, &query.problems).await?;
    let url = form.text(&state, query.problems, "url").await?;
    let file = download(&state, &url).await?;
    let recording = Recording::probe(&state, file, track).await?;
    let submission = Submission {
        request,
        recording: Some(recording),
        url: Some(url),
        callback_url,
        request_id,
    };
    submit(state, submission).await
}

/// What is asked for, and who is told when it is done.
fn request(query: FullProcess) -> (JobRequest, Option<Url>) {
    let request = JobRequest::FullProcess {
        model: query.model,
        align: query.align,
        speakers: query.speakers,
        asr: query.asr,
        vad: query.vad,
        audio_track: query.audio_track,
    };
    (request, query.callback_url)
}
