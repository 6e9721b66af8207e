//! Settings that promise protection and that this version does not have, such as those of newer versions of the
//! reference's service. They are never passed over in silence: whoever set them believes to be protected.

use super::layer::{Entry, Layer};
use super::mistake::Mistake;
use super::reader::Known;
use super::unknown::nearest;

/// What promises something, by how its name begins, and what to do about it.
struct Promise {
    prefix: &'static str,
    advice: &'static str,
}

/// Names as they are compared: in upper case, with one underscore for two.
const PROMISES: &[Promise] = &[
    Promise {
        prefix: "AUTH_",
        advice: "asks for keys, which this version does not check: let a proxy in front of it check them, listen on \
                 HOST=127.0.0.1, and remove this setting",
    },
    Promise {
        prefix: "RATE_LIMIT_",
        advice: "asks for a limit of requests, which this version does not have: let a proxy in front of it limit them, and \
                 remove this setting",
    },
    Promise {
        prefix: "MAX_UPLOAD_SIZE_MB",
        advice: "is not known to this version: set MAX_UPLOAD_BYTES, which is in bytes (1048576 for each of these), and \
                 remove this setting",
    },
    Promise {
        prefix: "MAX_QUEUED_GPU_REQUESTS",
        advice: "is not known to this version: MAX_QUEUE_SIZE limits the tasks that wait; remove this setting",
    },
];

/// Members of a group that mean nothing while its `ENABLED` is false.
const IDLE_WITHOUT_ENABLED: [&str; 4] = [
    "AUTH_BEARER_TOKEN",
    "RATE_LIMIT_REQUESTS_PER_MINUTE",
    "RATE_LIMIT_BURST",
    "RATE_LIMIT_KEY_STRATEGY",
];

/// A mistake for each setting that promises a protection that is not there.
pub(super) fn find(layers: &[Layer], known: &[Known]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    // In a file, whatever is not known is a mistake anyway.
    for layer in layers.iter().filter(|layer| !layer.is_strict()) {
        for entry in layer.unknown(known) {
            if let Some(reason) = broken_promise(entry, layer, known) {
                let place = layer.origin(&entry.name).to_string();
                mistakes.push(Mistake { place, reason });
            }
        }
    }
    mistakes
}

/// Why an entry that means no setting must not be passed over, if that is so.
fn broken_promise(entry: &Entry, layer: &Layer, known: &[Known]) -> Option<String> {
    let name = plain(&entry.name);
    if name.starts_with("SSRF_") {
        let variables: Vec<String> = (known.iter())
            .map(|known| known.setting.variable.to_owned())
            .collect();
        let hint = match nearest(&name, &variables) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "remove it".to_owned(),
        };
        return Some(format!("is no setting; {hint}"));
    }
    let promise = (PROMISES.iter()).find(|promise| name.starts_with(promise.prefix))?;
    let is_of_group = promise.prefix.ends_with('_') && entry.group.is_some();
    let is_whole_name = name == promise.prefix || IDLE_WITHOUT_ENABLED.contains(&&*name);
    let is_switch = name == format!("{}ENABLED", promise.prefix);
    // A variable of another program may begin alike.
    let is_meant = is_of_group || is_whole_name || is_switch;
    let is_idle = IDLE_WITHOUT_ENABLED.contains(&&*name) && is_switched_off(layer, promise);
    let asks_for_nothing = (is_switch || name == promise.prefix) && entry.is_off();
    (is_meant && !is_idle && !asks_for_nothing).then(|| promise.advice.to_owned())
}

/// Whether the group of `promise` is switched off where `layer` is read.
fn is_switched_off(layer: &Layer, promise: &Promise) -> bool {
    let switch = format!("{}ENABLED", promise.prefix);
    let mut entries = layer.entries.iter();
    entries.any(|entry| plain(&entry.name) == switch && entry.is_off())
}

fn plain(name: &str) -> String {
    name.to_uppercase().replace("__", "_")
}
