//! What is read without `ffmpeg`: encodings, rates, channels, lengths.

use std::io::Write;

use domain::progress::Silent;
use domain::units::Seconds;
use speech::audio::{AudioError, Settings, Source, decode};

use super::{
    alone, alone_from_bytes, eval_folder, ffmpeg_is_there, make, tone, tone_snr_db, tone_wav, wav,
};

/// One second of tone at 16 kHz, each sample as the bytes that `encode` makes of it.
fn encoded<const N: usize>(encode: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    (0..16_000).flat_map(|i| encode(tone(i, 16_000))).collect()
}

#[test]
fn every_wav_encoding_is_read() {
    let cases = [
        (
            "8 bit",
            wav(
                1,
                8,
                1,
                16_000,
                &encoded(|x| [(x * 127.0 + 128.0).round() as u8]),
            ),
            35.0,
        ),
        (
            "16 bit",
            wav(
                1,
                16,
                1,
                16_000,
                &encoded(|x| ((x * 32_768.0) as i16).to_le_bytes()),
            ),
            80.0,
        ),
        (
            "24 bit",
            wav(
                1,
                24,
                1,
                16_000,
                &encoded(|x| {
                    let [a, b, c, _] = ((x * 8_388_608.0) as i32).to_le_bytes();
                    [a, b, c]
                }),
            ),
            90.0,
        ),
        (
            "32 bit",
            wav(
                1,
                32,
                1,
                16_000,
                &encoded(|x| ((x * 2_147_483_648.0) as i32).to_le_bytes()),
            ),
            90.0,
        ),
        (
            "float",
            wav(3, 32, 1, 16_000, &encoded(|x| (x as f32).to_le_bytes())),
            90.0,
        ),
        (
            "double",
            wav(3, 64, 1, 16_000, &encoded(f64::to_le_bytes)),
            90.0,
        ),
        (
            "mu-law",
            wav(7, 8, 1, 16_000, &encoded(|x| [mu_law(x)])),
            30.0,
        ),
    ];
    for (name, bytes, least_snr_db) in cases {
        let samples = alone_from_bytes(bytes).unwrap();
        assert_eq!(samples.len(), 16_000, "{name}");
        let snr_db = tone_snr_db(&samples.to_vec());
        assert!(snr_db > least_snr_db, "{name}: {snr_db:.1} dB");
    }
}

/// The eight bits of G.711 mu-law nearest to `x`, found by trying all of them.
fn mu_law(x: f64) -> u8 {
    let expand = |byte: u8| {
        let code = !byte;
        let magnitude = ((i32::from(code & 0x0f) * 2 + 33) << ((code >> 4) & 7)) - 33;
        f64::from(if code & 0x80 == 0 {
            magnitude
        } else {
            -magnitude
        }) / 8_192.0
    };
    (0..=255_u8)
        .min_by(|a, b| (expand(*a) - x).abs().total_cmp(&(expand(*b) - x).abs()))
        .unwrap()
}

#[test]
fn every_rate_comes_out_at_sixteen_kilohertz_in_place() {
    for rate in [
        8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000,
    ] {
        let samples = alone_from_bytes(tone_wav(1, rate, rate * 2)).unwrap();
        assert_eq!(samples.len(), 32_000, "{rate} Hz");
        let snr_db = tone_snr_db(&samples.to_vec());
        assert!(snr_db > 75.0, "{rate} Hz: {snr_db:.1} dB");
    }
}

#[test]
fn channels_that_agree_give_the_same_sound() {
    for n_channels in [1, 2, 4, 6, 8] {
        let samples = alone_from_bytes(tone_wav(n_channels, 16_000, 16_000)).unwrap();
        let snr_db = tone_snr_db(&samples.to_vec());
        // Bass is left out of the mix, so that the others together make one.
        assert!(snr_db > 75.0, "{n_channels} channels: {snr_db:.1} dB");
    }
}

