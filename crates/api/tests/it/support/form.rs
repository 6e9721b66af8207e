//! Forms as clients send them.

/// The content of a recording that can be decoded.
pub(crate) const GOOD: &[u8] = b"good";

const BOUNDARY: &str = "xxBOUNDARYxx";

/// A form with files and texts.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A form with the file `file` that is called `name` and can be decoded.
    pub(crate) fn recording(name: &str) -> Self {
        Self::new().file("file", name, GOOD)
    }

    pub(crate) fn file(self, field: &str, name: &str, content: &[u8]) -> Self {
        let head = format!("form-data; name=\"{field}\"; filename=\"{name}\"");
        self.part(&head, content)
    }

    pub(crate) fn text(self, field: &str, content: &str) -> Self {
        self.part(&format!("form-data; name=\"{field}\""), content.as_bytes())
    }

    pub(crate) fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The whole form.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        bytes
    }

    /// The form without its end.
    pub(crate) fn beginning(&self) -> &[u8] {
        &self.0
    }
}

/// A form with `url` as browsers send it.
pub(crate) fn url_form(url: &str) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("url", url)
        .finish()
        .into_bytes()
}
