//! Takes control characters out of the headers of a form's parts, where parsers of headers refuse them.
//!
//! A file may have such characters in its name, and some clients send them as they are. What else the form holds is
//! passed on unchanged.

use bytes::Bytes;
use memchr::memmem;

/// The longest line that parts a form: the delimiter has at most 74 characters, and blanks may follow.
const MAX_DELIMITER_LINE: usize = 256;

/// Follows a form (`multipart/form-data`, RFC 7578) piece by piece.
#[derive(Debug, Default)]
pub(crate) struct PartHeaders {
    place: Place,
    /// The line break and the line that stand between parts, once they are known.
    delimiter: Vec<u8>,
    /// The bytes of the content that the next piece may complete to a delimiter; or the line after one, so far.
    unfinished: Vec<u8>,
}

/// Where in the form the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// In the first line, which is the first delimiter.
    #[default]
    FirstLine,
    /// In the headers of a part.
    Headers {
        /// Nothing has come since the last line break.
        is_line_empty: bool,
        /// A carriage return has come, and is a line break if a line feed follows.
        has_return: bool,
    },
    /// In the content of a part.
    Content,
    /// After a delimiter, on its line.
    AfterDelimiter,
    /// After the last part, or in something that is no form.
    Elsewhere,
}

const HEADERS: Place = Place::Headers {
    is_line_empty: true,
    has_return: false,
};

impl PartHeaders {
    /// The next piece of the form, without control characters in headers.
    pub(crate) fn clean(&mut self, piece: Bytes) -> Bytes {
        let mut cleaned = Vec::new();
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let place = self.place;
            let n_taken = match place {
                Place::FirstLine | Place::AfterDelimiter => self.take_line(rest),
                Place::Headers { .. } => self.take_headers(rest, &mut cleaned),
                Place::Content => self.take_content(rest),
                Place::Elsewhere => rest.len(),
            };
            if !matches!(place, Place::Headers { .. }) {
                // Nearly every piece of an upload is content and nothing else: it is not copied.
                if n_taken == piece.len() {
                    return piece;
                }
                cleaned.extend_from_slice(&rest[..n_taken]);
            }
            rest = &rest[n_taken..];
        }
        cleaned.into()
    }

    /// Takes the rest of a delimiter's line; how many bytes that are.
    fn take_line(&mut self, bytes: &[u8]) -> usize {
        let line_feed = memchr::memchr(b'\n', bytes);
        let n_taken = line_feed.map_or(bytes.len(), |at| at + 1);
        self.unfinished.extend_from_slice(&bytes[..n_taken]);
        let is_first = self.place == Place::FirstLine;
        let is_delimiter = !is_first || self.unfinished.starts_with(b"--");
        let is_short = self.unfinished.len() <= MAX_DELIMITER_LINE;
        if line_feed.is_some() && is_delimiter && is_short {
            let line = std::mem::take(&mut self.unfinished);
            let is_end = !is_first && line.starts_with(b"--");
            self.place = if is_end { Place::Elsewhere } else { HEADERS };
            if is_first {
                self.delimiter = [b"\r\n", line.trim_ascii_end()].concat();
            }
        } else if line_feed.is_some() || !is_short {
            self.place = Place::Elsewhere;
        }
        n_taken
    }

    /// Takes what belongs to the headers of a part; how many bytes that are.
    fn take_headers(&mut self, bytes: &[u8], cleaned: &mut Vec<u8>) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            let Place::Headers {
                is_line_empty,
                has_return,
            } = &mut self.place
            else {
                return at;
            };
            match byte {
                b'\r' => *has_return = true,
                b'\n' if *has_return => {
                    cleaned.extend_from_slice(b"\r\n");
                    if *is_line_empty {
                        self.place = Place::Content;
                        self.unfinished.clear();
                        return at + 1;
                    }
                    (*is_line_empty, *has_return) = (true, false);
                }
                b'\t' | b' '..=b'~' | 0x80.. => {
                    cleaned.push(*byte);
                    (*is_line_empty, *has_return) = (false, false);
                }
                _ => *has_return = false,
            }
        }
        bytes.len()
    }

    /// Takes content up to the next delimiter; how many bytes that are.
    fn take_content(&mut self, bytes: &[u8]) -> usize {
        let n_before = self.unfinished.len();
        let longest_rest = self.delimiter.len() - 1;
        // A delimiter that began in the piece before ends within the first bytes of this one.
        self.unfinished
            .extend_from_slice(&bytes[..bytes.len().min(longest_rest)]);
        let across = memmem::find(&self.unfinished, &self.delimiter);
        let across = across.map(|at| at + self.delimiter.len() - n_before);
        let found = across.or_else(|| {
            let at = memmem::find(bytes, &self.delimiter);
            at.map(|at| at + self.delimiter.len())
        });
        if let Some(end) = found {
            self.place = Place::AfterDelimiter;
            self.unfinished.clear();
            return end;
        }
        if bytes.len() >= longest_rest {
            self.unfinished.clear();
            self.unfinished
                .extend_from_slice(&bytes[bytes.len() - longest_rest..]);
        } else {
            let n_gone = self.unfinished.len().saturating_sub(longest_rest);
            self.unfinished.drain(..n_gone);
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form, cut into pieces of `n` bytes, as it comes out.
    fn cleaned(form: &[u8], n: usize) -> Vec<u8> {
        let mut headers = PartHeaders::default();
        let pieces = form.chunks(n).map(Bytes::copy_from_slice);
        pieces.flat_map(|piece| headers.clean(piece)).collect()
    }

    #[test]
    fn control_characters_leave_headers_and_stay_in_contents() {
        let content = b"\x00\r\n\x01\r\n--\x02--x\r\n\r\n--bo\r\n\r\r\n";
        let form = |name: &[u8], second: &[u8]| {
            [
                b"--bou\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
                name,
                b"\"\r\nContent-Type: a/b\r\n\r\n",
                content,
                b"\r\n--bou  \r\nContent-Disposition: form-data; name=\"",
                second,
                b"\"\r\n\r\n\r\n--bou--\r\n\x00end",
            ]
            .concat()
        };
        let dirty = form(b"a\x00b\rc\nd\te\x7f\xc3\xa9.mp3", b"x\x01\r");
        let clean = form(b"abcd\te\xc3\xa9.mp3", b"x");
        for n in 1..dirty.len() {
            assert_eq!(cleaned(&dirty, n), clean, "pieces of {n} bytes");
            assert_eq!(cleaned(&clean, n), clean, "pieces of {n} bytes");
        }
    }

    #[test]
    fn what_is_no_form_stays_as_it_is() {
        let long_line = [b"--".as_slice(), &[b'x'; 2000], b"\r\n\x00"].concat();
        for text in [b"\x00".as_slice(), b"", b"a\r\n\x00\x01", &long_line] {
            for n in [1, 3, 5000] {
                assert!(cleaned(text, n) == text, "{} bytes", text.len());
            }
        }
    }
}
