//! Redirects: each target passes the same door.

use super::*;
use crate::testing::Log;

/// May call 127.0.0.1 but not 127.0.0.2.
fn guarded(names: &Names) -> Outbound {
    let policy = Policy {
        blocked_networks: vec!["127.0.0.2/32".parse().unwrap()],
        ..Policy::default()
    };
    Outbound::with_names(settings(policy), names)
}

fn paths(log: &Log) -> Vec<&str> {
    log.requests.iter().map(|request| &*request.path).collect()
}

#[tokio::test]
async fn redirects_are_followed_to_the_recording() {
    for status in [301, 302, 303, 307, 308] {
        let origin = Origin::start().await;
        let reply = Reply::status(status).header("Location", "../there/b.wav?x=1#y");
        origin
            .on("/here/a.mp3", reply)
            .on("/there/b.wav", Reply::ok("sound"));
        let outcome = outcome_of(&origin.url("/here/a.mp3")).await;
        assert_eq!(outcome, downloaded("b.wav", 5));
        assert_eq!(paths(&origin.log()), ["/here/a.mp3", "/there/b.wav?x=1"]);
        assert_eq!(origin.connections(), 2);
    }
}

#[tokio::test]
async fn the_first_url_names_what_the_last_does_not() {
    let origin = Origin::start().await;
    origin
        .on("/a.mp3", Reply::redirect("/blob/8f3a.bin"))
        .on("/blob/8f3a.bin", Reply::ok("sound"));
    let outcome = outcome_of(&origin.url("/a.mp3")).await;
    assert_eq!(outcome, downloaded("a.mp3", 5));
}

#[tokio::test]
async fn tg3_ten_redirects_are_followed_and_eleven_not() {
    let origin = Origin::start().await;
    for n in 1..=11 {
        let next = format!("/{}.mp3", n - 1);
        origin.on(&format!("/{n}.mp3"), Reply::redirect(&next));
    }
    origin.on("/0.mp3", Reply::ok("sound"));
    let outcome = outcome_of(&origin.url("/10.mp3")).await;
    assert_eq!(outcome, downloaded("0.mp3", 5));
    let outcome = outcome_of(&origin.url("/11.mp3")).await;
    assert_eq!(outcome, failed("the server redirects too often"));
    assert_eq!(origin.requests().len(), 22);
}

#[tokio::test]
async fn tg3_a_circle_is_left() {
    let origin = Origin::start().await;
    origin
        .on("/a.mp3", Reply::redirect("/b.mp3"))
        .on("/b.mp3", Reply::redirect("/a.mp3#again"))
        .on("/self.mp3", Reply::redirect("/self.mp3"));
    for (path, n_requests) in [("/a.mp3", 2), ("/self.mp3", 3)] {
        let outcome = outcome_of(&origin.url(path)).await;
        assert_eq!(outcome, failed("the server redirects in a circle"));
        assert_eq!(origin.requests().len(), n_requests);
    }
}

#[tokio::test]
async fn a_redirect_to_nowhere_fails() {
    let origin = Origin::start().await;
    let nowhere = "the server redirects to nowhere";
    for reply in [
        Reply::status(302),
        Reply::redirect("http://"),
        Reply::redirect("http://[::1/a.mp3"),
        Reply::status(302).header("Location", b"/\xff.mp3"),
    ] {
        origin.on("/a.mp3", reply);
        let outcome = outcome_of(&origin.url("/a.mp3")).await;
        assert_eq!(outcome, failed(nowhere));
    }
}

#[tokio::test]
async fn tg3_a_redirect_out_of_the_web_is_not_allowed() {
    let origin = Origin::start().await;
    for (location, scheme) in [
        ("file:///etc/a.mp3", "file"),
        ("ftp://example.com/a.mp3", "ftp"),
        ("data:audio/mp3,AAAA", "data"),
    ] {
        origin.on("/a.mp3", Reply::redirect(location));
        let outcome = outcome_of(&origin.url("/a.mp3")).await;
        assert_eq!(
            outcome,
            Err(DownloadFailure::NotAllowed(Refusal::Scheme(scheme.into())))
        );
    }
}

