//! Recordings that are fetched from other machines (contract 1.7, 3.6, 7.4, 10: EH4, TG3; Appendix A: X6, X21, X30).

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use outbound::testing::{Gate, Origin, Reply};
use serde_json::Value;

use crate::answer::Answer;
use crate::app::{Builder, TestApp, while_others_ask};
use crate::audio::tone;

const PATH: &str = "/speech-to-text-url";
const MEBIBYTE: u64 = 1024 * 1024;

async fn fetch(app: &TestApp, url: &str) -> Answer {
    app.post_fields(PATH, &[("url", url)]).await
}

/// Checks that fetching `url` is refused like this and leaves nothing.
async fn assert_refused(app: &TestApp, url: &str, status: u16, code: &str) -> Answer {
    let answer = fetch(app, url).await;
    assert_eq!(answer.status, status, "{url}: {}", answer.text);
    assert_eq!(answer.code(), code, "{url}");
    if code == "FILE_DOWNLOAD_ERROR" {
        let detail = answer.json()["detail"].clone();
        let detail = detail.as_str().unwrap();
        assert!(
            detail.starts_with("Failed to download file from URL"),
            "{detail}"
        );
        for inner in ["reqwest", "hyper", "os error", "connection refused", "/tmp"] {
            assert!(
                !answer.text.to_lowercase().contains(inner),
                "{}",
                answer.text
            );
        }
    }
    app.assert_nothing_left().await;
    answer
}

/// The name that a recording gets.
async fn stored_name(app: &TestApp, url: &str) -> String {
    let answer = fetch(app, url).await;
    assert_eq!(answer.status, 200, "{url}: {}", answer.text);
    let task = app.completed(&answer.identifier()).await;
    assert_eq!(task["metadata"]["url"], url);
    assert_eq!(task["metadata"]["task_type"], "full_process");
    app.until_no_recordings().await;
    task["metadata"]["file_name"].as_str().unwrap().to_owned()
}

fn limited() -> Builder {
    TestApp::builder().with("MAX_UPLOAD_BYTES", MEBIBYTE)
}

#[tokio::test]
async fn x6_a_recording_is_fetched_whatever_follows_its_name() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    origin.on("/dir/a.mp3", Reply::ok(tone(0.25)));
    origin.on("/chunks.wav", Reply::chunked(tone(0.25)));
    origin.on("/until-the-end.wav", Reply::unsized_body(tone(0.25)));
    origin.on(
        "/packed.wav",
        Reply::ok(gzip(&tone(0.25))).header("Content-Encoding", "gzip"),
    );
    for (path, name) in [
        ("/dir/a.mp3", "a.mp3"),
        ("/dir/a.mp3?sig=1&x=.exe", "a.mp3"),
        ("/dir/a.mp3#part", "a.mp3"),
        ("/dir/a.mp3?#", "a.mp3"),
        ("/chunks.wav", "chunks.wav"),
        ("/until-the-end.wav", "until-the-end.wav"),
        ("/packed.wav", "packed.wav"),
    ] {
        let url = origin.url(path);
        let answer = fetch(&app, &url).await;
        let task = app.completed(&answer.identifier()).await;
        assert_eq!(task["metadata"]["file_name"], name);
        assert_eq!(task["metadata"]["url"], *url);
        assert_eq!(task["metadata"]["audio_duration"], 0.25, "{path}");
    }
    app.until_no_recordings().await;
}

#[tokio::test]
async fn c1_7_the_url_is_a_field_of_the_form_and_nothing_else() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    origin.on("/a.wav", Reply::ok(tone(0.25)));
    let url = origin.url("/a.wav");
    let form = reqwest::multipart::Form::new().text("url", url.clone());
    let sent = app
        .client()
        .post(app.url(PATH))
        .multipart(form)
        .send()
        .await;
    Answer::read(sent.unwrap()).await.identifier();
    let with_query = app.url(&format!("{PATH}?url={url}"));
    let in_query = app.client().post(with_query).send().await;
    Answer::read(in_query.unwrap()).await.expect(422);
    let as_json = app
        .client()
        .post(app.url(PATH))
        .json(&serde_json::json!({"url": url}))
        .send()
        .await;
    Answer::read(as_json.unwrap()).await.expect(422);
    for fields in [&[("url", "")][..], &[], &[("link", &url)]] {
        let body = app.post_fields(PATH, fields).await.expect(422).json();
        assert_eq!(body["detail"][0]["type"], "missing");
        assert_eq!(body["detail"][0]["loc"], serde_json::json!(["body", "url"]));
    }
}

