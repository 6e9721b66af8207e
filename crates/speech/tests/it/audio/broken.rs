//! Files that are not what they should be: each ends in one clear sentence.

use std::path::Path;

use speech::audio::AudioError;

use super::{alone, alone_from_bytes, eval_folder, tone_wav, wav, with_ffmpeg};

#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = with_ffmpeg(folder.path()).unwrap_err();
    assert!(matches!(error, AudioError::Directory { .. }), "{error}");
    let error = with_ffmpeg(&folder.path().join("none.wav")).unwrap_err();
    assert!(matches!(error, AudioError::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("none.wav"), "{error}");
    let error = with_ffmpeg(Path::new("")).unwrap_err();
    assert!(matches!(error, AudioError::NotFound { .. }), "{error}");
}

#[test]
fn an_empty_file_is_called_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.wav");
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(with_ffmpeg(&path), Err(AudioError::Empty)));
    assert!(matches!(
        alone_from_bytes(Vec::new()),
        Err(AudioError::Empty)
    ));
}

#[test]
fn other_files_are_called_what_they_are() {
    let cases: [(&[u8], &str); 5] = [
        (b"Dear reader, this is a letter.\n", "text"),
        (
            b"<!DOCTYPE html>\n<html><title>404</title></html>",
            "web page",
        ),
        (b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "playlist"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "PNG"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp3");
    for (bytes, word) in cases {
        std::fs::write(&path, bytes).unwrap();
        let error = with_ffmpeg(&path).unwrap_err();
        assert!(matches!(error, AudioError::NotAudio { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn noise_in_a_file_is_not_audio() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.mp3");
    let mut state = 1_u32;
    let bytes: Vec<u8> = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    std::fs::write(&path, bytes).unwrap();
    let error = with_ffmpeg(&path).unwrap_err();
    assert!(
        matches!(
            error,
            AudioError::NotAudio { .. } | AudioError::FfmpegMissing { .. }
        ),
        "{error}"
    );
}

#[test]
fn absurd_headers_are_refused() {
    let cases = [
        ("no channels", wav(1, 16, 0, 16_000, &[0; 100])),
        ("no rate", wav(1, 16, 1, 0, &[0; 100])),
        ("no bits", wav(1, 0, 1, 16_000, &[0; 100])),
        (
            "a rate of gigahertz",
            wav(1, 16, 1, 4_000_000_000, &[0; 100]),
        ),
        ("65535 channels", wav(1, 16, 65_535, 16_000, &[0; 100])),
        ("an unknown encoding", wav(0x7777, 16, 1, 16_000, &[0; 100])),
        ("half a header", tone_wav(1, 16_000, 100)[..30].to_vec()),
        ("eight bytes", b"RIFF\0\0\0\0".to_vec()),
    ];
    for (name, bytes) in cases {
        let error = alone_from_bytes(bytes)
            .map(|samples| samples.len())
            .unwrap_err();
        println!("{name}: {error}");
        assert!(
            matches!(
                error,
                AudioError::Broken { .. }
                    | AudioError::FfmpegMissing { .. }
                    | AudioError::NotAudio { .. }
            ),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn broken_videos_say_what_is_missing() {
    let Some(eval) = eval_folder() else { return };
    let silent = eval.join("noise/d_video_only.mp4");
    for result in [with_ffmpeg(&silent), alone(silent.clone())] {
        let error = result.unwrap_err();
        assert!(matches!(error, AudioError::NoAudioTrack), "{error}");
    }
    let cut = eval.join("noise/d_truncated_no_moov.mp4");
    for result in [with_ffmpeg(&cut), alone(cut.clone())] {
        let error = result.unwrap_err();
        println!("{error}");
        assert!(
            matches!(error, AudioError::Broken { format: "MP4", .. }),
            "{error:?}"
        );
    }
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.wav");
    std::fs::write(&path, tone_wav(1, 16_000, 100)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        skipped::on_this_machine("this user reads everything, whatever the permissions say");
        return;
    }
    let error = with_ffmpeg(&path).unwrap_err();
    assert!(matches!(error, AudioError::Unreadable { .. }), "{error}");
}