#[test]
fn stereo_is_the_mean_of_left_and_right() {
    let (left, right) = (|i: u32| tone(i, 16_000), |i: u32| tone(i, 10_000));
    let values = (0..16_000).flat_map(|i| [left(i), right(i)]);
    let data: Vec<u8> = values
        .flat_map(|value| ((value * 32_768.0) as i16).to_le_bytes())
        .collect();
    let samples = alone_from_bytes(wav(1, 16, 2, 16_000, &data)).unwrap();
    for (i, sample) in (0..).zip(samples.to_vec()) {
        let mean = f64::midpoint(left(i), right(i));
        assert!(
            (f64::from(sample) - mean).abs() < 1e-4,
            "{i}: {sample}, {mean}"
        );
    }
}

#[test]
fn sixteen_kilohertz_mono_passes_bit_for_bit() {
    let values: Vec<i16> = (0..4_000)
        .map(|i| ((i * 7_919) % 65_536 - 32_768) as i16)
        .collect();
    let data: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let samples = alone_from_bytes(wav(1, 16, 1, 16_000, &data)).unwrap();
    let expected: Vec<f32> = values
        .iter()
        .map(|value| f32::from(*value) / 32_768.0)
        .collect();
    assert_eq!(samples.to_vec(), expected);
}

#[test]
fn one_sample_is_a_recording() {
    assert_eq!(alone_from_bytes(tone_wav(1, 16_000, 1)).unwrap().len(), 1);
    assert_eq!(alone_from_bytes(tone_wav(1, 48_000, 1)).unwrap().len(), 1);
}

#[test]
fn a_cut_off_wav_gives_what_is_there() {
    let mut bytes = tone_wav(1, 16_000, 16_000);
    bytes.truncate(44 + 16_001);
    assert_eq!(alone_from_bytes(bytes).unwrap().len(), 8_000);
}

#[test]
fn a_wav_of_unknown_length_is_read_to_its_end() {
    let mut bytes = tone_wav(1, 16_000, 16_000);
    bytes[4..8].copy_from_slice(&[0xff; 4]);
    bytes[40..44].copy_from_slice(&[0xff; 4]);
    assert_eq!(alone_from_bytes(bytes).unwrap().len(), 16_000);
}

#[test]
fn the_name_means_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["speech.mp3", "speech.txt", "speech", "speech.opus"] {
        let path = folder.path().join(name);
        std::fs::write(&path, tone_wav(1, 16_000, 800)).unwrap();
        assert_eq!(alone(path).unwrap().len(), 800, "{name}");
    }
}

#[test]
fn a_stray_nan_is_silence_and_a_file_of_them_is_refused() {
    let float_wav = |n_bad: usize| {
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let data: Vec<u8> = (0..1_000)
            .map(|i| if i < n_bad { bad[i % 3] } else { 0.25 })
            .flat_map(f32::to_le_bytes)
            .collect();
        wav(3, 32, 1, 16_000, &data)
    };
    let samples = alone_from_bytes(float_wav(3)).unwrap();
    assert_eq!(samples.to_vec()[..5], [0.0, 0.0, 0.0, 0.25, 0.25]);
    let error = alone_from_bytes(float_wav(900)).unwrap_err();
    assert!(
        matches!(
            error,
            AudioError::NotFinite {
                n_bad: 900,
                n_total: 1_000
            }
        ),
        "{error}"
    );
}

#[test]
fn values_beyond_full_scale_are_clipped() {
    let data: Vec<u8> = [2.0_f32, -3.0, 1e30, 0.5]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    let samples = alone_from_bytes(wav(3, 32, 1, 16_000, &data)).unwrap();
    assert_eq!(
        samples.to_vec(),
        [32_767.0 / 32_768.0, -1.0, 32_767.0 / 32_768.0, 0.5]
    );
}

