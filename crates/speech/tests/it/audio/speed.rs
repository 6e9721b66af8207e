//! How long a long recording takes. Run by name, with `--ignored --nocapture`, to see the numbers.

use std::time::{Duration, Instant};

use super::{eval_folder, ffmpeg_is_there, make, with_ffmpeg};

#[test]
#[ignore = "makes and decodes half an hour of audio five times"]
fn half_an_hour_takes_seconds() {
    let Some(eval) = eval_folder() else { return };
    if !ffmpeg_is_there() {
        return;
    }
    let original = eval.join("long/longd_30min.opus");
    let source = original.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let forms: [(&str, &[&str]); 6] = [
        ("mono16k.mp3", &["-ar", "16000", "-b:a", "48k"]),
        (
            "stereo44k.mp3",
            &["-ac", "2", "-ar", "44100", "-b:a", "128k"],
        ),
        ("stereo48k.flac", &["-ac", "2", "-ar", "48000"]),
        (
            "stereo44k.m4a",
            &["-ac", "2", "-ar", "44100", "-c:a", "aac", "-b:a", "96k"],
        ),
        ("stereo48k.ogg", &["-ac", "2", "-c:a", "libvorbis"]),
        ("mono16k.wav", &["-ar", "16000"]),
    ];
    let made = forms.iter().filter_map(|(name, arguments)| {
        make(folder.path(), name, &[&["-i", source], *arguments].concat())
    });
    for path in [original.clone()].into_iter().chain(made) {
        let started = Instant::now();
        let samples = with_ffmpeg(&path).unwrap();
        let took = started.elapsed();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        println!(
            "{name}: {:.1} s of audio in {:.2} s",
            samples.duration().0,
            took.as_secs_f64()
        );
        assert!(took < Duration::from_mins(1), "{name}: {took:?}");
    }
}
