//! `/task/{identifier}/result`.

use std::time::Duration;

use domain::export::{self, ExportOptions, Format, SubtitleStyle};
use domain::results::TaskResult;
use domain::task::FailureText;
use domain::transcript_input::{self, Form as Reads};
use serde_json::Value;
use store::{Ending, Lease};

use crate::support::{Answer, Form, TestApi, send};

/// Two people, the first of whom says two sentences.
const TALK: &str = r#"{"segments":[{"start":1.0,"end":4.5,"text":" Good morning. How are you?","words":[{"word":"Good","start":1.0,"end":1.4,"speaker":"SPEAKER_00"},{"word":"morning.","start":1.5,"end":2.0,"speaker":"SPEAKER_00"},{"word":"How","start":3.0,"end":3.4,"speaker":"SPEAKER_00"},{"word":"are","start":3.5,"end":3.9,"speaker":"SPEAKER_00"},{"word":"you?","start":4.0,"end":4.5,"speaker":"SPEAKER_00"}],"speaker":"SPEAKER_00"},{"start":5.0,"end":6.0,"text":" Fine","words":[{"word":"Fine","start":5.0,"end":6.0,"speaker":"SPEAKER_01"}],"speaker":"SPEAKER_01"}],"word_segments":[]}"#;

const TURNS: &str = r#"[{"label":"A","speaker":"SPEAKER_00","start":0.5,"end":2.0},{"label":"B","speaker":"SPEAKER_01","start":2.25,"end":3.0}]"#;

async fn submit(api: &TestApi, path: &str, name: &str) -> String {
    api.post(path, &Form::recording(name)).await.queued()
}

async fn claim(api: &TestApi) -> Lease {
    let claimed = api.store().claim("worker", Duration::from_mins(1)).await;
    claimed.unwrap().unwrap().lease
}

/// A task that ended with `result`.
async fn completed(api: &TestApi, path: &str, name: &str, result: &str) -> String {
    let identifier = submit(api, path, name).await;
    let ending = Ending::Completed(TaskResult::new(result));
    api.store()
        .finish(&claim(api).await, &ending)
        .await
        .unwrap();
    identifier
}

async fn talk(api: &TestApi) -> String {
    completed(api, "/speech-to-text", "talk.mp3", TALK).await
}

async fn result(api: &TestApi, identifier: &str, query: &str) -> Answer {
    api.get(&format!("/task/{identifier}/result{query}")).await
}

async fn with_header(api: &TestApi, identifier: &str, header: &str) -> Answer {
    let head = format!("GET /task/{identifier}/result HTTP/1.1\r\n{header}");
    send(api.address, &head, b"").await
}

#[track_caller]
fn check(answer: &Answer, content_type: &str, body: &str) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(content_type));
    assert_eq!(answer.text(), body);
}

#[tokio::test]
async fn b3_2_json_is_the_result_as_it_is_stored() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    check(
        &result(&api, &identifier, "").await,
        "application/json",
        TALK,
    );
    check(
        &result(&api, &identifier, "?format=json").await,
        "application/json",
        TALK,
    );
}

// B3.3 to B3.7, B3.9
#[tokio::test]
async fn b3_9_every_format_of_text_is_what_the_exporter_writes() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let mut transcript = transcript_input::read(TALK.as_bytes(), Reads::TO_COMBINE).unwrap();
    transcript.language = "en".to_owned();
    for (format, content_type) in [
        (Format::Txt, "text/plain; charset=utf-8"),
        (Format::Srt, "application/x-subrip; charset=utf-8"),
        (Format::Vtt, "text/vtt; charset=utf-8"),
        (Format::Md, "text/markdown; charset=utf-8"),
        (Format::Tsv, "text/tab-separated-values; charset=utf-8"),
        (Format::Aud, "text/plain; charset=utf-8"),
    ] {
        let answer = result(
            &api,
            &identifier,
            &format!("?format={format}&split_speakers=false"),
        )
        .await;
        let expected = export::write(format, &transcript, &ExportOptions::default()).unwrap();
        check(&answer, content_type, &expected);
    }
}

#[tokio::test]
async fn b3_8_turns_are_those_of_the_segments() {
    let api = TestApi::start().await;
    let identifier = completed(&api, "/speech-to-text", "a talk.mp3", TALK).await;
    // The rule of these tests cuts the first segment into two of the same times.
    let expected = "SPEAKER a_talk 1 1.000 3.500 <NA> <NA> SPEAKER_00 <NA> <NA>\n\
                    SPEAKER a_talk 1 1.000 3.500 <NA> <NA> SPEAKER_00 <NA> <NA>\n\
                    SPEAKER a_talk 1 5.000 1.000 <NA> <NA> SPEAKER_01 <NA> <NA>\n";
    let answer = result(&api, &identifier, "?format=rttm").await;
    check(&answer, "text/plain; charset=utf-8", expected);
}

