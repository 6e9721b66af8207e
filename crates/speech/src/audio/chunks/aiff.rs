//! AIFF and AIFF-C.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::{Chunks, Grammar, Samples};
use crate::audio::view::Piece;

/// Bytes of the sound chunk before its samples: an offset and a block size, which nobody uses.
const N_SOUND_HEAD: usize = 8;

/// The file that begins at the start of `range`, if its samples are found and their format is one of plain numbers.
pub(in crate::audio) fn aiff(
    file: &mut (impl Read + Seek),
    range: Range<u64>,
) -> io::Result<Option<Samples>> {
    let mut chunks = Chunks {
        file,
        grammar: Grammar::AIFF,
        begin: range.start,
        limit: range.end,
    };
    let first = range.start + 12;
    let Some(common) = chunks.find(*b"COMM", first)? else {
        return Ok(None);
    };
    let Some(sound) = chunks.find(*b"SSND", first)? else {
        return Ok(None);
    };
    let form = chunks.read(range.start + 8..range.start + 12)?;
    let mut common = chunks.read(common.content)?;
    let Some(n_frame) = bytes_of_frame(&common) else {
        return Ok(None);
    };
    let (sound_end, end) = chunks.true_end(&sound.content)?;
    let start = sound.content.start + N_SOUND_HEAD as u64;
    let n_frames = sound_end.saturating_sub(start) / n_frame;
    let n_samples = n_frames * n_frame;
    // Sizes have 32 bits; a longer file is read as it is.
    let (Ok(n_frames), Ok(n_sound)) = (
        u32::try_from(n_frames),
        u32::try_from(n_samples + N_SOUND_HEAD as u64),
    ) else {
        return Ok(None);
    };
    common[2..6].copy_from_slice(&n_frames.to_be_bytes());
    let n_common = u32::try_from(common.len()).unwrap_or(u32::MAX);
    common.resize(common.len().next_multiple_of(2), 0);
    let is_compressed = form == *b"AIFC";
    let version: &[u8] = if is_compressed {
        b"FVER\0\0\0\x04\xa2\x80\x51\x40"
    } else {
        b""
    };
    let body = [
        &form,
        version,
        b"COMM",
        &n_common.to_be_bytes(),
        &common,
        b"SSND",
        &n_sound.to_be_bytes(),
        &[0; N_SOUND_HEAD],
    ]
    .concat();
    let n_form = (body.len() as u64 + n_samples).next_multiple_of(2);
    let n_form = u32::try_from(n_form).unwrap_or(u32::MAX);
    let head = [b"FORM", &n_form.to_be_bytes()[..], &body].concat();
    let n_claimed = sound.content.end - sound.content.start;
    Ok(Some(Samples {
        pieces: vec![
            Piece::Bytes(head),
            Piece::File(start..start + n_samples),
            Piece::Bytes(vec![0; usize::from(n_samples % 2 == 1)]),
        ],
        end,
        is_cut_off: sound.content.end > chunks.limit + 1 && n_claimed < 0x7fff_0000,
    }))
}

/// Bytes of all channels of one sample, by the content of the common chunk; `None` where samples are not plain numbers.
fn bytes_of_frame(common: &[u8]) -> Option<u64> {
    let n_channels = u64::from(u16::from_be_bytes(*common.first_chunk()?));
    let n_bits = u64::from(u16::from_be_bytes(*common.get(6..)?.first_chunk()?));
    let n_bytes = match common.get(18..22) {
        None | Some(b"NONE" | b"twos" | b"sowt" | b"raw " | b"in24" | b"in32") => {
            n_bits.div_ceil(8)
        }
        Some(b"fl32" | b"FL32") => 4,
        Some(b"fl64" | b"FL64") => 8,
        Some(b"ulaw" | b"ULAW" | b"alaw" | b"ALAW") => 1,
        Some(_) => return None,
    };
    Some(n_channels * n_bytes).filter(|n_bytes| *n_bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SOUND, seen};
    use super::*;

    /// Mono, 16 bits, `n_frames`, 16 kHz.
    fn common(n_frames: u32) -> Vec<u8> {
        let rate = b"\x40\x0c\xfa\0\0\0\0\0\0\0";
        [
            b"COMM\0\0\0\x12\0\x01",
            &n_frames.to_be_bytes()[..],
            b"\0\x10",
            rate,
        ]
        .concat()
    }

    fn file(sizes: [u32; 3], behind: &[u8]) -> Vec<u8> {
        let [form, sound, n_frames] = sizes;
        [
            b"FORM",
            &form.to_be_bytes()[..],
            b"AIFF",
            &common(n_frames),
            b"SSND",
            &sound.to_be_bytes(),
            &[0; 8],
            SOUND,
            behind,
        ]
        .concat()
    }

    fn check(read: &[u8], expected: &[u8]) {
        let (bytes, end, is_cut_off) = seen(aiff, read).unwrap();
        assert_eq!(bytes, expected);
        assert_eq!((end, is_cut_off), (read.len() as u64, false));
    }

    #[test]
    fn sizes_that_were_never_written_are_made_right() {
        let right = file([56, 18, 5], b"");
        check(&right, &right);
        let marked = file([70, 18, 5], b"MARK\0\0\0\x02\0\0");
        check(&marked, &right);
        let twice = file([66, 28, 10], SOUND);
        for sizes in [[0, 0, 0], [46, 8, 0], [u32::MAX; 3], [50, 12, 2]] {
            check(&file(sizes, SOUND), &twice);
        }
    }

    #[test]
    fn what_is_not_made_of_plain_numbers_is_left_alone() {
        let mut compressed = common(5);
        compressed[7] = 22;
        compressed.extend(b"ima4");
        assert_eq!(bytes_of_frame(&compressed[8..]), None);
        assert_eq!(seen(aiff, b"FORM\0\0\0\0AIFF"), None);
    }
}
