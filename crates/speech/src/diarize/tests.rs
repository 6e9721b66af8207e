//! All steps but the networks: what a segmentation network would say of a scripted talk, and voices as they might sound.

use std::ops::Range;

use domain::diarization::{Diarization, Turn};
use domain::options::{DiarizeOptions, SpeakerRange};
use proptest::prelude::*;

use super::pauses::Pauses;
use super::scripted::{SECOND, Said, seconds, told};
use super::voices::Voice;
use super::*;
use crate::embedding::{EMBEDDING, Embedding};
use crate::pyannet::Windows;
use crate::vad::time_of;

/// A talk: nobody speaks with two others at once, and no window hears more than three.
#[derive(Debug, Clone)]
struct Talk {
    n_samples: usize,
    said: Vec<Said>,
}

impl Talk {
    fn speakers(&self, frame: usize) -> Vec<usize> {
        let here = |(_, frames): &&Said| frames.contains(&frame);
        self.said
            .iter()
            .filter(here)
            .map(|(speaker, _)| *speaker)
            .collect()
    }

    /// What the network says. In window `w`, its local speakers are numbered in the order `orders[w % orders.len()]`.
    fn segmentation(&self, orders: &[usize]) -> Segmentation {
        let windows = Windows::new(self.n_samples, 160_000, STEP);
        let mut values = Vec::new();
        for window in 0..windows.count {
            let first = windows.first_frame(window);
            let frames = first..first + windows.n_frames();
            let mut present: Vec<usize> = frames
                .clone()
                .flat_map(|frame| self.speakers(frame))
                .collect();
            present.sort_unstable();
            present.dedup();
            let order = powerset::ORDERS[orders[window % orders.len()]];
            let local = |speaker: &usize| {
                let place = present.iter().position(|other| other == speaker);
                order.iter().position(|at| Some(*at) == place)
            };
            for frame in frames {
                let mut locals: Vec<_> = self.speakers(frame).iter().filter_map(local).collect();
                locals.sort_unstable();
                let class = match locals[..] {
                    [] => 0,
                    [a] => 1 + a,
                    [a, b, ..] => 3 + a + b,
                };
                values.extend((0..7).map(|other| if other == class { -0.06_f32 } else { -4.6 }));
            }
        }
        Segmentation::scripted(windows, &values)
    }

    /// Hears a piece: the voice of whoever speaks in most of it, with some noise.
    fn hear(&self, tracks: &stitch::Tracks, piece: &Piece) -> Voice {
        let said = |speaker: usize| -> usize {
            let his = self.said.iter().filter(|(other, _)| *other == speaker);
            his.map(|(_, frames)| {
                piece
                    .frames
                    .clone()
                    .filter(|frame| frames.contains(frame))
                    .count()
            })
            .sum()
        };
        let speaker = (0..20)
            .max_by_key(|speaker| (said(*speaker), 20 - speaker))
            .unwrap();
        let alone = piece
            .frames
            .clone()
            .filter(|frame| tracks.count(*frame) == 1)
            .count();
        voice(speaker, alone * 27 / 16)
    }

    fn diarize(&self, orders: &[usize], range: SpeakerRange) -> Diarization {
        self.diarize_with_loud_pauses(orders, range, &[])
    }

    /// As if the sound were nearly as loud as speech in some frames in which nobody speaks.
    fn diarize_with_loud_pauses(
        &self,
        orders: &[usize],
        range: SpeakerRange,
        loud: &[Range<usize>],
    ) -> Diarization {
        let tracks = stitch::stitch(&self.segmentation(orders));
        let pieces = pieces::pieces(&tracks);
        let voices: Vec<Voice> = pieces
            .iter()
            .map(|piece| self.hear(&tracks, piece))
            .collect();
        let speakers = assign::assign(&pieces, &voices, range);
        let hear =
            |parts: &[Piece]| Ok(parts.iter().map(|part| self.hear(&tracks, part)).collect());
        let (pieces, voices, speakers) =
            add_newcomers(&tracks, pieces, voices, speakers, range.min, hear).unwrap();
        let (pieces, speakers) = look_again(&tracks, pieces, voices, speakers, hear).unwrap();
        let pauses = Pauses::silent_but(tracks.len(), loud);
        turns::turns(&tracks, &pieces, &speakers, &pauses, self.n_samples)
    }
}

