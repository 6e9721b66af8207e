//! The reader of CTranslate2's `model.bin` against any bytes: it never panics, and never believes in an array that
//! reaches past the end of the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;
use scriven_fuzz::{file, weights};
use speech::asr::weights::Ct2File;

fuzz_target!(|bytes: &[u8]| {
    let path = file::holding(bytes);
    let opened = within((1 << 20) + 64 * bytes.len(), || Ct2File::open(path));
    let Ok(model) = opened else { return };
    for variable in model.variables().values() {
        let n: usize = variable.shape.iter().product();
        assert!(variable.offset + (n * variable.number.size()) as u64 <= bytes.len() as u64);
    }
    weights::read_all(&model, bytes.len());
});
