//! Speakers who were heard too little to be found by clustering, looked for where more speakers are asked for than found.
//!
//! A stretch that resembles no speaker is another voice, if it is long enough to tell: over 0.75 s and more, a hundredth of
//! the stretches of a speaker resembles them by less than 0.63, and a hundredth of all other pairs by more than 0.57
//! (`docs/decisions/0004-speaker-clustering.md` has the table). Looked at are stretches too short to be clustered, and
//! parts of longer ones, in which the network may have missed a change of speakers. Nobody who sounds like one person is
//! parted: if no such stretch is left, there are fewer speakers than were asked for.

use super::assign::Speakers;
use super::cluster::Sums;
use super::error::DiarizeError;
use super::pieces::{Piece, cut};
use super::stitch::Tracks;
use super::voices::Voice;

/// Shorter stretches say too little, in frames of 10 ms in which nobody else speaks: 0.5 s.
const MIN_BANKS: usize = 50;
/// A stretch that resembles every speaker by less is another's.
const STRANGER: f64 = 0.4;
/// Pieces of at least so many frames are heard in parts: 2 s.
const MIN_CUT_FRAMES: usize = 119;
/// Frames of a part: 1 s.
const PART_FRAMES: usize = 60;

/// A piece or a part of one.
#[derive(Debug, Clone)]
struct Stretch {
    /// The place of the piece in the list.
    of: usize,
    piece: Piece,
    voice: Voice,
    speaker: usize,
    /// How much it resembles the speaker whom it resembles most.
    likeness: f64,
}

impl Stretch {
    fn is_stranger(&self) -> bool {
        self.voice.length >= MIN_BANKS && self.likeness < STRANGER
    }
}

/// Adds speakers until there are `wanted`, as long as a stretch resembles none of those known. A longer piece in which
/// there is such a stretch is replaced by its parts; `hear` gives the voices of parts, and is called only if there are
/// fewer speakers than wanted.
pub(super) fn add_newcomers(
    tracks: &Tracks,
    pieces: Vec<Piece>,
    voices: Vec<Voice>,
    mut speakers: Speakers,
    wanted: usize,
    hear: impl FnOnce(&[Piece]) -> Result<Vec<Voice>, DiarizeError>,
) -> Result<(Vec<Piece>, Vec<Voice>, Speakers), DiarizeError> {
    if speakers.voices.len() >= wanted {
        return Ok((pieces, voices, speakers));
    }
    let mut stretches = stretches(tracks, &pieces, &voices, &speakers, hear)?;
    while speakers.voices.len() < wanted {
        let strangers = stretches.iter().filter(|stretch| stretch.is_stranger());
        let Some(longest) = strangers.rev().max_by_key(|stretch| stretch.voice.length) else {
            break;
        };
        let voice = longest.voice;
        speakers.add(&voice);
        meet(&mut stretches, &voice, speakers.voices.len() - 1);
    }
    let mut together = put_together(pieces, voices, &speakers.of_piece, stretches);
    together.sort_by_key(|(piece, ..)| (piece.frames.start, piece.track));
    let (pieces, heard): (Vec<_>, Vec<_>) = (together.into_iter())
        .map(|(piece, voice, speaker)| (piece, (voice, speaker)))
        .unzip();
    let (voices, of_piece) = heard.into_iter().unzip();
    speakers.of_piece = of_piece;
    Ok((pieces, voices, speakers))
}

