//! Ogg pages with the right checksums. Without them readers pass over every page that the fuzzer has changed.

/// Bytes of a page before the lengths of its segments.
const HEAD_BYTES: usize = 27;

/// Puts the right checksum into each page of a file that begins with one.
pub fn mend_checksums(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(n_bytes) = page_bytes(rest) {
        let (page, behind) = std::mem::take(&mut rest).split_at_mut(n_bytes);
        page[22..26].fill(0);
        let checksum = checksum(page);
        page[22..26].copy_from_slice(&checksum.to_le_bytes());
        rest = behind;
    }
}

/// How long the page is that begins here, if a whole one does.
fn page_bytes(bytes: &[u8]) -> Option<usize> {
    let n_segments = usize::from(*bytes.strip_prefix(b"OggS")?.get(22)?);
    let lengths = bytes.get(HEAD_BYTES..HEAD_BYTES + n_segments)?;
    let n_body: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    let n_bytes = HEAD_BYTES + n_segments + n_body;
    (n_bytes <= bytes.len()).then_some(n_bytes)
}

/// RFC 3533, section 6: a CRC of 32 bits with the generator 0x04c11db7.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |checksum, byte| {
        let mut checksum = checksum ^ u32::from(*byte) << 24;
        for _ in 0..8 {
            let is_high = checksum >> 31 == 1;
            checksum = checksum << 1 ^ if is_high { 0x04c1_1db7 } else { 0 };
        }
        checksum
    })
}
