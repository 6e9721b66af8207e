//! Moments in UTC, to the microsecond, and where "now" comes from.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where "now" comes from. It is passed to whoever needs it, so that tests move time by hand.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A moment in UTC, to the microsecond.
///
/// Written as `2026-11-22T11:08:33.754381Z`, always with six digits; read with any offset, or none for UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The moment `micros` microseconds after 1970, or the nearest that can be written.
    pub fn from_micros(micros: i64) -> Self {
        let nearest = if micros < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(jiff::Timestamp::from_microsecond(micros).unwrap_or(nearest))
    }

    /// Microseconds since 1970.
    pub fn as_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Seconds since 1970, with a fraction.
    pub fn as_unix_seconds(self) -> f64 {
        self.as_micros() as f64 / 1e6
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::from_micros(self.as_micros().saturating_add(micros(duration)))
    }

    /// The moment `duration` earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self::from_micros(self.as_micros().saturating_sub(micros(duration)))
    }

    /// The time since `earlier`; none if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.as_micros().saturating_sub(earlier.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time such as 2026-11-22T11:08:33.754381Z")]
pub struct NotATimestamp(pub String);

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let in_utc = || {
            let local = text.parse::<DateTime>().ok()?;
            TimeZone::UTC.to_timestamp(local).ok()
        };
        let moment = text.parse().ok().or_else(in_utc);
        moment
            .map(|moment: jiff::Timestamp| Self::from_micros(moment.as_microsecond()))
            .ok_or_else(|| NotATimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A clock that stands still until it is moved: for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_micros()))
    }

    /// Moves the hands on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(micros(duration), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_written_in_utc_with_six_digits() {
        for text in [
            "2026-11-22T11:08:33Z",
            "2026-11-22 11:08:33",
            "2026-11-22T12:08:33+01:00",
            "2026-11-22 11:08:33.000000",
        ] {
            assert_eq!(moment(text).to_string(), "2026-11-22T11:08:33.000000Z");
        }
        let finer = moment("2026-11-22T11:08:33.7543819Z");
        assert_eq!(finer.to_string(), "2026-11-22T11:08:33.754381Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn moments_are_as_far_apart_as_the_time_between() {
        let early = moment("2026-11-22T23:59:59.5Z");
        let late = early.after(Duration::from_millis(1500));
        assert_eq!(late.to_string(), "2026-11-23T00:00:01.000000Z");
        assert_eq!(late.since(early), Duration::from_millis(1500));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.before(Duration::from_millis(1500)), early);
        assert_eq!(
            Timestamp::from_micros(i64::MAX).after(Duration::MAX),
            Timestamp::from_micros(i64::MAX)
        );
    }

    #[test]
    fn a_manual_clock_moves_by_hand() {
        let clock = ManualClock::new(moment("2026-11-22T11:08:33Z"));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now(), moment("2026-11-22T11:08:35Z"));
    }
}
