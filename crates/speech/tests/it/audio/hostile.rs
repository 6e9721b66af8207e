//! Bytes that mean harm: nothing panics, nothing runs on for long.

use std::time::{Duration, Instant};

use super::{alone_from_bytes, eval_folder, tone_wav, wav};

/// A small generator, so that each run tries the same bytes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// Changes a few bytes, mostly near the beginning, where the headers are; sometimes cuts.
fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(12) {
        let reach = if dice.roll(3) == 0 {
            bytes.len()
        } else {
            bytes.len().min(600)
        };
        let at = dice.roll(reach);
        bytes[at] = [0, 0xff, 0x7f, 0x80, dice.roll(256) as u8][dice.roll(5)];
    }
    if dice.roll(4) == 0 {
        bytes.truncate(dice.roll(bytes.len()).max(1));
    }
    bytes
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        tone_wav(2, 44_100, 5_000),
        wav(3, 32, 1, 8_000, &[0x3f; 4_000]),
        wav(0x11, 4, 1, 8_000, &[0x35; 4_096]),
    ];
    if let Some(eval) = eval_folder() {
        let names = [
            "d_aac.m4a",
            "d_h264_aac.mp4",
            "d_h264_pcm.mov",
            "d_two_audio.mkv",
            "d_mp3_named.wav",
            "trumpet.ogg",
            "d_quiet_45db.flac",
            "d_mulaw8k.wav",
            "d_h264_opus.mkv",
        ];
        seeds.extend(
            names
                .iter()
                .filter_map(|name| std::fs::read(eval.join("noise").join(name)).ok()),
        );
    }
    seeds
}

/// Decodes, whatever comes of it, and checks that it took no unreasonable time.
fn survive(bytes: Vec<u8>) {
    let started = Instant::now();
    let n_bytes = bytes.len();
    let result = alone_from_bytes(bytes);
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "{n_bytes} bytes took {:?}",
        started.elapsed()
    );
    if let Ok(samples) = result {
        assert!(
            samples
                .to_vec()
                .iter()
                .all(|x| x.is_finite() && x.abs() <= 1.0)
        );
    }
}

#[test]
fn mutated_recordings_are_survived() {
    let n_rounds = std::env::var("SCRIVEN_HOSTILE_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40);
    let mut dice = Dice(7);
    for seed in seeds() {
        for _ in 0..n_rounds {
            survive(mutate(&seed, &mut dice));
        }
    }
}

#[test]
fn random_bytes_behind_a_known_beginning_are_survived() {
    let beginnings: [&[u8]; 9] = [
        b"",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"\x1a\x45\xdf\xa3",
        b"\0\0\0\x20ftypisom",
        b"ID3\x04\0\0",
        b"\xff\xfb\x90\x64",
        b"FORM\0\0\xff\xffAIFFCOMM",
    ];
    let mut dice = Dice(11);
    for beginning in beginnings {
        for n in [0, 1, 16, 500, 20_000] {
            let noise = (0..n).map(|_| dice.roll(256) as u8);
            survive(beginning.iter().copied().chain(noise).collect());
        }
    }
}
