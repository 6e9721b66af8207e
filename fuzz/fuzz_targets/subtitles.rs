//! The writers of subtitles and texts against any transcript and any options: what `docs/subtitles.md` promises holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;
use scriven_fuzz::subtitles::{Case, check};

fuzz_target!(|case: Case| {
    within(64 << 20, || check(&case));
});
