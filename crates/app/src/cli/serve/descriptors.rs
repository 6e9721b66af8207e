//! Room for connections among the files that a process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside connections and their uploads: the database, callbacks that are delivered, recordings, models.
const N_OTHERS: u64 = 512;

/// Raises the soft limit of open files, as far as may be, so that `n_connections` can be open, each with an upload or a
/// download.
pub(super) fn make_room_for(n_connections: u32) {
    let wanted = 2 * u64::from(n_connections) + N_OTHERS;
    let limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    if is_enough(limit.current) {
        return;
    }
    let raised = Rlimit {
        current: Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted))),
        ..limit
    };
    let _ = setrlimit(Resource::Nofile, raised);
    if !is_enough(getrlimit(Resource::Nofile).current) {
        tracing::warn!(
            "MAX_CONNECTIONS is {n_connections}, for which up to {wanted} files may be open, more than this process may \
             have; raise its limit of open files, or lower MAX_CONNECTIONS"
        );
    }
}
