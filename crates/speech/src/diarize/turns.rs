//! Pieces with speakers become turns.
//!
//! Pauses between pieces of one speaker are filled where they are part of the turn (`pauses`). Where several speak at once,
//! the exclusive turns keep the one who is heard best.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::diarization::{Diarization, Turn};
use domain::units::Seconds;

use super::assign::Speakers;
use super::pauses::Pauses;
use super::pieces::Piece;
use super::powerset::TRACKS;
use super::stitch::Tracks;
use crate::audio::SAMPLE_RATE;
use crate::vad::time_of;

/// Shorter turns are none, in seconds.
const SHORTEST_TURN: f64 = 0.02;

/// The turns of a recording of `n_samples`. Speakers are named `SPEAKER_00`, `SPEAKER_01`, … as they first appear.
pub(super) fn turns(
    tracks: &Tracks,
    pieces: &[Piece],
    speakers: &Speakers,
    pauses: &Pauses,
    n_samples: usize,
) -> Diarization {
    let spoken: Vec<Vec<Range<usize>>> = (0..speakers.voices.len())
        .map(|speaker| filled(pieces, &speakers.of_piece, speaker, pauses))
        .collect();
    let names = names(&spoken);
    let end = Seconds::from_samples(n_samples, SAMPLE_RATE);
    let turn = |(speaker, frames): (usize, &Range<usize>)| {
        let (start, end) = (time_of(frames.start), time_of(frames.end).min(end.0));
        (end - start >= SHORTEST_TURN).then(|| Turn {
            start: Seconds(start),
            end: Seconds(end),
            speaker: names[speaker].clone(),
        })
    };
    let all = (spoken.iter().enumerate())
        .flat_map(|(speaker, spoken)| spoken.iter().map(move |frames| (speaker, frames)));
    let exclusive = exclusive(tracks, pieces, speakers, &spoken);
    let mut diarization = Diarization::new(
        all.filter_map(turn).collect(),
        exclusive
            .iter()
            .filter_map(|(speaker, frames)| turn((*speaker, frames)))
            .collect(),
    );
    let voices = names.iter().cloned().zip(&speakers.voices);
    let heard: Vec<String> = diarization
        .speakers()
        .iter()
        .map(ToString::to_string)
        .collect();
    diarization.embeddings = voices
        .filter(|(name, _)| heard.contains(name))
        .map(|(name, voice)| (name, voice.to_vec()))
        .collect::<BTreeMap<_, _>>();
    diarization
}

/// Where a speaker speaks, with the pauses that are part of the turn.
fn filled(
    pieces: &[Piece],
    of_piece: &[usize],
    speaker: usize,
    pauses: &Pauses,
) -> Vec<Range<usize>> {
    let mut spoken: Vec<Range<usize>> = Vec::new();
    for (piece, _) in pieces
        .iter()
        .zip(of_piece)
        .filter(|(_, of)| **of == speaker)
    {
        match spoken.last_mut() {
            Some(last) if pauses.is_part_of_turn(last.end..piece.frames.start) => {
                last.end = last.end.max(piece.frames.end);
            }
            _ => spoken.push(piece.frames.clone()),
        }
    }
    spoken
}

/// The name of each speaker; those who begin together are named in the order of the list.
fn names(spoken: &[Vec<Range<usize>>]) -> Vec<String> {
    let mut order: Vec<usize> = (0..spoken.len()).collect();
    order.sort_by_key(|speaker| {
        spoken[*speaker]
            .first()
            .map_or(usize::MAX, |first| first.start)
    });
    let mut names = vec![String::new(); spoken.len()];
    for (number, speaker) in order.into_iter().enumerate() {
        names[speaker] = format!("SPEAKER_{number:02}");
    }
    names
}

/// Where each speaker is the one who is heard best: most likely to speak, and only then one who pauses.
fn exclusive(
    tracks: &Tracks,
    pieces: &[Piece],
    speakers: &Speakers,
    spoken: &[Vec<Range<usize>>],
) -> Vec<(usize, Range<usize>)> {
    let mut heard: Vec<Heard> = vec![[None; TRACKS]; tracks.len()];
    for (piece, speaker) in pieces.iter().zip(&speakers.of_piece) {
        for heard in &mut heard[piece.frames.clone()] {
            heard[piece.track] = Some(*speaker);
        }
    }
    for (speaker, frames) in spoken.iter().enumerate().flat_map(|(speaker, spoken)| {
        let each = spoken.iter().cloned();
        each.map(move |frames| (speaker, frames))
    }) {
        for heard in heard[frames]
            .iter_mut()
            .filter(|heard| **heard == [None; TRACKS])
        {
            heard[0] = Some(speaker);
        }
    }
    let mut turns: Vec<(usize, Range<usize>)> = Vec::new();
    let mut start = 0;
    for same in heard.chunk_by(|a, b| a == b) {
        let frames = start..start + same.len();
        start = frames.end;
        let last = turns
            .last_mut()
            .filter(|(_, last)| last.end == frames.start);
        let before = last.as_ref().map(|(speaker, _)| *speaker);
        let best = best(tracks, &same[0], &frames, before);
        match (last, best) {
            (Some((speaker, last)), Some(best)) if *speaker == best => last.end = frames.end,
            (_, Some(best)) => turns.push((best, frames)),
            (_, None) => {}
        }
    }
    turns
}

/// The speaker of each track in a frame.
type Heard = [Option<usize>; TRACKS];

/// Who of several is most likely heard in some frames; who spoke before if none is clearly more.
fn best(
    tracks: &Tracks,
    heard: &Heard,
    frames: &Range<usize>,
    before: Option<usize>,
) -> Option<usize> {
    /// Means that differ by less are alike.
    const ALIKE: f32 = 1e-3;
    let mean = |track: usize| -> f32 {
        let sum: f32 = frames
            .clone()
            .map(|frame| tracks.likely(frame, track))
            .sum();
        sum / frames.len() as f32
    };
    let mut tracks: Vec<usize> = (0..TRACKS)
        .filter(|track| heard[*track].is_some())
        .collect();
    tracks.sort_by_key(|track| heard[*track] != before);
    let best = (tracks.into_iter())
        .map(|track| (track, mean(track)))
        .reduce(|best, other| {
            if other.1 > best.1 + ALIKE {
                other
            } else {
                best
            }
        });
    best.and_then(|(track, _)| heard[track])
}
