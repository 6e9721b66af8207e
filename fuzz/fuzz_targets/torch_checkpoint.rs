//! The reader of PyTorch's checkpoints against any bytes: it never panics, and never believes in a tensor that reaches
//! past the end of the file. Bytes that are no zip archive are taken for the pickle within one.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;
use scriven_fuzz::{archive, file, weights};
use speech::weights::Checkpoint;
use speech::weights::torch::parse_index;

fuzz_target!(|bytes: &[u8]| check(&archive::holding(
    bytes,
    "a/data.pkl",
    &[("a/data/0", &[0; 64])]
)));

fn check(bytes: &[u8]) {
    let len = bytes.len() as u64;
    let most = (4 << 20) + 256 * bytes.len();
    let places = within(most, || parse_index(&mut Cursor::new(bytes), len));
    let Ok(places) = places else { return };
    assert!(places.values().all(|place| place.bytes().end <= len));
    let checkpoint = Checkpoint::open(file::holding(bytes), "any").expect("its index was read");
    weights::read_all(&checkpoint, bytes.len());
}