/// Short pieces as they are, and the parts of longer ones.
fn stretches(
    tracks: &Tracks,
    pieces: &[Piece],
    voices: &[Voice],
    speakers: &Speakers,
    hear: impl FnOnce(&[Piece]) -> Result<Vec<Voice>, DiarizeError>,
) -> Result<Vec<Stretch>, DiarizeError> {
    let is_long = |of: &usize| pieces[*of].frames.len() >= MIN_CUT_FRAMES;
    let (long, short): (Vec<usize>, Vec<usize>) = (0..pieces.len()).partition(is_long);
    let parts = long.into_iter().flat_map(|of| {
        let parts = cut(tracks, pieces[of].clone(), PART_FRAMES);
        parts.into_iter().map(move |part| (part, of))
    });
    let mut parts: Vec<(Piece, usize)> = parts.collect();
    parts.sort_by_key(|(part, _)| (part.frames.start, part.track));
    let (parts, of_parts): (Vec<Piece>, Vec<usize>) = parts.into_iter().unzip();
    let heard = hear(&parts)?;
    let all = (short
        .into_iter()
        .map(|of| (of, pieces[of].clone(), voices[of])))
    .chain(
        (of_parts.into_iter().zip(parts).zip(heard)).map(|((of, part), voice)| (of, part, voice)),
    );
    let stretch = |(of, piece, voice): (usize, Piece, Voice)| Stretch {
        of,
        piece,
        likeness: speakers.likeness(&voice),
        voice,
        speaker: speakers.of_piece[of],
    };
    Ok(all.map(stretch).collect())
}

/// Gives a new speaker, of whom one stretch was heard, all strangers who sound like them.
fn meet(stretches: &mut [Stretch], newcomer: &Voice, speaker: usize) {
    let newcomer = Sums::of(newcomer);
    for stretch in stretches {
        let likeness = Sums::of(&stretch.voice).similarity(&newcomer);
        if stretch.is_stranger() && likeness >= STRANGER {
            stretch.speaker = speaker;
        }
        stretch.likeness = stretch.likeness.max(likeness);
    }
}

/// The pieces as they were, those of which a part has a new speaker in parts.
fn put_together(
    pieces: Vec<Piece>,
    voices: Vec<Voice>,
    before: &[usize],
    stretches: Vec<Stretch>,
) -> Vec<(Piece, Voice, usize)> {
    let mut is_parted = vec![false; pieces.len()];
    for stretch in &stretches {
        is_parted[stretch.of] |= stretch.speaker != before[stretch.of];
    }
    let whole = pieces.into_iter().zip(voices).zip(before);
    let whole = whole.zip(&is_parted).filter(|(_, is_parted)| !**is_parted);
    let whole = whole.map(|(((piece, voice), speaker), _)| (piece, voice, *speaker));
    let parts = stretches
        .into_iter()
        .filter(|stretch| is_parted[stretch.of]);
    whole
        .chain(parts.map(|stretch| (stretch.piece, stretch.voice, stretch.speaker)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::tests::{tracks, voice};

    #[test]
    fn a_part_that_resembles_nobody_is_a_newcomer_and_the_rest_stays_with_the_speaker() {
        let piece = |start: usize, end: usize| Piece {
            track: 0,
            frames: start..end,
        };
        let pieces = vec![piece(0, 180), piece(300, 480), piece(600, 640)];
        let voices = vec![voice(0, 300), voice(0, 310), voice(7, 49)];
        let speakers = Speakers {
            of_piece: vec![0; 3],
            voices: vec![voice(0, 300).direction],
            heard: vec![Sums::of(&voice(0, 300)).with(&Sums::of(&voice(0, 310)))],
        };
        let tracks = tracks(700, &pieces);
        let hear = |parts: &[Piece]| {
            let heard = parts
                .iter()
                .map(|part| voice(if part.frames.start == 300 { 4 } else { 0 }, 100));
            Ok(heard.collect())
        };
        let found = |wanted: usize| {
            let (pieces, voices) = (pieces.clone(), voices.clone());
            add_newcomers(&tracks, pieces, voices, speakers.clone(), wanted, hear).unwrap()
        };
        assert_eq!(found(1).2.of_piece, [0, 0, 0]);
        for wanted in [2, 3] {
            let (pieces, voices, speakers) = found(wanted);
            assert_eq!(
                pieces
                    .iter()
                    .map(|piece| piece.frames.start)
                    .collect::<Vec<_>>(),
                [0, 300, 360, 420, 600]
            );
            assert_eq!((voices.len(), speakers.voices.len()), (5, 2));
            // the last is another voice too, but 0.49 s say too little
            assert_eq!(speakers.of_piece, [0, 1, 0, 0, 0]);
        }
    }
}
