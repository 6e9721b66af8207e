//! What stands for the errors of the service, as far as forms have them.

/// Why a form is not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    BadRequest(&'static str),
    TimedOut,
    TooLarge { size: Option<u64>, max_size: u64 },
}
