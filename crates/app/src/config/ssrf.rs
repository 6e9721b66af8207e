//! Which addresses the service may call (contract 3.6).

use std::net::IpAddr;

use ipnet::IpNet;

use super::logging::Environment;
use super::reader::abridged;
use super::setting::section;
use super::value::Item;

section! {
    /// Which addresses the service may call, for callbacks and for downloads.
    Ssrf in &["ssrf"];

    /// Whether addresses are checked before they are called.
    SSRF_PROTECTION_ENABLED => enabled: bool = Given("true");
    /// Schemes of URLs that may be called; `["http", "https"]` allows what is not encrypted in production too.
    SSRF_ALLOWED_SCHEMES => allowed_schemes: Option<Vec<Scheme>> = Unset(
        "https where ENVIRONMENT is production, and http for SSRF_ALLOWED_HOSTS only; else http and https"
    );
    /// Networks that may not be called. IPv4 addresses inside IPv6 ones are checked too.
    SSRF_BLOCKED_NETWORKS => blocked_networks: Vec<IpNet> = Given(
        r#"["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8"]"#
    );
    /// Names or addresses of hosts that may be called wherever they are, such as a receiver of callbacks in the house.
    SSRF_ALLOWED_HOSTS => allowed_hosts: Vec<HostName> = Given("[]");
}

impl Ssrf {
    /// The policy of outgoing connections.
    pub(crate) fn policy(&self, environment: &Environment) -> outbound::Policy {
        let schemes = match &self.allowed_schemes {
            Some(schemes) => schemes.iter().map(Item::write_item).collect(),
            None if environment.is_production() => vec!["https".to_owned()],
            None => ["http", "https"].map(str::to_owned).to_vec(),
        };
        outbound::Policy {
            enabled: self.enabled,
            allowed_schemes: schemes,
            blocked_networks: self.blocked_networks.clone(),
            allowed_hosts: self.allowed_hosts.iter().map(Item::write_item).collect(),
            // Schemes that somebody lists hold for every host.
            http_to_allowed_hosts: self.allowed_schemes.is_none(),
        }
    }
}

/// `http` or `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scheme(String);

impl Item for Scheme {
    const LIST: &'static str = r#"a JSON list of schemes such as ["https"]"#;

    fn parse_item(text: &str) -> Result<Self, String> {
        let scheme = text.to_ascii_lowercase();
        if ["http", "https"].contains(&scheme.as_str()) {
            Ok(Self(scheme))
        } else {
            Err(format!(
                "holds {}, which is neither http nor https",
                abridged(text)
            ))
        }
    }

    fn write_item(&self) -> String {
        self.0.clone()
    }
}

impl Item for IpNet {
    const LIST: &'static str = r#"a JSON list of networks such as ["10.0.0.0/8"]"#;

    /// Reads a network, or an address that is a network of its own.
    fn parse_item(text: &str) -> Result<Self, String> {
        let address = || text.parse::<IpAddr>().ok().map(Self::from);
        let network = text.parse().ok().or_else(address);
        network.map(|network: Self| network.trunc()).ok_or_else(|| {
            format!(
                "holds {}, which is no network such as 10.0.0.0/8",
                abridged(text)
            )
        })
    }

    fn write_item(&self) -> String {
        self.to_string()
    }
}

/// The name of a host, or its address, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName(String);

impl Item for HostName {
    const LIST: &'static str = r#"a JSON list of hosts such as ["hooks.internal"]"#;

    fn parse_item(text: &str) -> Result<Self, String> {
        let is_address = text.parse::<IpAddr>().is_ok();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if is_address || (!text.is_empty() && text.chars().all(is_plain)) {
            Ok(Self(text.to_lowercase()))
        } else {
            let problem = "which is no host: give its name only, without scheme and port";
            Err(format!("holds {}, {problem}", abridged(text)))
        }
    }

    fn write_item(&self) -> String {
        self.0.clone()
    }
}
