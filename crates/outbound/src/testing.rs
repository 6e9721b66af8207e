//! The outside world, scripted: an HTTP server on this machine, and names that stand for what a test wants.

mod origin;
mod reply;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

pub use origin::{Log, Origin, Request};
pub use reply::{Gate, Reply};

use crate::client::{Outbound, Settings};
use crate::policy::Policy;
use crate::resolver::Lookup;

/// Names and what they stand for. The clones of one know the same.
#[derive(Debug, Clone, Default)]
pub struct Names {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, VecDeque<Vec<IpAddr>>>,
    silent: HashSet<String>,
    asked: Vec<String>,
}

impl Names {
    /// No names.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on `host` is `addresses`. Said more than once for a host, each is answered once, in this order, and the
    /// last for ever.
    ///
    /// # Panics
    /// One is no address.
    #[must_use]
    pub fn answer(self, host: &str, addresses: &[&str]) -> Self {
        let addresses = addresses
            .iter()
            .map(|address| address.parse().expect("an address"))
            .collect();
        let mut state = self.state.lock().expect("no test panicked here");
        let answers = state.answers.entry(host.into()).or_default();
        answers.push_back(addresses);
        drop(state);
        self
    }

    /// From now on nothing is ever said about `host`.
    ///
    /// # Panics
    /// Never but after another panic.
    #[must_use]
    pub fn silence(self, host: &str) -> Self {
        let mut state = self.state.lock().expect("no test panicked here");
        state.silent.insert(host.into());
        drop(state);
        self
    }

    /// The names that were asked for, in order.
    ///
    /// # Panics
    /// Never but after another panic.
    pub fn asked(&self) -> Vec<String> {
        let state = self.state.lock().expect("no test panicked here");
        state.asked.clone()
    }
}

impl Lookup for Names {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut state = self.state.lock().expect("no test panicked here");
        state.asked.push(host.into());
        if state.silent.contains(host) {
            drop(state);
            loop {
                std::thread::park(); // ends with the process
            }
        }
        let answers = state.answers.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        let answer = match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        };
        Ok(answer.unwrap_or_default())
    }
}

impl Outbound {
    /// A client for which only `names` have addresses.
    pub fn with_names(settings: Settings, names: &Names) -> Self {
        Self::with_lookup(settings, Arc::new(names.clone()))
    }
}

impl Policy {
    /// A policy that is off, so that this machine may be called.
    pub fn off() -> Self {
        Self {
            enabled: false,
            ..Self::default()
        }
    }
}
