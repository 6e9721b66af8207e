//! Pieces become speakers: those heard long enough are clustered, the others go to whom they resemble most.

use domain::options::SpeakerRange;

use super::cluster::{Sums, own};
use super::pieces::{NEVER_LONGER, Piece};
use super::voices::{Voice, mean};
use crate::embedding::Embedding;

/// Voices heard for at least so many frames of 10 ms are clustered. The later ones count only where the earlier leave no
/// voice.
const CLUSTERED: [usize; 3] = [100, 50, 0];

/// A short piece is given to a speaker who is heard on another track right before or after it only if it resembles them
/// by so much more than others, in cosines.
const TOUCHING: f32 = 0.15;

/// Who speaks in each piece.
#[derive(Debug, Clone)]
pub(super) struct Speakers {
    /// The speaker of each piece, in `0..voices.len()`.
    pub(super) of_piece: Vec<usize>,
    /// The voice of each speaker.
    pub(super) voices: Vec<Embedding>,
    /// What was heard of each speaker for long enough.
    pub(super) heard: Vec<Sums>,
}

impl Speakers {
    /// How much a voice resembles the speaker whom it resembles most: about 1 for one of that speaker's, less than any
    /// number if there are no speakers.
    pub(super) fn likeness(&self, voice: &Voice) -> f64 {
        let sums = Sums::of(voice);
        let each = self.heard.iter().map(|heard| sums.similarity(heard));
        each.fold(f64::NEG_INFINITY, f64::max)
    }

    /// Adds a speaker of whom one voice was heard.
    pub(super) fn add(&mut self, voice: &Voice) {
        self.voices.push(voice.direction);
        self.heard.push(Sums::of(voice));
    }

    /// The speaker whom a voice resembles most, if by so much more than `before`; else that one.
    pub(super) fn clearly_nearest(&self, voice: &Voice, before: usize, clearly: f32) -> usize {
        let best = nearest(voice, &self.voices, &Beside::default());
        let cosine = |speaker: usize| voice.cosine(&self.voices[speaker]);
        if cosine(best) >= cosine(before) + clearly {
            best
        } else {
            before
        }
    }

    /// Gives pieces with these voices to speakers, who then sound like all that is theirs; who has none is as before.
    pub(super) fn give(&mut self, of_piece: Vec<usize>, voices: &[Voice]) {
        let mut his: Vec<Vec<&Voice>> = vec![Vec::new(); self.voices.len()];
        (of_piece.iter().zip(voices)).for_each(|(speaker, voice)| his[*speaker].push(voice));
        for (before, his) in self.voices.iter_mut().zip(his) {
            if !his.is_empty() {
                *before = mean(his);
            }
        }
        self.of_piece = of_piece;
    }
}

/// Finds the speakers of pieces, whose voices are given in the same order, that of the recording.
pub(super) fn assign(pieces: &[Piece], voices: &[Voice], range: SpeakerRange) -> Speakers {
    let long = clustered(voices);
    let heard: Vec<Voice> = long.iter().map(|idx| voices[*idx]).collect();
    let grouped = own::group(&heard, range);
    let n_speakers = grouped.iter().max().map_or(0, |most| most + 1);
    let of_speaker = |speaker: usize| -> Vec<&Voice> {
        let mut his = heard.iter().zip(&grouped).filter(|(_, of)| **of == speaker);
        his.by_ref().map(|(voice, _)| voice).collect()
    };
    let by_speaker: Vec<Vec<&Voice>> = (0..n_speakers).map(of_speaker).collect();
    let centres: Vec<Embedding> = by_speaker
        .iter()
        .map(|voices| mean(voices.iter().copied()))
        .collect();
    let mut of_piece = vec![None; pieces.len()];
    (long.iter().zip(&grouped)).for_each(|(idx, speaker)| of_piece[*idx] = Some(*speaker));
    let mut short: Vec<usize> = (0..pieces.len())
        .filter(|idx| of_piece[*idx].is_none())
        .collect();
    short.sort_by_key(|idx| std::cmp::Reverse(voices[*idx].length));
    for idx in short {
        let beside = beside(pieces, &of_piece, idx);
        of_piece[idx] = Some(nearest(&voices[idx], &centres, &beside));
    }
    Speakers {
        of_piece: of_piece.into_iter().flatten().collect(),
        voices: centres,
        heard: by_speaker
            .iter()
            .filter_map(|voices| Sums::of_all(voices))
            .collect(),
    }
}

/// The voices to cluster: the long ones, and shorter ones if else there is none.
fn clustered(voices: &[Voice]) -> Vec<usize> {
    let of_length = |least: usize| -> Vec<usize> {
        (0..voices.len())
            .filter(|idx| voices[*idx].length >= least)
            .collect()
    };
    let sets = CLUSTERED.map(of_length);
    sets.iter()
        .find(|set| !set.is_empty())
        .unwrap_or(&sets[2])
        .clone()
}

