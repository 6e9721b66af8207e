//! Where the service listens.

use std::time::Duration;

use super::setting::section;

section! {
    /// Where the service listens, what answers, and how long a client may keep a connection.
    Server in &["server"];

    /// Address that is listened on, or its name; `0.0.0.0` is every IPv4 network, `::` every network.
    HOST => host: String = Given("0.0.0.0");
    /// Port; 0 takes a free one.
    PORT => port: u16 = Given("8000"), from 0 to 65535;
    /// Threads that answer requests; 0 takes one for each core, at least 2 and at most 8. Recordings are computed elsewhere.
    SERVER_THREADS => n_threads: u32 = Given("0"), from 0 to 256;
    /// Connections that are open at once; one more is answered with 503.
    MAX_CONNECTIONS => max_connections: u32 = Given("1000"), from 1 to 100_000;
    /// Seconds that a client may take to send the head of a request, and that a connection is kept for the next one.
    REQUEST_HEAD_TIMEOUT => head_timeout: Duration = Given("30"), from 1 to 86_400;
    /// Seconds that a client may send nothing of a body, which is then answered with 408, or read nothing of an answer.
    REQUEST_READ_TIMEOUT => read_timeout: Duration = Given("60"), from 1 to 86_400;
    /// Seconds that a client may take to send a whole body, which is then answered with 408, or to read a whole answer.
    REQUEST_TOTAL_TIMEOUT => total_timeout: Duration = Given("3600"), from 1 to 604_800;
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

    /// How connections are treated; requests get `grace` when the service stops.
    pub(crate) fn serve_settings(&self, grace: Duration) -> api::ServeSettings {
        api::ServeSettings {
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            header_read_timeout: self.head_timeout,
            answer_stall_timeout: self.read_timeout,
            answer_total_timeout: self.total_timeout,
            grace,
        }
    }

    /// Threads that answer requests on a machine with `n_cores`.
    pub(crate) fn threads(&self, n_cores: usize) -> usize {
        match self.n_threads {
            0 => n_cores.clamp(2, 8),
            n_threads => usize::try_from(n_threads).unwrap_or(8),
        }
    }
}
