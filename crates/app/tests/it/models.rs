//! `scriven models` from outside, on a machine without any model but those that a test puts there.

use std::fs;
use std::net::TcpListener;

use domain::model::ModelName;

use crate::command::{Desk, Ran};

/// Puts a whole model there, with the sums of its files or without.
fn put_model(desk: &Desk, folder: &str) {
    for (name, content) in [
        ("config.json", "{}"),
        ("tokenizer.json", "{}"),
        ("model.bin", "weights"),
    ] {
        desk.put(&format!("{folder}/{name}"), content);
    }
}

/// The sums of what [`put_model`] puts.
fn put_sums(desk: &Desk, folder: &str) {
    let braces = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let weights = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
    let file = |name, size, sum| {
        format!(r#"{{"name": "{name}", "size_bytes": {size}, "sha256": "{sum}"}}"#)
    };
    let files = [
        file("config.json", 2, braces),
        file("tokenizer.json", 2, braces),
        file("model.bin", 7, weights),
    ];
    let list = format!(r#"{{"source": "test", "files": [{}]}}"#, files.join(", "));
    desk.put(&format!("{folder}/scriven.json"), list);
}

fn models(desk: &Desk, arguments: &[&str]) -> Ran {
    let arguments: Vec<_> = ["models"].iter().chain(arguments).copied().collect();
    desk.run_without_models(&arguments)
}

#[test]
fn list_shows_all_names_and_what_is_here() {
    let desk = Desk::new();
    put_model(&desk, "mine/small");
    put_model(&desk, "mine/owner--own");
    let ran = models(&desk, &["list", "--model-dir", "mine"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(
        lines.len(),
        1 + ModelName::all().len() + 1,
        "{}",
        ran.stdout
    );
    let line = |name: &str| lines.iter().find(|line| line.starts_with(name)).unwrap();
    assert!(line("small ").ends_with("mine/small"));
    assert!(line("medium ").ends_with('-'));
    assert!(line("owner/own ").ends_with("mine/owner--own"));

    let ran = models(&desk, &["list", "--model-dir", "mine", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list[4]["name"], "small");
    assert_eq!(list[4]["path"], "mine/small");
    assert_eq!(list[4]["size_bytes"], 11);
    assert_eq!(list[5]["path"], serde_json::Value::Null);
}

#[test]
fn helpers_of_the_recogniser_are_models_too() {
    let desk = Desk::new();
    desk.put("mine/segmentation-3.0/pytorch_model.bin", "no weights");
    for (file, content) in [
        ("config.json", "{}"),
        ("vocab.json", "{}"),
        ("pytorch_model.bin", ""),
    ] {
        desk.put(&format!("mine/gigant--romanian-wav2vec2/{file}"), content);
    }
    let ran = models(&desk, &["list", "--model-dir", "mine"]);
    let listed = |name: &str| ran.stdout.lines().any(|line| line.starts_with(name));
    assert!(
        listed("segmentation-3.0 ") && listed("gigant/romanian-wav2vec2 "),
        "{}",
        ran.stdout
    );
    assert!(!listed("WAV2VEC2_ASR_BASE_960H"), "{}", ran.stdout);

    let path = models(
        &desk,
        &["path", "gigant/romanian-wav2vec2", "--model-dir", "mine"],
    );
    assert_eq!(path.stdout, "mine/gigant--romanian-wav2vec2\n", "{path:?}");
    models(
        &desk,
        &["verify", "segmentation-3.0", "--model-dir", "mine"],
    )
    .assert_failed_saying(4, "SHA-256");
    models(&desk, &["path", "segmentation-3.0"])
        .assert_failed_saying(4, "run scripts/fetch-models segmentation-3.0");
    models(&desk, &["path", "WAV2VEC2_ASR_BASE_960H"])
        .assert_failed_saying(4, "'WAV2VEC2_ASR_BASE_960H' is not on this machine");
}

#[test]
fn path_prints_a_folder_and_never_fetches() {
    let desk = Desk::new();
    put_model(&desk, "mine/small");
    let ran = models(&desk, &["path", "small", "--model-dir", "mine"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "mine/small\n"));

    models(&desk, &["path", "medium"]).assert_failed(
        4,
        "scriven: model 'medium' is not on this machine; run 'scriven models pull medium'",
    );
    models(&desk, &["path"]).assert_failed_saying(4, "no model is installed");
}

#[test]
fn verify_reads_everything_and_one_bad_model_does_not_hide_the_others() {
    let desk = Desk::new();
    for model in ["small", "medium"] {
        put_model(&desk, &format!("mine/{model}"));
        put_sums(&desk, &format!("mine/{model}"));
    }
    let ran = models(&desk, &["verify", "--model-dir", "mine"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.stdout.matches("ok ").count(), 6, "{}", ran.stdout);

    fs::write(desk.path().join("mine/small/model.bin"), "weightz").unwrap();
    let ran = models(&desk, &["verify", "--model-dir", "mine"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(
        ran.stderr.contains("mine/small/model.bin is damaged"),
        "{ran:?}"
    );
    assert_eq!(ran.stdout.matches("ok ").count(), 3, "{}", ran.stdout);
}

#[test]
fn an_unknown_model_is_a_usage_error_that_proposes_another() {
    let ran = models(&Desk::new(), &["pull", "bse"]);
    ran.assert_failed_saying(2, "there is no model named 'bse'; did you mean 'base'?");
}

#[test]
fn pull_says_when_it_may_not_or_cannot_ask_the_hub() {
    let desk = Desk::new();
    models(&desk, &["pull", "small"]).assert_failed_saying(4, "downloads are switched off");

    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = desk
        .command(&["models", "pull", "small", "--model-dir", "mine"])
        .env("HF_HUB_OFFLINE", "0")
        .env("HF_ENDPOINT", format!("http://{address}"))
        .env("HOME", desk.path())
        .env_remove("XDG_CACHE_HOME")
        .env_remove("HF_HOME")
        .env_remove("HF_HUB_CACHE")
        .output()
        .unwrap();
    Ran::from(output).assert_failed_saying(4, "cannot fetch 'Systran/faster-whisper-small'");
}