/// The voice of a speaker as it sounds over some frames of 10 ms: noisier where they are few.
pub(super) fn voice(speaker: usize, length: usize) -> Voice {
    let mut noise = fastrand::Rng::with_seed((speaker * 1_000_003 + length) as u64);
    let mut direction: Embedding = std::array::from_fn(|_| noise.f32() - 0.5);
    direction[speaker] = 0.0;
    let noise = Voice::new(direction, 1).direction;
    let reliability = length as f32 / (length as f32 + 120.0);
    direction = noise.map(|x| x * (1.0 - reliability).sqrt());
    direction[speaker] = reliability.sqrt();
    Voice::new(direction, length)
}

/// Tracks that are heard in these pieces.
pub(super) fn tracks(n_frames: usize, pieces: &[Piece]) -> stitch::Tracks {
    let said = pieces
        .iter()
        .map(|piece| (piece.track, piece.frames.clone()));
    let talk = Talk {
        n_samples: n_frames * 270,
        said: said.collect(),
    };
    stitch::stitch(&talk.segmentation(&[0]))
}

fn any() -> SpeakerRange {
    DiarizeOptions::default().speakers()
}

fn check(n_seconds: usize, said: &[Said], turns: &str, exclusive: &str) {
    let talk = Talk {
        n_samples: n_seconds * 16_000,
        said: seconds(said),
    };
    let diarization = talk.diarize(&[0, 3, 5, 1], any());
    assert_eq!(told(&diarization.turns), turns, "{said:?}");
    assert_eq!(told(&diarization.exclusive), exclusive, "{said:?}");
    let names: Vec<_> = diarization.embeddings.keys().collect();
    assert_eq!(names, diarization.speakers(), "{said:?}");
}

#[test]
fn silence_has_no_turns() {
    check(30, &[], "", "");
    check(0, &[], "", "");
}

#[test]
fn speakers_are_named_as_they_appear_and_keep_their_names() {
    let turns = "1.03-4.01 00, 6.00-10.98 01, 13.97-29.90 00";
    check(
        30,
        &[(7, 1..4), (2, 6..10), (2, 10..11), (7, 14..30)],
        turns,
        turns,
    );
    // who appears first may be clustered later
    let turns = "1.03-2.02 00, 4.01-7.00 01, 8.99-11.98 00";
    check(20, &[(2, 1..2), (7, 4..7), (2, 9..12)], turns, turns);
}

#[test]
fn who_speaks_at_the_same_time_is_heard_twice_and_once_in_the_exclusive_turns() {
    check(
        30,
        &[(0, 1..8), (1, 7..14), (0, 18..25), (1, 20..21)],
        "1.03-8.00 00, 7.00-13.97 01, 17.95-24.92 00, 19.94-20.94 01",
        "1.03-8.00 00, 8.00-13.97 01, 17.95-24.92 00",
    );
}

#[test]
fn short_recordings_are_served() {
    check(3, &[(0, 0..2)], "0.03-2.02 00", "0.03-2.02 00");
    let talk = Talk {
        n_samples: 8_000,
        said: vec![(0, 5..20)],
    };
    let turns = talk.diarize(&[0], any()).turns;
    assert_eq!(told(&turns), "0.12-0.37 00");
}

#[test]
fn brief_and_loud_pauses_are_part_of_a_turn_and_others_are_not() {
    let pause = |at: usize, n_frames: usize| at * SECOND..at * SECOND + n_frames;
    let talk = Talk {
        n_samples: 16_000 * 20,
        said: vec![
            (0, SECOND..4 * SECOND),
            (0, pause(4, 30).end..7 * SECOND),
            (0, pause(7, SECOND).end..10 * SECOND),
            (0, pause(10, SECOND).end..12 * SECOND),
            (1, 13 * SECOND..16 * SECOND),
        ],
    };
    let loud = [pause(10, SECOND), pause(12, SECOND)];
    let found = talk.diarize_with_loud_pauses(&[0, 3, 5, 1], any(), &loud);
    let turns = "1.03-7.00 00, 8.00-11.98 00, 12.97-15.96 01";
    assert_eq!(told(&found.turns), turns);
    assert_eq!(told(&found.exclusive), turns);
}

