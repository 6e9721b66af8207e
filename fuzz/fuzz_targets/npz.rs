//! The reader of NumPy's archives against any bytes. Bytes that are no zip archive are taken for an array within one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scriven_fuzz::{archive, file, memory::within};

// The reader is of no use to other programs, so its crate does not offer it.
#[path = "../../crates/speech/src/diarize/pyannote/npz.rs"]
#[allow(dead_code, reason = "only opening is of interest here")]
mod npz;

/// Where the reader looks for its errors.
mod weights {
    pub use speech::weights::WeightsError;
}

fuzz_target!(|bytes: &[u8]| check(&archive::holding(bytes, "a.npy", &[])));

/// Compressed zeros become a thousand times as many, which is more than the files that are read ever hold.
fn check(bytes: &[u8]) {
    let path = file::holding(bytes);
    if let Ok(mut arrays) = within(512 << 20, || npz::Npz::open(path)) {
        for name in ["a", "mu", "psi", "tr"] {
            for n_dimensions in 0..3 {
                let _ = arrays.take(name, n_dimensions);
            }
        }
    }
}
