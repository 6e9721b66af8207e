//! Edit lists of MP4 and MOV: which part of a track is to be heard.
//!
//! Encoders put a few hundred samples of warm-up before the first sound and say so in an edit list; cameras write one
//! when a clip was trimmed. Our demuxer plays the whole track, so the cut is read here.

use std::io::{self, Read, Seek, SeekFrom};

use super::boxes::{self, read};

/// More boxes than this in one place is no file of an encoder.
const MAX_BOXES: usize = 4096;

/// The part of a track to be heard, in units of the track's time scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// One piece: from `start`, to `end` where that is known.
    Piece {
        /// The first unit to be heard.
        start: u64,
        /// The first unit no longer to be heard.
        end: Option<u64>,
    },
    /// Several pieces, or another speed.
    Collage,
}

/// The edits of all tracks that have one, by track id. A file that is not readable as MP4 has none.
pub(super) fn edits(file: &mut (impl Read + Seek)) -> Vec<(u32, Edit)> {
    let Some((movie_scale, tracks)) = movie(file) else {
        return Vec::new();
    };
    tracks
        .into_iter()
        .filter_map(|track| edit_of(file, track, movie_scale))
        .collect()
}

/// The movie's time scale and its tracks.
fn movie(file: &mut (impl Read + Seek)) -> Option<(u32, Vec<Part>)> {
    let n_bytes = file.seek(SeekFrom::End(0)).ok()?;
    let moov = find(&boxes(file, 0, n_bytes).ok()?, *b"moov")?;
    let parts = boxes(file, moov.start, moov.end).ok()?;
    let scale = time_scale(file, find(&parts, *b"mvhd")?).ok()?;
    Some((
        scale,
        parts
            .into_iter()
            .filter(|part| part.name == *b"trak")
            .collect(),
    ))
}

fn edit_of(file: &mut (impl Read + Seek), track: Part, movie_scale: u32) -> Option<(u32, Edit)> {
    let parts = boxes(file, track.start, track.end).ok()?;
    let id = id_of_track(file, find(&parts, *b"tkhd")?).ok()?;
    let edts = find(&parts, *b"edts")?;
    let elst = boxes(file, edts.start, edts.end)
        .ok()
        .and_then(|parts| find(&parts, *b"elst"))?;
    let mdia = find(&parts, *b"mdia")?;
    let mdhd = boxes(file, mdia.start, mdia.end)
        .ok()
        .and_then(|parts| find(&parts, *b"mdhd"))?;
    let track_scale = time_scale(file, mdhd).ok()?;
    Some((
        id,
        edit(&entries(file, elst).ok()?, movie_scale, track_scale)?,
    ))
}

/// An entry of an edit list: duration in units of the movie, first unit of the track (-1: silence), speed.
type Entry = (u64, i64, u32);

/// Normal speed as a fixed-point number.
const NORMAL_SPEED: u32 = 0x0001_0000;

fn edit(entries: &[Entry], movie_scale: u32, track_scale: u32) -> Option<Edit> {
    // A leading silence only shifts the track against the picture; it is left out, as ffmpeg does.
    let sounding: Vec<_> = entries.iter().filter(|(_, start, _)| *start >= 0).collect();
    match sounding[..] {
        [] => None,
        [&(duration, start, NORMAL_SPEED)] => {
            let start = start.unsigned_abs();
            let length =
                u128::from(duration) * u128::from(track_scale) / u128::from(movie_scale.max(1));
            let end = u64::try_from(length)
                .ok()
                .filter(|length| *length > 0)
                .map(|length| start.saturating_add(length));
            Some(Edit::Piece { start, end })
        }
        _ => Some(Edit::Collage),
    }
}

/// A box: its name and where its content lies.
#[derive(Debug, Clone, Copy)]
struct Part {
    name: [u8; 4],
    start: u64,
    end: u64,
}

fn find(parts: &[Part], name: [u8; 4]) -> Option<Part> {
    parts.iter().find(|part| part.name == name).copied()
}

