//! Answers that are given before the body of their request was read: the connection goes on, or says that it ends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestApi;

/// A request with a body of `n_bytes`, of which `n_sent` are sent before the answer is read.
struct Early<'a> {
    method: &'a str,
    path: &'a str,
    more: &'a str,
    n_bytes: usize,
    n_sent: usize,
}

impl Early<'_> {
    /// The head of the answer, and whether another request on the same connection is answered.
    async fn ask(&self, api: &TestApi) -> (String, bool) {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        let Self {
            method,
            path,
            more,
            n_bytes,
            ..
        } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: {n_bytes}\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The service may stop reading.
        let _ = stream.write_all(&vec![b'x'; self.n_sent]).await;
        let head = read_answer(&mut stream).await.unwrap();
        let next = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
        let is_sent = stream.write_all(next).await.is_ok();
        let after = read_answer(&mut stream).await;
        (
            head,
            is_sent && after.is_some_and(|head| head.starts_with("HTTP/1.1 200")),
        )
    }
}

/// The head of an answer, in lower case but for its first line; nothing if the connection ends.
async fn read_answer(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(head.to_owned());
            }
        }
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(&mut bytes));
        match read.await.expect("the answer comes") {
            Ok(n_read) if n_read > 0 => {}
            _ => return None,
        }
    }
}

fn says_close(head: &str) -> bool {
    head.to_ascii_lowercase().contains("\r\nconnection: close")
}

const EARLY: [(&str, &str, u16); 3] = [
    ("POST", "/nothing", 404),
    ("PUT", "/health", 405),
    ("POST", "/speech-to-text/", 307),
];

#[tokio::test]
async fn a_short_rest_of_a_body_is_read_and_the_connection_goes_on() {
    let api = TestApi::start().await;
    for (method, path, status) in EARLY {
        for n_bytes in [0, 1000, 300_000] {
            let early = Early {
                method,
                path,
                more: "",
                n_bytes,
                n_sent: n_bytes,
            };
            let (head, goes_on) = early.ask(&api).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(goes_on && !says_close(&head), "{n_bytes}: {head}");
        }
    }
}

#[tokio::test]
async fn a_long_rest_is_not_read_and_the_answer_says_that_the_connection_ends() {
    let api = TestApi::start().await;
    for (method, path, status) in EARLY {
        let early = Early {
            method,
            path,
            more: "",
            n_bytes: 30_000_000,
            n_sent: 500_000,
        };
        let (head, goes_on) = early.ask(&api).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(says_close(&head) && !goes_on, "{head}");
    }
}

#[tokio::test]
async fn a_rest_that_does_not_come_is_not_waited_for() {
    let api = TestApi::start().await;
    let early = Early {
        method: "POST",
        path: "/nothing",
        more: "",
        n_bytes: 1000,
        n_sent: 10,
    };
    let (head, goes_on) = early.ask(&api).await;
    assert!(says_close(&head) && !goes_on, "{head}");
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_not_asked_for_nothing() {
    let api = TestApi::start().await;
    let early = Early {
        method: "POST",
        path: "/nothing",
        more: "Expect: 100-continue\r\n",
        n_bytes: 1000,
        n_sent: 0,
    };
    let (head, _) = early.ask(&api).await;
    assert!(
        head.starts_with("HTTP/1.1 404 ") && says_close(&head),
        "{head}"
    );
}

#[tokio::test]
async fn a_body_that_was_read_leaves_the_connection_open() {
    let api = TestApi::start().await;
    let early = Early {
        method: "POST",
        path: "/service/combine",
        more: "",
        n_bytes: 10,
        n_sent: 10,
    };
    let (head, goes_on) = early.ask(&api).await;
    assert!(goes_on && !says_close(&head), "{head}");
}