#[tokio::test]
async fn eh4_1_what_says_that_it_is_too_large_is_not_fetched() {
    let (app, origin) = (limited().start().await, Origin::start().await);
    let gate = Gate::new();
    origin.on(
        "/held.mp3",
        Reply::declaring(2 * MEBIBYTE, vec![0; 4]).body_after(&gate),
    );
    // More than any buffer on the way takes.
    let huge = 64 * MEBIBYTE;
    origin.on(
        "/sent.mp3",
        Reply::ok(vec![0; usize::try_from(huge).unwrap()]),
    );
    origin.on(
        "/a-byte-more.mp3",
        Reply::declaring(MEBIBYTE + 1, Vec::new()),
    );
    for path in ["/held.mp3", "/sent.mp3", "/a-byte-more.mp3"] {
        let answer = assert_refused(&app, &origin.url(path), 413, "AUDIO_TOO_LARGE").await;
        assert_eq!(answer.json()["error"]["max_size"], MEBIBYTE);
    }
    let log = origin.until(|log| log.ended == log.connections).await;
    assert_eq!(log.body_bytes, 0, "nothing was sent to its end");
}

#[tokio::test]
async fn eh4_2_what_has_no_end_is_ended_at_the_limit() {
    let (app, origin) = (limited().start().await, Origin::start().await);
    origin.on("/a.mp3", Reply::endless());
    assert_refused(&app, &origin.url("/a.mp3"), 413, "AUDIO_TOO_LARGE").await;
    let log = origin.until(|log| log.ended == 1).await;
    // What was on its way counts too.
    assert!(log.body_bytes < 32 * 1024 * 1024, "{}", log.body_bytes);
}

#[tokio::test]
async fn eh4_3_what_ends_early_is_400() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let wave = tone(0.5);
    let length = wave.len() as u64;
    origin.on("/short.wav", Reply::declaring(length + 1000, wave.clone()));
    origin.on("/nothing.wav", Reply::declaring(length, Vec::new()));
    origin.on("/hung-up.wav", Reply::hang_up());
    origin.on("/not-http.wav", Reply::raw("220 ready\r\n"));
    origin.on(
        "/cut-chunk.wav",
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
    );
    origin.on(
        "/no-last-chunk.wav",
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    );
    let half = &gzip(&wave)[..200];
    origin.on(
        "/half-packed.wav",
        Reply::ok(half.to_vec()).header("Content-Encoding", "gzip"),
    );
    origin.on(
        "/oddly-packed.wav",
        Reply::ok(wave).header("Content-Encoding", "br"),
    );
    for path in [
        "/short.wav",
        "/nothing.wav",
        "/hung-up.wav",
        "/not-http.wav",
        "/cut-chunk.wav",
        "/no-last-chunk.wav",
        "/half-packed.wav",
        "/oddly-packed.wav",
    ] {
        assert_refused(&app, &origin.url(path), 400, "FILE_DOWNLOAD_ERROR").await;
    }
}

#[tokio::test]
async fn eh4_4_what_drips_or_stands_still_is_400_in_time() {
    let builder = TestApp::builder()
        .with("DOWNLOAD_TOTAL_TIMEOUT", 3)
        .with("DOWNLOAD_CONNECT_TIMEOUT", 1)
        .with("DOWNLOAD_READ_TIMEOUT", 1);
    let (app, origin) = (builder.start().await, Origin::start().await);
    origin.on(
        "/drips.wav",
        Reply::drip(tone(0.5), Duration::from_millis(300)),
    );
    origin.on(
        "/stands.wav",
        Reply::declaring(1000, Vec::new()).body_after(&Gate::new()),
    );
    origin.on("/silence.wav", Reply::silence());
    for path in ["/drips.wav", "/stands.wav", "/silence.wav"] {
        let began = Instant::now();
        let url = origin.url(path);
        let refused = assert_refused(&app, &url, 400, "FILE_DOWNLOAD_ERROR");
        let (_, n_answers) = while_others_ask(&app, "/health", refused).await;
        // It takes a second at least, and nobody waits for it.
        assert!(n_answers >= 3, "{path}: {n_answers}");
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{path}: {:?}",
            began.elapsed()
        );
    }
}

