//! Which addresses may be called (contract 3.6).
//!
//! An IPv6 address may be a coat around an IPv4 address: mapped, compatible, or translated by NAT64 or 6to4. What is
//! inside is checked as well, so that no coat makes a blocked address look public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// What can be spoken at all, whatever is allowed.
const SPOKEN_SCHEMES: [&str; 2] = ["http", "https"];

/// The most characters of a scheme that go into a text.
const MAX_SHOWN_SCHEME: usize = 20;

/// Which addresses may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether anything is checked. If not, `http` and `https` may be spoken with every host.
    pub enabled: bool,
    /// Schemes that may be used. Others than `http` and `https` never can.
    pub allowed_schemes: Vec<String>,
    /// Networks that may not be called.
    pub blocked_networks: Vec<IpNet>,
    /// Hosts that may be called wherever they are: names or addresses, as they stand in URLs.
    pub allowed_hosts: Vec<String>,
    /// Whether `http` may be spoken with the allowed hosts even if it is not among the schemes.
    pub http_to_allowed_hosts: bool,
}

impl Default for Policy {
    /// On, `http` and `https`, all networks that are not public, no exceptions.
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_schemes: SPOKEN_SCHEMES.map(String::from).to_vec(),
            blocked_networks: networks_that_are_not_public(),
            allowed_hosts: Vec::new(),
            http_to_allowed_hosts: false,
        }
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
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !self.allows_scheme(url) {
            return Err(Refusal::Scheme(
                url.scheme().chars().take(MAX_SHOWN_SCHEME).collect(),
            ));
        }
        match url.host() {
            None | Some(Host::Domain("")) => Err(Refusal::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.check_address(&address.to_string(), address.into()),
            Some(Host::Ipv6(address)) => self.check_address(&address.to_string(), address.into()),
        }
    }

    /// Whether `address`, to which `host` resolved, may be connected to.
    ///
    /// # Errors
    /// It may not.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        if !self.enabled || self.allows_host(host) {
            return Ok(());
        }
        let blocked = |address: IpAddr| {
            self.blocked_networks
                .iter()
                .any(|network| network.contains(&address))
        };
        if blocked(address) || embedded(address).any(|inner| blocked(inner.into())) {
            return Err(Refusal::Blocked);
        }
        Ok(())
    }

    fn allows_scheme(&self, url: &Url) -> bool {
        let scheme = url.scheme();
        let is_listed = || {
            self.allowed_schemes
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(scheme))
        };
        let is_exempt = || {
            self.http_to_allowed_hosts && url.host_str().is_some_and(|host| self.allows_host(host))
        };
        SPOKEN_SCHEMES.contains(&scheme) && (!self.enabled || is_listed() || is_exempt())
    }

    fn allows_host(&self, host: &str) -> bool {
        let host = normalised(host);
        self.allowed_hosts
            .iter()
            .any(|allowed| normalised(allowed) == host)
    }
}

/// A host as a URL would spell it, brackets taken off.
fn normalised(host: &str) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        return address.to_string();
    }
    match Host::parse(bare) {
        Ok(host) => host.to_string(),
        Err(_) => bare.to_ascii_lowercase(),
    }
}

/// The IPv4 addresses that `address` may stand for.
fn embedded(address: IpAddr) -> impl Iterator<Item = Ipv4Addr> {
    let inner = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => embedded_in(address),
    };
    inner.into_iter()
}

fn embedded_in(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        // Mapped, ::ffff:0:0/96; compatible, ::/96; NAT64, 64:ff9b::/96.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            (high, low)
        }
        // 6to4, 2002::/16.
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

