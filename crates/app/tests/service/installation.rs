//! What the service serves of itself, and what it leaves on a machine (contract 4.5).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::app::TestApp;
#[cfg(target_os = "linux")]
use crate::{audio::has_models, fixtures::field};

#[tokio::test]
async fn c4_5_the_documentation_needs_no_other_machine() {
    let app = TestApp::start().await;
    let page = app.get("/docs").await.expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let here = reqwest::Url::parse(&app.url("/docs")).unwrap();
    let assets = assets(&page.text);
    assert!(assets.len() >= 3, "{}", page.text);
    for asset in assets {
        let url = here.join(&asset).unwrap();
        assert_eq!(url.host(), here.host(), "{asset} is elsewhere");
        assert_eq!(url.port(), here.port(), "{asset} is elsewhere");
        let found = app.client().get(url).send().await.unwrap();
        assert_eq!(found.status(), 200, "{asset}");
        assert!(!found.bytes().await.unwrap().is_empty(), "{asset}");
    }
}

/// What a page loads.
fn assets(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        for rest in page.split(attribute).skip(1) {
            found.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    found
}

#[tokio::test]
async fn c4_5_the_document_is_the_same_to_the_byte_after_a_restart() {
    let mut app = TestApp::start().await;
    let first = app.get("/openapi.json").await.expect(200).text;
    for _ in 0..3 {
        app.restart().await;
        assert_eq!(app.get("/openapi.json").await.expect(200).text, first);
    }
    assert!(
        first.starts_with(r#"{"openapi":"3.1.0""#),
        "{}",
        &first[..40]
    );
}

#[tokio::test]
async fn x16_a_start_writes_only_where_it_is_told_to() {
    let data = tempfile::tempdir().unwrap();
    let at = |name: &str| data.path().join(name).display().to_string();
    let app = TestApp::builder()
        .with("DB_URL", format!("sqlite:///{}", at("records.db")))
        .with("TEMP_DIR", at("media"))
        .with("LOGS_DIR", at("logs"))
        .with("MODEL_DIR", at("models"))
        .start()
        .await;
    // It runs, and has its home and its temporary files, in a folder in which nothing but the test's log is.
    let expected = BTreeSet::from(["log.txt".to_owned()]);
    assert_eq!(names(app.folder()), expected);
    let mut written = names(data.path());
    written.retain(|name| !name.starts_with("records.db"));
    assert!(
        written.is_subset(&BTreeSet::from(["media", "logs"].map(str::to_owned))),
        "{written:?}"
    );
}

/// Libraries of the system that every program has: of C, of mathematics, for unwinding, and what loads them.
#[cfg(target_os = "linux")]
const USUAL_LIBRARIES: [&str; 7] = [
    "ld-linux",
    "ld-musl",
    "libc.",
    "libdl.",
    "libgcc_s.",
    "libm.",
    "libpthread.",
];

/// Neither Python nor an inference library nor a driver of graphics cards: not when it starts, and not when it computes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn dp1_dp2_the_process_loads_no_library_but_those_of_every_program() {
    if !has_models(&["tiny.en", "segmentation-3.0"]) {
        return;
    }
    let app = TestApp::builder().with_speech().start().await;
    let recording = field("09-data-size-zero.wav");
    let posted = app
        .post_file("/speech-to-text?model=tiny.en", "a.wav", &recording)
        .await;
    app.completed(&posted.identifier()).await;
    let maps = fs::read_to_string(format!("/proc/{}/maps", app.process_id())).unwrap();
    let paths = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    let names = paths.filter_map(|path| Path::new(path).file_name()?.to_str());
    let libraries: BTreeSet<&str> = names
        .filter(|name| name.split('.').any(|part| part == "so"))
        .collect();
    assert!(!libraries.is_empty(), "{maps}");
    let is_usual = |library: &&str| {
        USUAL_LIBRARIES
            .iter()
            .any(|usual| library.starts_with(usual))
    };
    assert!(libraries.iter().all(is_usual), "{libraries:?}");
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.unwrap())).collect()
}
