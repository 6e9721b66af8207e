//! Where models are found, and in which order.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use speech::models::ModelError;

use super::places::{MODEL_FILES, Machine, sha256, write_model};

/// Stores a model as Hugging Face tools do; returns its snapshot.
fn write_hub_model(hub_cache: &Path, repository: &str) -> std::path::PathBuf {
    let stored = hub_cache.join(format!("models--{}", repository.replace('/', "--")));
    let snapshot = stored.join("snapshots/0123abcd");
    for folder in [&snapshot, &stored.join("blobs"), &stored.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    for (name, content) in MODEL_FILES {
        let sum = sha256(content.as_bytes());
        fs::write(stored.join("blobs").join(&sum), content).unwrap();
        symlink(Path::new("../../blobs").join(sum), snapshot.join(name)).unwrap();
    }
    fs::write(stored.join("refs/main"), "0123abcd").unwrap();
    snapshot
}

#[test]
fn the_model_folder_comes_before_our_cache_and_that_before_the_shared_one() {
    let mut machine = Machine::offline();
    let shared = write_hub_model(&machine.hub_cache(), "Systran/faster-whisper-small");
    assert_eq!(machine.locate("small").unwrap().path, shared);

    let ours = machine.shelf().join("small");
    write_model(&ours);
    assert_eq!(machine.locate("small").unwrap().path, ours);

    let model_dir = machine.home.path().join("mine");
    write_model(&model_dir.join("small"));
    machine.model_dir = Some(model_dir.clone());
    let found = machine.locate("small").unwrap();
    assert_eq!(found.path, model_dir.join("small"));
    assert_eq!(found.name.unwrap().as_str(), "small");
}

#[test]
fn a_model_folder_may_be_laid_out_as_faster_whisper_does() {
    let mut machine = Machine::offline();
    let model_dir = machine.home.path().join("mine");
    let snapshot = write_hub_model(&model_dir, "Systran/faster-whisper-medium.en");
    machine.model_dir = Some(model_dir);
    assert_eq!(machine.locate("medium.en").unwrap().path, snapshot);
}

#[test]
fn variables_of_hugging_face_move_the_shared_cache() {
    let mut machine = Machine::offline();
    let elsewhere = machine.home.path().join("hf");
    let snapshot = write_hub_model(&elsewhere.join("hub"), "openai/whisper-tiny");
    assert!(machine.locate("openai/whisper-tiny").is_err());
    machine.set("HF_HOME", elsewhere.to_str().unwrap());
    assert_eq!(
        machine.locate("openai/whisper-tiny").unwrap().path,
        snapshot
    );

    machine.set("HF_HUB_CACHE", "/nowhere");
    assert!(machine.locate("openai/whisper-tiny").is_err());
    machine.set("HF_HUB_CACHE", elsewhere.join("hub").to_str().unwrap());
    assert!(machine.locate("openai/whisper-tiny").is_ok());
}

#[test]
fn an_unfinished_download_of_another_tool_does_not_count() {
    let machine = Machine::offline();
    let snapshot = write_hub_model(&machine.hub_cache(), "Systran/faster-whisper-small");
    fs::remove_file(snapshot.join("model.bin")).unwrap();
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::Offline { .. }), "{error}");
}

#[test]
fn large_is_found_under_the_name_of_its_version() {
    let machine = Machine::offline();
    write_model(&machine.shelf().join("large-v3"));
    let found = machine.locate("large").unwrap();
    assert_eq!(found.name.unwrap().as_str(), "large-v3");
}

#[test]
fn a_path_is_taken_as_it_is() {
    let machine = Machine::offline();
    let folder = machine.home.path().join("my model");
    write_model(&folder);
    let found = machine.locate(folder.to_str().unwrap()).unwrap();
    assert_eq!((found.path, found.name), (folder, None));

    let error = machine.locate("/nowhere/at/all").unwrap_err().to_string();
    assert_eq!(error, "there is no model folder /nowhere/at/all");
}

#[test]
fn safetensors_in_one_piece_or_in_several_are_a_model() {
    let machine = Machine::offline();
    let folder = machine.home.path().join("st");
    write_model(&folder);
    fs::remove_file(folder.join("model.bin")).unwrap();
    let index = r#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    fs::write(folder.join("model-1.safetensors"), "x").unwrap();
    let path = folder.to_str().unwrap();
    let error = machine.locate(path).unwrap_err().to_string();
    assert!(error.contains("has no model-2.safetensors"), "{error}");
    fs::write(folder.join("model-2.safetensors"), "x").unwrap();
    assert!(machine.locate(path).is_ok());

    fs::write(folder.join("model.safetensors.index.json"), "{").unwrap();
    let error = machine.locate(path).unwrap_err().to_string();
    assert!(error.contains("model.safetensors.index.json"), "{error}");
    fs::write(folder.join("model.safetensors"), "x").unwrap();
    assert!(machine.locate(path).is_ok());
}

#[test]
fn each_missing_file_is_named_with_its_folder_and_a_way_out() {
    for missing in ["config.json", "tokenizer.json", "model.bin"] {
        let machine = Machine::offline();
        let folder = machine.shelf().join("small");
        write_model(&folder);
        fs::remove_file(folder.join(missing)).unwrap();
        let error = machine.locate("small").unwrap_err().to_string();
        assert!(
            error.contains(&format!("{} has no {missing}", folder.display())),
            "{error}"
        );
        assert!(error.contains("scriven models pull small"), "{error}");
    }
}

#[test]
fn without_a_wish_base_is_taken_and_then_tiny_en() {
    // The pinned sums of both are those of the real files, so these here are damaged: the error tells which was taken.
    let machine = Machine::offline();
    let taken = || machine.locate("").unwrap_err().to_string();
    assert_eq!(
        taken(),
        format!(
            "no model is installed (looked for 'base' and 'tiny.en' in {}, {}); \
             run scripts/fetch-models or 'scriven models pull base'",
            machine.shelf().display(),
            machine.hub_cache().display()
        )
    );
    write_model(&machine.shelf().join("tiny.en"));
    assert!(
        taken().contains("models/tiny.en/model.bin is damaged"),
        "{}",
        taken()
    );
    write_model(&machine.shelf().join("base"));
    assert!(
        taken().contains("models/base/model.bin is damaged"),
        "{}",
        taken()
    );
}

#[test]
fn offline_says_where_it_looked_and_what_to_do() {
    let mut machine = Machine::offline();
    let error = machine.locate("small").unwrap_err().to_string();
    assert!(
        error.starts_with("model 'small' is not on this machine (looked in "),
        "{error}"
    );
    assert!(error.contains(machine.shelf().to_str().unwrap()), "{error}");
    assert!(error.contains("scriven models pull small"), "{error}");

    machine.offline = false;
    machine.set("HF_ENDPOINT", "http://127.0.0.1:1");
    machine.set("HF_HUB_OFFLINE", "1");
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::Offline { .. }), "{error}");
}

#[test]
fn repositories_on_a_shelf_are_listed_beside_the_published_models() {
    let machine = Machine::offline();
    for folder in [
        "owner--own",
        "small",
        "nyrahealth--faster_CrisperWhisper",
        "sample",
    ] {
        write_model(&machine.shelf().join(folder));
    }
    fs::create_dir(machine.shelf().join("empty--folder")).unwrap();
    let places = machine.request("").places;
    let found = speech::models::installed_others(&places);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["owner/own"]);
}
