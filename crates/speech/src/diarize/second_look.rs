//! Pieces that resemble a second speaker are heard again in parts: the network may have missed a change.
//!
//! Two voices of one kind that follow each other without a pause are one to it now and then. Such a piece resembles both
//! speakers, which a piece of one person does not.

use super::assign::Speakers;
use super::cluster::Sums;
use super::error::DiarizeError;
use super::pieces::{Piece, cut};
use super::stitch::Tracks;
use super::voices::Voice;

/// Who resembles a second speaker at least so much may be two.
const DOUBTFUL: f64 = 0.5;
/// Shorter pieces are left as they are, in frames of 10 ms: 2 s.
const LONG_ENOUGH: usize = 200;
/// Frames of the parts: 1 s.
const PART: usize = 60;
/// A part is another's if his voice is so much nearer, in cosines.
const CLEARLY: f32 = 0.1;

/// Pieces with their speakers, the doubtful ones replaced by their parts; `hear` gives the voices of parts. The voices of
/// speakers are those of all that is theirs in the end.
pub(super) fn look_again(
    tracks: &Tracks,
    pieces: Vec<Piece>,
    voices: Vec<Voice>,
    mut speakers: Speakers,
    hear: impl FnOnce(&[Piece]) -> Result<Vec<Voice>, DiarizeError>,
) -> Result<(Vec<Piece>, Speakers), DiarizeError> {
    let mut parts: Vec<(Piece, usize)> = Vec::new();
    let mut looked: Vec<(Piece, (Voice, usize))> = Vec::with_capacity(pieces.len());
    for ((piece, voice), speaker) in pieces.into_iter().zip(voices).zip(&speakers.of_piece) {
        if is_doubtful(&voice, *speaker, &speakers.heard) {
            parts.extend(
                cut(tracks, piece, PART)
                    .into_iter()
                    .map(|part| (part, *speaker)),
            );
        } else {
            looked.push((piece, (voice, *speaker)));
        }
    }
    let to_hear: Vec<Piece> = parts.iter().map(|(part, _)| part.clone()).collect();
    for ((part, before), voice) in parts.into_iter().zip(hear(&to_hear)?) {
        let speaker = speakers.clearly_nearest(&voice, before, CLEARLY);
        looked.push((part, (voice, speaker)));
    }
    looked.sort_by_key(|(piece, _)| (piece.frames.start, piece.track));
    let (pieces, heard): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
    let (voices, of_piece): (Vec<_>, Vec<_>) = heard.into_iter().unzip();
    speakers.give(of_piece, &voices);
    Ok((pieces, speakers))
}

fn is_doubtful(voice: &Voice, speaker: usize, heard: &[Sums]) -> bool {
    let sums = Sums::of(voice);
    let others = heard
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != speaker);
    voice.length >= LONG_ENOUGH
        && others
            .into_iter()
            .any(|(_, other)| sums.similarity(other) >= DOUBTFUL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedding::EMBEDDING;

    /// A voice that is partly the first speaker's and partly the second's.
    fn between(first: f32, second: f32, length: usize) -> Voice {
        let mut direction = [0.0; EMBEDDING];
        (direction[0], direction[1]) = (first, second);
        Voice::new(direction, length)
    }

    #[test]
    fn only_parts_that_are_clearly_anothers_change_hands() {
        let whole = |start: usize, frames: usize| Piece {
            track: 0,
            frames: start..start + frames,
        };
        let pieces = vec![
            whole(0, 180),
            whole(200, 118),
            whole(400, 60),
            whole(500, 180),
        ];
        let voices = vec![
            between(0.8, 0.6, 300), // resembles both
            between(0.8, 0.6, 199), // and is too short to be looked at
            between(0.8, 0.6, 100),
            between(1.0, 0.2, 300), // resembles one
        ];
        let ends = [between(1.0, 0.0, 300), between(0.0, 1.0, 300)];
        let speakers = Speakers {
            of_piece: vec![0; 4],
            voices: ends.map(|voice| voice.direction).to_vec(),
            heard: ends.iter().map(Sums::of).collect(),
        };
        let hear = |parts: &[Piece]| {
            assert_eq!(parts.len(), 3);
            let heard = [(1.0, 0.0), (0.66, 0.75), (0.6, 0.8)];
            Ok(heard.map(|(a, b)| between(a, b, 100)).to_vec())
        };
        let tracks = Tracks::silent(700);
        let (pieces, speakers) = look_again(&tracks, pieces, voices, speakers, hear).unwrap();
        assert_eq!(pieces.len(), 6);
        assert_eq!(speakers.of_piece, [0, 0, 1, 0, 0, 0]);
    }
}
