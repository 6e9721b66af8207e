//! The only room that opens connections to other machines, but for model downloads.
//!
//! Every connection passes one [`Policy`]: names are resolved here, each address is checked, and only a checked address
//! is connected to. Times and sizes are limited everywhere, and nothing that goes back to clients tells an address.

mod client;
mod cookies;
mod disposition;
mod download;
mod failure;
mod file_name;
mod policy;

mod resolver;
mod tls;
mod transfer;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use client::{Answer, CallFailure, Outbound, Settings};
pub use download::{DownloadFailure, DownloadLimits, Downloaded, Receiver};
pub use file_name::{extension, sanitised};
pub use policy::{Policy, Refusal};
