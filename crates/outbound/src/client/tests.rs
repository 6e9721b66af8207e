//! Probes of scripted receivers, and messages to them.

use super::*;
use crate::testing::{Gate, Names, Origin, Reply};

/// Long enough for this machine at its slowest.
const AMPLE: Duration = Duration::from_mins(1);

/// For tests that wait for the end of it.
const SHORT: Duration = Duration::from_millis(200);

fn settings(policy: Policy, callback_timeout: Duration) -> Settings {
    Settings {
        policy,
        callback_timeout,
    }
}

/// May call this machine.
fn unguarded(callback_timeout: Duration) -> Outbound {
    Outbound::new(settings(Policy::off(), callback_timeout))
}

/// May call 127.0.0.1, and not 127.0.0.2 or 10.0.0.1.
fn guarded(names: &Names) -> Outbound {
    let policy = Policy {
        blocked_networks: ["127.0.0.2/32", "10.0.0.0/8"]
            .map(|network| network.parse().unwrap())
            .to_vec(),
        ..Policy::default()
    };
    Outbound::with_names(settings(policy, AMPLE), names)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

async fn post(outbound: &Outbound, to: &str) -> Result<Answer, CallFailure> {
    outbound.post(&url(to), vec![], Bytes::from("{}")).await
}

/// Connections are counted in the order in which they come, so after one more it is certain how many came before.
async fn connections_before_now(origin: &Origin) -> usize {
    origin.on("/now", Reply::status(200));
    let now = unguarded(AMPLE).probe(&url(&origin.url("/now"))).await;
    assert_eq!(now, Ok(()));
    origin.connections() - 1
}

#[tokio::test]
async fn statement_33_a_probe_accepts_what_is_below_400_and_405() {
    let origin = Origin::start().await;
    let outbound = unguarded(AMPLE);
    for (status, accepted) in [
        (200, true),
        (201, true),
        (204, true),
        (301, true),
        (302, true),
        (304, true),
        (405, true),
        (400, false),
        (401, false),
        (404, false),
        (429, false),
        (500, false),
        (501, false),
        (502, false),
        (799, false),
    ] {
        let path = format!("/{status}");
        origin.on(&path, Reply::status(status));
        let outcome = outbound.probe(&url(&origin.url(&path))).await;
        assert_eq!(outcome.is_ok(), accepted, "{status}");
        if let Err(failure) = outcome {
            let text = failure.to_string();
            assert!(text.starts_with(&format!("the server answered {status}")));
        }
    }
}

#[tokio::test]
async fn a_probe_is_one_head_that_follows_no_redirect() {
    let origin = Origin::start().await;
    origin.on("/callback", Reply::redirect("/elsewhere"));
    let outbound = unguarded(AMPLE);

    let probed = outbound
        .probe(&url(&origin.url("/callback?a=1#part")))
        .await;

    assert_eq!(probed, Ok(()));
    let requests = origin.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "HEAD");
    assert_eq!(requests[0].path, "/callback?a=1");
}

