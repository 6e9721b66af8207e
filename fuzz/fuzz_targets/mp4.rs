//! MP4 and MOV: our reader of boxes, edits and fragments, and the decoder behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| scriven_fuzz::recording::check(bytes));
