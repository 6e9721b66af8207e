//! Edit lists (ISO 14496-12, 8.6.6): which parts of a track are to be played, and when.
//!
//! Encoders put a few hundred samples of warm-up before the first sound and say so in an edit list; a track that begins
//! later than the picture has an empty edit in front; cameras and editors write one when a clip was trimmed.

use std::io::{self, Read, Seek};

use super::boxes::{Part, read as read_bytes};

/// More entries than this is no list of an editor.
const MAX_ENTRIES: usize = 4096;

/// Normal speed as a fixed-point number.
const NORMAL_SPEED: u32 = 0x0001_0000;

/// Which parts of a track are to be played, all times in seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::audio) enum Edits {
    /// All of it, from the beginning of the movie on.
    #[default]
    None,
    /// These parts, in the order of the track.
    Pieces(Vec<Piece>),
    /// Parts in another order, more than once, or at another speed.
    Collage,
}

/// A part of a track that is to be played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::audio) struct Piece {
    /// When it is played.
    pub(in crate::audio) at: f64,
    /// Its beginning in the track.
    pub(in crate::audio) start: f64,
    /// Its end in the track; infinite where that is the track's.
    pub(in crate::audio) end: f64,
}

impl Piece {
    /// The whole of a track.
    pub(in crate::audio) const WHOLE: Self = Self {
        at: 0.0,
        start: 0.0,
        end: f64::INFINITY,
    };
}

/// Reads the list. In a fragmented movie its durations cover only what was written first, so that the last part is open.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    list: Part,
    movie_scale: u32,
    track_scale: u32,
    is_fragmented: bool,
) -> Edits {
    let entries = entries(file, list).unwrap_or_default();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0.0;
    for entry in entries {
        let duration = entry.duration as f64 / f64::from(movie_scale);
        if let Ok(start) = u64::try_from(entry.start) {
            let start = start as f64 / f64::from(track_scale);
            let is_behind = pieces.last().is_none_or(|last| start >= last.end);
            if entry.speed != NORMAL_SPEED || !is_behind {
                return Edits::Collage;
            }
            let is_open = entry.duration == 0;
            let end = if is_open {
                f64::INFINITY
            } else {
                start + duration
            };
            pieces.push(Piece { at, start, end });
        }
        at += duration;
    }
    match pieces.last_mut() {
        None => Edits::None,
        Some(piece) => {
            if is_fragmented {
                piece.end = f64::INFINITY;
            }
            Edits::Pieces(pieces)
        }
    }
}

/// An entry of the list: duration in units of the movie, first unit of the track (-1: silence), speed.
struct Entry {
    duration: u64,
    start: i64,
    speed: u32,
}

fn entries(file: &mut (impl Read + Seek), list: Part) -> io::Result<Vec<Entry>> {
    let (version, _) = list.enter(file)?;
    let n_entries = u32::from_be_bytes(read_bytes(file)?) as usize;
    (0..n_entries.min(MAX_ENTRIES))
        .map(|_| {
            let (duration, start) = if version == 1 {
                (
                    u64::from_be_bytes(read_bytes(file)?),
                    i64::from_be_bytes(read_bytes(file)?),
                )
            } else {
                (
                    u64::from(u32::from_be_bytes(read_bytes(file)?)),
                    i64::from(i32::from_be_bytes(read_bytes(file)?)),
                )
            };
            Ok(Entry {
                duration,
                start,
                speed: u32::from_be_bytes(read_bytes(file)?),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::testing::{film, part, track};
    use super::super::tracks;
    use super::*;

    fn edits(entries: &[(u32, i32, u32)], is_fragmented: bool) -> Edits {
        let mut list = vec![0; 4];
        list.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
        for (duration, start, speed) in entries {
            list.extend(
                [
                    duration.to_be_bytes(),
                    start.to_be_bytes(),
                    speed.to_be_bytes(),
                ]
                .concat(),
            );
        }
        let edits = part(*b"edts", &[&part(*b"elst", &[&list])]);
        let mvex = if is_fragmented {
            part(*b"mvex", &[])
        } else {
            Vec::new()
        };
        let film = film(&[&track(7, 3, *b"soun", &edits), &mvex]);
        tracks(&mut Cursor::new(film)).remove(0).edits
    }

    fn check(entries: &[(u32, i32)], expected: &[(f64, f64, f64)]) {
        let entries: Vec<_> = entries
            .iter()
            .map(|(duration, start)| (*duration, *start, NORMAL_SPEED))
            .collect();
        let expected = expected
            .iter()
            .map(|(at, start, end)| Piece {
                at: *at,
                start: *start,
                end: *end,
            })
            .collect();
        assert_eq!(edits(&entries, false), Edits::Pieces(expected));
    }

    #[test]
    fn times_are_seconds_of_the_track_and_of_the_movie() {
        check(&[(2_000, 1_200)], &[(0.0, 0.025, 2.025)]);
        check(&[(4_000, -1), (2_000, 0)], &[(4.0, 0.0, 2.0)]);
        check(&[(0, 1_200)], &[(0.0, 0.025, f64::INFINITY)]);
        check(
            &[(500, 0), (250, -1), (500, 96_000)],
            &[(0.0, 0.0, 0.5), (0.75, 2.0, 2.5)],
        );
    }

    #[test]
    fn a_list_of_silence_alone_says_nothing() {
        assert_eq!(edits(&[(500, -1, NORMAL_SPEED)], false), Edits::None);
        assert_eq!(edits(&[], false), Edits::None);
    }

    #[test]
    fn parts_in_another_order_or_at_another_speed_are_a_collage() {
        for entries in [
            [(500, 96_000, NORMAL_SPEED), (500, 0, NORMAL_SPEED)],
            [(500, 0, NORMAL_SPEED), (500, 0, NORMAL_SPEED)],
            [(500, 0, NORMAL_SPEED), (500, 96_000, NORMAL_SPEED / 2)],
        ] {
            assert_eq!(edits(&entries, false), Edits::Collage, "{entries:?}");
        }
    }

    #[test]
    fn in_fragments_the_last_part_is_open() {
        let open = Piece {
            at: 4.0,
            start: 0.0,
            end: f64::INFINITY,
        };
        let entries = [(4_000, -1, NORMAL_SPEED), (2_000, 0, NORMAL_SPEED)];
        assert_eq!(edits(&entries, true), Edits::Pieces(vec![open]));
    }
}
