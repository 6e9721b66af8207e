//! Places where a process can be made to die, to show that nothing is lost there.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::words::words;

words! {
    /// A place between two steps of a task.
    pub enum Failpoint {
        /// A task was claimed; nothing was computed.
        Claimed = "claimed",
        /// A stage has ended, and others follow.
        StageEnded = "stage_ended",
        /// The result is there; nothing was stored.
        Computed = "computed",
        /// The result and the message to the callback are stored; the recording is still there.
        Stored = "stored",
        /// A message was taken from the outbox; nothing was sent.
        DeliveryClaimed = "delivery_claimed",
        /// The message was sent; that was not stored.
        Delivered = "delivered",
    }
}

/// The text is no place and number such as `computed:3`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a place and a number such as 'computed:3'; places are claimed, stage_ended, computed, stored, delivery_claimed, delivered"
)]
pub struct UnknownFailpoint(pub String);

/// Where and when the process dies, if it does.
#[derive(Debug, Default)]
pub struct Failpoints(Option<(Failpoint, AtomicU32)>);

impl Failpoints {
    /// The process goes by `here`; it may be the last it does.
    pub(crate) fn pass(&self, here: Failpoint) {
        let Some((place, left)) = &self.0 else {
            return;
        };
        if *place == here && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // As a kill would: nothing is cleaned up.
            std::process::abort();
        }
    }
}

impl FromStr for Failpoints {
    type Err = UnknownFailpoint;

    /// Reads a place and which passing is the last, such as `computed:3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownFailpoint(text.to_owned());
        let (place, passing) = text.split_once(':').ok_or_else(unknown)?;
        let place = place.parse().map_err(|_| unknown())?;
        let passing: u32 = passing.parse().map_err(|_| unknown())?;
        Ok(Self(Some((place, AtomicU32::new(passing)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failpoint_is_a_place_and_a_number() {
        assert!("computed:3".parse::<Failpoints>().is_ok());
        for wrong in ["computed", "computed:x", "nowhere:1", ""] {
            assert!(wrong.parse::<Failpoints>().is_err(), "{wrong}");
        }
        Failpoints::default().pass(Failpoint::Computed);
    }
}
