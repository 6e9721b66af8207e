//! The system's clock. All other rooms are given it.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::clock::{Clock, Timestamp};

/// What the system says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.map(|since| since.as_micros()).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}