#[tokio::test]
async fn b3_10_segments_are_split_at_speakers_unless_that_is_refused() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let n_lines = async |query| {
        result(&api, &identifier, query)
            .await
            .text()
            .lines()
            .count()
    };
    // The rule of these tests cuts at full stops.
    assert_eq!(n_lines("?format=tsv").await, 1 + 3);
    assert_eq!(n_lines("?format=tsv&split_speakers=false").await, 1 + 2);
    let n_segments = async |query| {
        let document: Value = result(&api, &identifier, query).await.json();
        document["segments"].as_array().unwrap().len()
    };
    assert_eq!(n_segments("?format=json").await, 2);
    assert_eq!(n_segments("?format=json&split_speakers=true").await, 3);
}

#[tokio::test]
async fn b3_10_subtitles_are_laid_out_by_the_options() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let query = "?format=srt&split_speakers=false&subtitle_style=sentences&max_line_width=30&speaker_labels=none";
    let options = ExportOptions {
        subtitle_style: SubtitleStyle::Sentences,
        max_line_width: std::num::NonZeroUsize::new(30),
        speaker_labels: Some(export::SpeakerLabels::None),
        ..ExportOptions::default()
    };
    let transcript = transcript_input::read(TALK.as_bytes(), Reads::TO_COMBINE).unwrap();
    let expected = export::write(Format::Srt, &transcript, &options).unwrap();
    let plain = export::write(Format::Srt, &transcript, &ExportOptions::default()).unwrap();
    assert_ne!(expected, plain);
    let answer = result(&api, &identifier, query).await;
    check(&answer, "application/x-subrip; charset=utf-8", &expected);
}

// B3.10, B3.16
#[tokio::test]
async fn b3_16_wrong_values_are_all_told() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let query = "?format=doc&subtitle_style=x&max_line_width=1001&max_line_count=0&max_cps=0.5&min_duration=-1\
                 &max_duration=61&gap=x&speaker_labels=x&highlight_words=x&text_style=x&split_speakers=x&download=x";
    let answer = result(&api, &identifier, query).await;
    let places: Vec<_> = answer
        .problems()
        .into_iter()
        .map(|(_, place)| place)
        .collect();
    let expected = [
        "format",
        "subtitle_style",
        "max_line_width",
        "max_line_count",
        "max_cps",
        "min_duration",
        "max_duration",
        "gap",
        "speaker_labels",
        "highlight_words",
        "text_style",
        "split_speakers",
        "download",
    ];
    assert_eq!(
        places,
        expected.map(|name| format!(r#"["query","{name}"]"#))
    );
    let text = answer.text();
    assert!(
        text.contains("must be a whole number from 1 to 1000, not '1001'"),
        "{text}"
    );
    let answer = result(&api, &identifier, "?min_duration=3&max_duration=2").await;
    assert_eq!(
        answer.problems(),
        [(
            "value_error".to_owned(),
            r#"["query","min_duration"]"#.to_owned()
        )]
    );
}

#[tokio::test]
async fn b3_10_options_without_effect_are_refused_only_for_subtitles() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let idle = "subtitle_style=sentences&max_line_count=2";
    let answer = result(&api, &identifier, &format!("?format=vtt&{idle}")).await;
    assert!(
        answer
            .text()
            .contains("max_line_count has no effect without max_line_width")
    );
    answer.expect(422, "REQUEST_VALIDATION_ERROR");
    let answer = result(&api, &identifier, &format!("?format=txt&{idle}")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn b3_11_a_download_is_called_as_the_recording() {
    let api = TestApi::start().await;
    let identifier = completed(&api, "/speech-to-text", "Gespräch 1.mp3", TALK).await;
    let answer = result(&api, &identifier, "?format=vtt&download=true").await;
    let expected =
        "attachment; filename=\"Gespr_ch 1.vtt\"; filename*=UTF-8''Gespr%C3%A4ch%201.vtt";
    assert_eq!(answer.header("content-disposition"), Some(expected));
    let answer = result(&api, &identifier, "?format=vtt").await;
    assert_eq!(answer.header("content-disposition"), None);
}

#[tokio::test]
async fn b3_12_a_client_that_has_the_bytes_is_told_so() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let first = result(&api, &identifier, "").await;
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    assert_eq!(first.header("vary"), Some("Accept"));
    let tag = first.header("etag").unwrap();
    let other = result(&api, &identifier, "?format=txt").await;
    assert_ne!(other.header("etag"), Some(tag));
    for known in [tag, &format!("\"x\", W/{tag}"), "*"] {
        let again = with_header(&api, &identifier, &format!("If-None-Match: {known}")).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag));
    }
    let again = with_header(&api, &identifier, "If-None-Match: \"x\"").await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn b3_1_without_a_format_the_accept_header_decides() {
    let api = TestApi::start().await;
    let identifier = talk(&api).await;
    let answer = with_header(&api, &identifier, "Accept: text/html, text/vtt;q=0.5").await;
    assert!(answer.text().starts_with("WEBVTT\n"), "{}", answer.text());
    let answer = with_header(&api, &identifier, "Accept: text/html").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn b3_13_a_task_that_has_not_ended_has_no_result_yet() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "/speech-to-text", "a.mp3").await;
    for _ in ["queued", "processing"] {
        let answer = result(&api, &identifier, "?format=txt").await;
        assert_eq!(answer.header("retry-after"), Some("5"));
        answer.expect(409, "TASK_NOT_COMPLETED");
        let _ = api.store().claim("worker", Duration::from_mins(1)).await;
    }
}

