//! Models on disk and on a hub, from outside: real folders, and a real server on the loopback address.

mod align;
mod hub;
mod locate;
mod places;
mod pull;
mod revisions;
mod speakers;
mod verify;
