//! What MP4 and MOV files say of their tracks, as far as our demuxer passes over it: which are sound, which are enabled,
//! which part of them is to be played, and when.

mod boxes;
mod edits;
mod fragments;

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use domain::units::Seconds;

use super::tracks::Kind;

pub(super) use boxes::head as box_head;
use boxes::{Part, find, parts, read};
pub(super) use edits::{Edits, Piece};
pub(super) use fragments::Fragments;

/// A track of the movie.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) kind: Kind,
    /// Players choose among the enabled ones.
    pub(super) is_enabled: bool,
    pub(super) edits: Edits,
    /// Units a second.
    scale: u32,
    /// Where its fragments lie in time; empty if the movie has none.
    pub(super) fragments: Fragments,
}

impl Track {
    /// When it begins to play.
    pub(super) fn begin(&self) -> Seconds {
        let first = self.fragments.begin_at(0).unwrap_or(0);
        let first = first as f64 / f64::from(self.scale);
        let piece = match &self.edits {
            Edits::Pieces(pieces) => pieces.first().copied(),
            Edits::None | Edits::Collage => None,
        };
        let piece = piece.unwrap_or(Piece::WHOLE);
        Seconds(piece.at + (first - piece.start).max(0.0))
    }
}

/// Looks whether the fragments of a movie can be as they say. The movie may begin `within` so many bytes of the file, as
/// far as our demuxer looks for its beginning.
///
/// # Errors
/// Why not, for the person who sent it.
pub(super) fn check(file: &mut (impl Read + Seek), within: u32) -> io::Result<()> {
    let n_bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut front = Vec::new();
    file.take(u64::from(within)).read_to_end(&mut front)?;
    for name in memmem::find_iter(&front, b"ftyp") {
        let start = name.saturating_sub(4) as u64;
        fragments::check_runs(file, start, n_bytes)?;
    }
    Ok(())
}

/// The tracks of a movie, in their order. A file that is not readable as MP4 has none.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Vec<Track> {
    movie(file).unwrap_or_default()
}

fn movie(file: &mut (impl Read + Seek)) -> Option<Vec<Track>> {
    let n_bytes = file.seek(SeekFrom::End(0)).ok()?;
    let moov = find(&parts(file, 0, n_bytes).ok()?, *b"moov")?;
    let in_movie = moov.parts(file).ok()?;
    let movie_scale = time_scale(file, find(&in_movie, *b"mvhd")?)?;
    let is_fragmented = find(&in_movie, *b"mvex").is_some();
    let tracks = in_movie.iter().filter(|part| part.name == *b"trak");
    let (mut tracks, n_in_movie): (Vec<Track>, Vec<u64>) = tracks
        .filter_map(|part| track(file, *part, movie_scale, is_fragmented))
        .unzip();
    if is_fragmented {
        let ids: Vec<u32> = tracks.iter().map(|track| track.id).collect();
        let all = fragments::read_all(file, n_bytes, &ids).unwrap_or_default();
        for ((track, fragments), n_in_movie) in tracks.iter_mut().zip(all).zip(n_in_movie) {
            track.fragments = fragments.behind(n_in_movie);
        }
    }
    Some(tracks)
}

/// A track, and how many packets of it the movie itself lists.
fn track(
    file: &mut (impl Read + Seek),
    part: Part,
    movie_scale: u32,
    is_fragmented: bool,
) -> Option<(Track, u64)> {
    let header = part.find(file, *b"tkhd")?;
    let (version, flags) = header.enter(file).ok()?;
    skip_times(file, version)?;
    let id = u32::from_be_bytes(read(file).ok()?);
    let media = part.find(file, *b"mdia")?;
    let scale = media.find(file, *b"mdhd");
    let scale = time_scale(file, scale?)?;
    let edits = part
        .find(file, *b"edts")
        .and_then(|edits| edits.find(file, *b"elst"))
        .map(|list| edits::read(file, list, movie_scale, scale, is_fragmented));
    let track = Track {
        id,
        kind: kind(file, media),
        is_enabled: flags & 1 == 1,
        edits: edits.unwrap_or_default(),
        scale,
        fragments: Fragments::default(),
    };
    Some((track, fragments::n_in_movie(file, media).unwrap_or(0)))
}

fn kind(file: &mut (impl Read + Seek), media: Part) -> Kind {
    let handler = media.find(file, *b"hdlr").and_then(|handler| {
        handler.enter(file).ok()?;
        file.seek(SeekFrom::Current(4)).ok()?;
        read::<4>(file).ok()
    });
    match handler.as_ref() {
        Some(b"soun") => Kind::Sound,
        Some(b"vide") => Kind::Picture,
        _ => Kind::Other,
    }
}

/// Units a second, from a movie's or a track's header.
fn time_scale(file: &mut (impl Read + Seek), header: Part) -> Option<u32> {
    let (version, _) = header.enter(file).ok()?;
    skip_times(file, version)?;
    let scale = u32::from_be_bytes(read(file).ok()?);
    (scale > 0).then_some(scale)
}

/// Goes behind the times of creation and change.
fn skip_times(file: &mut impl Seek, version: u8) -> Option<u64> {
    file.seek(SeekFrom::Current(if version == 1 { 16 } else { 8 }))
        .ok()
}

#[cfg(test)]
pub(super) mod testing {
    //! Films made of boxes.

    pub(in crate::audio) fn part(name: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], &name, &content].concat()
    }

    /// A header whose value stands behind version, flags and two times.
    pub(in crate::audio) fn header(flags: u32, value: u32) -> Vec<u8> {
        [
            &flags.to_be_bytes()[..],
            &[0; 8],
            &value.to_be_bytes(),
            &[0; 8],
        ]
        .concat()
    }

    /// A track of 48 kHz.
    pub(in crate::audio) fn track(id: u32, flags: u32, handler: [u8; 4], edits: &[u8]) -> Vec<u8> {
        let handler = part(*b"hdlr", &[&[0; 8], &handler, &[0; 12]]);
        let media = part(
            *b"mdia",
            &[&part(*b"mdhd", &[&header(0, 48_000)]), &handler],
        );
        let head = part(*b"tkhd", &[&header(flags, id)]);
        part(*b"trak", &[&head, edits, &media])
    }

    /// A movie of 1000 units a second.
    pub(in crate::audio) fn film(parts: &[&[u8]]) -> Vec<u8> {
        let head = part(*b"mvhd", &[&header(0, 1_000)]);
        let moov = part(*b"moov", &[&head[..], &parts.concat()]);
        [part(*b"ftyp", &[b"isom"]), moov].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::testing::{film, track};
    use super::*;

    #[test]
    fn tracks_say_what_they_hold_and_whether_they_are_enabled() {
        let film = film(&[
            &track(1, 3, *b"vide", &[]),
            &track(2, 2, *b"soun", &[]),
            &track(7, 3, *b"soun", &[]),
            &track(9, 3, *b"text", &[]),
        ]);
        let tracks = tracks(&mut Cursor::new(film));
        let found: Vec<_> = tracks
            .iter()
            .map(|t| (t.id, t.kind, t.is_enabled))
            .collect();
        assert_eq!(
            found,
            [
                (1, Kind::Picture, true),
                (2, Kind::Sound, false),
                (7, Kind::Sound, true),
                (9, Kind::Other, true)
            ]
        );
    }

    #[test]
    fn a_cut_file_has_no_tracks() {
        let film = film(&[&track(2, 3, *b"soun", &[])]);
        for n in 0..film.len() {
            assert_eq!(tracks(&mut Cursor::new(&film[..n])), []);
        }
    }
}