#[tokio::test]
async fn b3_14_a_task_that_failed_says_why() {
    let api = TestApi::start().await;
    let identifier = submit(&api, "/speech-to-text", "a.mp3").await;
    let ending = Ending::Failed(FailureText::new("transcribe: no memory"));
    api.store()
        .finish(&claim(&api).await, &ending)
        .await
        .unwrap();
    let answer = result(&api, &identifier, "")
        .await
        .expect(409, "TASK_FAILED");
    assert_eq!(answer.json()["error"]["message"], "transcribe: no memory");
}

#[tokio::test]
async fn b3_15_what_a_result_does_not_hold_is_not_made_up() {
    let api = TestApi::start().await;
    let silent = r#"{"segments":[{"start":0.5,"end":1.0,"text":" Hello."}],"language":"en"}"#;
    let words = completed(&api, "/service/transcribe", "a.mp3", silent).await;
    let answer = result(&api, &words, "?format=rttm")
        .await
        .expect(409, "FORMAT_NOT_POSSIBLE");
    assert_eq!(answer.json()["error"]["format"], "rttm");
    let turns = completed(&api, "/service/diarize", "b.mp3", TURNS).await;
    for format in ["txt", "srt", "vtt", "tsv"] {
        let answer = result(&api, &turns, &format!("?format={format}")).await;
        answer.expect(409, "FORMAT_NOT_POSSIBLE");
    }
}

// B3.2, B3.7, B3.8
#[tokio::test]
async fn b3_7_a_diarization_gives_its_turns() {
    let api = TestApi::start().await;
    let turns = completed(&api, "/service/diarize", "b.mp3", TURNS).await;
    check(&result(&api, &turns, "").await, "application/json", TURNS);
    let labels = "0.5\t2.0\tSPEAKER_00\n2.25\t3.0\tSPEAKER_01\n";
    check(
        &result(&api, &turns, "?format=aud").await,
        "text/plain; charset=utf-8",
        labels,
    );
    let rttm = "SPEAKER b 1 0.500 1.500 <NA> <NA> SPEAKER_00 <NA> <NA>\n\
                SPEAKER b 1 2.250 0.750 <NA> <NA> SPEAKER_01 <NA> <NA>\n";
    check(
        &result(&api, &turns, "?format=rttm").await,
        "text/plain; charset=utf-8",
        rttm,
    );
}

#[tokio::test]
async fn b3_16_an_unknown_task_is_404() {
    let api = TestApi::start().await;
    let answer = result(&api, "nothing", "?format=txt").await;
    answer.expect(404, "TASK_NOT_FOUND");
}

#[tokio::test]
async fn silence_is_an_empty_file() {
    let api = TestApi::start().await;
    let silence = completed(
        &api,
        "/speech-to-text",
        "a.mp3",
        r#"{"segments":[],"word_segments":[]}"#,
    )
    .await;
    for (format, expected) in [
        ("txt", ""),
        ("srt", ""),
        ("vtt", "WEBVTT\n\n"),
        ("rttm", ""),
    ] {
        let answer = result(&api, &silence, &format!("?format={format}")).await;
        assert_eq!((answer.status, answer.text()), (200, expected), "{format}");
    }
}