/// Who speaks on other tracks during a piece or right beside it.
#[derive(Debug, Default)]
struct Beside {
    /// During most of it; so somebody else speaks in it.
    during: Vec<usize>,
    /// Just before or after it; so the network took it for somebody else.
    touching: Vec<usize>,
}

fn beside(pieces: &[Piece], of_piece: &[Option<usize>], idx: usize) -> Beside {
    let piece = &pieces[idx];
    let start = piece.frames.start;
    let first = pieces.partition_point(|other| other.frames.start + NEVER_LONGER < start);
    let end = pieces.partition_point(|other| other.frames.start <= piece.frames.end);
    let mut beside = Beside::default();
    for other in (first..end).filter(|other| pieces[*other].track != piece.track) {
        let (Some(speaker), other) = (of_piece[other], &pieces[other]) else {
            continue;
        };
        if 2 * other.overlap(piece) > piece.frames.len() {
            beside.during.push(speaker);
        } else if other.frames.end == start || other.frames.start == piece.frames.end {
            beside.touching.push(speaker);
        }
    }
    beside
}

/// The speaker whom a voice resembles most, the first of equals; one who speaks during it only if there is no other.
fn nearest(voice: &Voice, centres: &[Embedding], beside: &Beside) -> usize {
    let key = |speaker: usize| {
        let cosine = voice.cosine(&centres[speaker]);
        let is_touching = beside.touching.contains(&speaker);
        let doubt = if is_touching { TOUCHING } else { 0.0 };
        (!beside.during.contains(&speaker), cosine - doubt)
    };
    (0..centres.len())
        .reduce(|best, speaker| {
            if key(speaker) > key(best) {
                speaker
            } else {
                best
            }
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diarize::tests::voice;
    use crate::embedding::EMBEDDING;

    fn piece(track: usize, start: usize, end: usize) -> Piece {
        Piece {
            track,
            frames: start..end,
        }
    }

    /// Pieces with their voices: each is the speaker, and for how many frames of 10 ms he is heard.
    fn speakers(said: &[(Piece, Voice)], min: usize) -> Vec<usize> {
        let (pieces, voices): (Vec<_>, Vec<_>) = said.iter().cloned().unzip();
        let range = SpeakerRange {
            min,
            max: usize::MAX,
        };
        assign(&pieces, &voices, range).of_piece
    }

    #[test]
    fn short_pieces_go_to_whom_they_resemble_unless_he_speaks_beside_them() {
        let said = [
            (piece(0, 0, 200), voice(3, 330)),
            (piece(1, 100, 130), voice(3, 60)), // while the same voice is heard on another track
            (piece(0, 300, 500), voice(5, 330)),
            (piece(1, 600, 630), voice(3, 60)),
            (piece(0, 626, 800), voice(3, 300)), // beside it for a moment only
        ];
        assert_eq!(speakers(&said, 1), [0, 1, 1, 0, 0]);
    }

    #[test]
    fn of_two_whom_a_piece_resembles_alike_the_first_is_taken() {
        let axis = |axis: usize| {
            let mut direction = [0.0; EMBEDDING];
            direction[axis] = 1.0;
            direction
        };
        let mut between = axis(0);
        between[1] = 1.0;
        let said = [
            (piece(0, 0, 200), Voice::new(axis(1), 330)),
            (piece(0, 300, 500), Voice::new(axis(0), 330)),
            (piece(0, 600, 630), Voice::new(between, 50)),
        ];
        assert_eq!(speakers(&said, 1), [0, 1, 0]);
    }

    #[test]
    fn a_short_piece_beside_a_speaker_on_another_track_is_theirs_only_if_it_clearly_resembles_them()
    {
        let mixed = |first: f32, second: f32| {
            let mut direction = [0.0; EMBEDDING];
            (direction[0], direction[1]) = (first, second);
            Voice::new(direction, 50)
        };
        let axis = |first: f32, second: f32| Voice::new(mixed(first, second).direction, 330);
        for (start, first, second, expected) in [
            (200, 0.75, 0.66, 1), // right after the first speaker, and a little more like them
            (201, 0.75, 0.66, 0), // after a pause
            (200, 0.8, 0.6, 0),
        ] {
            let said = [
                (piece(0, 0, 200), axis(1.0, 0.0)),
                (piece(1, start, 230), mixed(first, second)),
                (piece(0, 300, 500), axis(0.0, 1.0)),
            ];
            assert_eq!(speakers(&said, 1), [0, expected, 1], "{start} {first}");
        }
    }

    #[test]
    fn short_pieces_are_clustered_only_if_else_there_are_none() {
        let said = [
            (piece(0, 0, 100), voice(0, 165)),
            (piece(0, 200, 245), voice(1, 75)),
            (piece(0, 300, 330), voice(2, 45)),
        ];
        assert_eq!(speakers(&said, 1), [0, 0, 0]);
        assert_eq!(speakers(&said, 3), [0, 0, 0]);
        assert_eq!(speakers(&said[1..], 1), [0, 0], "of at least 0.5 s");
    }
}
