//! Ctrl-C: stop soon, and leave nothing half-written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, process, thread};

use crate::exit::Exit;

/// How long the work may take to end by itself after Ctrl-C.
const GRACE: Duration = Duration::from_millis(600);

/// Knows whether Ctrl-C was pressed, and which files are not whole.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    requested: AtomicBool,
    half_written: Mutex<BTreeSet<PathBuf>>,
}

impl Interrupt {
    /// Watches for Ctrl-C from now on: the first press asks the work to end and ends the process if it does not,
    /// the second ends the process at once.
    pub(crate) fn watch() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let watched = Arc::clone(&interrupt);
        let handler = move || {
            if watched.requested.swap(true, Ordering::SeqCst) {
                watched.leave();
            }
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                thread::sleep(GRACE);
                watched.leave();
            });
        };
        // Where it cannot be watched, Ctrl-C ends the process as it always does.
        let _ = ctrlc::set_handler(handler);
        interrupt
    }

    /// True once Ctrl-C was pressed.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Notes that `path` is not whole until the result is dropped.
    pub(crate) fn half_written(&self, path: &Path) -> HalfWritten<'_> {
        self.files().insert(path.to_owned());
        HalfWritten {
            interrupt: self,
            path: path.to_owned(),
        }
    }

    /// Ends the process; work that goes on in other threads cannot finish a file any more.
    fn leave(&self) -> ! {
        let files = self.files();
        for path in files.iter() {
            let _ = fs::remove_file(path);
        }
        process::exit(Exit::Interrupted as i32)
    }

    fn files(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.half_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file on its way; Ctrl-C removes it.
#[derive(Debug)]
pub(crate) struct HalfWritten<'a> {
    interrupt: &'a Interrupt,
    path: PathBuf,
}

impl Drop for HalfWritten<'_> {
    fn drop(&mut self) {
        self.interrupt.files().remove(&self.path);
    }
}
