//! Waits for what the store tells.

use store::Event;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// What was waited for.
    It,
    /// That some events were missed; it may have been among them.
    Gap,
}

/// Waits until the store tells something that `is_it`, or was not listened to for too long. Never returns once the store
/// is gone.
pub(crate) async fn hear(events: &mut Receiver<Event>, is_it: impl Fn(&Event) -> bool) -> Heard {
    loop {
        match events.recv().await {
            Ok(event) if is_it(&event) => return Heard::It,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return Heard::Gap,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;

    #[tokio::test]
    async fn others_are_passed_over_and_a_gap_is_told() {
        let (sender, mut events) = broadcast::channel(2);
        let is_delivery = |event: &Event| *event == Event::DeliveryQueued;
        sender.send(Event::TaskQueued).unwrap();
        sender.send(Event::DeliveryQueued).unwrap();
        assert_eq!(hear(&mut events, is_delivery).await, Heard::It);
        for _ in 0..3 {
            sender.send(Event::TaskQueued).unwrap();
        }
        assert_eq!(hear(&mut events, is_delivery).await, Heard::Gap);
    }
}
