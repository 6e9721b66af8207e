//! Leases a task, runs it, stores the result, delivers callbacks.
