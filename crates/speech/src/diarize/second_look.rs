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
