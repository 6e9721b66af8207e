//! Tags between the frames of a stream: they describe the music, and no sound is in them.

/// Bytes that show which tag begins there.
pub(super) const TAG_BYTES: usize = 32;

/// How many bytes the tag at the beginning of `bytes` takes; `None` where there is no tag. Of `bytes`, [`TAG_BYTES`] are
/// enough.
pub(in crate::audio) fn tag_bytes(bytes: &[u8]) -> Option<u64> {
    id3v2(bytes)
        .or_else(|| ape(bytes))
        .or_else(|| bytes.starts_with(b"TAG").then_some(128)) // ID3v1
}

/// <https://id3.org/id3v2.4.0-structure>, section 3.1: four times seven bits of length, without header and footer.
fn id3v2(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', version, _, flags, size @ ..] = bytes else {
        return None;
    };
    let size: &[u8; 4] = size.first_chunk()?;
    let is_plausible = *version < 0xff && size.iter().all(|byte| *byte < 0x80);
    let n_content = size.iter().fold(0, |n, byte| n << 7 | u64::from(*byte));
    let n_footer = if flags & 0x10 == 0 { 0 } else { 10 };
    is_plausible.then_some(10 + n_content + n_footer)
}

/// <https://wiki.hydrogenaud.io/index.php?title=APE_Tags_Header>: the length counts items and footer, not the header.
fn ape(bytes: &[u8]) -> Option<u64> {
    const IS_HEADER: u32 = 1 << 29;
    let tag = bytes.strip_prefix(b"APETAGEX")?;
    let number = |at: usize| Some(u32::from_le_bytes(*tag.get(at..)?.first_chunk()?));
    let (n_content, flags) = (u64::from(number(4)?), number(12)?);
    Some(if flags & IS_HEADER == 0 {
        32 // only a footer
    } else {
        32 + n_content
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_say_how_long_they_are() {
        assert_eq!(tag_bytes(b"ID3\x04\0\0\0\0\x02\x01rest"), Some(10 + 257));
        assert_eq!(tag_bytes(b"ID3\x04\0\x10\0\0\0\x05rest"), Some(10 + 5 + 10));
        assert_eq!(tag_bytes(b"TAGTitle"), Some(128));
        let ape = |flags: u32| {
            let mut tag = b"APETAGEX\xd0\x07\0\0\x2a\0\0\0\x01\0\0\0".to_vec();
            tag.extend(flags.to_le_bytes());
            tag.extend([0; 8]);
            tag_bytes(&tag)
        };
        assert_eq!(ape(0xa000_0000), Some(32 + 42));
        assert_eq!(ape(0x8000_0000), Some(32));
        for bytes in [&b"ID3\x04\0\0\xff\0\0\0"[..], b"ID3", b"", b"APETAGEX"] {
            assert_eq!(tag_bytes(bytes), None);
        }
    }
}
