//! Recordings as the service reads them, in this process alone.

use std::backtrace::Backtrace;
use std::collections::HashSet;
use std::panic;
use std::path::PathBuf;
use std::sync::{Mutex, Once};
use std::time::Duration;

use domain::progress::Silent;
use domain::units::Seconds;
use speech::audio::{AudioError, Measured, Recording, Settings, decode, measure};

use crate::file;
use crate::memory::within;

/// Measures a recording as the service does before it takes it, and decodes it as the service does later: both must come
/// to the same, with little memory, and without a panic of ours.
pub fn check(bytes: &[u8]) {
    catch_panics_of_libraries();
    let path = file::holding(bytes);
    let settings = settings();
    let n_bytes = (96 << 20) + 256 * bytes.len();
    let measured = within(n_bytes, || measure(path, &settings, &Silent));
    let decoded = within(n_bytes, || decode(path, &settings, &Silent));
    match (measured, decoded) {
        (Err(AudioError::TimedOut { .. }), _) | (_, Err(AudioError::TimedOut { .. })) => {}
        (Ok(measured), Ok(decoded)) => agree(measured, &decoded),
        (Ok(measured), Err(AudioError::NoAudioTrack)) if measured.is_cut_off => {}
        (Err(_), Err(_)) => {}
        (measured, decoded) => panic!("measured: {measured:?}, decoded: {decoded:?}"),
    }
}

fn agree(measured: Measured, decoded: &Recording) {
    assert_eq!(measured.duration, decoded.samples.duration());
    let is_in_range = |sample: &f32| (-1.0..=1.0).contains(sample);
    assert!(decoded.samples.to_vec().iter().all(is_in_range));
}

/// No `ffmpeg` can be started: its path is none. Silence that a header asks for ends soon.
fn settings() -> Settings {
    Settings {
        ffmpeg: PathBuf::from("\0"),
        max_duration: Seconds(60.0),
        time_limit: Duration::from_secs(20),
        ..Settings::default()
    }
}

/// A panic of a library is caught by the decoder, and makes the recording a broken one. Each place is named once.
fn catch_panics_of_libraries() {
    static HOOK: Once = Once::new();
    static SEEN: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    HOOK.call_once(|| {
        let abort = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            if !(place.contains("/registry/src/") || is_called_by_library()) {
                return abort(info);
            }
            let mut seen = SEEN.lock().expect("nothing panics here");
            if seen.get_or_insert_default().insert(place.clone()) {
                eprintln!("caught: {info}");
            }
        }));
    });
}

/// Whether what panics was called by a decoder that is not ours: the standard library names its own place for an overflow
/// in a power.
fn is_called_by_library() -> bool {
    let trace = Backtrace::force_capture().to_string();
    let mut lines = trace.lines();
    let caller = lines.find(|line| line.contains("symphonia_") || line.contains("crates/"));
    caller.is_some_and(|line| line.contains("symphonia_"))
}
