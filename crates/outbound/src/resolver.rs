//! Names become addresses here, and only here, and only addresses that may be called leave.
//!
//! The check stands between the look-up and the connection, on the very list that is connected to: a name that says
//! something else the next moment changes nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use crate::policy::{Policy, Refusal};

/// The longest that a look-up may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Look-ups at once. One that hangs holds a thread until the system gives it up. The thread is its own: those of the
/// runtime are for others too, and the runtime does not end before they do.
const MAX_LOOKUPS: usize = 64;

/// Says what a name stands for.
pub(crate) trait Lookup: fmt::Debug + Send + Sync {
    /// The addresses of `host`. May block.
    ///
    /// # Errors
    /// There are none, or nobody knows.
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug)]
pub(crate) struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = (host, 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Resolves names for the client, and lets only checked addresses pass.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    policy: Arc<Policy>,
    lookup: Arc<dyn Lookup>,
    lookups: Arc<Semaphore>,
}

/// A name leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameFailure {
    /// At least one of its addresses may not be called.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    /// It has no address, or none was found in time.
    #[error("the host could not be resolved")]
    Unresolvable,
}

impl Resolver {
    pub(crate) fn new(policy: Arc<Policy>, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            policy,
            lookup,
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }

    /// All addresses of `host`, if every one of them may be called.
    async fn resolve_checked(&self, host: String) -> Result<Vec<SocketAddr>, NameFailure> {
        let addresses = tokio::time::timeout(LOOKUP_TIMEOUT, self.look_up(host.clone()))
            .await
            .map_err(|_| NameFailure::Unresolvable)??;
        if addresses.is_empty() {
            return Err(NameFailure::Unresolvable);
        }
        for address in &addresses {
            self.policy.check_address(&host, *address)?;
        }
        // The client puts the port in.
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect())
    }

    async fn look_up(&self, host: String) -> Result<Vec<IpAddr>, NameFailure> {
        let permit = Arc::clone(&self.lookups)
            .acquire_owned()
            .await
            .map_err(|_| NameFailure::Unresolvable)?;
        let lookup = Arc::clone(&self.lookup);
        let (tell, told) = oneshot::channel();
        let asked = thread::Builder::new()
            .name("look-up".into())
            .spawn(move || {
                // A look-up that nobody waits for any more counts until its thread ends.
                let _permit = permit;
                let _ = tell.send(lookup.lookup(&host));
            });
        asked.map_err(|_| NameFailure::Unresolvable)?;
        match told.await {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(_)) | Err(_) => Err(NameFailure::Unresolvable),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.resolve_checked(name.as_str().to_owned()).await?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Names;

    fn resolver(lookup: impl Lookup + 'static) -> Resolver {
        Resolver::new(Arc::new(Policy::default()), Arc::new(lookup))
    }

    async fn resolve(names: Names, host: &str) -> Result<Vec<SocketAddr>, NameFailure> {
        resolver(names).resolve_checked(host.into()).await
    }

    #[tokio::test]
    async fn all_addresses_of_a_public_name_are_handed_on() {
        let names = Names::new().answer("public.test", &["93.184.215.14", "2606:2800::1"]);
        let addresses = resolve(names, "public.test").await.unwrap();
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["93.184.215.14:0", "[2606:2800::1]:0"]);
    }

    #[tokio::test]
    async fn one_address_that_is_not_public_refuses_the_host() {
        for addresses in [
            ["127.0.0.1", "93.184.215.14"],
            ["93.184.215.14", "127.0.0.1"],
            ["93.184.215.14", "::ffff:10.0.0.1"],
            ["2606:2800::1", "64:ff9b::a9fe:a9fe"],
        ] {
            let names = Names::new().answer("mixed.test", &addresses);
            let refused = resolve(names, "mixed.test").await;
            assert_eq!(refused, Err(NameFailure::NotAllowed(Refusal::Blocked)));
        }
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_unresolvable_not_refused() {
        let names = Names::new().answer("empty.test", &[]);
        assert_eq!(
            resolve(names, "empty.test").await,
            Err(NameFailure::Unresolvable)
        );
        assert_eq!(
            resolve(Names::new(), "unknown.test").await,
            Err(NameFailure::Unresolvable)
        );
    }

    #[tokio::test]
    async fn the_system_knows_this_machine_and_it_is_refused() {
        let refused = resolver(SystemLookup)
            .resolve_checked("localhost".into())
            .await;
        assert_eq!(refused, Err(NameFailure::NotAllowed(Refusal::Blocked)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_up_that_hangs_is_given_up_and_its_thread_still_counts() {
        let resolver = resolver(Names::new().silence("slow.test"));
        for n_given_up in 1..=3 {
            let given_up = resolver.resolve_checked("slow.test".into()).await;
            assert_eq!(given_up, Err(NameFailure::Unresolvable));
            assert_eq!(
                resolver.lookups.available_permits(),
                MAX_LOOKUPS - n_given_up
            );
        }
    }
}
