//! WAV, RF64 (EBU Tech 3306) and Sony's Wave64: three ways to write the same.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::{Chunks, Grammar, Samples};
use crate::audio::view::Piece;

/// The identifiers with which a Wave64 file and its samples begin.
pub(super) const WAVE64_NAME: &[u8; 16] = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";

/// Sizes from here on are not meant as sizes: half of four gigabytes, and all ones.
const NOT_A_SIZE: u64 = 0x7fff_0000;

/// The WAV or RF64 file that begins at the start of `range`, if its samples are found.
pub(in crate::audio) fn wave(
    file: &mut (impl Read + Seek),
    range: Range<u64>,
) -> io::Result<Option<Samples>> {
    let mut chunks = Chunks {
        file,
        grammar: Grammar::RIFF,
        begin: range.start,
        limit: range.end,
    };
    let first = range.start + 12;
    let Some(format) = chunks.find(*b"fmt ", first)? else {
        return Ok(None);
    };
    let Some(mut samples) = chunks.find(*b"data", first)? else {
        return Ok(None);
    };
    // The size of a long file stands in a chunk of its own.
    let is_elsewhere = samples.content.end - samples.content.start == u64::from(u32::MAX);
    if is_elsewhere && let Some(sizes) = chunks.find(*b"ds64", first)? {
        let sizes = chunks.read(sizes.content)?;
        if let Some(size) = sizes.get(8..).and_then(|size| size.first_chunk()) {
            let end = samples
                .content
                .start
                .saturating_add(u64::from_le_bytes(*size));
            samples.content.end = end;
        }
    }
    build(&mut chunks, format.content, &samples.content).map(Some)
}

/// The Wave64 file that begins at the start of `range`, if its samples are found.
pub(in crate::audio) fn wave64(
    file: &mut (impl Read + Seek),
    range: Range<u64>,
) -> io::Result<Option<Samples>> {
    let mut chunks = Chunks {
        file,
        grammar: Grammar::WAVE64,
        begin: range.start,
        limit: range.end,
    };
    let first = range.start + 40;
    let Some(format) = chunks.find(*b"fmt ", first)? else {
        return Ok(None);
    };
    let Some(samples) = chunks.find(*b"data", first)? else {
        return Ok(None);
    };
    build(&mut chunks, format.content, &samples.content).map(Some)
}