#[test]
fn a_recording_over_the_limit_is_refused() {
    let settings = Settings {
        max_duration: Seconds(1.0),
        ..super::without_ffmpeg()
    };
    let bytes = tone_wav(1, 16_000, 40_000);
    let source = Source::reader(std::io::Cursor::new(bytes.clone()));
    let error = decode(source, &settings, &Silent).unwrap_err();
    assert!(matches!(error, AudioError::TooLong { .. }), "{error}");

    let settings = Settings {
        max_piped_bytes: 10_000,
        ..super::without_ffmpeg()
    };
    let source = Source::reader(std::io::Cursor::new(bytes));
    let error = decode(source, &settings, &Silent).unwrap_err();
    assert!(
        matches!(
            error,
            AudioError::TooManyBytes {
                limit_bytes: 10_000
            }
        ),
        "{error}"
    );
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let feeding = std::thread::spawn(move || writer.write_all(&tone_wav(2, 44_100, 88_200)));
    let samples = alone(Source::reader(reader)).unwrap();
    feeding.join().unwrap().unwrap();
    assert_eq!(samples.len(), 32_000);
}

#[test]
fn compressed_formats_keep_length_and_place() {
    if !ffmpeg_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("tone.wav");
    std::fs::write(&source, tone_wav(2, 48_000, 96_000)).unwrap();
    let source = source.to_str().unwrap();
    // The last block of AAC, and of Vorbis in Matroska, reaches beyond the end, with `ffmpeg` too.
    // LAME plays everything 0.3 dB lower, which counts as noise here.
    let cases = [
        ("tone.flac", vec!["-c:a", "flac"], 0),
        ("tone.mp3", vec!["-c:a", "libmp3lame", "-b:a", "192k"], 0),
        ("tone.ogg", vec!["-c:a", "libvorbis", "-q:a", "7"], 0),
        ("tone.m4a", vec!["-c:a", "aac", "-b:a", "192k"], 400),
        ("tone.mov", vec!["-c:a", "pcm_s16be"], 0),
        ("tone.aiff", vec!["-c:a", "pcm_s16be"], 0),
        ("tone.caf", vec!["-c:a", "pcm_s16le"], 0),
        ("tone.mkv", vec!["-c:a", "flac"], 0),
        ("alac.m4a", vec!["-c:a", "alac"], 0),
        ("vorbis.webm", vec!["-c:a", "libvorbis", "-q:a", "7"], 400),
    ];
    for (name, arguments, slack) in cases {
        let Some(path) = make(
            folder.path(),
            name,
            &[&["-i", source], &arguments[..]].concat(),
        ) else {
            continue;
        };
        let samples = alone(path).unwrap();
        let surplus = samples.len() as i64 - 32_000;
        let snr_db = tone_snr_db(&samples.to_vec()[..samples.len().min(32_000)]);
        println!("{name}: {surplus:+} samples, SNR {snr_db:.1} dB");
        assert!(
            (0..=slack).contains(&surplus),
            "{name}: {surplus:+} samples"
        );
        assert!(snr_db > 25.0, "{name}: {snr_db:.1} dB");
    }
}

#[test]
fn a_recording_of_mine_shows_its_progress() {
    struct Log(std::sync::Mutex<Vec<(f64, f64)>>);
    impl domain::progress::Monitor for Log {
        fn progress(&self, _: domain::progress::Stage, done: Seconds, total: Seconds) {
            self.0.lock().unwrap().push((done.0, total.0));
        }
        fn is_cancelled(&self) -> bool {
            false
        }
    }
    let log = Log(std::sync::Mutex::default());
    let source = Source::reader(std::io::Cursor::new(tone_wav(1, 8_000, 80_000)));
    decode(source, &super::without_ffmpeg(), &log).unwrap();
    let seen = log.0.into_inner().unwrap();
    assert!(seen.len() >= 9, "{seen:?}");
    assert!(seen.is_sorted_by(|a, b| a.0 <= b.0), "{seen:?}");
    assert_eq!(seen.last(), Some(&(10.0, 10.0)));
    assert!(
        seen.iter().all(|(_, total)| (*total - 10.0).abs() < 0.01),
        "{seen:?}"
    );
}

#[test]
fn low_rate_aac_is_read_without_ffmpeg_too() {
    let Some(eval) = eval_folder() else { return };
    let samples = alone(eval.join("noise/d_aac.m4a")).unwrap();
    assert!((samples.duration().0 - 4.48).abs() < 0.07, "{samples:?}");
}
