//! Names of recordings (TG3): from headers, from URLs, and from those who mean ill.

use super::*;
use crate::testing::Gate;

/// The name under which an answer with this `Content-Disposition` is stored, from a URL that says `url.wav`.
async fn name_by(header: impl AsRef<[u8]>) -> String {
    let origin = Origin::start().await;
    let reply = Reply::ok("sound").header("Content-Disposition", header);
    origin.on("/url.wav", reply);
    outcome_of(&origin.url("/url.wav")).await.unwrap().file_name
}

#[tokio::test]
async fn a_header_names_the_recording() {
    for (header, name) in [
        ("attachment; filename=foo.mp3; size=3", "foo.mp3"),
        ("attachment; filename*=UTF-8''x.mp3", "x.mp3"),
        (
            "attachment; filename=\"../../etc/my file.mp3\"",
            "my_file.mp3",
        ),
        (
            "attachment; filename=plain.mp3; filename*=UTF-8''b%C3%BCch.mp3",
            "b_ch.mp3",
        ),
        ("inline; filename=\"A.MP3\"", "A.MP3"),
        ("attachment; filename=\"C:\\dir\\a.mp3\"", "a.mp3"),
        // The preferred name is no recording, the other one is.
        (
            "attachment; filename=a.mp3; filename*=UTF-8''a.txt",
            "a.mp3",
        ),
    ] {
        assert_eq!(name_by(header).await, name, "{header}");
    }
}

#[tokio::test]
async fn a_header_without_a_supported_name_leaves_it_to_the_url() {
    for header in [
        "attachment",
        "attachment; filename=page.html",
        "attachment; filename=",
        "attachment; filename=\"\"",
        "attachment; filename*=UTF-8''%ff.mp3",
        "attachment; filename*=KOI8-R''a.mp3",
    ] {
        assert_eq!(name_by(header).await, "url.wav", "{header}");
    }
}

#[tokio::test]
async fn tg3_names_that_mean_ill_end_clean() {
    let long = format!("attachment; filename={}.mp3", "a".repeat(10_000));
    let name = name_by(long).await;
    assert_eq!((name.len(), &name[250..]), (255, "a.mp3"));
    for (header, name) in [
        ("attachment; filename=../../x.mp3", "x.mp3"),
        ("attachment; filename=..\\..\\x.mp3", "x.mp3"),
        ("attachment; filename*=UTF-8''..%2F..%2Fx.mp3", "x.mp3"),
        ("attachment; filename*=UTF-8''a.mp3%00.txt", "url.wav"),
        ("attachment; filename*=UTF-8''a.txt%00.mp3", "a.txt.mp3"),
        (
            "attachment; filename*=UTF-8''a%0D%0AX-Other:%201.mp3",
            "a_X-Other_1.mp3",
        ),
        ("attachment; filename=\"a\tb.mp3\"", "a_b.mp3"),
        ("attachment; filename=~/.ssh/.mp3", "url.wav"),
    ] {
        assert_eq!(name_by(header).await, name, "{header}");
    }
    assert_eq!(
        name_by(b"attachment; filename=\xff\xfe.mp3").await,
        "file.mp3"
    );
}

#[tokio::test]
async fn a_header_that_is_no_http_fails() {
    let origin = Origin::start().await;
    for value in ["a.mp3\0.txt", "a.mp3\r\n\0"] {
        let header = format!("attachment; filename=\"{value}\"");
        let reply = Reply::ok("sound").header("Content-Disposition", header);
        origin.on("/url.wav", reply);
        let outcome = outcome_of(&origin.url("/url.wav")).await;
        let lost = "the connection was lost before the answer was complete";
        assert_eq!(outcome, failed(lost));
    }
}

#[tokio::test]
async fn a_url_names_the_recording_by_its_last_part() {
    let origin = Origin::start().await;
    for (path, name) in [
        ("/a.mp3", "a.mp3"),
        ("/a.mp3?sig=1", "a.mp3"),
        ("/a.mp3?file=b.wav", "a.mp3"),
        ("/dir.x/a%20b.mp3", "a_b.mp3"),
        ("/%E5%90%8D%E5%89%8D.mp3", "file.mp3"),
        ("/..%2F..%2Fetc%2Fx.mp3", "x.mp3"),
        ("/a%00.mp3", "a.mp3"),
        ("/%ff.mp3", "file.mp3"),
        ("/C:%5Cdir%5Ca.mp3", "a.mp3"),
    ] {
        let url = Url::parse(&origin.url(path)).unwrap();
        origin.on(url.path(), Reply::ok("sound"));
        let outcome = outcome_of(url.as_str()).await;
        assert_eq!(outcome, downloaded(name, 5), "{path}");
    }
}

#[tokio::test]
async fn without_a_supported_name_no_body_is_read_and_the_real_extension_told() {
    let long = "e".repeat(1000);
    for (path, header, file_name, extension) in [
        ("/a.TXT", "", "a.TXT", ".txt"),
        ("/", "", "", "(none)"),
        ("/abc", "", "abc", "(none)"),
        ("/.mp3", "", ".mp3", "(none)"),
        ("/a.mp3%20", "", "a.mp3 ", ".mp3 "),
        ("/play", "attachment; filename=b.exe", "b.exe", ".exe"),
        ("/a.txt", "attachment; filename=b", "a.txt", ".txt"),
        ("/a.mp3%00.t%0D%0At", "", "a.mp3.tt", ".tt"),
        ("/a.b/", "", "", "(none)"),
        (
            &format!("/a.{long}"),
            "",
            &format!("a.{long}")[..255],
            &format!(".{long}")[..20],
        ),
    ] {
        let origin = Origin::start().await;
        let reply = Reply::ok("text").header("Content-Disposition", header);
        origin.on(path, reply.body_after(&Gate::new()));
        let (outcome, received) = download(&origin.url(path), LIMITS).await;
        let expected = Err(DownloadFailure::Extension {
            file_name: file_name.into(),
            extension: extension.into(),
            content_type: None,
        });
        assert_eq!(outcome, expected, "{path}");
        assert!(received.is_empty());
        origin.until(|log| log.ended == 1).await;
    }
}
