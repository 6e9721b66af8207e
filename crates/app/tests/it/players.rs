//! Subtitles as another program reads them: `ffmpeg`, which players and editors are built on.

use std::process::Command;

use crate::command::Desk;

/// Two people in one breath, markup, an arrow, and a sentence in Japanese.
const TALK: &str = r#"{"language":"en","segments":[
    {"start":1.0,"end":3.0,"text":" Is 2 < 3 & 4 > 3, or a --> b?","speaker":"SPEAKER_00"},
    {"start":3.2,"end":4.4,"text":" Yes.","speaker":"SPEAKER_01"},
    {"start":6.0,"end":9.0,"text":" 東京は晴れでした。","speaker":"SPEAKER_01"}]}"#;

/// Times and texts of the cues that `ffmpeg` finds in `file`, as it writes them in the format SRT; `None`, loudly, where
/// it is not installed.
fn read_by_ffmpeg(desk: &Desk, file: &str) -> Option<String> {
    let command = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-i", file, "-f", "srt", "-"])
        .current_dir(desk.path())
        .output();
    let Ok(output) = command else {
        skipped::for_want_of_program("ffmpeg");
        return None;
    };
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    // It parts the lines of a cue as DOS does.
    Some(String::from_utf8(output.stdout).unwrap().replace('\r', ""))
}

#[test]
fn ffmpeg_reads_the_cues_that_were_written() {
    let desk = Desk::new();
    desk.put("talk.json", TALK);
    let turns = r#"[{"speaker":"SPEAKER_00","start":0.9,"end":3.1},{"speaker":"SPEAKER_01","start":3.15,"end":9.1}]"#;
    desk.put("turns.json", turns);
    for format in ["srt", "vtt"] {
        let ran = desk.run(&["combine", "talk.json", "turns.json", "-f", format]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        desk.put(&format!("talk.{format}"), &ran.stdout);
    }
    let written = desk.read("talk.srt");
    assert!(written.contains("東京は晴れでした。"), "{written}");
    for name in ["talk.srt", "talk.vtt"] {
        let Some(read) = read_by_ffmpeg(&desk, name) else {
            return;
        };
        assert_eq!(read, written, "{name}");
    }
}
