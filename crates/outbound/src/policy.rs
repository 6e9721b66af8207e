//! Which addresses may be called (contract 3.6).

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

/// Which addresses may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether anything is checked.
    pub enabled: bool,
    /// Schemes that may be used.
    pub allowed_schemes: Vec<String>,
    /// Networks that may not be called.
    pub blocked_networks: Vec<IpNet>,
    /// Hosts that may be called wherever they are.
    pub allowed_hosts: Vec<String>,
}

impl Default for Policy {
    /// On, `http` and `https`, all networks that are not public, no exceptions.
    fn default() -> Self {
        unimplemented!()
    }
}

/// A URL may not be called. The texts tell no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its scheme is not allowed.
    #[error("the scheme '{0}' is not allowed")]
    Scheme(String),
    /// It has no host.
    #[error("the URL names no host")]
    NoHost,
    /// Its host is in a network that is not allowed.
    #[error("the host is not allowed")]
    Blocked,
}

impl Policy {
    /// Whether `url` may be called, as far as can be known without resolving its host.
    ///
    /// # Errors
    /// It may not.
    pub fn check_url(&self, _url: &Url) -> Result<(), Refusal> {
        unimplemented!()
    }

    /// Whether `address`, to which `host` resolved, may be connected to.
    ///
    /// # Errors
    /// It may not.
    pub fn check_address(&self, _host: &str, _address: IpAddr) -> Result<(), Refusal> {
        unimplemented!()
    }
}