#[tokio::test]
async fn tg3_a_redirect_to_a_blocked_address_is_not_connected_to() {
    let start = Origin::start().await;
    let port = start.address().port();
    let inside = Origin::start_on([127, 0, 0, 2].into(), port).await;
    inside.on("/a.mp3", Reply::ok("secret"));
    let names = Names::new()
        .answer("inside.test", &["127.0.0.2"])
        .answer("mixed.test", &["127.0.0.1", "127.0.0.2"])
        .answer("changing.test", &["127.0.0.1"])
        .answer("changing.test", &["127.0.0.2"]);
    let outbound = guarded(&names);
    for host in [
        "127.0.0.2",
        "2130706434",
        "[::ffff:127.0.0.2]",
        "[64:ff9b::127.0.0.2]",
        "inside.test",
        "mixed.test",
    ] {
        let path = format!("/{host}.mp3");
        let location = format!("http://{host}:{port}/a.mp3");
        start.on(&path, Reply::redirect(&location));
        let url = start.url(&path);
        let (outcome, _) = download_by(&outbound, &url, LIMITS).await;
        assert_eq!(
            outcome,
            Err(DownloadFailure::NotAllowed(Refusal::Blocked)),
            "{host}"
        );
    }

    // The name of the first hop says something else at the second.
    start.on("/turn.mp3", Reply::redirect("/a.mp3"));
    let url = format!("http://changing.test:{port}/turn.mp3");
    let (outcome, _) = download_by(&outbound, &url, LIMITS).await;
    assert_eq!(outcome, Err(DownloadFailure::NotAllowed(Refusal::Blocked)));

    // Nothing came before this.
    assert_eq!(inside.connections(), 0);
    outcome_of(&inside.url("/a.mp3")).await.unwrap();
    assert_eq!(inside.connections(), 1);
}

#[tokio::test]
async fn a_password_and_cookies_do_not_go_to_other_hosts() {
    let start = Origin::start().await;
    let other = Origin::start().await;
    let turn = Reply::redirect("/b.mp3").header("Set-Cookie", "a=1; Path=/");
    start
        .on("/a.mp3", turn)
        .on("/b.mp3", Reply::redirect(&other.url("/c.mp3")));
    other.on("/c.mp3", Reply::ok("sound"));
    let url = format!("http://user:secret@{}/a.mp3", start.address());

    outcome_of(&url).await.unwrap();

    let basic = Some("Basic dXNlcjpzZWNyZXQ=");
    let requests = start.requests();
    assert!(
        (requests.iter()).all(|request| request.header("authorization") == basic),
        "{requests:?}"
    );
    let cookies: Vec<_> = (requests.iter())
        .map(|request| request.header("cookie"))
        .collect();
    assert_eq!(cookies, [None, Some("a=1")]);
    let request = other.requests().remove(0);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("cookie"), None);
    assert_eq!(request.header("referer"), None);
}

#[tokio::test]
async fn a_redirect_to_the_same_url_that_sets_a_cookie_is_followed_once() {
    let origin = Origin::start().await;
    let door = Reply::redirect("/a.mp3").header("Set-Cookie", "seen=yes; Path=/; Max-Age=60");
    let sound = Reply::ok("sound");
    origin.on_each("/a.mp3", [door.clone(), sound.clone(), door, sound]);
    let outcome = outcome_of(&origin.url("/a.mp3")).await;
    assert_eq!(outcome, downloaded("a.mp3", 5));
    let outcome = outcome_of(&origin.url("/a.mp3")).await;
    assert_eq!(outcome, downloaded("a.mp3", 5));
    let requests = origin.requests();
    let cookies: Vec<_> = (requests.iter())
        .map(|request| request.header("cookie"))
        .collect();
    assert_eq!(
        cookies,
        [None, Some("seen=yes"), None, Some("seen=yes")],
        "each download by itself"
    );

    // One that is never content is left.
    origin.on(
        "/b.mp3",
        Reply::redirect("/b.mp3").header("Set-Cookie", "seen=yes"),
    );
    let outcome = outcome_of(&origin.url("/b.mp3")).await;
    assert_eq!(outcome, failed("the server redirects in a circle"));
    assert_eq!(origin.requests().len(), 6);
}
