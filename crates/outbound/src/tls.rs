//! Secure connections: TLS 1.2 and 1.3 by rustls and ring, certificates checked against those that the machine trusts.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// How secure connections are made. Names in certificates are checked against the host of the URL, never an address.
pub(crate) fn client_config() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// What the machine trusts, which may be authorities of its owner alone; where it has no list, as in small containers, what
/// Mozilla trusts.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_always_trusted() {
        assert!(!roots().is_empty());
    }
}
