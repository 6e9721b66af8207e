//! The reader of CTranslate2's `model.bin` against any bytes: it never panics, and never believes in an array that
//! reaches past the end of the file.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let len = bytes.len() as u64;
    if let Ok(index) = speech::asr::weights::parse_index(&mut Cursor::new(bytes), len) {
        for variable in index.values() {
            let n: usize = variable.shape.iter().product();
            assert!(variable.offset + (n * variable.number.size()) as u64 <= len);
        }
    }
});
