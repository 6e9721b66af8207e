//! MP3, ADTS, FLAC, Ogg and Matroska: our readers of frames, pages and elements, and the decoders behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::{ogg, recording};

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    ogg::mend_checksums(&mut bytes);
    recording::check(&bytes);
});
