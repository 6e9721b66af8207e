//! All steps but the networks: what the segmentation would say of a scripted talk, and voices as they might sound.

use domain::diarization::{Diarization, Turn};
use domain::options::ComputeType;
use domain::progress::Silent;
use proptest::prelude::*;

use super::golden::plda;
use super::*;
use crate::audio;
use crate::diarize::powerset::ORDERS;
use crate::diarize::scripted::{SECOND, Said, seconds, told};
use crate::embedding::CamPlusPlus;
use crate::pyannet::{PyanNet, Windows};
use crate::testing::checked_folder;
use crate::vad::{FRAME_STEP, sample_of, time_of};

const DIMENSION: usize = 16;

/// Somebody speaks in some frames of the recording; three at most do in all, and two at once.
#[derive(Debug, Clone)]
struct Talk {
    n_samples: usize,
    said: Vec<Said>,
}

impl Talk {
    /// Who speaks in a frame, a bit a speaker.
    fn bits(&self, frame: usize) -> u8 {
        let here = |(_, frames): &&Said| frames.contains(&frame);
        let said = self.said.iter().filter(here);
        said.fold(0, |bits, (speaker, _)| bits | 1 << speaker)
    }

    /// What the network says. In window `w`, local speakers are numbered in the order `orders[w % orders.len()]`.
    fn segmentation(&self, step: usize, orders: &[usize]) -> Segmentation {
        let windows = Windows::new(self.n_samples, 160_000, step);
        let mut values = Vec::new();
        for window in 0..windows.count {
            let order = ORDERS[orders[window % orders.len()]];
            let first = windows.first_frame(window);
            for frame in first..first + windows.n_frames() {
                let bits = self.bits(frame);
                let local: usize = (0..3)
                    .filter(|at| bits & 1 << order[*at] != 0)
                    .map(|at| 1 << at)
                    .sum();
                let class = [0, 1, 2, 4, 3, 5, 6, 6][local];
                values.extend((0..7).map(|other| if other == class { -0.06_f32 } else { -4.6 }));
            }
        }
        Segmentation::scripted(windows, &values)
    }

    /// Samples that say who speaks, for [`Told`].
    fn sound(&self) -> Vec<f32> {
        let bits = |sample: usize| {
            self.bits((sample + FRAME_STEP / 2).saturating_sub(sample_of(0)) / FRAME_STEP)
        };
        (0..self.n_samples)
            .map(|sample| f32::from(bits(sample)) / 8.0)
            .collect()
    }

    fn diarize(
        &self,
        step: usize,
        orders: &[usize],
        method: &Method,
        options: DiarizeOptions,
    ) -> Diarization {
        let segmentation = self.segmentation(step, orders);
        diarize(
            &segmentation,
            &self.sound(),
            &Told,
            method,
            &options,
            &Silent,
        )
        .unwrap()
        .0
    }
}

/// Hears who speaks by what the samples say.
struct Told;

impl WindowVoices for Told {
    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn embed_windows(&self, windows: &[(&[f32], Vec<Vec<f32>>)]) -> Vec<Vec<Vec<f32>>> {
        let of_window = |(samples, masks): &(&[f32], Vec<Vec<f32>>)| {
            assert_eq!(samples.len(), 160_000);
            masks.iter().map(|mask| self.hear(samples, mask)).collect()
        };
        windows.iter().map(of_window).collect()
    }
}

impl Told {
    /// An axis for each speaker, and a little of another by how much was heard.
    fn hear(&self, samples: &[f32], mask: &[f32]) -> Vec<f32> {
        assert_eq!(mask.len(), 589);
        let heard: Vec<usize> = (0..mask.len()).filter(|frame| mask[*frame] > 0.0).collect();
        assert!(!heard.is_empty());
        let mut voice = vec![0.0; self.dimension()];
        for frame in &heard {
            let said = samples[sample_of(*frame)] * 8.0;
            let is_said = |bits: &u8| f32::from(*bits).to_bits() == said.to_bits();
            let bits = (0..8).find(is_said).unwrap();
            for (speaker, x) in voice.iter_mut().take(3).enumerate() {
                *x += f32::from(bits >> speaker & 1);
            }
        }
        for x in &mut voice {
            *x /= heard.len() as f32;
        }
        voice[4 + heard.len() % 9] = 0.1;
        voice
    }
}

fn methods() -> [Method; 2] {
    [Method::agglomerative(), Method::vbx(plda())]
}

