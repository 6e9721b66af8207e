//! A panic ends the work on one file, not the process.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;

/// What the latest panic said; the hook that learns it runs before the panic is caught, perhaps on another thread.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics from printing; [`run`] reports them instead.
pub(crate) fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(describe(info));
    }));
}

/// Does `work`; a panic in it becomes a [`Failure`].
pub(crate) fn run<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = LAST_PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let what = what.unwrap_or_else(|| "a panic without words".to_owned());
        Err(
            Failure::new(Exit::Internal, format!("internal error: {what}"))
                .with_hint("this is a mistake in scriven; please report it with this message"),
        )
    })
}

/// Does all the work of a command that can be interrupted, and tells of its failure.
pub(crate) fn conclude(
    console: &Console,
    work: impl FnOnce(&Interrupt) -> Result<(), Failure>,
) -> Exit {
    let interrupt = Interrupt::watch();
    silence_panics();
    let outcome = run(|| work(&interrupt));
    if interrupt.is_requested() {
        return Exit::Interrupted;
    }
    console.conclude(outcome)
}

/// What a panic said, if that is a text.
pub(crate) fn message<'a>(info: &'a PanicHookInfo<'_>) -> Option<&'a str> {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// Message and place of a panic on one line.
fn describe(info: &PanicHookInfo) -> String {
    let message = message(info)
        .unwrap_or("a panic without words")
        .replace('\n', " ");
    match info.location() {
        Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_message_and_place() {
        silence_panics();
        let failure = run::<()>(|| panic!("index {} is\nwrong", 7)).unwrap_err();
        let _ = panic::take_hook();
        assert_eq!(failure.exit, Exit::Internal);
        assert!(
            failure
                .message
                .starts_with("internal error: index 7 is wrong ("),
            "{failure:?}"
        );
        assert!(failure.message.contains("guard.rs:"), "{failure:?}");
    }
}
