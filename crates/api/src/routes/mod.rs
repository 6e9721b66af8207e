//! The endpoints, a file a group.

pub(crate) mod documentation;
pub(crate) mod documented;
pub(crate) mod health;
pub(crate) mod result;
pub(crate) mod services;
pub(crate) mod speech;
pub(crate) mod tasks;