/// The boxes that lie side by side between two places.
fn boxes(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut at = start;
    while parts.len() < MAX_BOXES && end.saturating_sub(at) >= 8 {
        let Some(head) = boxes::head(file, at, end)? else {
            break;
        };
        let Some(next) = at.checked_add(head.size).filter(|next| *next <= end) else {
            break;
        };
        parts.push(Part {
            name: head.name,
            start: at + head.n_bytes,
            end: next,
        });
        at = next;
    }
    Ok(parts)
}

/// Units a second, from a movie's or a track's header.
fn time_scale(file: &mut (impl Read + Seek), header: Part) -> io::Result<u32> {
    skip_times(file, header)?;
    Ok(u32::from_be_bytes(read(file)?))
}

fn id_of_track(file: &mut (impl Read + Seek), header: Part) -> io::Result<u32> {
    skip_times(file, header)?;
    Ok(u32::from_be_bytes(read(file)?))
}

/// Goes behind version, flags, and the times of creation and change.
fn skip_times(file: &mut (impl Read + Seek), header: Part) -> io::Result<()> {
    let version = version(file, header)?;
    file.seek(SeekFrom::Current(if version == 1 { 16 } else { 8 }))
        .map(drop)
}

fn entries(file: &mut (impl Read + Seek), list: Part) -> io::Result<Vec<Entry>> {
    let version = version(file, list)?;
    let n_entries = u32::from_be_bytes(read(file)?) as usize;
    (0..n_entries.min(MAX_BOXES))
        .map(|_| {
            let (duration, start) = if version == 1 {
                (
                    u64::from_be_bytes(read(file)?),
                    i64::from_be_bytes(read(file)?),
                )
            } else {
                (
                    u64::from(u32::from_be_bytes(read(file)?)),
                    i64::from(i32::from_be_bytes(read(file)?)),
                )
            };
            Ok((duration, start, u32::from_be_bytes(read(file)?)))
        })
        .collect()
}

fn version(file: &mut (impl Read + Seek), part: Part) -> io::Result<u8> {
    file.seek(SeekFrom::Start(part.start))?;
    let [version, ..] = read::<4>(file)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn part(name: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], &name, &content].concat()
    }

    fn header(value: u32) -> Vec<u8> {
        [&[0; 12][..], &value.to_be_bytes(), &[0; 8]].concat()
    }

    fn film(entries: &[(u32, i32)]) -> Vec<u8> {
        let mut list = vec![0; 4];
        list.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
        for (duration, start) in entries {
            list.extend(
                [
                    duration.to_be_bytes(),
                    start.to_be_bytes(),
                    NORMAL_SPEED.to_be_bytes(),
                ]
                .concat(),
            );
        }
        let edts = part(*b"edts", &[&part(*b"elst", &[&list])]);
        let mdia = part(*b"mdia", &[&part(*b"mdhd", &[&header(48_000)])]);
        let trak = part(*b"trak", &[&part(*b"tkhd", &[&header(7)]), &edts, &mdia]);
        let moov = part(*b"moov", &[&part(*b"mvhd", &[&header(1_000)]), &trak]);
        [part(*b"ftyp", &[b"isom"]), moov].concat()
    }

    #[test]
    fn warm_up_and_end_are_read_in_units_of_the_track() {
        let edits = edits(&mut Cursor::new(film(&[(2_000, 1_024)])));
        assert_eq!(
            edits,
            [(
                7,
                Edit::Piece {
                    start: 1_024,
                    end: Some(1_024 + 96_000)
                }
            )]
        );
    }

    #[test]
    fn leading_silence_is_left_out_and_an_open_end_stays_open() {
        let edits = edits(&mut Cursor::new(film(&[(500, -1), (0, 64)])));
        assert_eq!(
            edits,
            [(
                7,
                Edit::Piece {
                    start: 64,
                    end: None
                }
            )]
        );
    }

    #[test]
    fn several_pieces_are_a_collage() {
        let edits = edits(&mut Cursor::new(film(&[(500, 0), (500, 96_000)])));
        assert_eq!(edits, [(7, Edit::Collage)]);
    }

    #[test]
    fn a_cut_file_has_no_edits() {
        let bytes = film(&[(2_000, 1_024)]);
        for n in 0..bytes.len() {
            assert_eq!(edits(&mut Cursor::new(&bytes[..n])), []);
        }
    }
}
