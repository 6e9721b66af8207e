//! Names of files in `Content-Disposition`, of uploads and of downloads: whatever they are, what is kept of them is safe.
#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use scriven_fuzz::downloads::{extension, file_names, sanitised};
use scriven_fuzz::forms::{cleaned, part_names};
use scriven_fuzz::memory::within;

fuzz_target!(|bytes: &[u8]| {
    let most = (1 << 20) + 64 * bytes.len();
    within(most, || check_download(bytes));
    if let Ok(header) = HeaderValue::from_bytes(bytes) {
        within(most, || check_upload(&header));
    }
});

fn check_upload(header: &HeaderValue) {
    let (name, file_name) = part_names(header);
    let n_chars = |text: &str| text.chars().count();
    for text in name.iter().chain(&file_name) {
        assert!(n_chars(text) <= header.len());
    }
    let Some(file_name) = file_name else { return };
    let kept = cleaned(&file_name);
    assert!(n_chars(&kept) <= 255);
    assert!(!kept.contains(['/', '\\']) && !kept.contains(char::is_control));
    assert_eq!(cleaned(&kept), kept);
}

fn check_download(bytes: &[u8]) {
    let extensions = [".mp3", ".wav"].map(String::from);
    for name in file_names(bytes) {
        let Some(safe) = sanitised(&name, &extensions) else {
            continue;
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        assert!(safe.len() <= 255 && safe.bytes().all(is_plain));
        assert!(!safe.starts_with(['.', '_']));
        assert!(extension(&safe).is_some_and(|extension| extensions.contains(&extension)));
        assert_eq!(sanitised(&safe, &extensions), Some(safe.clone()));
    }
}
