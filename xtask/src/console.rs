//! Words to whoever waits.

/// Says on standard error how far a command is.
#[expect(clippy::print_stderr, reason = "nobody waits in the dark")]
pub(crate) fn say(command: &str, text: &str) {
    eprintln!("{command}: {text}");
}
