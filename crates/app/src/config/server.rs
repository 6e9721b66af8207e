//! Where the service listens.

use super::setting::section;

section! {
    /// Where the service listens, and what answers.
    Server in &["server"];

    /// Address that is listened on, or its name; `0.0.0.0` is every IPv4 network, `::` every network.
    HOST => host: String = Given("0.0.0.0");
    /// Port; 0 takes a free one.
    PORT => port: u16 = Given("8000"), from 0 to 65535;
    /// Threads that answer requests; 0 takes one for each core, at least 2 and at most 8. Recordings are computed elsewhere.
    SERVER_THREADS => n_threads: u32 = Given("0"), from 0 to 256;
}

impl Server {
    /// Refuses an address that nothing can listen on.
    pub(super) fn check(self, reader: &mut super::reader::Reader) -> Option<Self> {
        let is_wrong = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if self.host.is_empty() || self.host.contains(is_wrong) {
            let host = super::reader::abridged(&self.host);
            reader.refuse("HOST", format!("must be an address or a name, not {host}"));
            return None;
        }
        Some(self)
    }

    /// Threads that answer requests on a machine with `n_cores`.
    pub(crate) fn threads(&self, n_cores: usize) -> usize {
        match self.n_threads {
            0 => n_cores.clamp(2, 8),
            n_threads => usize::try_from(n_threads).unwrap_or(8),
        }
    }
}