/// Contract 5.2 and the additions of 3.6.
fn networks_that_are_not_public() -> Vec<IpNet> {
    const V4: [([u8; 4], u8); 16] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10), // shared by carriers
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16), // link-local, metadata of clouds
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15), // benchmarks
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4), // multicast
        ([240, 0, 0, 0], 4),
        ([255, 255, 255, 255], 32),
    ];
    const V6: [([u16; 8], u8); 5] = [
        ([0, 0, 0, 0, 0, 0, 0, 0], 128),
        ([0, 0, 0, 0, 0, 0, 0, 1], 128),
        ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),  // unique local
        ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), // link-local
        ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),  // multicast
    ];
    let v4 = V4.map(|(address, length)| IpNet::V4(Ipv4Net::new_assert(address.into(), length)));
    let v6 = V6.map(|(address, length)| IpNet::V6(Ipv6Net::new_assert(address.into(), length)));
    v4.into_iter().chain(v6).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(policy: &Policy, url: &str) -> Result<(), Refusal> {
        policy.check_url(&Url::parse(url).unwrap())
    }

    fn resolved(policy: &Policy, host: &str, address: &str) -> Result<(), Refusal> {
        policy.check_address(host, address.parse().unwrap())
    }

    #[test]
    fn the_default_networks_are_those_of_the_contract() {
        let networks: Vec<String> = Policy::default()
            .blocked_networks
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            networks,
            [
                "0.0.0.0/8",
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.0.0.0/24",
                "192.0.2.0/24",
                "192.88.99.0/24",
                "192.168.0.0/16",
                "198.18.0.0/15",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "224.0.0.0/4",
                "240.0.0.0/4",
                "255.255.255.255/32",
                "::/128",
                "::1/128",
                "fc00::/7",
                "fe80::/10",
                "ff00::/8",
            ]
        );
    }

    #[test]
    fn addresses_that_are_not_public_are_blocked_in_every_spelling() {
        for host in [
            // Statement 36.
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            // SE4.
            "2130706433",
            "0x7f000001",
            "017700000001",
            "[::]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            // Others.
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "0x7F.0x0.0x0.0x1",
            "127.0.0.1.",
            "１２７.０.０.１",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:7f00:0001]",
            "[64:ff9b::10.0.0.1]",
            "[2002:a9fe:a9fe::1]",
            "[ff02::1]",
            "[fe80::1]",
            "0",
            "0.0.0.0",
            "255.255.255.255",
        ] {
            let url = format!("http://{host}/a.mp3");
            assert_eq!(
                check(&Policy::default(), &url),
                Err(Refusal::Blocked),
                "{host}"
            );
        }
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for host in [
            "93.184.215.14",
            "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]",
            "[::ffff:93.184.215.14]",
            "[64:ff9b::93.184.215.14]",
            "[2002:5db8:d70e::1]",
            "example.com",
            "localhost", // known only when it is resolved
        ] {
            let url = format!("https://{host}:8443/");
            assert_eq!(check(&Policy::default(), &url), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_name_is_judged_by_what_it_resolves_to() {
        let policy = Policy::default();
        assert_eq!(resolved(&policy, "example.com", "93.184.215.14"), Ok(()));
        for address in ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"] {
            assert_eq!(
                resolved(&policy, "example.com", address),
                Err(Refusal::Blocked)
            );
        }
    }

    #[test]
    fn schemes_other_than_http_and_https_are_refused_whatever_is_allowed() {
        let eager = Policy {
            allowed_schemes: ["http", "https", "ftp", "file", "gopher"]
                .map(String::from)
                .to_vec(),
            ..Policy::default()
        };
        let off = Policy {
            enabled: false,
            ..eager.clone()
        };
        for policy in [Policy::default(), eager, off] {
            for (url, scheme) in [
                ("file:///etc/passwd", "file"),
                ("ftp://example.com/a.mp3", "ftp"),
                ("gopher://example.com/", "gopher"),
                ("data:audio/mp3;base64,AAAA", "data"),
            ] {
                assert_eq!(check(&policy, url), Err(Refusal::Scheme(scheme.into())));
            }
            assert_eq!(check(&policy, "HTTPS://example.com/"), Ok(()));
        }
    }

    #[test]
    fn allowed_schemes_are_honoured_unless_the_policy_is_off() {
        let secure = Policy {
            allowed_schemes: vec!["HTTPS".into()],
            ..Policy::default()
        };
        assert_eq!(check(&secure, "https://example.com/"), Ok(()));
        assert_eq!(
            check(&secure, "http://example.com/"),
            Err(Refusal::Scheme("http".into()))
        );
        let off = Policy {
            enabled: false,
            ..secure
        };
        assert_eq!(check(&off, "http://example.com/"), Ok(()));
    }

    #[test]
    fn http_is_spoken_with_hosts_that_are_named_where_that_is_allowed() {
        let strict = Policy {
            allowed_schemes: vec!["https".into()],
            allowed_hosts: ["hooks.internal", "10.1.2.3", "fd00::1"]
                .map(String::from)
                .to_vec(),
            ..Policy::default()
        };
        let exempting = Policy {
            http_to_allowed_hosts: true,
            ..strict.clone()
        };
        let refused = Err(Refusal::Scheme("http".into()));
        for url in [
            "http://Hooks.internal/",
            "http://10.1.2.3:81/",
            "http://[fd00::1]/",
        ] {
            assert_eq!(check(&exempting, url), Ok(()), "{url}");
            assert_eq!(check(&strict, url), refused, "{url}");
        }
        for url in ["http://example.com/", "http://hooks.internal.example/"] {
            assert_eq!(check(&exempting, url), refused, "{url}");
        }
        let other = check(&exempting, "ftp://hooks.internal/");
        assert_eq!(other, Err(Refusal::Scheme("ftp".into())));
    }

    #[test]
    fn a_long_scheme_is_cut_in_the_text() {
        let url = format!("{}://example.com/", "a".repeat(10_000));
        assert_eq!(
            check(&Policy::default(), &url),
            Err(Refusal::Scheme("a".repeat(MAX_SHOWN_SCHEME)))
        );
    }

    #[test]
    fn blocked_networks_are_those_that_are_set() {
        let policy = Policy {
            blocked_networks: vec!["8.8.0.0/16".parse().unwrap()],
            ..Policy::default()
        };
        assert_eq!(check(&policy, "http://8.8.8.8/"), Err(Refusal::Blocked));
        assert_eq!(
            check(&policy, "http://[64:ff9b::808:808]/"),
            Err(Refusal::Blocked)
        );
        assert_eq!(check(&policy, "http://127.0.0.1/"), Ok(()));
    }

    #[test]
    fn allowed_hosts_pass_wherever_they_are() {
        let policy = Policy {
            allowed_hosts: [
                "Receiver.Internal",
                "10.1.2.3",
                "[FD00::0:1]",
                "bücher.internal",
            ]
            .map(String::from)
            .to_vec(),
            ..Policy::default()
        };
        assert_eq!(check(&policy, "http://10.1.2.3/"), Ok(()));
        assert_eq!(check(&policy, "http://0xa010203/"), Ok(()));
        assert_eq!(check(&policy, "http://[fd00::1]/"), Ok(()));
        assert_eq!(resolved(&policy, "receiver.internal", "127.0.0.1"), Ok(()));
        assert_eq!(
            resolved(&policy, "xn--bcher-kva.internal", "127.0.0.1"),
            Ok(())
        );

        assert_eq!(check(&policy, "http://10.1.2.4/"), Err(Refusal::Blocked));
        for host in ["internal", "evil.receiver.internal", "receiver.internal.x"] {
            assert_eq!(
                resolved(&policy, host, "10.1.2.3"),
                Err(Refusal::Blocked),
                "{host}"
            );
        }
    }

    #[test]
    fn a_policy_that_is_off_allows_every_address() {
        let off = Policy {
            enabled: false,
            ..Policy::default()
        };
        for url in [
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://169.254.169.254/",
        ] {
            assert_eq!(check(&off, url), Ok(()));
        }
        assert_eq!(resolved(&off, "localhost", "127.0.0.1"), Ok(()));
    }

    #[test]
    fn refusals_tell_no_address() {
        let refusal = check(&Policy::default(), "http://127.0.0.1/").unwrap_err();
        assert_eq!(refusal.to_string(), "the host is not allowed");
    }

    proptest! {
        #[test]
        fn a_coat_changes_nothing(bits: u32) {
            let policy = Policy::default();
            let inner = Ipv4Addr::from(bits);
            let plain = policy.check_address("x", inner.into());
            let (high, low) = ((bits >> 16) as u16, (bits & 0xffff) as u16);
            for coat in [
                [0, 0, 0, 0, 0, 0xffff, high, low],
                [0, 0, 0, 0, 0, 0, high, low],
                [0x64, 0xff9b, 0, 0, 0, 0, high, low],
                [0x2002, high, low, 0, 0, 0, 0, 1],
            ] {
                let dressed = policy.check_address("x", Ipv6Addr::from(coat).into());
                prop_assert_eq!(&dressed, &plain);
            }
        }

        #[test]
        fn a_number_is_the_address_that_it_spells(bits: u32) {
            let policy = Policy::default();
            let address = Ipv4Addr::from(bits);
            let plain = check(&policy, &format!("http://{address}/"));
            for spelling in [format!("{bits}"), format!("{bits:#x}"), format!("0{bits:o}")] {
                prop_assert_eq!(&check(&policy, &format!("http://{spelling}/")), &plain);
            }
        }

        #[test]
        fn any_text_is_refused_or_has_a_host_that_may_be_called(text in "\\PC*") {
            if let Ok(url) = Url::parse(&text)
                && Policy::default().check_url(&url).is_ok() {
                prop_assert!(url.host().is_some());
            }
        }
    }
}
