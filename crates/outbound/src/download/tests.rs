//! Downloads from scripted servers.

mod limits;
mod names;
mod redirects;

use super::*;
use crate::client::Settings;
use crate::policy::Policy;
use crate::testing::{Names, Origin, Reply};

/// Long enough for this machine at its slowest.
const AMPLE: Duration = Duration::from_mins(1);

const MAX_BYTES: u64 = 256 * 1024;

const LIMITS: DownloadLimits = DownloadLimits {
    max_bytes: MAX_BYTES,
    connect_timeout: AMPLE,
    read_timeout: AMPLE,
    total_timeout: AMPLE,
};

type Outcome = Result<Downloaded, DownloadFailure<&'static str>>;

/// Keeps what it gets.
#[derive(Debug, Default)]
struct Collected(Vec<u8>);

impl Receiver for Collected {
    type Error = &'static str;

    async fn receive(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn settings(policy: Policy) -> Settings {
    Settings {
        policy,
        callback_timeout: AMPLE,
    }
}

fn extensions() -> Vec<String> {
    [".mp3", ".wav"].map(String::from).to_vec()
}

/// Downloads from anywhere, this machine included.
async fn download(url: &str, limits: DownloadLimits) -> (Outcome, Vec<u8>) {
    let outbound = Outbound::new(settings(Policy::off()));
    download_by(&outbound, url, limits).await
}

async fn download_by(outbound: &Outbound, url: &str, limits: DownloadLimits) -> (Outcome, Vec<u8>) {
    let mut collected = Collected::default();
    let outcome = outbound
        .download(url, &extensions(), limits, &mut collected)
        .await;
    (outcome, collected.0)
}

async fn outcome_of(url: &str) -> Outcome {
    download(url, LIMITS).await.0
}

fn failed(text: &str) -> Outcome {
    Err(DownloadFailure::Failed(text.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with an outcome")]
fn downloaded(file_name: &str, size_bytes: u64) -> Outcome {
    Ok(Downloaded {
        file_name: file_name.into(),
        size_bytes,
    })
}

#[tokio::test]
async fn a_recording_comes_whole_under_its_name() {
    let origin = Origin::start().await;
    let body: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    for reply in [
        Reply::ok(body.clone()),
        Reply::chunked(body.clone()),
        Reply::unsized_body(body.clone()),
    ] {
        origin.on("/dir/a%20b.mp3", reply);
        let (outcome, received) = download(&origin.url("/dir/a%20b.mp3?sig=1#t=3"), LIMITS).await;
        assert_eq!(outcome, downloaded("a_b.mp3", 200_000));
        assert_eq!(received, body);
    }
}

#[tokio::test]
async fn a_request_asks_for_plain_bytes_and_tells_nothing_else() {
    let origin = Origin::start().await;
    origin.on("/a.mp3", Reply::ok("sound"));
    outcome_of(&origin.url("/a.mp3?sig=1#part")).await.unwrap();
    let request = origin.requests().remove(0);
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/a.mp3?sig=1")
    );
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    assert_eq!(request.header("accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn an_answer_other_than_success_is_told_in_words() {
    let origin = Origin::start().await;
    for (status, text) in [
        (206, "the server answered 206 Partial Content"),
        (304, "the server answered 304 Not Modified"),
        (400, "the server answered 400 Bad Request"),
        (404, "the server answered 404 Not Found"),
        (503, "the server answered 503 Service Unavailable"),
        (599, "the server answered 599"),
    ] {
        let path = format!("/{status}.mp3");
        origin.on(&path, Reply::status(status));
        assert_eq!(outcome_of(&origin.url(&path)).await, failed(text));
    }
}

#[tokio::test]
async fn what_cannot_be_reached_fails_without_an_address() {
    let closed = {
        let origin = Origin::start().await;
        origin.url("/a.mp3")
    };
    assert_eq!(
        outcome_of(&closed).await,
        failed("no connection could be made")
    );
    let outbound = Outbound::with_names(settings(Policy::default()), &Names::new());
    let (outcome, _) = download_by(&outbound, "http://nowhere.test/a.mp3", LIMITS).await;
    assert_eq!(outcome, failed("the host could not be resolved"));
}

#[tokio::test]
async fn texts_that_are_no_url_or_not_of_the_web_are_not_allowed() {
    for text in [
        "",
        " ",
        "abc",
        "/etc/passwd",
        "http://",
        "https://?a.mp3",
        "//example.com/a.mp3",
        "http://exa mple.com/a.mp3",
        "http://example.com:99999/a.mp3",
        "http://[::1/a.mp3",
        "\0",
        "http://256.256.256.256/a.mp3",
    ] {
        assert_eq!(
            outcome_of(text).await,
            Err(DownloadFailure::NotAllowed(Refusal::NoHost)),
            "{text:?}"
        );
    }
    for (text, scheme) in [
        ("file:///etc/a.mp3", "file"),
        ("ftp://example.com/a.mp3", "ftp"),
        ("gopher://example.com/a.mp3", "gopher"),
        ("data:audio/mp3;base64,AAAA", "data"),
        ("C:\\a.mp3", "c"),
    ] {
        assert_eq!(
            outcome_of(text).await,
            Err(DownloadFailure::NotAllowed(Refusal::Scheme(scheme.into()))),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn metadata_of_a_cloud_under_the_name_of_a_recording_is_not_allowed() {
    let outbound = Outbound::new(settings(Policy::default()));
    let url = "http://169.254.169.254/latest/meta-data/a.mp3";
    let (outcome, _) = download_by(&outbound, url, LIMITS).await;
    assert_eq!(outcome, Err(DownloadFailure::NotAllowed(Refusal::Blocked)));
}

#[test]
fn a_download_can_move_between_threads() {
    fn is_send(_: impl Send) {}
    let outbound = Outbound::new(settings(Policy::default()));
    let mut collected = Collected::default();
    is_send(outbound.download("", &[], LIMITS, &mut collected));
}
