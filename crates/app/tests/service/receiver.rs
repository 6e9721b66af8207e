//! Receivers of callbacks, and what they were told.

use outbound::testing::{Log, Origin, Reply, Request};
use serde_json::Value;

use crate::app::TestApp;
use crate::audio::tone;

/// A receiver at `/hook` that answers one message after the other with `posts`, and the last answer for ever.
pub(crate) async fn receiver(posts: impl IntoIterator<Item = Reply>) -> Origin {
    let receiver = Origin::start().await;
    hook(&receiver, "/hook", posts);
    receiver
}

/// One more hook at a receiver.
pub(crate) fn hook(receiver: &Origin, path: &str, posts: impl IntoIterator<Item = Reply>) {
    receiver.on(&format!("HEAD {path}"), Reply::status(200));
    receiver.on_each(&format!("POST {path}"), posts);
}

/// The messages among what a receiver was asked at `path`, in order.
pub(crate) fn posts(log: &Log, path: &str) -> Vec<Request> {
    let is_message = |request: &&Request| request.method == "POST" && request.path == path;
    log.requests.iter().filter(is_message).cloned().collect()
}

/// What a message says.
pub(crate) fn said(message: &Request) -> Value {
    serde_json::from_slice(&message.body).unwrap()
}

/// Submits a recording of this name with a callback to `url`.
pub(crate) async fn submit(app: &TestApp, url: &str, file_name: &str) -> String {
    let path = format!("/speech-to-text?callback_url={url}");
    app.post_file(&path, file_name, &tone(0.1))
        .await
        .identifier()
}

/// The task once its callback is delivered or given up.
pub(crate) async fn settled(app: &TestApp, identifier: &str) -> Value {
    app.wait_until("end of a delivery", async || {
        app.task(identifier).await["metadata"]["callback_status"] != "pending"
    })
    .await;
    app.task(identifier).await
}
