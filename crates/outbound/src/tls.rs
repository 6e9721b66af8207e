//! Secure connections: TLS 1.2 and 1.3 by rustls and ring, certificates checked against those that the machine trusts.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// How secure connections are made. Names in certificates are checked against the host of the URL, never an address.
pub(crate) fn client_config() -> ClientConfig {
    config_trusting(roots())
}

fn config_trusting(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
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
    use std::time::Duration;

    use rcgen::CertifiedKey;
    use rustls::ServerConfig;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use url::Url;

    use super::*;
    use crate::testing::Names;
    use crate::{CallFailure, Outbound, Policy, Settings};

    #[test]
    fn somebody_is_always_trusted() {
        assert!(!roots().is_empty());
    }

    /// Serves as `secure.test` on a port of this machine, and returns the port and who is to be trusted for it.
    async fn start_secure_origin() -> (u16, RootCertStore) {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["secure.test".into()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], signing_key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 204 Done\r\n\r\n").await;
            }
        });
        (port, roots)
    }

    #[tokio::test]
    async fn certificates_are_checked_against_the_host_of_the_url() {
        let (port, roots) = start_secure_origin().await;
        let names = Names::new()
            .answer("secure.test", &["127.0.0.1"])
            .answer("other.test", &["127.0.0.1"]);
        let settings = Settings {
            policy: Policy::off(),
            callback_timeout: Duration::from_secs(20),
        };
        let stranger = Outbound::with_names(settings, &names);
        let friend = stranger.clone().with_tls(config_trusting(roots));
        let insecure = || {
            Err(CallFailure::Unreachable(
                "no secure connection could be made".into(),
            ))
        };
        for (outbound, host, outcome) in [
            (&friend, "secure.test", Ok(())),
            (&friend, "other.test", insecure()),
            (&friend, "127.0.0.1", insecure()),
            (&stranger, "secure.test", insecure()),
        ] {
            let url = Url::parse(&format!("https://{host}:{port}/callback")).unwrap();
            assert_eq!(outbound.probe(&url).await, outcome, "{host}");
        }
    }
}
