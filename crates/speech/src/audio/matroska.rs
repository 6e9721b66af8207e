//! What a Matroska or `WebM` file says of its tracks, as far as our demuxer passes over it: what kind they are of, and
//! which is flagged as the default.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::tracks::Kind;

/// Ids of elements (RFC 9559).
const SEGMENT: u64 = 0x1853_8067;
const CLUSTER: u64 = 0x1f43_b675;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const NUMBER: u64 = 0xd7;
const TRACK_TYPE: u64 = 0x83;
const IS_DEFAULT: u64 = 0x88;

const PICTURE: u64 = 1;
const SOUND: u64 = 2;

/// More elements than this in one place is no file of a muxer.
const MAX_ELEMENTS: usize = 4096;

/// A track as the file describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) number: u64,
    pub(super) kind: Kind,
    /// Set unless the file says otherwise.
    pub(super) is_default: bool,
}

/// The tracks, in their order, as far as they are described before the first cluster; none if that cannot be read.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Vec<Track> {
    read_tracks(file).unwrap_or_default()
}

/// Where the content of the segment lies of the file that begins at `at`; `None` where its end is not said, as in a live
/// stream.
pub(super) fn segment(
    file: &mut (impl Read + Seek),
    mut at: u64,
) -> io::Result<Option<Range<u64>>> {
    loop {
        let element = Element::read(file, at)?;
        match (element.id, element.n_bytes) {
            (_, None) => return Ok(None),
            (SEGMENT, Some(n_bytes)) => {
                return Ok(Some(element.start..element.start.saturating_add(n_bytes)));
            }
            (_, Some(n_bytes)) => at = element.start.saturating_add(n_bytes),
        }
    }
}

fn read_tracks(file: &mut (impl Read + Seek)) -> io::Result<Vec<Track>> {
    let mut at = 0;
    for _ in 0..MAX_ELEMENTS {
        let element = Element::read(file, at)?;
        at = match (element.id, element.n_bytes) {
            (SEGMENT, _) => element.start,
            (TRACKS, Some(n_bytes)) => {
                return children(file, element.start, n_bytes)?
                    .into_iter()
                    .filter(|child| child.id == TRACK)
                    .map(|child| track(file, child))
                    .collect();
            }
            (CLUSTER, _) | (_, None) => break,
            (_, Some(n_bytes)) => element.start.saturating_add(n_bytes),
        };
    }
    Ok(Vec::new())
}

fn track(file: &mut (impl Read + Seek), entry: Element) -> io::Result<Track> {
    let (mut number, mut kind, mut is_default) = (0, 0, true);
    for child in children(file, entry.start, entry.n_bytes.unwrap_or(0))? {
        match child.id {
            NUMBER => number = child.number(file)?,
            TRACK_TYPE => kind = child.number(file)?,
            IS_DEFAULT => is_default = child.number(file)? != 0,
            _ => {}
        }
    }
    Ok(Track {
        number,
        kind: match kind {
            PICTURE => Kind::Picture,
            SOUND => Kind::Sound,
            _ => Kind::Other,
        },
        is_default,
    })
}

/// An element: its id and where its content lies.
#[derive(Debug, Clone, Copy)]
struct Element {
    id: u64,
    start: u64,
    /// `None` where the size is not said.
    n_bytes: Option<u64>,
}

impl Element {
    fn read(file: &mut (impl Read + Seek), at: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(at))?;
        let (id, n_id) = variable_number(file, false)?;
        let (size, n_size) = variable_number(file, true)?;
        let is_unknown = size == (1 << (7 * n_size)) - 1;
        Ok(Self {
            id,
            start: at + n_id + n_size,
            n_bytes: (!is_unknown).then_some(size),
        })
    }

    /// Its content, which is a whole number.
    fn number(self, file: &mut (impl Read + Seek)) -> io::Result<u64> {
        file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = [0; 8];
        let n_bytes = self.n_bytes.map_or(0, |n_bytes| n_bytes.min(8));
        #[expect(clippy::cast_possible_truncation, reason = "8 at most")]
        let bytes = &mut bytes[..n_bytes as usize];
        file.read_exact(bytes)?;
        Ok(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }
}