#[tokio::test]
async fn a_page_without_the_name_of_a_recording_is_refused_as_a_page() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let page = Reply::ok("<html>Please log in</html>");
    origin
        .on(
            "/share/x",
            page.header("Content-Type", "text/html; charset=utf-8"),
        )
        .on(
            "/plain",
            Reply::ok("x").header("Content-Type", "text/plain"),
        )
        .on(
            "/bytes",
            Reply::ok("x").header("Content-Type", "application/octet-stream"),
        );
    for (path, what) in [
        (
            "/share/x",
            "Unsupported file extension: (none); the server sends a web page",
        ),
        (
            "/plain",
            "Unsupported file extension: (none); the server sends text/plain",
        ),
        ("/bytes", "Unsupported file extension: (none)"),
    ] {
        let code = "UNSUPPORTED_FILE_EXTENSION";
        let answer = assert_refused(&app, &origin.url(path), 422, code).await;
        let message = answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.starts_with(what), "{message}");
    }
}

#[tokio::test]
async fn a_redirect_to_the_same_url_is_followed_with_the_cookie_that_it_sets() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let door = Reply::redirect("/a.wav").header("Set-Cookie", "seen=yes; Path=/");
    origin.on_each("/a.wav", [door, Reply::ok(tone(1.0))]);
    let url = origin.url("/a.wav");
    let answer = fetch(&app, &url).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let requests = origin.requests();
    assert_eq!(requests[1].header("cookie"), Some("seen=yes"));
}

#[tokio::test]
async fn eh4_5_a_page_that_is_called_a_recording_is_400() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let page = "<!DOCTYPE html><html><body>Please log in</body></html>";
    origin.on(
        "/a.mp3",
        Reply::ok(page).header("Content-Type", "audio/mpeg"),
    );
    origin.on("/empty.mp3", Reply::ok(""));
    for (path, what) in [
        ("/a.mp3", "it is a web page"),
        ("/empty.mp3", "it is empty"),
    ] {
        let answer = assert_refused(&app, &origin.url(path), 400, "AUDIO_PROCESSING_ERROR").await;
        let reason = answer.json()["error"]["reason"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(reason.starts_with("Audio file is unreadable or corrupted: "));
        assert!(reason.contains(what), "{reason}");
    }
}

