//! WAV, RF64, Wave64, AIFF and CAF: our reader of chunks, and the decoder behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| scriven_fuzz::recording::check(bytes));
