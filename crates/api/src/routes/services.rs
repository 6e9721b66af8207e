//! One step at a time (contract 1.8 to 1.11). What one gives, the next takes.

use axum::Json;
use axum::extract::State;
use domain::language::Language;
use domain::request::{AlignmentGroup, JobRequest};
use domain::transcript::Transcript;

use super::documented::{AlignForm, CombineForm, DiarizeForm, SubmissionProblems, TranscribeForm};
use crate::extract::{
    AlignQuery, DiarizeQuery, FilePart, Form, Query, Room, TranscribeQuery, no_align_model,
    read_diarization, read_transcript, read_words,
};
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::recording::Recording;
use crate::state::ApiState;
use crate::submit::{Submission, submit, with_models};
use crate::wire::{ApiWord, FieldProblem, Outcome};

/// 1. Transcribe
#[utoipa::path(
    post,
    path = "/service/transcribe",
    tag = "Speech-2-Text services",
    operation_id = "1__Transcribe_service_transcribe_post",
    request_body(content = TranscribeForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn transcribe(
    State(state): State<ApiState>,
    request_id: RequestId,
    query: Query<TranscribeQuery>,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let TranscribeQuery {
        model,
        asr,
        vad,
        audio_track,
    } = query.value;
    let request = JobRequest::Transcription {
        model,
        asr,
        vad,
        audio_track,
    };
    let request = with_models(&state, request, &query.problems).await?;
    let recording = Recording::alone(&state, form, query.problems, audio_track).await?;
    submit(state, submission(request, Some(recording), request_id)).await
}

/// 2. Align Transcript
#[utoipa::path(
    post,
    path = "/service/align",
    tag = "Speech-2-Text services",
    operation_id = "2__Align_Transcript_service_align_post",
    request_body(content = AlignForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn align(
    State(state): State<ApiState>,
    request_id: RequestId,
    query: Query<AlignQuery>,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let wanted = [
        FilePart::document("transcript"),
        FilePart::recording("file"),
    ];
    let [transcript, file] = form.files(&state, query.problems, wanted).await?;
    let AlignQuery {
        device,
        align,
        audio_track,
    } = query.value;
    let transcript = read_transcript(&state, transcript, align.align_model.is_some()).await?;
    check_language(&transcript, &align)?;
    let request = JobRequest::Alignment {
        transcript,
        align,
        device,
        audio_track,
    };
    let request = with_models(&state, request, &[]).await?;
    let recording = Recording::probe(&state, file, audio_track).await?;
    submit(state, submission(request, Some(recording), request_id)).await
}

/// 3. Diarize
#[utoipa::path(
    post,
    path = "/service/diarize",
    tag = "Speech-2-Text services",
    operation_id = "3__Diarize_service_diarize_post",
    request_body(content = DiarizeForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn diarize(
    State(state): State<ApiState>,
    request_id: RequestId,
    query: Query<DiarizeQuery>,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let DiarizeQuery {
        device,
        speakers,
        audio_track,
    } = query.value;
    let request = JobRequest::Diarization {
        speakers,
        device,
        audio_track,
    };
    let request = with_models(&state, request, &query.problems).await?;
    let recording = Recording::alone(&state, form, query.problems, audio_track).await?;
    submit(state, submission(request, Some(recording), request_id)).await
}

/// 4. Combine Transcript and Diarization result
#[utoipa::path(
    post,
    path = "/service/combine",
    tag = "Speech-2-Text services",
    operation_id = "4__Combine_Transcript_and_Diarization_result_service_combine_post",
    request_body(content = CombineForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The task is accepted", body = Outcome), SubmissionProblems)
)]
pub(crate) async fn combine(
    State(state): State<ApiState>,
    request_id: RequestId,
    _room: Room,
    form: Form,
) -> Result<Json<Outcome>, Problem> {
    let wanted = [
        FilePart::document("aligned_transcript"),
        FilePart::document("diarization_result"),
    ];
    let [words, turns] = form.files(&state, Vec::new(), wanted).await?;
    let transcript = read_words(&state, words).await?;
    let turns = read_diarization(&state, turns).await?;
    let request = JobRequest::Combination { transcript, turns };
    submit(state, submission(request, None, request_id)).await
}

fn submission(
    request: JobRequest,
    recording: Option<Recording>,
    request_id: RequestId,
) -> Submission {
    Submission {
        request,
        recording,
        url: None,
        callback_url: None,
        request_id,
    }
}

/// Words are timed by a model of their language, or by one that is named.
fn check_language(transcript: &Transcript, align: &AlignmentGroup) -> Result<(), Problem> {
    if align.align_model.is_some() {
        return Ok(());
    }
    let Some(language) = <Language as ApiWord>::find(&transcript.language) else {
        return Err(Problem::Language(transcript.language.clone()));
    };
    match no_align_model(language, align) {
        None => Ok(()),
        Some(reason) => {
            let problem = FieldProblem::refused("align_model", &reason, "");
            Err(Problem::Fields(vec![problem]))
        }
    }
}
