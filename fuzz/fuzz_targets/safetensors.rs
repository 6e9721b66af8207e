//! The reader of `model.safetensors` against any bytes: it never panics, and reserves no more than the file can fill.
//! Bytes whose first eight are no length that fits are taken for the header itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;
use scriven_fuzz::{file, weights};
use speech::weights::SafetensorsFile;

fuzz_target!(|bytes: &[u8]| {
    let len = bytes.first_chunk().copied().map(u64::from_le_bytes);
    if len.is_some_and(|len| len <= bytes.len() as u64) {
        check(bytes);
    } else {
        check(&[&(bytes.len() as u64).to_le_bytes(), bytes, &[7; 64]].concat());
    }
});

fn check(bytes: &[u8]) {
    let path = file::holding(bytes);
    let most = (1 << 20) + 256 * bytes.len();
    if let Ok(model) = within(most, || SafetensorsFile::open(path, "any")) {
        weights::read_all(&model, bytes.len());
    }
}
