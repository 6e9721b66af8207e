//! Zip archives, in which NumPy and PyTorch keep arrays.

use std::borrow::Cow;
use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

/// `bytes` as they are if they begin like a zip archive, and otherwise an archive in which they are the file `name`,
/// beside `others`.
pub fn holding<'a>(bytes: &'a [u8], name: &str, others: &[(&str, &[u8])]) -> Cow<'a, [u8]> {
    if bytes.starts_with(b"PK") {
        return bytes.into();
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [(name, bytes)].iter().chain(others) {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner().into()
}