fn asked(num: Option<usize>, min: Option<usize>, max: Option<usize>) -> DiarizeOptions {
    DiarizeOptions::new(num, min, max).unwrap()
}

fn check(n_seconds: usize, said: &[Said], turns: &str, exclusive: &str) {
    let talk = Talk {
        n_samples: n_seconds * 16_000,
        said: seconds(said),
    };
    for step in [STEP, 80_000] {
        let (method, options) = (Method::agglomerative(), asked(None, None, None));
        let found = talk.diarize(step, &[0, 3, 5, 1], &method, options);
        assert_eq!(
            told(&found.turns),
            turns,
            "{said:?}, a window every {step} samples"
        );
        assert_eq!(told(&found.exclusive), exclusive, "{said:?}");
        let names: Vec<_> = found.embeddings.keys().collect();
        assert_eq!(names, found.speakers(), "{said:?}");
    }
}

#[test]
fn silence_has_no_turns() {
    check(30, &[], "", "");
    check(0, &[], "", "");
}

#[test]
fn speakers_are_named_as_they_appear_and_keep_their_names() {
    let turns = "1.03-4.01 00, 6.00-10.98 01, 13.97-29.90 00";
    check(30, &[(2, 1..4), (1, 6..11), (2, 14..30)], turns, turns);
}

#[test]
fn who_speaks_at_the_same_time_is_heard_twice_and_once_in_the_exclusive_turns() {
    let talk = Talk {
        n_samples: 16_000 * 30,
        said: seconds(&[(0, 1..8), (1, 7..14)]),
    };
    let options = asked(None, None, None);
    let found = talk.diarize(80_000, &[2, 4], &Method::agglomerative(), options);
    assert_eq!(told(&found.turns), "1.03-8.00 00, 7.00-13.97 01");
    assert_eq!(told(&found.exclusive), "1.03-8.00 00, 8.00-13.97 01");
}

#[test]
fn short_recordings_are_served() {
    check(3, &[(0, 0..2)], "0.03-2.02 00", "0.03-2.02 00");
    check(4, &[(1, 1..9)], "1.03-4.00 00", "1.03-4.00 00");
}

#[test]
fn a_number_of_speakers_that_is_asked_for_is_kept() {
    let talk = Talk {
        n_samples: 16_000 * 90,
        said: seconds(&[(0, 2..20), (1, 24..40), (2, 44..60), (0, 62..80)]),
    };
    for (number, method) in methods().iter().enumerate() {
        let count = |num, min, max| {
            let found = talk.diarize(STEP, &[0], method, asked(num, min, max));
            found.speakers().len()
        };
        assert_eq!(count(Some(2), None, None), 2, "method {number}");
        assert_eq!(count(None, None, Some(1)), 1, "method {number}");
    }
}

#[test]
fn nobody_is_made_up_where_more_are_counted_than_heard() {
    let talk = Talk {
        n_samples: 16_000 * 30,
        said: seconds(&[(0, 1..20), (1, 5..15)]),
    };
    let options = asked(Some(1), None, None);
    let found = talk.diarize(STEP, &[0], &Method::agglomerative(), options);
    assert_eq!(told(&found.turns), "1.03-19.94 00");
}

