//! The names in a `Content-Disposition` header (RFC 6266, RFC 8187), read leniently: what is broken is passed over.

use percent_encoding::percent_decode;

/// The names that `header` offers, the preferred first: `filename*`, then `filename`.
pub(crate) fn file_names(header: &[u8]) -> Vec<String> {
    let header = text(header);
    let parameters = parameters(&header);
    let value = |wanted: &str| {
        let mut parameters = parameters.iter();
        // Of two with one name the first counts.
        parameters.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
    };
    let extended = value("filename*").and_then(|value| extended(value));
    extended
        .into_iter()
        .chain(value("filename").cloned())
        .collect()
}

/// Headers are ASCII; beyond it, UTF-8 is what servers mean now and Latin-1 what they meant before.
fn text(header: &[u8]) -> String {
    match std::str::from_utf8(header) {
        Ok(text) => text.into(),
        Err(_) => latin1(header),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Names and values, quotes taken off. A part without `=`, such as `attachment`, is none.
fn parameters(header: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some(stop) = rest.find(['=', ';']) {
        let name = rest[..stop].trim();
        let is_parameter = rest[stop..].starts_with('=');
        rest = &rest[stop + 1..];
        if is_parameter {
            let (value, behind) = value(rest.trim_start());
            found.push((name, value));
            rest = behind;
        }
    }
    found
}

/// The value at the start of `text`, and what stands behind its `;`.
fn value(text: &str) -> (String, &str) {
    let (value, rest) = if let Some(quoted) = text.strip_prefix('"') {
        unquoted(quoted)
    } else {
        let end = text.find(';').unwrap_or(text.len());
        (text[..end].trim().to_owned(), &text[end..])
    };
    let behind = rest.find(';').map_or("", |end| &rest[end + 1..]);
    (value, behind)
}

/// Reads to the closing quote, or to the end if there is none. Only quotes and backslashes are taken as escaped, for
/// some servers put paths of Windows here as they are.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => {
                let escaped = characters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                value.push(escaped.map_or('\\', |(_, next)| next));
            }
            other => value.push(other),
        }
    }
    (value, "")
}

/// `charset'language'percent-encoded`; `None` if the charset is not known, or the bytes are not in it.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !is_percent_encoded(encoded) {
        return None;
    }
    let bytes: Vec<u8> = percent_decode(encoded.as_bytes()).collect();
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(latin1(&bytes)),
        _ => None,
    }
}

/// Whether two hexadecimal digits follow each `%`.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(header: &str, expected: &[&str]) {
        assert_eq!(file_names(header.as_bytes()), expected, "{header:?}");
    }

    #[test]
    fn names_are_tokens_or_quoted() {
        check("attachment; filename=foo.mp3", &["foo.mp3"]);
        check("attachment; filename=foo.mp3; size=3", &["foo.mp3"]);
        check("attachment;filename=\"foo.mp3\";size=3", &["foo.mp3"]);
        check("attachment ; FileName = \"foo.mp3\" ; x", &["foo.mp3"]);
        check("inline; size=3; filename=foo.mp3", &["foo.mp3"]);
        check("attachment; filename=my file.mp3", &["my file.mp3"]);
        check("filename=foo.mp3", &["foo.mp3"]);
    }

    #[test]
    fn quoted_names_may_hold_anything() {
        check(
            r#"attachment; filename="../../etc/my file.mp3""#,
            &["../../etc/my file.mp3"],
        );
        check(
            r#"attachment; filename="a;b=c.mp3"; size=3"#,
            &["a;b=c.mp3"],
        );
        check(
            r#"attachment; filename="say \"hi\".mp3""#,
            &[r#"say "hi".mp3"#],
        );
        check(r#"attachment; filename="a\\b.mp3""#, &[r"a\b.mp3"]);
        check(r#"attachment; filename="C:\dir\a.mp3""#, &[r"C:\dir\a.mp3"]);
        check(r#"attachment; filename="open.mp3"#, &["open.mp3"]);
        check(r#"attachment; filename="open.mp3\"#, &[r"open.mp3\"]);
        check(
            r#"attachment; name="filename=x.mp3"; filename=y.mp3"#,
            &["y.mp3"],
        );
        check(r#"attachment; filename="a.mp3"junk; size=3"#, &["a.mp3"]);
    }

    #[test]
    fn the_extended_name_is_preferred() {
        check("attachment; filename*=UTF-8''x.mp3", &["x.mp3"]);
        check(
            "attachment; filename=plain.mp3; filename*=UTF-8''%e2%82%ac%20rates.mp3",
            &["€ rates.mp3", "plain.mp3"],
        );
        check("attachment; filename*=utf-8'en'a%27b.mp3", &["a'b.mp3"]);
        check("attachment; filename*=ISO-8859-1''%e9.mp3", &["é.mp3"]);
        check("attachment; filename*=\"UTF-8''x.mp3\"", &["x.mp3"]);
    }

    #[test]
    fn an_extended_name_that_cannot_be_read_is_passed_over() {
        for broken in [
            "UTF-8''%ff.mp3",
            "UTF-8''%zz.mp3",
            "UTF-8''a%4",
            "UTF-8''%",
            "UTF-8''%é0.mp3",
            "KOI8-R''a.mp3",
            "UTF-8'a.mp3",
            "a.mp3",
            "",
        ] {
            check(
                &format!("attachment; filename*={broken}; filename=b.mp3"),
                &["b.mp3"],
            );
        }
    }

    #[test]
    fn of_two_names_the_first_counts() {
        check("attachment; filename=a.mp3; filename=b.mp3", &["a.mp3"]);
    }

    #[test]
    fn headers_without_a_name_offer_none() {
        for header in ["", "attachment", "inline; size=3", ";;;", "=", "a=;=;"] {
            check(header, &[]);
        }
    }

    #[test]
    fn bytes_beyond_ascii_are_utf_8_or_latin_1() {
        assert_eq!(file_names("filename=é.mp3".as_bytes()), ["é.mp3"]);
        assert_eq!(file_names(b"filename=\xe9.mp3"), ["é.mp3"]);
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(header: Vec<u8>) {
            let _ = file_names(&header);
        }

        #[test]
        fn any_mixture_of_signs_is_read_to_its_end(header in "(filename|\\*|=|;|\"|\\\\|'|%|UTF-8''|é| |a)*") {
            let _ = file_names(header.as_bytes());
        }

        #[test]
        fn a_name_that_is_quoted_well_comes_back(name in "\\PC*") {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("attachment; filename=\"{quoted}\"; size=3");
            prop_assert_eq!(file_names(header.as_bytes()), [name]);
        }
    }
}
