//! Stretches in which one track is heard without a pause: whoever is heard in one is one person.

use std::ops::Range;

use super::powerset::TRACKS;
use super::stitch::Tracks;

/// Fewer frames are no speech: 0.1 s.
const SHORTEST: usize = 6;
/// Longer stretches are cut, in case the network missed a change of speakers: 4 s.
const LONGEST: usize = 237;
/// No piece has more frames, wherever it was cut.
pub(super) const NEVER_LONGER: usize = 2 * LONGEST;

/// A stretch of speech of one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The track, in `0..3`.
    pub(super) track: usize,
    /// Frames of the recording in which it is heard.
    pub(super) frames: Range<usize>,
}

impl Piece {
    /// Frames in which both are heard.
    pub(super) fn overlap(&self, other: &Self) -> usize {
        let end = self.frames.end.min(other.frames.end);
        end.saturating_sub(self.frames.start.max(other.frames.start))
    }
}

/// All pieces of a recording, by where they begin, then by track.
pub(super) fn pieces(tracks: &Tracks) -> Vec<Piece> {
    let runs = (0..TRACKS).flat_map(|track| runs(tracks, track));
    let mut pieces: Vec<Piece> = (runs.filter(|run| run.frames.len() >= SHORTEST))
        .flat_map(|run| cut(tracks, run, LONGEST))
        .collect();
    pieces.sort_by_key(|piece| (piece.frames.start, piece.track));
    pieces
}

/// The frames of a track without a pause between them.
fn runs(tracks: &Tracks, track: usize) -> Vec<Piece> {
    let mut runs: Vec<Piece> = Vec::new();
    for frame in (0..tracks.len()).filter(|frame| tracks.is_active(*frame, track)) {
        match runs.last_mut() {
            Some(run) if run.frames.end == frame => run.frames.end += 1,
            _ => runs.push(Piece {
                track,
                frames: frame..frame + 1,
            }),
        }
    }
    runs
}

/// Parts of about the same length, none much longer than `longest`, cut where the track is heard least, and in the middle
/// where it is heard alike.
pub(super) fn cut(tracks: &Tracks, run: Piece, longest: usize) -> Vec<Piece> {
    /// Smaller differences are those of rounding.
    const ALIKE: f32 = 1e-5;
    let Piece { track, frames } = run;
    let n_parts = frames.len().div_ceil(longest);
    let reach = frames.len() / n_parts / 4;
    let quietest = |part: usize| {
        let about = frames.start + frames.len() * part / n_parts;
        (about - reach..about + reach).fold(about, |best, frame| {
            let is_quieter = tracks.likely(frame, track) < tracks.likely(best, track) - ALIKE;
            if is_quieter { frame } else { best }
        })
    };
    let starts = std::iter::once(frames.start).chain((1..n_parts).map(quietest));
    let ends = (1..n_parts).map(quietest).chain([frames.end]);
    (starts.zip(ends))
        .map(|(start, end)| Piece {
            track,
            frames: start..end,
        })
        .collect()
}
