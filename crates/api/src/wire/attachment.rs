//! The header that lets a browser save an answer as a file.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in an extended value (RFC 8187, `attr-char`).
const NOT_ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The value of `Content-Disposition` for a file that is called `name`: twice, since older clients read ASCII only.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/' | '%');
    let plain: String = name
        .chars()
        .map(|c| if is_plain(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, NOT_ENCODED);
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b3_11_a_name_is_given_in_ascii_and_whole() {
        for (name, expected) in [
            (
                "talk.srt",
                "attachment; filename=\"talk.srt\"; filename*=UTF-8''talk.srt",
            ),
            (
                "Größe \"1\".vtt",
                "attachment; filename=\"Gr__e _1_.vtt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.vtt",
            ),
            (
                "a\r\nb.txt",
                "attachment; filename=\"a__b.txt\"; filename*=UTF-8''a%0D%0Ab.txt",
            ),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }
}