fn children(file: &mut (impl Read + Seek), start: u64, n_bytes: u64) -> io::Result<Vec<Element>> {
    let end = start.saturating_add(n_bytes);
    let mut children = Vec::new();
    let mut at = start;
    while at < end && children.len() < MAX_ELEMENTS {
        let element = Element::read(file, at)?;
        children.push(element);
        at = element
            .start
            .saturating_add(element.n_bytes.unwrap_or(u64::MAX));
    }
    Ok(children)
}

/// A number of variable length (RFC 8794, section 4), and how many bytes it takes; the bit that says so is left out of sizes,
/// and is part of ids.
fn variable_number(file: &mut impl Read, is_size: bool) -> io::Result<(u64, u64)> {
    let mut first = [0];
    file.read_exact(&mut first)?;
    let n_more = first[0].leading_zeros() as usize;
    if n_more > 7 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let kept = if is_size {
        first[0] & (0x7f_u8 >> n_more)
    } else {
        first[0]
    };
    let mut more = [0; 7];
    file.read_exact(&mut more[..n_more])?;
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let number = more[..n_more].iter().fold(u64::from(kept), join);
    Ok((number, n_more as u64 + 1))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u16::try_from(content.len()).unwrap() | 0x4000;
        [id, &size.to_be_bytes(), content].concat()
    }

    fn file(segment_size: &[u8], tracks: &[u8]) -> Vec<u8> {
        let header = element(&[0x1a, 0x45, 0xdf, 0xa3], b"webm");
        let void = element(&[0xec], &[0; 20]);
        let tracks = element(&[0x16, 0x54, 0xae, 0x6b], tracks);
        let id = [0x18, 0x53, 0x80, 0x67];
        [&header[..], &id, segment_size, &void, &tracks].concat()
    }

    #[test]
    fn a_track_is_the_default_unless_the_file_says_otherwise() {
        let entry = |number: u8, kind: u8, flag: &[u8]| {
            element(
                &[0xae],
                &[&[0xd7, 0x81, number, 0x83, 0x81, kind], flag].concat(),
            )
        };
        let entries = [
            entry(1, 2, &[0x88, 0x81, 0]),
            entry(2, 2, &[]),
            entry(3, 1, &[0x88, 0x81, 1]),
            entry(4, 17, &[0x88, 0x80]),
        ]
        .concat();
        for size in [
            &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
            &[0x42, 0],
        ] {
            let tracks = tracks(&mut Cursor::new(file(size, &entries)));
            let found: Vec<_> = tracks
                .iter()
                .map(|track| (track.number, track.kind, track.is_default))
                .collect();
            assert_eq!(
                found,
                [
                    (1, Kind::Sound, false),
                    (2, Kind::Sound, true),
                    (3, Kind::Picture, true),
                    (4, Kind::Other, false)
                ]
            );
        }
    }

    #[test]
    fn the_end_of_a_segment_is_found_unless_it_is_open() {
        let whole = file(&[0x40, 0x30], &[]);
        let found = segment(&mut Cursor::new(&whole), 0).unwrap().unwrap();
        assert_eq!(found.end - found.start, 0x30);
        let live = file(&[0xff], &[]);
        assert_eq!(segment(&mut Cursor::new(live), 0).unwrap(), None);
    }

    #[test]
    fn what_is_cut_has_no_tracks() {
        let whole = file(&[0xff], &element(&[0xae], &[0xd7, 0x81, 1]));
        for n in 0..whole.len() {
            assert_eq!(tracks(&mut Cursor::new(&whole[..n])), []);
        }
    }
}
