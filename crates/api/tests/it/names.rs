//! Names of uploaded files (contract 7.1).

use crate::support::{Form, GOOD, TestApi};

#[tokio::test]
async fn c7_1_names_are_kept_as_far_as_they_are_safe() {
    let api = TestApi::start().await;
    for (sent, expected) in [
        ("audio_en.mp3", "audio_en.mp3"),
        ("A.MP3", "A.MP3"),
        ("a.b.wav", "a.b.wav"),
        ("../../etc/x y é.mp3", "x y é.mp3"),
        (r"C:\dir\a.mp3", "a.mp3"),
        ("-i.mp3", "-i.mp3"),
        ("$(touch x).mp3", "$(touch x).mp3"),
        ("a;b.mp3", "a;b.mp3"),
        ("concat:x.mp3", "concat:x.mp3"),
        ("'; drop table tasks;--.mp3", "'; drop table tasks;--.mp3"),
        ("video.MKV", "video.MKV"),
    ] {
        let identifier = api
            .post("/service/transcribe", &Form::recording(sent))
            .await
            .queued();
        let task = api.task(&identifier).await;
        assert_eq!(task["metadata"]["file_name"], expected, "{sent}");
    }
}

#[tokio::test]
async fn c7_1_a_long_name_is_cut_before_its_extension() {
    let api = TestApi::start().await;
    let name = format!("{}.mp3", "x".repeat(10_000));
    let identifier = api
        .post("/service/transcribe", &Form::recording(&name))
        .await
        .queued();
    let task = api.task(&identifier).await;
    let kept = task["metadata"]["file_name"].as_str().unwrap();
    assert_eq!(kept.chars().count(), 255);
    assert_eq!(kept.rsplit('.').next(), Some("mp3"));
}

#[tokio::test]
async fn c7_1_extensions_are_those_of_the_settings() {
    let api =
        TestApi::start_with(|setup| setup.settings.audio_extensions = vec![".flac".into()]).await;
    api.post("/service/transcribe", &Form::recording("a.FLAC"))
        .await
        .queued();
    let answer = api
        .post("/service/transcribe", &Form::recording("a.mp3"))
        .await;
    let answer = answer.expect(400, "UNSUPPORTED_FILE_EXTENSION");
    assert!(
        answer.text().contains(".avi, .flac, .mkv"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn c7_1_a_name_may_come_encoded_and_the_type_of_a_part_plays_no_part() {
    let api = TestApi::start().await;
    let head =
        "form-data; name=\"file\"; filename*=UTF-8''na%C3%AFve.mp3\r\nContent-Type: text/html";
    let form = Form::new().part(head, GOOD);
    let identifier = api.post("/service/transcribe", &form).await.queued();
    let task = api.task(&identifier).await;
    assert_eq!(task["metadata"]["file_name"], "naïve.mp3");
}
