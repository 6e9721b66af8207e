//! A client that sends exactly what it is told, and waits no longer than a test may.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(other, _)| other == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the error, which has both forms and an id.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        assert!(!body["detail"].is_null(), "{body}");
        assert_eq!(body["error"]["correlation_id"].as_str().unwrap().len(), 36);
        assert!(body["error"]["message"].is_string());
        body["error"]["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.code(), code, "{}", self.text());
        self
    }

    /// The name of the task that was accepted.
    #[track_caller]
    pub(crate) fn queued(self) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        let body = self.json();
        assert_eq!(body["message"], "Task queued");
        let identifier = body["identifier"].as_str().unwrap();
        let expected = format!(r#"{{"identifier":"{identifier}","message":"Task queued"}}"#);
        assert_eq!(self.text(), expected);
        identifier.to_owned()
    }

    /// Kind and place of each wrong value.
    #[track_caller]
    pub(crate) fn problems(&self) -> Vec<(String, String)> {
        assert_eq!(self.status, 422, "{}", self.text());
        let body = self.json();
        let problems = body["detail"].as_array().unwrap().iter();
        let told = |problem: &Value| {
            let kind = problem["type"].as_str().unwrap().to_owned();
            (kind, problem["loc"].to_string())
        };
        problems.map(told).collect()
    }
}

/// A connection on which anything can be sent.
#[derive(Debug)]
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends `bytes`; whether the other side took them all.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Reads until the other side closes.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        let _ = timeout(PATIENCE, read).await.expect("an answer in time");
        Answer::parse(&bytes)
    }

    /// What comes until the other side closes, whatever it is.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        let _ = timeout(PATIENCE, read).await.expect("an end in time");
        bytes
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn send(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut connection = Connection::open(address).await;
    let head = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.send(head.as_bytes()).await;
    connection.send(body).await;
    connection.answer().await
}