#[tokio::test]
async fn eh4_6_x30_what_unpacks_to_too_much_is_413() {
    let (app, origin) = (limited().start().await, Origin::start().await);
    let bomb = gzip(&vec![0; 200 * 1024 * 1024]);
    assert!((bomb.len() as u64) < MEBIBYTE, "{}", bomb.len());
    origin.on(
        "/bomb.wav",
        Reply::ok(bomb).header("Content-Encoding", "gzip"),
    );
    let before = app.memory_bytes();
    assert_refused(&app, &origin.url("/bomb.wav"), 413, "AUDIO_TOO_LARGE").await;
    let grown = app.memory_bytes().saturating_sub(before);
    assert!(grown < 64 * MEBIBYTE, "{grown}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn e1_a_server_that_does_not_give_it_is_400() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    for status in [204, 206, 304, 401, 403, 404, 410, 418, 429, 500, 503] {
        origin.on(&format!("/{status}.mp3"), Reply::status(status));
        let url = origin.url(&format!("/{status}.mp3"));
        let (status, code) = match status {
            // It gave nothing, and said that this is all of it.
            204 => (400, "AUDIO_PROCESSING_ERROR"),
            _ => (400, "FILE_DOWNLOAD_ERROR"),
        };
        assert_refused(&app, &url, status, code).await;
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_refused(
        &app,
        &format!("http://{nobody}/a.mp3"),
        400,
        "FILE_DOWNLOAD_ERROR",
    )
    .await;
    assert_refused(
        &app,
        "http://nowhere.invalid/a.mp3",
        400,
        "FILE_DOWNLOAD_ERROR",
    )
    .await;
    // It speaks no TLS.
    let insecure = origin.url("/a.mp3").replace("http:", "https:");
    assert_refused(&app, &insecure, 400, "FILE_DOWNLOAD_ERROR").await;
}

#[tokio::test]
async fn tg3_the_name_in_the_header_is_read_well_and_made_safe() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let long = format!("attachment; filename=\"{}.mp3\"", "a".repeat(10_000));
    let long_name = format!("{}.mp3", "a".repeat(251));
    let cases: [(&[u8], &str); 16] = [
        (b"attachment; filename=foo.mp3", "foo.mp3"),
        (b"attachment; filename=foo.mp3; size=3", "foo.mp3"),
        (b"attachment; filename=\"foo.mp3\"; size=3", "foo.mp3"),
        (b"attachment; filename*=UTF-8''x.mp3", "x.mp3"),
        (
            b"attachment; filename=a.mp3; filename*=UTF-8''b%20c.MP3",
            "b_c.MP3",
        ),
        (
            b"attachment; filename=\"../../etc/my file.mp3\"",
            "my_file.mp3",
        ),
        (b"attachment; filename=\"../../x.mp3\"", "x.mp3"),
        (b"attachment; filename=\"C:\\dir\\a.mp3\"", "a.mp3"),
        (b"attachment; filename=\"/etc/passwd.mp3\"", "passwd.mp3"),
        // What cannot be used is passed over: the URL has a name too.
        (b"attachment; filename=\"a.exe\"", "of-the-url.wav"),
        (b"attachment; filename*=UTF-8''%ff%fe.mp3", "of-the-url.wav"),
        (
            b"attachment; filename*=UTF-8''%zz.mp3; filename=b.mp3",
            "b.mp3",
        ),
        (b"attachment; filename*=KOI8-R''c.mp3", "of-the-url.wav"),
        (b"attachment; filename=\"\xff\xfe.mp3\"", "file.mp3"),
        (b";;;===", "of-the-url.wav"),
        (long.as_bytes(), &long_name),
    ];
    for (number, (header, name)) in cases.into_iter().enumerate() {
        let reply = Reply::ok(tone(0.1)).header("Content-Disposition", header);
        let path = format!("/{number}/of-the-url.wav");
        origin.on(&path, reply);
        let stored = stored_name(&app, &origin.url(&path)).await;
        assert_eq!(stored, name, "{}", String::from_utf8_lossy(header));
    }
}

#[tokio::test]
async fn tg3_a_name_that_attacks_the_header_itself_ends_as_a_refusal_or_a_safe_name() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    for (number, name) in [
        &b"a.mp3\0.txt"[..],
        b"a.mp3\r\nSet-Cookie: a=b",
        b"a\x01\x1b[31m.mp3",
        b"a\r\n\r\n.mp3",
    ]
    .iter()
    .enumerate()
    {
        let wave = tone(0.1);
        let mut raw = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Disposition: attachment; filename=\"",
            wave.len()
        )
        .into_bytes();
        raw.extend_from_slice(name);
        raw.extend_from_slice(b"\"\r\n\r\n");
        raw.extend_from_slice(&wave);
        let path = format!("/{number}/of-the-url.wav");
        origin.on(&path, Reply::raw(raw));
        let answer = fetch(&app, &origin.url(&path)).await;
        if answer.status != 200 {
            assert_eq!(answer.status, 400, "{name:?}: {}", answer.text);
            assert_eq!(app.recordings(), Vec::<std::path::PathBuf>::new());
            continue;
        }
        let task = app.completed(&answer.identifier()).await;
        let stored = task["metadata"]["file_name"].as_str().unwrap();
        assert!(
            stored
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
            "{stored:?}"
        );
    }
    app.until_no_recordings().await;
}

