//! Results in other formats: what the service gives is what the command line writes.

use std::fs;
use std::process::Command;

use crate::app::TestApp;

/// Two people; a sentence of the first lasts on while the second begins.
const TALK: &[u8] = br#"{"segments":[
    {"start":1.0,"end":6.5,"text":" Good morning, everybody, and welcome to the second part of this talk. Fine.","words":[
        {"word":"Good","start":1.0,"end":1.2},{"word":"morning,","start":1.3,"end":1.7},{"word":"everybody,","start":1.8,"end":2.3},
        {"word":"and","start":2.6,"end":2.7},{"word":"welcome","start":2.7,"end":3.1},{"word":"to","start":3.1,"end":3.2},
        {"word":"the","start":3.2,"end":3.3},{"word":"second","start":3.3,"end":3.7},{"word":"part","start":3.7,"end":4.0},
        {"word":"of","start":4.0,"end":4.1},{"word":"this","start":4.1,"end":4.4},{"word":"talk.","start":4.4,"end":5.0},
        {"word":"Fine.","start":6.0,"end":6.5}]}],"word_segments":[]}"#;

const TURNS: &[u8] = br#"[{"speaker":"SPEAKER_00","start":0.9,"end":5.1},{"speaker":"SPEAKER_01","start":5.9,"end":6.6}]"#;

/// What `scriven combine` prints.
fn combined(app: &TestApp, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scriven"))
        .args([
            "combine",
            "--compat",
            "talk.json",
            "turns.json",
            "-f",
            format,
        ])
        .current_dir(app.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

// B3.9
#[tokio::test]
async fn b3_9_results_are_byte_for_byte_those_of_the_command_line() {
    let app = TestApp::start().await;
    fs::write(app.folder().join("talk.json"), TALK).unwrap();
    fs::write(app.folder().join("turns.json"), TURNS).unwrap();
    let parts = [
        ("aligned_transcript", "talk.json", TALK),
        ("diarization_result", "turns.json", TURNS),
    ];
    let identifier = app.post("/service/combine", &parts).await.identifier();
    app.completed(&identifier).await;
    for format in ["txt", "srt", "vtt", "tsv", "aud"] {
        let answer = app
            .get(&format!("/task/{identifier}/result?format={format}"))
            .await;
        let answer = answer.expect(200);
        assert!(answer.text.contains("Fine."), "{answer:?}");
        assert_eq!(answer.text, combined(&app, format), "{format}");
    }
}

#[tokio::test]
async fn b3_8_the_turns_of_a_result_are_those_of_its_speakers() {
    let app = TestApp::start().await;
    let parts = [
        ("aligned_transcript", "talk.json", TALK),
        ("diarization_result", "turns.json", TURNS),
    ];
    let identifier = app.post("/service/combine", &parts).await.identifier();
    app.completed(&identifier).await;
    let answer = app
        .get(&format!("/task/{identifier}/result?format=rttm"))
        .await;
    let lines: Vec<_> = answer.text.lines().collect();
    // The segment had one speaker; it is cut where the other begins.
    assert!(
        lines[0].ends_with("1 1.000 4.000 <NA> <NA> SPEAKER_00 <NA> <NA>"),
        "{lines:?}"
    );
    assert!(
        lines[1].ends_with("1 6.000 0.500 <NA> <NA> SPEAKER_01 <NA> <NA>"),
        "{lines:?}"
    );
}
