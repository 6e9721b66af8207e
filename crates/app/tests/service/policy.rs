//! Addresses that may not be called are not called, neither for callbacks nor for downloads, and nobody learns where a
//! name leads (contract 3.6; 8: statement 36; 10: SE4).

use outbound::testing::{Origin, Reply};

use crate::answer::Answer;
use crate::app::{Builder, TestApp};
use crate::audio::tone;
use crate::receiver::{hook, posts, receiver, settled, submit};

fn protected() -> Builder {
    TestApp::builder().with("SSRF_PROTECTION_ENABLED", "true")
}

/// A machine that has a hook and a recording to offer.
async fn machine() -> Origin {
    let machine = receiver([Reply::status(200)]).await;
    machine.on("/a.mp3", Reply::ok(tone(0.1)));
    machine
}

async fn submit_with_callback(app: &TestApp, url: &str) -> Answer {
    let url = percent_encoded(url);
    let path = format!("/speech-to-text?callback_url={url}");
    app.post_file(&path, "a.wav", &tone(0.1)).await
}

async fn submit_url(app: &TestApp, url: &str) -> Answer {
    app.post_fields("/speech-to-text-url", &[("url", url)])
        .await
}

fn percent_encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    bytes.collect::<Vec<_>>().concat()
}

/// Checks that `url` may be called neither way, and that no answer tells more than was asked.
async fn is_refused(app: &TestApp, url: &str) {
    let callback = submit_with_callback(app, url).await;
    assert_eq!(callback.status, 422, "{url}: {}", callback.text);
    assert_eq!(callback.code(), "CALLBACK_NOT_ALLOWED", "{url}");
    let download = submit_url(app, url).await;
    assert_eq!(download.status, 422, "{url}: {}", download.text);
    assert_eq!(download.code(), "SSRF_BLOCKED", "{url}");
    let reason = &download.json()["error"]["reason"];
    assert_eq!(reason, "the host is not allowed", "{url}");
    // The URL comes back as it was sent; beside it no address does.
    for answer in [callback.text, download.text.replace(url, "")] {
        for address in ["127.0.0.1", "::1", "169.254", "10.0.0.1"] {
            assert!(!answer.contains(address), "{url}: {answer}");
        }
    }
}

/// Statement 36, SE4, and other ways to write what is forbidden.
const FORBIDDEN: [&str; 31] = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.1",
    "[::1]",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "[::]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST",
    "127.1",
    "0",
    "0.0.0.0",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::127.0.0.1]",
    "[ff02::1]",
    "[fe80::1]",
    "user:password@127.0.0.1",
];

#[tokio::test]
async fn s36_se4_no_address_that_is_not_public_is_called() {
    let (app, machine) = (protected().start().await, machine().await);
    let port = machine.address().port();
    for host in FORBIDDEN {
        is_refused(&app, &format!("http://{host}:{port}/a.mp3")).await;
    }
    // Where the metadata of clouds are, with a name that looks like a recording's.
    is_refused(&app, "http://169.254.169.254/latest/meta-data/a.mp3").await;
    assert_eq!(machine.connections(), 0);
    assert!(app.tasks().await.is_empty());
    assert!(app.recordings().is_empty());
}

#[tokio::test]
async fn s36_schemes_that_are_not_of_the_web_are_refused() {
    let app = protected().start().await;
    for url in [
        "file:///etc/passwd.mp3",
        "ftp://example.com/a.mp3",
        "gopher://example.com/a.mp3",
        "http://",
        "a.mp3",
    ] {
        let download = submit_url(&app, url).await.expect(422);
        assert_eq!(download.code(), "SSRF_BLOCKED", "{url}");
        assert!(!download.text.contains("root:"), "{url}");
    }
    assert!(app.tasks().await.is_empty());
}

#[tokio::test]
async fn se4_a_host_that_has_no_address_is_unreachable_not_refused() {
    let app = protected().start().await;
    let url = "http://no-such-host.invalid/a.mp3";
    let callback = submit_with_callback(&app, url).await.expect(400);
    assert_eq!(callback.code(), "CALLBACK_UNREACHABLE");
    let download = submit_url(&app, url).await.expect(400);
    assert_eq!(download.code(), "FILE_DOWNLOAD_ERROR");
    let detail = download.json()["detail"].clone();
    let detail = detail.as_str().unwrap();
    assert!(
        detail.starts_with("Failed to download file from URL"),
        "{detail}"
    );
}