#[test]
fn hearing_stops_when_it_is_cancelled() {
    struct Impatient;
    impl Monitor for Impatient {
        fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let talk = Talk {
        n_samples: 160_000,
        said: seconds(&[(0, 1..5)]),
    };
    let segmentation = talk.segmentation(STEP, &[0]);
    let heard = Heard::listen(&segmentation, &talk.sound(), &Told, &Impatient);
    assert_eq!(heard.unwrap_err(), DiarizeError::Cancelled);
}

/// Hears the same voice in everybody.
struct Deaf;

impl WindowVoices for Deaf {
    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn embed_windows(&self, windows: &[(&[f32], Vec<Vec<f32>>)]) -> Vec<Vec<Vec<f32>>> {
        let voice = |heard: usize| {
            let mut voice = vec![0.0; DIMENSION];
            (voice[0], voice[4 + heard % 9]) = (1.0, 0.1);
            voice
        };
        (windows.iter())
            .map(|(_, masks)| (0..masks.len()).map(voice).collect())
            .collect()
    }
}

#[test]
fn a_voice_that_the_network_takes_for_two_is_one_and_loses_nothing() {
    let talk = Talk {
        n_samples: 20 * 16_000,
        said: seconds(&[(0, 1..8), (1, 8..16)]),
    };
    let segmentation = talk.segmentation(STEP, &[0]);
    for method in methods() {
        let (sound, options) = (talk.sound(), DiarizeOptions::default());
        let found = diarize(&segmentation, &sound, &Deaf, &method, &options, &Silent);
        let turns = found.unwrap().0.turns;
        assert_eq!(told(&turns), "1.03-15.96 00", "{method:?}");
    }
}

/// Two people on the telephone for 30 s, by the networks themselves.
#[test]
fn two_people_are_told_apart_in_a_recording() {
    let folders = [
        ("segmentation-3.0", "pytorch_model.bin"),
        ("campplus", "campplus_cn_en_common.pt"),
        ("sample", "sample.wav"),
    ];
    let [Some(segmentation), Some(voices), Some(sample)] =
        folders.map(|(name, file)| checked_folder(name, file))
    else {
        return;
    };
    let sample = sample.join("sample.wav");
    let samples = audio::decode(sample.as_path(), &audio::Settings::default(), &Silent)
        .unwrap()
        .samples;
    let network = PyanNet::load(&segmentation, 2).unwrap();
    let voices = CamPlusPlus::load(&voices, ComputeType::Float32, 2).unwrap();
    let segmentation = network.segment(&samples, 80_000, &Silent).unwrap();
    let (method, options) = (Method::agglomerative(), asked(Some(2), None, None));
    let (found, _) = diarize(&segmentation, &samples, &voices, &method, &options, &Silent).unwrap();
    assert_eq!(found.speakers(), ["SPEAKER_00", "SPEAKER_01"]);
    for name in found.speakers() {
        let his = found.turns.iter().filter(|turn| turn.speaker == name);
        let spoken: f64 = his.map(|turn| turn.end.0 - turn.start.0).sum();
        // by hand: 12.5 s and 11.85 s
        assert!((10.0..14.5).contains(&spoken), "{name}: {spoken} s");
    }
}

/// Turns of up to three speakers, of whom two may speak at once, after 11 s of silence.
fn talks() -> impl Strategy<Value = Talk> {
    let said = (0_usize..3, 0_usize..120, 40_usize..400);
    prop::collection::vec(said, 0..14).prop_map(|said| {
        let mut at = 11 * SECOND;
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
        talk.n_samples = (at + 30) * FRAME_STEP;
        talk
    })
}

/// Turns in frames, with the names of their speakers.
fn shape(turns: &[Turn]) -> Vec<(i64, i64, &str)> {
    #[expect(clippy::cast_possible_truncation, reason = "recordings are short")]
    let frame = |seconds: f64| ((seconds - time_of(0)) / 0.016_875).round() as i64;
    let shape = turns
        .iter()
        .map(|turn| (frame(turn.start.0), frame(turn.end.0), &*turn.speaker));
    shape.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn how_windows_number_their_speakers_changes_nothing(
        talk in talks(),
        orders in prop::collection::vec(0_usize..6, 1..8),
    ) {
        for method in &methods() {
            let options = asked(None, None, None);
            let plain = talk.diarize(STEP, &[0], method, options);
            prop_assert_eq!(plain, talk.diarize(STEP, &orders, method, options));
        }
    }

    #[test]
    fn a_pause_before_a_talk_moves_its_turns_and_changes_nothing_else(talk in talks(), is_asked: bool) {
        // 27 steps of 1 s are a whole number of frames, and so is the shift of every window
        let shift = 27 * STEP / FRAME_STEP;
        let moved = Talk {
            n_samples: talk.n_samples + shift * FRAME_STEP,
            said: talk.said.iter().map(|(who, at)| (*who, at.start + shift..at.end + shift)).collect(),
        };
        let by = i64::try_from(shift).unwrap();
        for method in &methods() {
            let options = asked(is_asked.then_some(2), None, None);
            let [plain, moved] = [&talk, &moved].map(|talk| talk.diarize(STEP, &[0], method, options));
            let back = |turns| shape(turns).into_iter().map(|(start, end, who)| (start - by, end - by, who));
            prop_assert_eq!(shape(&plain.turns), back(&moved.turns).collect::<Vec<_>>());
            prop_assert_eq!(shape(&plain.exclusive), back(&moved.exclusive).collect::<Vec<_>>());
            prop_assert_eq!(&plain.embeddings, &moved.embeddings);
        }
    }
}