#[tokio::test]
async fn what_does_not_answer_is_unreachable() {
    let origin = Origin::start().await;
    origin
        .on("/silent", Reply::silence())
        .on("/gone", Reply::hang_up())
        .on("/strange", Reply::raw("220 mail.test ESMTP\r\n"))
        .on("/endless", Reply::raw(vec![b'x'; 4 << 20]))
        .on(
            "/talkative",
            Reply::status(200).header("X-Large", vec![b'x'; 4 << 20]),
        );
    let closed = {
        let origin = Origin::start().await;
        origin.url("/")
    };
    let secure = format!("https://{}/", origin.address());
    let lost = "the connection was lost before the answer was complete";
    for (to, text) in [
        (origin.url("/silent"), "no answer came in time"),
        (origin.url("/gone"), lost),
        (origin.url("/strange"), lost),
        (origin.url("/endless"), lost),
        (origin.url("/talkative"), lost),
        (closed, "no connection could be made"),
        (secure, "no connection could be made"),
        (
            origin.url(&format!("/{}", "a".repeat(70_000))),
            "the request could not be written",
        ),
    ] {
        let timeout = if to.ends_with("silent") { SHORT } else { AMPLE };
        let outbound = unguarded(timeout);
        assert_eq!(
            outbound.probe(&url(&to)).await,
            Err(CallFailure::Unreachable(text.into())),
            "{to:.60}"
        );
        assert_eq!(
            post(&outbound, &to).await,
            Err(CallFailure::Unreachable(text.into())),
            "{to:.60}"
        );
    }
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_unreachable_whether_the_policy_is_on_or_off() {
    for policy in [Policy::default(), Policy::off()] {
        let outbound = Outbound::with_names(settings(policy, AMPLE), &Names::new());
        assert_eq!(
            outbound.probe(&url("http://nowhere.test/callback")).await,
            Err(CallFailure::Unreachable(
                "the host could not be resolved".into()
            ))
        );
    }
}

#[tokio::test]
async fn a_look_up_that_hangs_ends_with_the_time_out() {
    let names = Names::new().silence("slow.test");
    let outbound = Outbound::with_names(settings(Policy::default(), SHORT), &names);
    assert_eq!(
        post(&outbound, "http://slow.test/callback").await,
        Err(CallFailure::Unreachable("no answer came in time".into()))
    );
}

#[tokio::test]
async fn a_message_is_sent_with_these_headers_and_no_others() {
    let origin = Origin::start().await;
    origin.on("POST /callback", Reply::status(204));
    let outbound = unguarded(AMPLE);

    let answer = outbound
        .post(
            &url(&origin.url("/callback?a=1#part")),
            vec![("x-task-id", "7".into())],
            Bytes::from(r#"{"status":"completed"}"#),
        )
        .await;

    assert_eq!(answer, Ok(Answer { status: 204 }));
    let requests = origin.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].path, "/callback?a=1");
    assert_eq!(requests[0].body, r#"{"status":"completed"}"#);
    let mut headers = requests[0].headers.clone();
    headers.sort();
    let expected = [
        ("accept", "*/*"),
        ("content-length", "22"),
        ("content-type", "application/json"),
        ("host", &origin.address().to_string()),
        ("user-agent", USER_AGENT),
        ("x-task-id", "7"),
    ];
    assert_eq!(
        headers,
        expected.map(|(name, value)| (name.into(), value.into()))
    );
}

#[tokio::test]
async fn any_answer_to_a_message_is_returned_and_no_redirect_followed() {
    let origin = Origin::start().await;
    let outbound = unguarded(AMPLE);
    for status in [200, 202, 301, 307, 404, 500] {
        let path = format!("/{status}");
        origin.on(&path, Reply::status(status).header("Location", "/other"));
        assert_eq!(
            post(&outbound, &origin.url(&path)).await,
            Ok(Answer { status })
        );
    }
    assert_eq!(origin.requests().len(), 6);
}

#[tokio::test]
async fn the_body_of_an_answer_is_not_read() {
    let origin = Origin::start().await;
    origin
        .on("/endless", Reply::endless())
        .on("/short", Reply::declaring(1000, "short"))
        .on("/late", Reply::ok("late").body_after(&Gate::new()));
    for path in ["/endless", "/short", "/late"] {
        assert_eq!(
            post(&unguarded(AMPLE), &origin.url(path)).await,
            Ok(Answer { status: 200 })
        );
    }
    origin.until(|log| log.ended == 3).await;
}

#[tokio::test]
async fn each_request_has_a_connection_of_its_own() {
    let origin = Origin::start().await;
    origin.on("/callback", Reply::ok("{\"ok\":true}"));
    let outbound = unguarded(AMPLE);
    let to = origin.url("/callback");

    outbound.probe(&url(&to)).await.unwrap();
    post(&outbound, &to).await.unwrap();
    post(&outbound, &to).await.unwrap();

    let log = origin.until(|log| log.ended == 3).await;
    assert_eq!(log.connections, 3);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_ends() {
    let origin = Origin::start().await;
    origin.on("/silent", Reply::silence());
    let outbound = unguarded(AMPLE);
    let to = origin.url("/silent");

    tokio::select! {
        _ = post(&outbound, &to) => panic!("nothing answers"),
        _ = origin.until(|log| log.requests.len() == 1) => {}
    }

    origin.until(|log| log.ended == 1).await;
}

#[tokio::test]
async fn a_time_out_ends_the_connection() {
    let origin = Origin::start().await;
    origin.on("/silent", Reply::silence());
    post(&unguarded(SHORT), &origin.url("/silent"))
        .await
        .unwrap_err();
    origin.until(|log| log.ended == log.connections).await;
}

#[tokio::test]
async fn se4_no_spelling_of_this_machine_is_connected_to() {
    let origin = Origin::start_on([0, 0, 0, 0].into(), 0).await;
    let outbound = Outbound::new(settings(Policy::default(), AMPLE));
    let port = origin.address().port();
    for host in [
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0.0.0.0",
        "0.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
    ] {
        let to = format!("http://{host}:{port}/now");
        let probed = outbound.probe(&url(&to)).await;
        assert_eq!(
            probed,
            Err(CallFailure::NotAllowed(Refusal::Blocked)),
            "{host}"
        );
        let posted = post(&outbound, &to).await;
        assert_eq!(
            posted,
            Err(CallFailure::NotAllowed(Refusal::Blocked)),
            "{host}"
        );
        assert_eq!(posted.unwrap_err().to_string(), "the host is not allowed");
    }
    assert_eq!(connections_before_now(&origin).await, 0);
}

#[tokio::test]
async fn se4_a_name_with_one_address_that_is_not_public_is_not_connected_to() {
    let origin = Origin::start().await;
    let port = origin.address().port();
    for addresses in [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]] {
        let names = Names::new().answer("mixed.test", &addresses);
        let to = format!("http://mixed.test:{port}/");
        assert_eq!(
            guarded(&names).probe(&url(&to)).await,
            Err(CallFailure::NotAllowed(Refusal::Blocked))
        );
        assert_eq!(
            post(&guarded(&names), &to).await,
            Err(CallFailure::NotAllowed(Refusal::Blocked))
        );
    }
    assert_eq!(connections_before_now(&origin).await, 0);
}

#[tokio::test]
async fn se4_a_name_that_changes_is_checked_each_time_and_never_between() {
    let allowed = Origin::start().await;
    allowed.on("/callback", Reply::status(200));
    let port = allowed.address().port();
    let forbidden = Origin::start_on([127, 0, 0, 2].into(), port).await;
    let names = Names::new()
        .answer("changing.test", &["127.0.0.1"])
        .answer("changing.test", &["127.0.0.2"]);
    let outbound = guarded(&names);
    let to = format!("http://changing.test:{port}/callback");

    // One look-up: what was checked is what is connected to.
    assert_eq!(post(&outbound, &to).await, Ok(Answer { status: 200 }));
    assert_eq!(names.asked(), ["changing.test"]);
    let host = allowed.requests()[0].header("host").unwrap().to_owned();
    assert_eq!(host, format!("changing.test:{port}"));

    assert_eq!(
        post(&outbound, &to).await,
        Err(CallFailure::NotAllowed(Refusal::Blocked))
    );
    assert_eq!(names.asked().len(), 2);
    assert_eq!(connections_before_now(&forbidden).await, 0);
    assert_eq!(allowed.connections(), 1);
}

#[tokio::test]
async fn an_allowed_host_is_called_where_it_is() {
    let origin = Origin::start().await;
    origin.on("/callback", Reply::status(200));
    let port = origin.address().port();
    let policy = Policy {
        allowed_hosts: vec!["receiver.test".into(), "127.0.0.1".into()],
        ..Policy::default()
    };
    let names = Names::new()
        .answer("receiver.test", &["127.0.0.1"])
        .answer("other.test", &["127.0.0.1"]);
    let outbound = Outbound::with_names(settings(policy, AMPLE), &names);
    for (host, outcome) in [
        ("receiver.test", Ok(())),
        ("127.0.0.1", Ok(())),
        ("other.test", Err(CallFailure::NotAllowed(Refusal::Blocked))),
    ] {
        let to = format!("http://{host}:{port}/callback");
        assert_eq!(outbound.probe(&url(&to)).await, outcome, "{host}");
    }
}

#[tokio::test]
async fn a_scheme_that_is_not_allowed_is_not_called() {
    let origin = Origin::start().await;
    let policy = Policy {
        allowed_schemes: vec!["https".into()],
        allowed_hosts: vec!["127.0.0.1".into()],
        ..Policy::default()
    };
    let outbound = Outbound::new(settings(policy, AMPLE));
    assert_eq!(
        outbound.probe(&url(&origin.url("/"))).await,
        Err(CallFailure::NotAllowed(Refusal::Scheme("http".into())))
    );
    assert_eq!(connections_before_now(&origin).await, 0);
}

#[tokio::test]
async fn a_user_and_a_password_are_sent_but_not_told() {
    let origin = Origin::start().await;
    origin.on("/callback", Reply::status(500));
    let to = format!("http://user:secret@{}/callback", origin.address());

    let failure = unguarded(AMPLE).probe(&url(&to)).await.unwrap_err();

    assert_eq!(
        failure.to_string(),
        "the server answered 500 Internal Server Error"
    );
    let requests = origin.requests();
    assert_eq!(
        requests[0].header("authorization"),
        Some("Basic dXNlcjpzZWNyZXQ=")
    );
    assert_eq!(requests[0].path, "/callback");
}

#[tokio::test]
async fn a_header_that_cannot_be_written_is_not_sent() {
    let origin = Origin::start().await;
    let outbound = unguarded(AMPLE);
    let posted = outbound
        .post(
            &url(&origin.url("/")),
            vec![("x-task-id", "7\r\nX-Other: 8".into())],
            Bytes::new(),
        )
        .await;
    assert_eq!(
        posted,
        Err(CallFailure::Unreachable(
            "the request could not be written".into()
        ))
    );
    assert_eq!(connections_before_now(&origin).await, 0);
}

/// Runs itself once more as a process that has a proxy, for the environment of this one must not change.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    const TARGET: &str = "OUTBOUND_TEST_TARGET";
    if let Ok(target) = std::env::var(TARGET) {
        assert_eq!(unguarded(AMPLE).probe(&url(&target)).await, Ok(()));
        return;
    }
    let proxy = Origin::start().await;
    let origin = Origin::start().await;
    origin.on("/callback", Reply::status(200));
    let program = std::env::current_exe().unwrap();
    let status = tokio::task::spawn_blocking({
        let (proxy, target) = (proxy.url("/"), origin.url("/callback"));
        move || {
            std::process::Command::new(program)
                .args([
                    "--exact",
                    "client::tests::proxies_of_the_environment_are_not_used",
                ])
                .env(TARGET, target)
                .envs(
                    ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
                        .map(|name| (name, &proxy)),
                )
                .env_remove("NO_PROXY")
                .env_remove("no_proxy")
                .output()
        }
    });
    let output = status.await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(origin.connections(), 1);
    assert_eq!(connections_before_now(&proxy).await, 0);
}
