//! The header `Content-Disposition` of a part of a form.

use std::borrow::Cow;

use http::HeaderValue;
use url::form_urlencoded;

/// What the header of a part says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Disposition {
    /// Which field it is.
    pub(crate) name: Option<String>,
    /// The name of the file; `None` if the part is a text.
    pub(crate) file_name: Option<String>,
}

impl Disposition {
    /// Reads a header such as `form-data; name="file"; filename="a.mp3"`. Bytes that are no UTF-8 are taken for Latin 1.
    pub(crate) fn read(value: &HeaderValue) -> Self {
        let text = match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
        };
        let (mut found, mut extended) = (Self::default(), None);
        for (key, value) in Parameters(&text) {
            match key.as_str() {
                "name" => found.name = Some(value),
                "filename" => found.file_name = Some(value),
                "filename*" => extended = extended_value(&value),
                _ => {}
            }
        }
        found.file_name = extended.or(found.file_name);
        found
    }
}

/// The text of `UTF-8''na%C3%AFve.mp3`.
fn extended_value(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    // What the URL standard reads as a form with one key; a plus stands for itself here.
    let form = encoded.replace('+', "%2B").replace(['&', '='], "_");
    let (text, _) = form_urlencoded::parse(form.as_bytes()).next()?;
    Some(text.into_owned())
}

/// The pairs after the first semicolon; names in lower case.
struct Parameters<'a>(&'a str);

impl Iterator for Parameters<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (_, rest) = self.0.split_once(';')?;
            let rest = rest.trim_start();
            let Some((key, value)) = rest.split_once('=') else {
                self.0 = "";
                continue;
            };
            if key.contains(';') {
                self.0 = rest.find(';').map_or("", |at| &rest[at..]);
                continue;
            }
            let (value, after) = read_value(value.trim_start());
            self.0 = after;
            return Some((key.trim().to_ascii_lowercase(), value));
        }
    }
}

/// A value, quoted or not, and what follows it.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let (mut value, mut characters) = (String::new(), quoted.char_indices().peekable());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            // Only a quote is escaped: elsewhere a backslash parts the folders of a path.
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                let is_end = quoted[at + 2..].trim_start().is_empty();
                value.push(if is_end { '\\' } else { '"' });
                if !is_end {
                    characters.next();
                }
            }
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &[u8], name: Option<&str>, file_name: Option<&str>) {
        let found = Disposition::read(&HeaderValue::from_bytes(header).unwrap());
        assert_eq!(found.name.as_deref(), name, "{header:?}");
        assert_eq!(found.file_name.as_deref(), file_name, "{header:?}");
    }

    #[test]
    fn parts_say_what_they_are() {
        let file = Some("file");
        for (header, name, file_name) in [
            (r#"form-data; name="url""#, Some("url"), None),
            (
                r#"form-data; name="file"; filename="a.mp3""#,
                file,
                Some("a.mp3"),
            ),
            (
                r#"form-data; filename="a;b.mp3"; name=file"#,
                file,
                Some("a;b.mp3"),
            ),
            (
                r#"form-data; NAME="file"; FileName=a.mp3"#,
                file,
                Some("a.mp3"),
            ),
            (r#"form-data; name="file"; filename="""#, file, Some("")),
            (
                r#"form-data; name="file"; filename="x y é.mp3""#,
                file,
                Some("x y é.mp3"),
            ),
            (
                r#"form-data; name="file"; filename="a\"b.mp3""#,
                file,
                Some("a\"b.mp3"),
            ),
            (
                r#"form-data; name="file"; filename="C:\dir\a.mp3""#,
                file,
                Some(r"C:\dir\a.mp3"),
            ),
            (
                "form-data; name=\"file\"; filename*=utf-8''na%C3%AFve+1.mp3",
                file,
                Some("naïve+1.mp3"),
            ),
            (
                "form-data; name=\"file\"; filename*=UTF-8''b.mp3; filename=\"a.mp3\"",
                file,
                Some("b.mp3"),
            ),
            (r#"form-data; name="filename=x""#, Some("filename=x"), None),
            (r#"form-data; flag; name="a""#, Some("a"), None),
            ("form-data", None, None),
            (r#"form-data; name="unfinished"#, Some("unfinished"), None),
        ] {
            check(header.as_bytes(), name, file_name);
        }
        check(
            b"form-data; name=\"file\"; filename=\"\xe9.mp3\"",
            file,
            Some("é.mp3"),
        );
    }
}