#[tokio::test]
async fn x21_names_of_urls_keep_their_extensions() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    for (sent, name) in [
        ("my_test_file.mp3", "my_test_file.mp3"),
        ("my..test...file.mp3", "my_test_file.mp3"),
        ("...my_test_file.mp3", "my_test_file.mp3"),
        ("my@test%23file$.mp3", "my_test_file.mp3"),
        ("a%20b.mp3", "a_b.mp3"),
        ("h%C3%A9llo.mp3", "h_llo.mp3"),
        ("%C3%A9.mp3", "file.mp3"),
        ("%E5%90%8D%E5%89%8D.mp3", "file.mp3"),
        ("a..mp3", "a.mp3"),
        ("a_.mp3", "a.mp3"),
        ("..%2F..%2Fetc%2Fpasswd.mp3", "passwd.mp3"),
        ("C%3A%5Cdir%5Ca.mp3", "a.mp3"),
        ("a.mp3?sig=1", "a.mp3"),
        ("A.WaV", "A.WaV"),
    ] {
        let path = format!("/{}", sent.split('?').next().unwrap());
        origin.on(&path, Reply::ok(tone(0.1)));
        assert_eq!(
            stored_name(&app, &origin.url(&format!("/{sent}"))).await,
            name,
            "{sent}"
        );
    }
}

#[tokio::test]
async fn x6_a_url_without_a_supported_name_is_422_and_nothing_is_fetched() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let gate = Gate::new();
    for (path, extension) in [
        ("/", "(none)"),
        ("/abc", "(none)"),
        ("/.mp3", "(none)"),
        ("/a.xyz", ".xyz"),
        ("/a.mp3.exe", ".exe"),
        ("/a.mp3%20", ".mp3 "),
        ("/dir.mp3/", "(none)"),
        ("/@#$%25^&*()", "(none)"),
        ("/..%2F", "(none)"),
        ("/x?name=a.mp3", "(none)"),
    ] {
        let asked = path.split(['?', '#']).next().unwrap();
        origin.on(asked, Reply::declaring(1000, Vec::new()).body_after(&gate));
        let answer =
            assert_refused(&app, &origin.url(path), 422, "UNSUPPORTED_FILE_EXTENSION").await;
        let error = answer.json()["error"].clone();
        assert_eq!(error["extension"], extension, "{path}");
        assert_eq!(error["field"], Value::Null);
        assert!(error["filename"].is_string(), "{error}");
        let allowed: Vec<_> = error["allowed_extensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e.as_str().unwrap().to_owned())
            .collect();
        assert!(
            allowed.is_sorted() && allowed.contains(&".mp3".to_owned()),
            "{allowed:?}"
        );
    }
}

