//! Whether a container says of itself that there was more of it.
//!
//! Only formats are looked at that know their size: a stream such as MP3 or Ogg may end anywhere.

use std::io::{self, Read, Seek, SeekFrom};

use super::matroska;
use super::mp4::box_head;

/// Whether `file`, of `n_bytes`, is an MP4, MOV, Matroska, AVI or Windows Media file of which the end is missing. What
/// cannot be understood is not taken for cut off.
pub(super) fn is_cut_off(file: &mut (impl Read + Seek), n_bytes: u64) -> bool {
    needed(file, n_bytes).is_ok_and(|needed| needed > n_bytes)
}

/// Bytes that the file says it has.
fn needed(file: &mut (impl Read + Seek), n_bytes: u64) -> io::Result<u64> {
    let mut head = [0; 16];
    file.seek(SeekFrom::Start(0))?;
    let n_head = read_up_to(file, &mut head)?;
    let head = &head[..n_head];
    match head {
        [b'R', b'I', b'F', b'F', a, b, c, d, b'A', b'V', b'I', ..] => {
            // Longer AVI files go on in further chunks of which this one knows nothing; with all bits set it was never
            // written, as in a pipe.
            let size = u32::from_le_bytes([*a, *b, *c, *d]);
            Ok(if size == u32::MAX {
                0
            } else {
                8 + u64::from(size)
            })
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => {
            Ok(matroska::segment(file, 0)?.map_or(0, |segment| segment.end))
        }
        [0x30, 0x26, 0xb2, 0x75, ..] => windows_media(file),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => last_box(file, n_bytes),
        _ => Ok(0),
    }
}

/// The end of the last top-level box of an MP4 or MOV file.
fn last_box(file: &mut (impl Read + Seek), n_bytes: u64) -> io::Result<u64> {
    let (mut end, mut has_index) = (0_u64, false);
    // A stray byte or two behind the last box are common.
    while n_bytes.saturating_sub(end) >= 8 {
        let head = match box_head(file, end, n_bytes) {
            Ok(Some(head)) => head,
            Ok(None) => break,
            // The file ends in the midst of it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                end = u64::MAX;
                break;
            }
            Err(error) => return Err(error),
        };
        has_index |= head.name == *b"moov";
        end = end.saturating_add(head.size);
    }
    // Without an index it is broken in another way.
    Ok(if has_index { end } else { 0 })
}

/// The file size that the properties of a Windows Media file state; 0 where they do not (a broadcast).
fn windows_media(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    const PROPERTIES: [u8; 16] = [
        0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53,
        0x65,
    ];
    const MOST_HEADER_BYTES: u64 = 64 * 1024;
    let mut header = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(MOST_HEADER_BYTES).read_to_end(&mut header)?;
    let found = header.windows(16).position(|id| id == PROPERTIES);
    // Behind the id: the object's size (8 bytes) and the file's own id (16), then the size, and flags 40 bytes on.
    let at = |offset: usize| found.and_then(|start| header.get(start + offset..));
    let size = at(40).and_then(|rest| rest.first_chunk());
    let is_broadcast = at(88)
        .and_then(|rest| rest.first())
        .is_some_and(|flags| flags & 1 == 1);
    Ok(size
        .filter(|_| !is_broadcast)
        .map_or(0, |size| u64::from_le_bytes(*size)))
}

/// Reads as much as there is for `buffer`.
fn read_up_to(file: &mut (impl Read + Seek), buffer: &mut [u8]) -> io::Result<usize> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match file.read(&mut buffer[n_read..])? {
            0 => break,
            n => n_read += n,
        }
    }
    Ok(n_read)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn is_cut(bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        is_cut_off(&mut file, bytes.len() as u64)
    }

    fn check(whole: &[u8]) {
        assert!(!is_cut(whole), "whole");
        assert!(is_cut(&whole[..whole.len() - 1]), "cut");
    }

    fn mp4_box(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes(), &name, body].concat()
    }

    #[test]
    fn a_file_with_its_index_in_front_is_cut_off_inside_its_last_box() {
        check(
            &[
                mp4_box(*b"ftyp", b"isom"),
                mp4_box(*b"moov", b"index"),
                mp4_box(*b"mdat", &[7; 99]),
            ]
            .concat(),
        );
        // A size of 64 bits.
        let mut long = [0, 0, 0, 1].to_vec();
        long.extend(b"mdat");
        long.extend(66_u64.to_be_bytes());
        long.extend([7; 50]);
        check(&[mp4_box(*b"ftyp", b"isom"), mp4_box(*b"moov", b""), long].concat());
    }

    #[test]
    fn a_box_that_reaches_to_the_end_is_whole_and_one_without_index_is_not_ours() {
        let to_the_end = [b"\0\0\0\0mdat".as_slice(), &[7; 9]].concat();
        assert!(!is_cut(
            &[
                mp4_box(*b"ftyp", b"isom"),
                mp4_box(*b"moov", b""),
                to_the_end
            ]
            .concat()
        ));
        assert!(!is_cut(
            &[mp4_box(*b"ftyp", b"isom"), b"\0\0\xff\xffmdat".to_vec()].concat()
        ));
        assert!(!is_cut(
            &[
                mp4_box(*b"ftyp", b"isom"),
                mp4_box(*b"moov", b""),
                b"\0\0".to_vec()
            ]
            .concat()
        ));
    }

    #[test]
    fn a_box_whose_size_cannot_be_ends_the_search() {
        for size in [0_u64, 15] {
            let mut long = b"\0\0\0\x01mdat".to_vec();
            long.extend(size.to_be_bytes());
            long.extend([7; 50]);
            let file = [mp4_box(*b"ftyp", b"isom"), mp4_box(*b"moov", b""), long];
            assert!(!is_cut(&file.concat()), "{size}");
        }
    }

    #[test]
    fn a_file_that_ends_inside_the_head_of_a_box_is_cut_off() {
        let whole = [mp4_box(*b"ftyp", b"isom"), mp4_box(*b"moov", b"")].concat();
        assert!(is_cut(&[&whole[..], b"\0\0\0\x01mdat\0\0\0\0"].concat()));
    }

    #[test]
    fn a_matroska_file_is_cut_off_inside_its_segment() {
        let header = [0x1a, 0x45, 0xdf, 0xa3, 0x82, 1, 2];
        let segment = [0x18, 0x53, 0x80, 0x67, 0x40, 0x05, 1, 2, 3, 4, 5];
        check(&[header.as_slice(), &segment].concat());
        let unknown = [0x18, 0x53, 0x80, 0x67, 0xff, 1, 2, 3];
        assert!(!is_cut(&[header.as_slice(), &unknown].concat()));
    }

    #[test]
    fn an_avi_and_a_windows_media_file_state_their_sizes() {
        check(b"RIFF\x06\0\0\0AVI \x01\x02");
        let mut media = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11".to_vec();
        media.extend([0; 22]);
        media.extend(b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65");
        media.extend([0; 24]);
        let size_at = media.len();
        media.extend([0; 200]);
        let size = media.len() as u64;
        media[size_at..size_at + 8].copy_from_slice(&size.to_le_bytes());
        check(&media);
    }

    #[test]
    fn what_is_not_understood_is_not_cut_off() {
        for bytes in [
            b"".as_slice(),
            b"ID3",
            b"RIFF\xff\xff\xff\xffWAVE",
            b"RIFF\xff\xff\xff\xffAVI LIST",
            b"\x1a\x45\xdf\xa3",
            &[0; 40],
        ] {
            assert!(!is_cut(bytes), "{bytes:?}");
        }
    }
}
