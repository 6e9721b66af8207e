//! The log, a piece for each thread, which is a piece for each test.
//!
//! One subscriber serves all tests from the beginning: with one for each, what a record's place is known to want would
//! depend on which test came by first.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use serde_json::Value;

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Everything that is logged from now on is kept.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::INFO)
            .with_writer(|| Writer)
            .init();
    });
}

/// What this test's thread has logged.
pub(crate) fn text() -> String {
    LOG.with_borrow(|log| String::from_utf8(log.clone()).unwrap())
}

/// The same, record by record.
pub(crate) fn records() -> Vec<Value> {
    let record = |line: &str| serde_json::from_str(line).unwrap();
    text().lines().map(record).collect()
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