#[tokio::test]
async fn tg3_ten_redirects_are_followed_and_no_more() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    for n in 0..11 {
        origin.on(
            &format!("/hop-{n}"),
            Reply::redirect(&format!("/hop-{}", n + 1)),
        );
    }
    origin.on(
        "/hop-11",
        Reply::ok(tone(0.1)).header("Content-Disposition", "filename=a.wav"),
    );
    // From the second hop there are ten to the recording, from the first eleven.
    assert_eq!(stored_name(&app, &origin.url("/hop-1")).await, "a.wav");
    let answer = fetch(&app, &origin.url("/hop-0")).await.expect(400);
    assert_eq!(answer.code(), "FILE_DOWNLOAD_ERROR");
    assert_eq!(app.recordings(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn tg3_redirects_into_nowhere_are_4xx() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    origin.on("/itself", Reply::redirect("/itself"));
    origin.on("/there", Reply::redirect("/back"));
    origin.on("/back", Reply::redirect("/there"));
    origin.on("/nowhere", Reply::status(302));
    origin.on("/odd", Reply::redirect("http://[::"));
    for path in ["/itself", "/there", "/nowhere", "/odd"] {
        assert_refused(&app, &origin.url(path), 400, "FILE_DOWNLOAD_ERROR").await;
    }
    for (path, target) in [
        ("/file", "file:///etc/passwd"),
        ("/ftp", "ftp://127.0.0.1/a.mp3"),
        ("/data", "data:audio/wav;base64,AAAA"),
        ("/gopher", "gopher://127.0.0.1:1/a.mp3"),
    ] {
        origin.on(path, Reply::redirect(target));
        assert_refused(&app, &origin.url(path), 422, "SSRF_BLOCKED").await;
    }
}

/// A service that may call 127.0.0.1, and nothing else in the house.
fn guarded() -> Builder {
    TestApp::builder()
        .with("SSRF_PROTECTION_ENABLED", "true")
        .with("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#)
}

#[tokio::test]
async fn tg3_a_redirect_to_a_blocked_address_is_422_and_nobody_is_called() {
    let (app, origin) = (guarded().start().await, Origin::start().await);
    let inner = Origin::start_on([127, 0, 0, 2].into(), 0).await;
    inner.on("/a.mp3", Reply::ok(tone(0.1)));
    let port = inner.address().port();
    for (path, target) in [
        ("/address", format!("http://127.0.0.2:{port}/a.mp3")),
        ("/name", format!("http://localhost:{port}/a.mp3")),
        ("/number", format!("http://2130706434:{port}/a.mp3")),
        ("/second", "/address".to_owned()),
    ] {
        origin.on(path, Reply::redirect(&target));
        let answer = assert_refused(&app, &origin.url(path), 422, "SSRF_BLOCKED").await;
        assert!(!answer.text.contains("127.0.0.2"), "{}", answer.text);
    }
    assert_eq!(inner.connections(), 0);
    origin.on("/a.wav", Reply::ok(tone(0.1)));
    assert_eq!(stored_name(&app, &origin.url("/a.wav")).await, "a.wav");
}

#[tokio::test]
async fn se4_a_download_calls_no_address_of_the_house() {
    let app = TestApp::builder()
        .with("SSRF_PROTECTION_ENABLED", "true")
        .start()
        .await;
    let origin = Origin::start().await;
    let port = origin.address().port();
    // A final dot is not resolved everywhere, but never leads here.
    let dotted = fetch(&app, &format!("http://localhost.:{port}/a.mp3")).await;
    assert!([400, 422].contains(&dotted.status), "{}", dotted.text);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fe80::1]",
        "[fc00::1]",
        "224.0.0.1",
        "255.255.255.255",
        "user:password@127.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/a.mp3");
        let answer = assert_refused(&app, &url, 422, "SSRF_BLOCKED").await;
        let error = answer.json()["error"].clone();
        assert_eq!(error["field"], Value::Null);
        assert!(
            !error["reason"]
                .as_str()
                .unwrap()
                .contains(|c: char| c.is_ascii_digit()),
            "{error}"
        );
    }
    for url in [
        "file:///etc/passwd",
        "ftp://example.org/a.mp3",
        "a.mp3",
        "http://",
        "//127.0.0.1/a.mp3",
        "javascript:alert(1)",
        "/etc/passwd",
        " ",
    ] {
        assert_refused(&app, url, 422, "SSRF_BLOCKED").await;
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn sc4_downloads_that_stand_still_delay_nobody() {
    const N_DOWNLOADS: usize = 20;
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    let gate = Gate::new();
    origin.on("/slow.wav", Reply::ok(tone(0.1)).body_after(&gate));
    origin.on("/fast.wav", Reply::ok(tone(0.1)));
    let (slow, fast) = (origin.url("/slow.wav"), origin.url("/fast.wav"));
    let downloads = futures_util::future::join_all((0..N_DOWNLOADS).map(|_| fetch(&app, &slow)));
    // The gate opens when others were served, so they cannot have waited.
    let others = async {
        origin.until(|log| log.requests.len() == N_DOWNLOADS).await;
        let accepted = fetch(&app, &fast).await.identifier();
        app.completed(&accepted).await;
        app.get("/health").await.expect(200);
        assert_eq!(app.tasks().await.len(), 1);
        gate.open();
    };
    let (answers, ()) = futures_util::future::join(downloads, others).await;
    for answer in answers {
        app.completed(&answer.identifier()).await;
    }
    app.until_no_recordings().await;
}

#[tokio::test]
async fn se1_a_client_that_goes_away_ends_its_download() {
    let (app, origin) = (TestApp::start().await, Origin::start().await);
    origin.on("/a.wav", Reply::drip(tone(10.0), Duration::from_millis(20)));
    let url = origin.url("/a.wav");
    let request = app
        .client()
        .post(app.url(PATH))
        .form(&[("url", &url)])
        .send();
    {
        let mut request = std::pin::pin!(request);
        let begun = origin.until(|log| log.body_bytes > 10);
        tokio::select! {
            answer = &mut request => panic!("{answer:?}"),
            _ = begun => {}
        }
    }
    origin.until(|log| log.ended == 1).await;
    app.until_no_recordings().await;
    assert_eq!(app.tasks().await, Vec::<Value>::new());
}
