//! Apple's Core Audio Format.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::{Chunks, Grammar, Samples};
use crate::audio::view::Piece;

/// The file that begins at the start of `range`, if its samples are found.
pub(in crate::audio) fn caf(
    file: &mut (impl Read + Seek),
    range: Range<u64>,
) -> io::Result<Option<Samples>> {
    let mut chunks = Chunks {
        file,
        grammar: Grammar::CAF,
        begin: range.start,
        limit: range.end,
    };
    let Some(data) = chunks.find(*b"data", range.start + 8)? else {
        return Ok(None);
    };
    let start = data.content.start;
    let (data_end, end) = chunks.true_end(&data.content)?;
    let n_claimed = data.content.end - start;
    // A recorder says with -1 that samples go on to the end of the file.
    let is_open = n_claimed > i64::MAX.unsigned_abs();
    let pieces = if data.content.end == data_end {
        vec![Piece::File(range.start..end)]
    } else {
        vec![
            Piece::File(range.start..start - 8),
            Piece::Bytes((data_end - start).to_be_bytes().to_vec()),
            Piece::File(start..data_end),
        ]
    };
    Ok(Some(Samples {
        pieces,
        end,
        is_cut_off: data.content.end > range.end && !is_open,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SOUND, seen};
    use super::*;

    fn file(size: i64, behind: &[u8]) -> Vec<u8> {
        [
            b"caff\0\x01\0\0desc",
            &32_u64.to_be_bytes()[..],
            &[7; 32],
            b"data",
            &size.to_be_bytes(),
            &[0; 4],
            SOUND,
            behind,
        ]
        .concat()
    }

    #[test]
    fn a_size_that_was_never_written_is_made_right() {
        let right = file(14, b"");
        assert_eq!(
            seen(caf, &right),
            Some((right.clone(), right.len() as u64, false))
        );
        let info = file(14, b"info\0\0\0\0\0\0\0\x04\0\0\0\0");
        assert_eq!(
            seen(caf, &info),
            Some((info.clone(), info.len() as u64, false))
        );
        let twice = file(24, SOUND);
        for size in [-1, 0, 4, 8] {
            let read = file(size, SOUND);
            assert_eq!(
                seen(caf, &read),
                Some((twice.clone(), read.len() as u64, false))
            );
        }
    }
}