#[tokio::test]
async fn c3_6_without_protection_every_address_may_be_called() {
    let (app, machine) = (TestApp::start().await, machine().await);
    let identifier = submit(&app, &machine.url("/hook"), "a.wav").await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    let identifier = submit_url(&app, &machine.url("/a.mp3")).await.identifier();
    app.completed(&identifier).await;
}

#[tokio::test]
async fn c3_6_a_host_that_is_named_may_be_called_and_no_other() {
    let app = protected()
        .with("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#)
        .start()
        .await;
    let (machine, other) = (machine().await, machine().await);
    let identifier = submit(&app, &machine.url("/hook"), "a.wav").await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    assert_eq!(posts(&machine.log(), "/hook").len(), 1);
    let identifier = submit_url(&app, &machine.url("/a.mp3")).await.identifier();
    app.completed(&identifier).await;
    let n_before = machine.connections();
    let port = machine.address().port();
    for host in ["localhost", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.2"] {
        is_refused(&app, &format!("http://{host}:{port}/a.mp3")).await;
    }
    // Each address on the way is checked, not only the first.
    let away = format!("http://localhost:{}/a.mp3", other.address().port());
    machine.on("/moved.mp3", Reply::redirect(&away));
    let moved = submit_url(&app, &machine.url("/moved.mp3")).await;
    assert_eq!(moved.expect(422).code(), "SSRF_BLOCKED");
    assert_eq!(machine.connections(), n_before + 1);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn c3_6_a_name_that_is_listed_may_lead_anywhere() {
    let app = protected()
        .with("SSRF_ALLOWED_HOSTS", r#"["LocalHost"]"#)
        .start()
        .await;
    let machine = machine().await;
    let port = machine.address().port();
    let url = format!("http://localhost:{port}/hook");
    let identifier = submit(&app, &url, "a.wav").await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    is_refused(&app, &format!("http://127.0.0.1:{port}/a.mp3")).await;
}

#[tokio::test]
async fn se4_with_only_https_nothing_else_is_spoken() {
    let app = protected()
        .with("SSRF_ALLOWED_SCHEMES", r#"["https"]"#)
        .with("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#)
        .start()
        .await;
    let machine = machine().await;
    let callback = submit_with_callback(&app, &machine.url("/hook")).await;
    assert_eq!(callback.expect(422).code(), "CALLBACK_NOT_ALLOWED");
    let download = submit_url(&app, &machine.url("/a.mp3")).await.expect(422);
    assert_eq!(download.code(), "SSRF_BLOCKED");
    assert_eq!(machine.connections(), 0);
    // The scheme is allowed; that nobody speaks it there is another matter.
    let secure = machine.url("/hook").replace("http:", "https:");
    let callback = submit_with_callback(&app, &secure).await.expect(400);
    assert_eq!(callback.code(), "CALLBACK_UNREACHABLE");
    assert_eq!(machine.connections(), 1);
}

/// A service as strangers meet it, with the networks of this machine unblocked.
fn in_production() -> Builder {
    protected()
        .with("ENVIRONMENT", "production")
        .with("ALLOW_SCRIPTED_ENGINE", "true")
        .with("SSRF_BLOCKED_NETWORKS", "[]")
}

async fn is_spoken_with(app: &TestApp, machine: &Origin) {
    let identifier = submit(app, &machine.url("/hook"), "a.wav").await;
    let task = settled(app, &identifier).await;
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    let identifier = submit_url(app, &machine.url("/a.mp3")).await.identifier();
    app.completed(&identifier).await;
}

#[tokio::test]
async fn se4_in_production_http_is_refused_for_callbacks_and_downloads() {
    let (app, machine) = (in_production().start().await, machine().await);
    let callback = submit_with_callback(&app, &machine.url("/hook")).await;
    assert_eq!(callback.code(), "CALLBACK_NOT_ALLOWED");
    let sentence = callback.expect(422).json()["detail"].clone();
    assert!(sentence.to_string().contains("scheme 'http'"), "{sentence}");
    let download = submit_url(&app, &machine.url("/a.mp3")).await.expect(422);
    assert_eq!(download.code(), "SSRF_BLOCKED");
    assert_eq!(machine.connections(), 0);
    assert!(app.tasks().await.is_empty());
    // That nobody speaks https there is another matter.
    let secure = machine.url("/hook").replace("http:", "https:");
    let callback = submit_with_callback(&app, &secure).await.expect(400);
    assert_eq!(callback.code(), "CALLBACK_UNREACHABLE");
}

#[tokio::test]
async fn se4_in_production_http_is_spoken_where_the_operator_lists_it() {
    let app = in_production()
        .with("SSRF_ALLOWED_SCHEMES", r#"["http", "https"]"#)
        .start()
        .await;
    is_spoken_with(&app, &machine().await).await;
}

#[tokio::test]
async fn se4_in_production_http_is_spoken_with_hosts_that_the_operator_names_and_no_others() {
    let app = in_production()
        .with("SSRF_ALLOWED_HOSTS", r#"["127.0.0.1"]"#)
        .start()
        .await;
    let machine = machine().await;
    is_spoken_with(&app, &machine).await;
    let n_before = machine.connections();
    let other = format!("http://localhost:{}", machine.address().port());
    let callback = submit_with_callback(&app, &format!("{other}/hook")).await;
    assert_eq!(callback.expect(422).code(), "CALLBACK_NOT_ALLOWED");
    let away = format!("{other}/a.mp3");
    let download = submit_url(&app, &away).await.expect(422);
    assert_eq!(download.code(), "SSRF_BLOCKED");
    machine.on("/moved.mp3", Reply::redirect(&away));
    let moved = submit_url(&app, &machine.url("/moved.mp3")).await;
    assert_eq!(moved.expect(422).code(), "SSRF_BLOCKED");
    assert_eq!(machine.connections(), n_before + 1);
}

/// A task whose callback was tried once, in vain, before the service was killed; and how many messages came so far.
async fn tried_once(app: &mut TestApp, machine: &Origin) -> (String, usize) {
    hook(machine, "/hook", [Reply::status(500)]);
    let identifier = submit(app, &machine.url("/hook"), "a.wav").await;
    app.wait_until("the first attempt", async || {
        app.task(&identifier).await["metadata"]["callback_attempts"] == 1
    })
    .await;
    app.kill();
    (identifier, posts(&machine.log(), "/hook").len())
}

#[tokio::test]
async fn se4_callbacks_that_were_accepted_before_are_not_sent_by_http_in_production() {
    let mut app = TestApp::builder()
        .with("ALLOW_SCRIPTED_ENGINE", "true")
        .on_one_port()
        .start()
        .await;
    let machine = Origin::start().await;
    let (identifier, n_before) = tried_once(&mut app, &machine).await;
    for (name, value) in [
        ("ENVIRONMENT", "production"),
        ("SSRF_PROTECTION_ENABLED", "true"),
        ("SSRF_BLOCKED_NETWORKS", "[]"),
    ] {
        app.set(name, value);
    }
    app.restart().await;
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    let error = metadata["callback_error"].to_string();
    assert!(
        error.contains("the scheme 'http' is not allowed"),
        "{error}"
    );
    assert_eq!(posts(&machine.log(), "/hook").len(), n_before);
}

#[tokio::test]
async fn s36_networks_that_are_set_are_those_that_are_blocked() {
    let app = protected()
        .with("SSRF_BLOCKED_NETWORKS", r#"["192.0.2.0/24","fd00::/8"]"#)
        .start()
        .await;
    let machine = machine().await;
    let identifier = submit(&app, &machine.url("/hook"), "a.wav").await;
    let task = settled(&app, &identifier).await;
    assert_eq!(task["metadata"]["callback_status"], "delivered");
    for host in [
        "192.0.2.7",
        "[::ffff:192.0.2.7]",
        "[64:ff9b::c000:207]",
        "[fd12::1]",
    ] {
        is_refused(&app, &format!("http://{host}/a.mp3")).await;
    }
}

#[tokio::test]
async fn se4_each_attempt_to_deliver_is_checked_anew() {
    let mut app = TestApp::builder().on_one_port().start().await;
    let machine = Origin::start().await;
    let (identifier, n_before) = tried_once(&mut app, &machine).await;
    app.set("SSRF_PROTECTION_ENABLED", "true");
    app.restart().await;
    let metadata = settled(&app, &identifier).await["metadata"].clone();
    assert_eq!(metadata["callback_status"], "failed");
    assert_eq!(metadata["callback_attempts"], 3);
    assert_eq!(
        metadata["callback_error"],
        "the callback URL is not allowed: the host is not allowed"
    );
    assert_eq!(posts(&machine.log(), "/hook").len(), n_before);
}