#[test]
fn a_tenth_of_a_second_is_no_speech() {
    for (n_frames, turns) in [(5, ""), (6, "1.72-1.82 00")] {
        let talk = Talk {
            n_samples: 160_000,
            said: vec![(0, 100..100 + n_frames)],
        };
        assert_eq!(told(&talk.diarize(&[0], any()).turns), turns, "{n_frames}");
    }
}

/// What a network says that hears one person all the time, with `doubt` (a log-probability) in some frames of a window.
fn one_person(
    windows: Windows,
    doubt: f32,
    is_doubtful: impl Fn(usize, usize) -> bool,
) -> Segmentation {
    let frames =
        (0..windows.count).flat_map(|window| (0..windows.n_frames()).map(move |at| (window, at)));
    let values = frames.flat_map(|(window, frame)| {
        let speaks = if is_doubtful(window, frame) {
            doubt
        } else {
            -0.06
        };
        let nobody = (1.0 - speaks.exp()).max(0.01).ln();
        [nobody, speaks, -9.0, -9.0, -9.0, -9.0, -9.0]
    });
    let values: Vec<f32> = values.collect();
    Segmentation::scripted(windows, &values)
}

#[test]
fn long_stretches_are_cut_where_the_speaker_is_heard_least() {
    let windows = Windows::new(16_000 * 5, 160_000, STEP);
    let heard = one_person(windows, -0.6, |_, frame| (150..152).contains(&frame));
    let pieces = pieces::pieces(&stitch::stitch(&heard));
    let frames: Vec<_> = pieces.iter().map(|piece| piece.frames.clone()).collect();
    assert_eq!(frames, [0..150, 150..297]);
    let heard = one_person(windows, -0.06, |_, _| false);
    let pieces = pieces::pieces(&stitch::stitch(&heard));
    assert_eq!(pieces[0].frames, 0..148, "in the middle if all is alike");
}

#[test]
fn the_middle_of_a_window_counts_more_than_the_edge_of_another() {
    // the end of the first window is the middle of the second, and one of them is sure that nobody speaks
    let windows = Windows::new(16_000 * 15, 160_000, STEP);
    let end = 560..589;
    let heard = |in_window: usize| {
        let first = 296 * in_window; // windows begin 296.3 frames apart
        let frames = end.start - first..end.end - first;
        let heard = one_person(windows, -4.0, |window, frame| {
            window == in_window && frames.contains(&frame)
        });
        stitch::stitch(&heard).is_active(570, 0)
    };
    assert!(heard(0));
    assert!(!heard(1));
}

#[test]
fn turns_end_with_the_recording() {
    let talk = Talk {
        n_samples: 16_000 * 12,
        said: vec![(0, 2 * SECOND..30 * SECOND)],
    };
    assert_eq!(told(&talk.diarize(&[0], any()).turns), "2.02-12.00 00");
}

#[test]
fn eight_speakers_are_told_apart_in_a_long_talk() {
    let turn = |n: usize| ((n * 5) % 8, n * 5 * SECOND..(n * 5 + 4) * SECOND);
    let talk = Talk {
        n_samples: 16_000 * 320,
        said: (0..64).map(turn).collect(),
    };
    let found = talk.diarize(&[0, 3, 2, 5], any());
    assert_eq!((found.speakers().len(), found.turns.len()), (8, 64));
}

#[test]
fn a_number_of_speakers_that_is_asked_for_is_kept_unless_it_parts_somebody() {
    let talk = Talk {
        n_samples: 16_000 * 60,
        said: (0..15)
            .map(|n| (n % 3, n * 4 * SECOND..(n * 4 + 3) * SECOND))
            .collect(),
    };
    for (min, max, n_speakers) in [
        (1, usize::MAX, 3),
        (2, 2, 2),
        (1, 1, 1),
        (3, 9, 3),
        (5, 9, 3),
        (99, 99, 3),
    ] {
        let found = talk.diarize(&[0], SpeakerRange { min, max });
        assert_eq!(found.speakers().len(), n_speakers, "{min} to {max}");
    }
}

