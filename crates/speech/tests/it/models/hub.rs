//! A small hub on the loopback address: real HTTP with ranges, and faults on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;
use sha1::{Digest, Sha1};

use super::places::sha256;

pub(crate) const COMMIT: &str = "5e7a1f0c0ffee5e7a1f0c0ffee5e7a1f0c0ffee0";

/// What the hub does wrong, and what it wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Bodies of this file end after so many bytes, this often, with the connection.
    pub(crate) break_off: Option<(&'static str, usize, usize)>,
    /// Bodies of this file stop after so many bytes and the connection stays open.
    pub(crate) stall: Option<(&'static str, usize)>,
    /// This file's bytes are not those that were announced.
    pub(crate) damaged: Option<&'static str>,
    /// Requests need this token.
    pub(crate) token: Option<&'static str>,
    /// Every request gets this status.
    pub(crate) status: Option<u16>,
}

/// A running hub with one repository, `owner/model`, also known as `Systran/faster-whisper-small`.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// Other revisions than `main`: name, commit, files.
    others: Vec<(String, String, BTreeMap<String, Vec<u8>>)>,
    rules: Rules,
    log: Vec<String>,
    stalled: Vec<TcpStream>,
}

impl Hub {
    pub(crate) fn start(files: &[(&str, &str)], rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            files: stored(files),
            others: Vec::new(),
            rules,
            log: Vec::new(),
            stalled: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { endpoint, state }
    }

    /// Gives the repository a branch or a tag beside `main`, whose files are those of `commit`.
    pub(crate) fn add_revision(&self, name: &str, commit: &str, files: &[(&str, &str)]) {
        let revision = (name.to_owned(), commit.to_owned(), stored(files));
        self.state.lock().unwrap().others.push(revision);
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        self.state.lock().unwrap().rules = rules;
    }

    /// Bodies asked for since the last call, as `file from byte`; probes for the length left out.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }
}

fn stored(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let bytes = |(name, content): &(&str, &str)| ((*name).to_owned(), content.as_bytes().to_vec());
    files.iter().map(bytes).collect()
}

impl State {
    /// The commit and the files of a revision, which may be a commit itself.
    fn at(&self, revision: &str) -> Option<(&str, &BTreeMap<String, Vec<u8>>)> {
        if ["main", COMMIT].contains(&revision) {
            return Some((COMMIT, &self.files));
        }
        let mut others = self.others.iter();
        let found = others.find(|(name, commit, _)| [name, commit].iter().any(|n| *n == revision));
        found.map(|(_, commit, files)| (commit.as_str(), files))
    }

    /// The files of the commit that `path` names, and the part of it behind the commit.
    fn in_commit<'a>(&self, path: &'a str) -> Option<(&BTreeMap<String, Vec<u8>>, &'a str)> {
        let others = self
            .others
            .iter()
            .map(|(_, commit, files)| (commit.as_str(), files));
        let mut commits = [(COMMIT, &self.files)].into_iter().chain(others);
        commits.find_map(|(commit, files)| {
            let (_, name) = path.split_once(&format!("/{commit}/"))?;
            Some((files, name))
        })
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(n) if n > 0 && !line.trim().is_empty() => lines.push(line.trim().to_owned()),
            _ => break,
        }
    }
    let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
        return;
    };
    let header = |name: &str| {
        let found = lines
            .iter()
            .find(|line| line.to_lowercase().starts_with(name));
        found.map(|line| line[name.len() + 1..].trim().to_owned())
    };
    let mut state = state.lock().unwrap();
    let wanted_token = state.rules.token.map(|token| format!("Bearer {token}"));
    let status = match state.rules.status {
        Some(status) => Some(status),
        None if wanted_token.is_some() && header("authorization") != wanted_token => Some(401),
        None if path.starts_with("/api/models/nobody/") => Some(404),
        None => None,
    };
    if let Some(status) = status {
        let head =
            format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        return;
    }
    if path.starts_with("/api/models/") {
        let (_, revision) = path.rsplit_once("/revision/").unwrap();
        let revision = revision.split('?').next().unwrap_or_default();
        let Some((commit, files)) = state.at(&revision.replace("%2F", "/")) else {
            let head = "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            return;
        };
        let body = listing(commit, files).to_string();
        let n_bytes = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {n_bytes}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        return;
    }
    // A file of the hub may lie in a folder; other sites have only files.
    let (files, name) = state.in_commit(path).unwrap_or_else(|| {
        let (_, name) = path.rsplit_once('/').unwrap();
        (&state.files, name)
    });
    let name = name.to_owned();
    let mut bytes = files[&name].clone();
    let etag = sha256(&bytes);
    if state.rules.damaged == Some(&*name) {
        bytes[0] ^= 1;
    }
    if lines[0].starts_with("HEAD") {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        return;
    }
    let range = header("range").unwrap_or_else(|| "bytes=0-".to_owned());
    let (start, end) = range
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let start: usize = start.parse().unwrap();
    if start >= bytes.len() {
        let head = "HTTP/1.1 416 Range\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        return;
    }
    let end = end.parse::<usize>().unwrap_or(bytes.len() - 1);
    let is_probe = range == "bytes=0-0";
    if !is_probe {
        state.log.push(format!("{name} from {start}"));
    }
    let head = format!(
        "HTTP/1.1 206 Partial\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{end}/{}\r\n\
         ETag: \"{etag}\"\r\nX-Repo-Commit: {COMMIT}\r\nConnection: close\r\n\r\n",
        end + 1 - start,
        bytes.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let body = &bytes[start..=end];
    if let Some((_, n_bytes, n_times)) = state
        .rules
        .break_off
        .as_mut()
        .filter(|(file, _, n_times)| !is_probe && *file == name && *n_times > 0)
    {
        *n_times -= 1;
        let n_bytes = (*n_bytes).min(body.len());
        stream.write_all(&body[..n_bytes]).unwrap();
    } else if let Some((_, n_bytes)) = state
        .rules
        .stall
        .filter(|(file, _)| !is_probe && *file == name)
    {
        stream.write_all(&body[..n_bytes.min(body.len())]).unwrap();
        state.stalled.push(stream);
    } else {
        stream.write_all(body).unwrap();
    }
}

/// As the real hub does it, large files have a SHA-256, and small ones what git calls them.
fn listing(commit: &str, files: &BTreeMap<String, Vec<u8>>) -> serde_json::Value {
    let siblings: Vec<_> = files
        .iter()
        .map(|(name, bytes)| {
            if [".json", ".txt"].iter().any(|end| name.ends_with(end)) {
                json!({"rfilename": name, "size": bytes.len(), "blobId": git_blob(bytes)})
            } else {
                let lfs = json!({"sha256": sha256(bytes), "size": bytes.len(), "pointerSize": 135});
                json!({"rfilename": name, "size": bytes.len(), "blobId": git_blob(b"a pointer"), "lfs": lfs})
            }
        })
        .collect();
    json!({"id": "owner/model", "sha": commit, "siblings": siblings})
}

/// What git calls a file with these bytes.
fn git_blob(bytes: &[u8]) -> String {
    let head = format!("blob {}\0", bytes.len());
    let sum = Sha1::digest([head.as_bytes(), bytes].concat());
    let hexadecimal = sum.iter().map(|byte| format!("{byte:02x}"));
    hexadecimal.collect::<Vec<_>>().concat()
}