/// A WAV file of the format that stands at `format` and the samples that by their size take `claimed`.
fn build<F: Read + Seek>(
    chunks: &mut Chunks<'_, F>,
    format: Range<u64>,
    claimed: &Range<u64>,
) -> io::Result<Samples> {
    let (samples_end, end) = chunks.true_end(claimed)?;
    let format = chunks.read(format)?;
    let n_format = u32::try_from(format.len()).unwrap_or(u32::MAX);
    let n_samples = samples_end.saturating_sub(claimed.start);
    // All ones stand for more than this number can say.
    let n_samples = u32::try_from(n_samples).unwrap_or(u32::MAX);
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt ".to_vec();
    head.extend(n_format.to_le_bytes());
    head.extend(&format);
    head.resize(head.len().next_multiple_of(2), 0);
    head.extend(b"data");
    head.extend(n_samples.to_le_bytes());
    let n_claimed = claimed.end - claimed.start;
    Ok(Samples {
        pieces: vec![Piece::Bytes(head), Piece::File(claimed.start..samples_end)],
        end,
        is_cut_off: claimed.end > chunks.limit + 1 && n_claimed < NOT_A_SIZE,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SOUND, seen};
    use super::*;

    const FORMAT: &[u8] = b"fmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0";

    fn riff(size: u32, data_size: u32, behind: &[u8]) -> Vec<u8> {
        [
            b"RIFF",
            &size.to_le_bytes()[..],
            b"WAVE",
            FORMAT,
            b"data",
            &data_size.to_le_bytes(),
            SOUND,
            behind,
        ]
        .concat()
    }

    /// The header that is made for these samples.
    fn head(sound: &[u8]) -> Vec<u8> {
        let n_samples = u32::try_from(sound.len()).unwrap().to_le_bytes();
        [b"RIFF\xff\xff\xff\xffWAVE", FORMAT, b"data", &n_samples].concat()
    }

    /// Checks what comes behind the rebuilt header, where the file ends, and whether it is cut off.
    fn check(file: &[u8], sound: &[u8], end: usize, is_cut_off: bool) {
        let expected_head = head(sound);
        let (bytes, found_end, found_cut_off) = seen(wave, file).unwrap();
        assert_eq!(bytes, [&expected_head[..], sound].concat());
        assert_eq!((found_end, found_cut_off), (end as u64, is_cut_off));
    }

    #[test]
    fn a_size_counts_where_chunks_a_tag_or_a_file_follow() {
        let whole = riff(46, 10, b"");
        check(&whole, SOUND, whole.len(), false);
        let list = riff(46, 10, b"LIST\x04\0\0\0INFObext\x01\0\0\0x\0");
        check(&list, SOUND, list.len(), false);
        for behind in [&b"ID3\x04\0\0\0\0\0\x05hello"[..], &riff(46, 10, b"")] {
            check(&riff(46, 10, behind), SOUND, whole.len(), false);
        }
        // Eleven bytes of sound and one of padding.
        let odd = riff(48, 11, b"\x05\0LIST\x04\0\0\0INFO");
        check(&odd, &[SOUND, b"\x05"].concat(), odd.len(), false);
    }

    #[test]
    fn a_size_that_was_never_written_is_not_believed() {
        for size in [
            0,
            2,
            4,
            36,
            u32::MAX,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX - 36,
        ] {
            for riff_size in [0, 36, 46, u32::MAX] {
                let file = riff(riff_size, size, SOUND);
                check(&file, &[SOUND, SOUND].concat(), file.len(), size == 36);
            }
        }
    }

    #[test]
    fn a_file_that_is_shorter_than_its_size_is_cut_off() {
        let file = riff(1_000, 960, b"");
        check(&file, SOUND, file.len(), true);
    }

    #[test]
    fn the_size_of_a_long_file_stands_in_its_own_chunk() {
        let file = |size: u64, behind: &[u8]| {
            let sizes = [0_u64.to_le_bytes(), size.to_le_bytes(), [0; 8]].concat();
            [
                b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0",
                &sizes[..],
                &[0; 4],
                FORMAT,
                b"data\xff\xff\xff\xff",
                SOUND,
                behind,
            ]
            .concat()
        };
        let list = b"LIST\x04\0\0\0INFO";
        check(&file(10, list), SOUND, file(10, list).len(), false);
        for size in [0, 8, u64::MAX, i64::MAX.unsigned_abs()] {
            check(&file(size, b""), SOUND, file(size, b"").len(), false);
        }
    }

    #[test]
    fn wave64_is_read_as_wav() {
        let id = |name: &[u8; 4]| {
            [&name[..], b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a"].concat()
        };
        let file = |size: u64, behind: &[u8]| {
            [
                WAVE64_NAME,
                &[0; 8][..],
                &id(b"wave"),
                &id(b"fmt "),
                &40_u64.to_le_bytes(),
                &FORMAT[8..],
                &id(b"data"),
                &size.to_le_bytes(),
                SOUND,
                behind,
            ]
            .concat()
        };
        let more = [&[0; 6][..], &id(b"levl"), &24_u64.to_le_bytes()].concat();
        for (file, sound) in [
            (file(34, b""), SOUND.to_vec()),
            (file(34, &more), SOUND.to_vec()),
            (file(0, b""), SOUND.to_vec()),
            (file(24, b""), SOUND.to_vec()),
            (file(u64::MAX, b""), SOUND.to_vec()),
            (file(28, SOUND), [SOUND, SOUND].concat()),
        ] {
            let (bytes, end, is_cut_off) = seen(wave64, &file).unwrap();
            assert_eq!(bytes, [head(&sound), sound].concat());
            assert_eq!((end, is_cut_off), (file.len() as u64, false));
        }
    }

    #[test]
    fn what_has_no_samples_is_left_alone() {
        for file in [
            &b"RIFF\0\0\0\0WAVE"[..],
            b"RIFF",
            b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        ] {
            assert_eq!(seen(wave, file), None);
        }
    }
}