#[test]
fn asked_for_more_speakers_finds_who_says_little() {
    // 0.75 s by itself, and as much at the start of a longer stretch
    let quarters = |from: usize, to: usize| from * SECOND / 4..to * SECOND / 4;
    let talk = Talk {
        n_samples: 16_000 * 40,
        said: vec![
            (0, quarters(4, 32)),
            (1, quarters(40, 68)),
            (6, quarters(80, 83)),
            (0, quarters(100, 128)),
        ],
    };
    let n_found = |min: usize| {
        let found = talk.diarize(&[0], SpeakerRange { min, max: 9 });
        (found.speakers().len(), found.turns[2].speaker.clone())
    };
    assert_eq!(n_found(1).0, 2);
    assert_eq!(n_found(3), (3, "SPEAKER_02".to_owned()));
    assert_eq!(n_found(4).0, 3);
}

#[test]
fn a_speakers_voice_is_the_mean_of_all_that_is_his_by_length_under_his_name() {
    // each also says something that is too short to be clustered
    let talk = Talk {
        n_samples: 16_000 * 30,
        said: vec![
            (4, 30..60),
            (4, 2 * SECOND..6 * SECOND),
            (1, 7 * SECOND..9 * SECOND),
            (4, 10 * SECOND..12 * SECOND),
            (1, 15 * SECOND..15 * SECOND + 40),
        ],
    };
    let tracks = stitch::stitch(&talk.segmentation(&[0]));
    let pieces = pieces::pieces(&tracks);
    let voices: Vec<Voice> = pieces
        .iter()
        .map(|piece| talk.hear(&tracks, piece))
        .collect();
    let found = talk.diarize(&[0], any()).embeddings;
    for (name, his) in [("SPEAKER_00", &[0, 1, 3][..]), ("SPEAKER_01", &[2, 4])] {
        let expected = voices::mean(his.iter().map(|idx| &voices[*idx]));
        assert_eq!(found[name], expected, "{name}");
        let norm: f32 = expected.iter().map(|x| x * x).sum();
        assert!((norm - 1.0).abs() < 1e-5, "{name}: {norm}");
    }
    assert_eq!((found.len(), voices.len()), (2, 5));
}

#[test]
fn a_change_of_speakers_that_the_network_missed_is_found() {
    let seconds = |speaker: usize, from: usize, to: usize| (speaker, from * SECOND..to * SECOND);
    let seen = Talk {
        n_samples: 16_000 * 30,
        said: vec![seconds(0, 1, 9), seconds(1, 12, 20), seconds(0, 23, 27)],
    };
    let tracks = stitch::stitch(&seen.segmentation(&[0]));
    let pieces = pieces::pieces(&tracks);
    // the last piece, which was one person's to the network, is two people's
    let change = 25 * SECOND;
    let hear = |piece: &Piece| {
        let length = piece.frames.len() * 27 / 16;
        if piece.frames.end <= 22 * SECOND {
            return voice(usize::from(piece.frames.start > 10 * SECOND), length);
        }
        let of_first = change.clamp(piece.frames.start, piece.frames.end) - piece.frames.start;
        let share = of_first as f32 / piece.frames.len() as f32;
        let [first, second] = [0, 1].map(|speaker| voice(speaker, length).direction);
        let both = std::array::from_fn(|i| first[i] * share + second[i] * (1.0 - share));
        Voice::new(both, length)
    };
    let voices: Vec<Voice> = pieces.iter().map(hear).collect();
    let speakers = assign::assign(&pieces, &voices, any());
    let hear_parts = |parts: &[Piece]| {
        assert!(parts.iter().all(|part| part.frames.start >= 22 * SECOND));
        Ok(parts.iter().map(hear).collect())
    };
    let (pieces, speakers) = look_again(&tracks, pieces, voices, speakers, hear_parts).unwrap();
    let pauses = Pauses::silent_but(tracks.len(), &[]);
    let found = turns::turns(&tracks, &pieces, &speakers, &pauses, seen.n_samples);
    let of_second = |(piece, of): &(&Piece, &usize)| {
        **of == speakers.of_piece[1] && piece.frames.start >= 22 * SECOND
    };
    let moved = pieces.iter().zip(&speakers.of_piece).filter(of_second);
    assert_eq!(moved.count(), 2, "parts of 1 s that changed hands");
    let turns = found.turns;
    let names: Vec<_> = turns.iter().map(|turn| &turn.speaker[8..]).collect();
    assert_eq!(names, ["00", "01", "00", "01"], "{}", told(&turns));
    let off = turns[3].start.0 - time_of(change);
    assert!(off.abs() < 0.6, "{off} s");
}

