//! The thread that writes lines, and the queue before it.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::rotate::Rotating;

/// Lines that may wait: about a megabyte.
const N_WAITING: usize = 4096;

/// Where lines go.
pub(super) struct Outlets {
    /// Standard error.
    pub(super) console: Box<dyn Write + Send>,
    /// `app.log`.
    pub(super) app: Option<Rotating>,
    /// `audit.log`.
    pub(super) audit: Option<Rotating>,
    /// Makes a record of what the writer itself has to tell.
    pub(super) own_record: Box<dyn Fn(String) -> String + Send>,
}

/// A record as lines.
#[derive(Debug)]
pub(super) struct Line {
    /// For standard error and `app.log`.
    pub(super) main: Option<String>,
    /// For `audit.log`.
    pub(super) audit: Option<String>,
}

enum Message {
    Line(Line),
    Stop,
}

/// Takes lines, and never waits.
#[derive(Clone)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    n_dropped: Arc<AtomicU64>,
}

impl Queue {
    pub(super) fn push(&self, line: Line) {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Message::Line(line)) {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queue")
    }
}

/// Writes everything that was logged before it goes, or gives up where nobody takes it.
pub(crate) struct Guard {
    sender: SyncSender<Message>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
    /// How long it waits for a stuck outlet.
    pub(super) patience: Duration,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let deadline = Instant::now() + self.patience;
        let mut message = Message::Stop;
        while let Err(TrySendError::Full(unsent)) = self.sender.try_send(message) {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(Duration::from_millis(5));
            message = unsent;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        // It never gets anything: it ends with the thread, or with the time.
        let _ = self.ended.recv_timeout(left);
    }
}

/// Starts the thread; without one nothing is logged, and nothing else fails.
pub(super) fn spawn(outlets: Outlets) -> (Guard, Queue) {
    let (sender, receiver) = sync_channel(N_WAITING);
    let (running, ended) = sync_channel(0);
    let n_dropped = Arc::new(AtomicU64::new(0));
    let queue = Queue {
        sender: sender.clone(),
        n_dropped: n_dropped.clone(),
    };
    let work = move || {
        let _running = running;
        write_all(&receiver, outlets, &n_dropped);
    };
    // Should no thread start, its ends of the channels are gone, and all that is logged with them.
    let _ = thread::Builder::new().name("log".to_owned()).spawn(work);
    let guard = Guard {
        sender,
        ended,
        patience: Duration::from_secs(2),
    };
    (guard, queue)
}

fn write_all(receiver: &Receiver<Message>, mut outlets: Outlets, n_dropped: &AtomicU64) {
    let mut has_failed = false;
    while let Ok(mut message) = receiver.recv() {
        let (mut main, mut audit) = (String::new(), String::new());
        let mut is_last = false;
        // What waits is written at once, up to a size.
        loop {
            match message {
                Message::Line(line) => {
                    main.push_str(line.main.as_deref().unwrap_or_default());
                    audit.push_str(line.audit.as_deref().unwrap_or_default());
                }
                Message::Stop => is_last = true,
            }
            let is_enough = is_last || main.len() + audit.len() > 64 << 10;
            match receiver.try_recv() {
                Ok(next) if !is_enough => message = next,
                Ok(next) => {
                    outlets.write(&main, &audit, &mut has_failed);
                    (main, audit) = (String::new(), String::new());
                    message = next;
                }
                Err(_) => break,
            }
        }
        outlets.write(&main, &audit, &mut has_failed);
        outlets.tell_dropped(n_dropped.swap(0, Ordering::Relaxed));
        if is_last {
            return;
        }
    }
}

impl Outlets {
    fn write(&mut self, main: &str, audit: &str, has_failed: &mut bool) {
        // Where standard error is gone there is nobody left to tell.
        let _ = self.console.write_all(main.as_bytes());
        let _ = self.console.flush();
        let files = [(&mut self.app, main), (&mut self.audit, audit)];
        let written: Vec<io::Result<()>> = files
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .filter_map(|(file, lines)| Some(file.as_mut()?.write(lines.as_bytes())))
            .collect();
        let error = written.into_iter().find_map(Result::err);
        if let Some(error) = &error
            && !*has_failed
        {
            self.tell(format!("cannot write logs in LOGS_DIR: {error}"));
        }
        *has_failed = error.is_some();
    }

    fn tell_dropped(&mut self, n_dropped: u64) {
        if n_dropped > 0 {
            self.tell(format!(
                "{n_dropped} log records were dropped, for writing took too long"
            ));
        }
    }

    fn tell(&mut self, message: String) {
        let line = (self.own_record)(message);
        let _ = self.console.write_all(line.as_bytes());
    }
}
