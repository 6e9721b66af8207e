//! Delivers what lies in the outbox. Each message goes its own way: a slow receiver delays nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::clock::Timestamp;
use outbound::CallFailure;
use store::{Delivery, DeliveryOutcome, Event, StoreError};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use url::Url;

use crate::events::hear;
use crate::failpoint::Failpoint;
use crate::runner::Worker;

/// Without a word from the store, the outbox is looked at so often.
const GLANCE: Duration = Duration::from_secs(1);
/// A delivery's lease is so much longer than an attempt may take.
const MARGIN: Duration = Duration::from_secs(30);
/// Deliveries under way are waited for so long when the service stops; the others are made at the next start.
const PATIENCE: Duration = Duration::from_secs(5);
/// The wait before the second attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Delivers until the service stops.
pub(crate) async fn run(worker: Worker, stop: CancellationToken) {
    let mut events = worker.store.events();
    let places = Arc::new(Semaphore::new(worker.settings.callbacks.n_at_once));
    let deliveries = TaskTracker::new();
    let lease_time = worker.settings.callbacks.timeout + MARGIN;
    while !stop.is_cancelled() {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        match worker.store.claim_delivery(lease_time).await {
            Ok(Some(delivery)) => {
                worker.settings.failpoints.pass(Failpoint::DeliveryClaimed);
                let worker = worker.clone();
                deliveries.spawn(async move {
                    deliver(&worker, delivery).await;
                    drop(place);
                });
            }
            Ok(None) => wait(&worker, &mut events, &stop).await,
            Err(error) => {
                tracing::debug!(%error, "the outbox cannot be read now");
                wait(&worker, &mut events, &stop).await;
            }
        }
    }
    deliveries.close();
    let _ = tokio::time::timeout(PATIENCE, deliveries.wait()).await;
}

/// Returns when a message may be due, or the service stops.
async fn wait(worker: &Worker, events: &mut broadcast::Receiver<Event>, stop: &CancellationToken) {
    let next = worker.store.next_delivery_at().await.ok().flatten();
    let until_next = next.map_or(GLANCE, |at| at.since(worker.store.clock().now()));
    let queued = hear(events, |event| *event == Event::DeliveryQueued);
    tokio::select! {
        () = stop.cancelled() => {}
        _ = queued => {}
        () = tokio::time::sleep(until_next.min(GLANCE)) => {}
    }
}

/// One attempt, and what came of it.
async fn deliver(worker: &Worker, mut delivery: Delivery) {
    if worker.settings.callbacks.max_attempts == 0 {
        // None is made, so none is counted.
        delivery.attempt = 0;
    }
    let span = tracing::info_span!(
        "callback",
        task_id = %delivery.task,
        attempt = delivery.attempt,
        request_id = delivery.request_id.as_deref(),
    );
    async {
        let began = Instant::now();
        let Some(outcome) = attempt(worker, &delivery).await else {
            return;
        };
        worker.settings.failpoints.pass(Failpoint::Delivered);
        match &outcome {
            DeliveryOutcome::Delivered { status } => tracing::debug!(status, "callback delivered"),
            DeliveryOutcome::Failed {
                error, retry_at, ..
            } => {
                let gives_up = retry_at.is_none();
                tracing::warn!(error, gives_up, "callback not delivered");
            }
        }
        let recorded = worker
            .store
            .record_delivery(&delivery, &outcome, began.elapsed());
        if let Err(error) = recorded.await {
            // Its lease ends, and it is delivered once more: twice is better than never.
            tracing::error!(%error, "the outcome of a callback cannot be stored");
        }
    }
    .instrument(span)
    .await;
}

/// Sends the message; `None` if its task is gone, or the database.
async fn attempt(worker: &Worker, delivery: &Delivery) -> Option<DeliveryOutcome> {
    let settings = &worker.settings.callbacks;
    // The wait begins when the attempt has failed, which may take as long as the time-out.
    let failed = |status: Option<u16>, error: String| DeliveryOutcome::Failed {
        status,
        error,
        retry_at: next_attempt(
            delivery.attempt,
            settings.max_attempts,
            worker.store.clock().now(),
        ),
    };
    if settings.max_attempts == 0 {
        let error = "callbacks are switched off (CALLBACK_MAX_RETRIES=0)".to_owned();
        return Some(failed(None, error));
    }
    let body = match message(worker, delivery).await {
        Ok(body) => body?,
        Err(error) => {
            tracing::error!(%error, "a callback's task cannot be read");
            return None;
        }
    };
    let Ok(url) = Url::parse(&delivery.url) else {
        return Some(failed(None, "the URL cannot be used".to_owned()));
    };
    let headers = headers(worker, delivery, &body, worker.store.clock().now());
    match worker.outbound.post(&url, headers, body).await {
        Ok(answer) if (200..300).contains(&answer.status) => Some(DeliveryOutcome::Delivered {
            status: answer.status,
        }),
        Ok(answer) => {
            let status = answer.status;
            Some(failed(
                Some(status),
                format!("the receiver answered {status}"),
            ))
        }
        Err(CallFailure::NotAllowed(refusal)) => {
            let reason = format!("the callback URL is not allowed: {refusal}");
            Some(failed(None, reason))
        }
        Err(CallFailure::Unreachable(error)) => Some(failed(None, error)),
    }
}

/// What is sent: the task as its clients see it; `None` if it was deleted.
async fn message(worker: &Worker, delivery: &Delivery) -> Result<Option<Bytes>, StoreError> {
    let task = worker.store.find_task(delivery.task.as_str()).await?;
    let document = task.map(|task| task.document()).transpose()?;
    Ok(document.map(Bytes::from))
}

/// 1, 2, 4, … seconds after the attempts before; none after the last.
fn next_attempt(attempt: u32, max_attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let doublings = attempt.saturating_sub(1).min(12);
    (attempt < max_attempts).then(|| now.after(FIRST_WAIT * 2_u32.pow(doublings)))
}

/// What says which task the message is about, and, with a secret, that it comes from here.
fn headers(
    worker: &Worker,
    delivery: &Delivery,
    body: &Bytes,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let task = delivery.task.as_str();
    let mut headers = vec![("x-task-id", task.to_owned())];
    if let Some(request_id) = &delivery.request_id {
        headers.push(("x-request-id", request_id.clone()));
    }
    if let Some(signer) = &worker.settings.callbacks.signer {
        // The same for every attempt, so that a receiver knows a message it has.
        let id = format!("msg_{task}");
        let seconds = now.as_micros() / 1_000_000;
        match signer.sign(&id, seconds, body) {
            Ok(signature) => {
                headers.push(("webhook-id", id));
                headers.push(("webhook-timestamp", seconds.to_string()));
                headers.push(("webhook-signature", signature));
            }
            Err(error) => tracing::error!(%error, "a callback cannot be signed"),
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_made_after_one_two_and_four_seconds() {
        let now = Timestamp::from_micros(0);
        let wait = |attempt| Some(next_attempt(attempt, 4, now)?.since(now).as_secs());
        assert_eq!(
            [wait(1), wait(2), wait(3), wait(4)],
            [Some(1), Some(2), Some(4), None]
        );
        assert_eq!(next_attempt(1, 0, now), None);
    }
}