/// Turns of up to three speakers, of whom two may speak at once.
fn talks() -> impl Strategy<Value = Talk> {
    let said = (0_usize..3, 0_usize..120, 40_usize..400);
    prop::collection::vec(said, 0..14).prop_map(|said| {
        let mut at = 0;
        let mut talk = Talk {
            n_samples: 0,
            said: Vec::new(),
        };
        for (speaker, pause, length) in said {
            // every third begins before the one before has ended, unless that is the same person
            let is_early = pause % 3 == 0 && talk.said.last().is_some_and(|last| last.0 != speaker);
            let start = if is_early { at - 20 } else { at + pause };
            talk.said.push((speaker, start..start + length));
            at = start + length;
        }
        talk.n_samples = (at + 30) * 270;
        talk
    })
}

/// Start and end of each turn in frames of 16.875 ms, with the order in which its speaker first appears.
fn shape(turns: &[Turn]) -> Vec<(i64, i64, usize)> {
    let mut seen: Vec<&str> = Vec::new();
    #[expect(clippy::cast_possible_truncation, reason = "recordings are short")]
    let frame = |seconds: f64| ((seconds - time_of(0)) / 0.016_875).round() as i64;
    let shape = turns.iter().map(|turn| {
        let number = seen
            .iter()
            .position(|name| *name == turn.speaker)
            .unwrap_or_else(|| {
                seen.push(&turn.speaker);
                seen.len() - 1
            });
        (frame(turn.start.0), frame(turn.end.0), number)
    });
    shape.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn how_windows_number_their_speakers_changes_nothing(
        talk in talks(),
        orders in prop::collection::vec(0_usize..6, 1..8),
    ) {
        let (plain, other) = (talk.diarize(&[0], any()), talk.diarize(&orders, any()));
        prop_assert_eq!(shape(&plain.turns), shape(&other.turns));
        prop_assert_eq!(shape(&plain.exclusive), shape(&other.exclusive));
    }

    #[test]
    fn a_pause_before_a_talk_moves_its_turns_and_changes_nothing_else(talk in talks(), n_steps in 1_usize..4) {
        // 27 steps of 5 s are a whole number of frames, and so is the shift of every window
        let shift = n_steps * 27 * STEP / 270;
        let moved = Talk {
            n_samples: talk.n_samples + shift * 270,
            said: talk.said.iter().map(|(who, at)| (*who, at.start + shift..at.end + shift)).collect(),
        };
        let back = |turns: &[Turn]| -> Vec<_> {
            let by = i64::try_from(shift).unwrap();
            shape(turns).into_iter().map(|(start, end, who)| (start - by, end - by, who)).collect()
        };
        let (plain, moved) = (talk.diarize(&[0], any()), moved.diarize(&[0], any()));
        prop_assert_eq!(shape(&plain.turns), back(&moved.turns));
        prop_assert_eq!(shape(&plain.exclusive), back(&moved.exclusive));
    }

    #[test]
    fn exclusive_turns_never_overlap_and_cover_what_is_spoken(talk in talks()) {
        let found = talk.diarize(&[0], any());
        let mut before = 0;
        for (start, end, _) in shape(&found.exclusive) {
            prop_assert!(before <= start && start < end);
            before = end;
        }
        let covered = |turns: &[Turn]| -> Vec<bool> {
            let mut covered = vec![false; talk.n_samples / 270 + 2];
            for (start, end, _) in shape(turns) {
                let at = |frame: i64| usize::try_from(frame).unwrap();
                covered[at(start)..at(end)].fill(true);
            }
            covered
        };
        prop_assert_eq!(covered(&found.turns), covered(&found.exclusive));
    }
}

#[test]
fn a_network_that_tells_nobody_apart_is_refused() {
    let error = DiarizeError::WrongSegmentation.to_string();
    assert!(error.contains("segmentation-3.0"), "{error}");
    assert_eq!(EMBEDDING, voice(0, 100).direction.len());
}
