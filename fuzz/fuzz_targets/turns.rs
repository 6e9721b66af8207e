//! Turns that clients upload, as JSON or RTTM: what is accepted has times that can be used, and says the same when it is
//! written and read again.
#![no_main]

use domain::diarization::{Diarization, Turn};
use domain::turns_input::{read, read_rttm};
use libfuzzer_sys::fuzz_target;
use scriven_fuzz::memory::within;

fuzz_target!(|bytes: &[u8]| {
    let most = (1 << 20) + 512 * bytes.len();
    for read in [read, read_rttm] {
        if let Ok(diarization) = within(most, || read(bytes)) {
            check(&diarization);
        }
    }
});

fn check(diarization: &Diarization) {
    for Turn { start, end, .. } in &diarization.turns {
        assert!(0.0 <= start.0 && start.0 <= end.0 && end.0.is_finite());
    }
    let json = read(diarization.to_json().as_bytes()).expect("it is ours");
    assert_alike(&json.turns, &diarization.turns);
    let rttm = read_rttm(diarization.to_rttm("a talk").as_bytes()).expect("it is ours");
    assert_eq!(rttm.turns.len(), diarization.turns.len());
}

/// Equal but for the last digit of their times, which is lost where JSON is read.
fn assert_alike(found: &[Turn], expected: &[Turn]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-15 * b.abs();
        assert!(is_near(found.start.0, expected.start.0) && is_near(found.end.0, expected.end.0));
        assert_eq!(found.speaker, expected.speaker);
    }
}
