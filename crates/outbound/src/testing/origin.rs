//! A scripted HTTP server on this machine.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::reply::Reply;

/// The longest that a test waits for something that should happen at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that answers as told, and remembers what it was asked. It stops when dropped.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<HashMap<String, VecDeque<Reply>>>,
    log: watch::Sender<Log>,
}

/// What happened at a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Connections that were accepted.
    pub connections: usize,
    /// Connections that are over.
    pub ended: usize,
    /// Requests, in order.
    pub requests: Vec<Request>,
    /// Bytes of bodies that the network took from the server.
    pub body_bytes: usize,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// The value of the header `name`, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Origin {
    /// Starts one on 127.0.0.1. Until told otherwise it answers 404.
    pub async fn start() -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), 0).await
    }

    /// Starts one on an address of this machine; port 0 is a free one.
    ///
    /// # Panics
    /// It is not free.
    pub async fn start_on(address: IpAddr, port: u16) -> Self {
        let listener = TcpListener::bind((address, port))
            .await
            .expect("it is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            log: watch::Sender::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            accepting,
        }
    }

    /// From now on `request`, such as `/a.mp3` or `POST /callback`, is answered by `reply`. The query plays no part.
    pub fn on(&self, request: &str, reply: Reply) -> &Self {
        self.on_each(request, [reply])
    }

    /// From now on `request` is answered by each of `replies` once, in this order, and by the last for ever.
    ///
    /// # Panics
    /// Never but after another panic.
    pub fn on_each(&self, request: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        let mut script = self.shared.script.lock().expect("no test panicked here");
        script.insert(request.into(), replies.into_iter().collect());
        drop(script);
        self
    }

    /// The URL of `path` here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What happened so far.
    pub fn log(&self) -> Log {
        self.shared.log.borrow().clone()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log().requests
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.log().connections
    }

    /// Waits until what happened is enough.
    ///
    /// # Panics
    /// It does not come.
    pub async fn until(&self, enough: impl FnMut(&Log) -> bool) -> Log {
        let mut log = self.shared.log.subscribe();
        let waited = tokio::time::timeout(PATIENCE, log.wait_for(enough)).await;
        waited
            .expect("it happens in time")
            .expect("the origin is alive")
            .clone()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // They end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.log.send_modify(|log| log.connections += 1);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // Clients that leave early are part of the tests.
            let _ = serve(stream, &shared).await;
            shared.log.send_modify(|log| log.ended += 1);
        });
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let reply = shared.reply_to(&request);
        let with_body = request.method != "HEAD";
        shared.log.send_modify(|log| log.requests.push(request));
        let sent = |n| shared.log.send_modify(|log| log.body_bytes += n);
        if !reply.send(&mut stream, with_body, sent).await? {
            break;
        }
    }
    Ok(())
}

impl Shared {
    fn reply_to(&self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        let mut script = self.script.lock().expect("no test panicked here");
        for key in [&format!("{} {path}", request.method), path] {
            let Some(replies) = script.get_mut(key) else {
                continue;
            };
            let reply = match replies.len() {
                0 | 1 => replies.front().cloned(),
                _ => replies.pop_front(),
            };
            return reply.unwrap_or_else(not_found);
        }
        not_found()
    }
}

fn not_found() -> Reply {
    Reply::status(404)
}

/// The next request; `None` at the end of the connection.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(String::from);
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let mut request = Request {
        method,
        path,
        headers: Vec::new(),
        body: Bytes::new(),
    };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let header = (name.to_ascii_lowercase(), value.trim().to_owned());
        request.headers.push(header);
    }
    let length = request.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    request.body = body.into();
    Ok(Some(request))
}
