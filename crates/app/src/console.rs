//! What people see on standard error: failures, notes, and progress on a terminal.

mod progress;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

pub(crate) use self::progress::{Progress, clock};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;

/// Standard error, and how much of it the person wants.
#[derive(Debug)]
pub(crate) struct Console {
    is_quiet: bool,
    is_terminal: bool,
    /// The bar that lines must not run into; hidden while there is none.
    bar: Mutex<ProgressBar>,
}

impl Console {
    /// With `is_quiet` only failures are shown.
    pub(crate) fn new(is_quiet: bool) -> Self {
        Self {
            is_quiet,
            is_terminal: io::stderr().is_terminal(),
            bar: Mutex::new(ProgressBar::hidden()),
        }
    }

    /// `scriven: message`, and the hint below it.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.print_failure("", failure);
    }

    /// The exit code that `outcome` leads to; a failure is told.
    pub(crate) fn conclude<T>(&self, outcome: Result<T, Failure>) -> Exit {
        match outcome {
            Ok(_) => Exit::Ok,
            Err(failure) => {
                self.failure(&failure);
                failure.exit
            }
        }
    }

    /// `scriven: FILE: message`, and the hint below it.
    pub(crate) fn file_failure(&self, file: &str, failure: &Failure) {
        self.print_failure(&format!("{file}: "), failure);
    }

    /// Something worth knowing that is no failure.
    pub(crate) fn note(&self, note: &str) {
        if !self.is_quiet {
            self.line(&format!("note: {note}"));
        }
    }

    /// What was done, for a person who watches; pipes and log files are spared.
    pub(crate) fn summary(&self, summary: &str) {
        if self.shows_progress() {
            self.line(summary);
        }
    }

    /// Follows the work on what `label` names until the result is dropped.
    pub(crate) fn follow<'a>(&self, label: &str, interrupt: &'a Interrupt) -> Progress<'a> {
        let progress = Progress::new(label, interrupt, self.shows_progress());
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = progress.bar();
        progress
    }

    fn shows_progress(&self) -> bool {
        self.is_terminal && !self.is_quiet
    }

    fn print_failure(&self, subject: &str, failure: &Failure) {
        self.line(&format!("scriven: {subject}{}", failure.message));
        if let Some(hint) = &failure.hint {
            self.line(&format!("hint: {hint}"));
        }
    }

    fn line(&self, text: &str) {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        bar.suspend(|| {
            // Where standard error is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "{text}");
        });
    }
}
