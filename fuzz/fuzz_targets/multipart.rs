//! Forms as they are uploaded: what is read does not depend on the pieces in which it comes, and is never more than came.
//! The first byte chooses the kind of form, the second how long the pieces are.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use scriven_fuzz::forms::{FormPart, read_form};
use scriven_fuzz::memory::within;
use scriven_fuzz::problem::Problem;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime starts")
});

fuzz_target!(|bytes: &[u8]| {
    let [kind, length, body @ ..] = bytes else {
        return;
    };
    let kinds = [
        "multipart/form-data; boundary=X",
        "multipart/form-data; boundary=\"X--\"",
        "application/x-www-form-urlencoded",
    ];
    let kind = kinds[usize::from(*kind) % kinds.len()];
    let whole = read(kind, body, body.len().max(1));
    let pieces = read(kind, body, usize::from(*length) + 1);
    assert_eq!(whole, pieces);
});

/// The form that comes in pieces of `length` bytes.
fn read(kind: &str, body: &[u8], length: usize) -> Result<Vec<FormPart>, Problem> {
    let pieces: Vec<Bytes> = body.chunks(length).map(Bytes::copy_from_slice).collect();
    let most = (1 << 20) + 256 * body.len();
    let parts = within(most, || RUNTIME.block_on(read_form(kind, pieces)))?;
    let n_bytes: usize = parts.iter().map(|part| part.content.len()).sum();
    // Half a character becomes U+FFFD in a pair, three bytes for one.
    assert!(n_bytes <= 3 * body.len());
    Ok(parts)
}
