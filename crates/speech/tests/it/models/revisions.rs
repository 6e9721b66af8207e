//! Models at the revision that was asked for, and only at that.

use std::fs;

use domain::progress::Silent;
use speech::models::{ModelAt, ModelError, ModelFolder, ModelRequest, locate, pull};

use super::hub::{COMMIT, Hub, Rules};
use super::places::{MODEL_FILES, Machine};

/// Another state of the repository than [`COMMIT`].
const OLDER: &str = "01de401de401de401de401de401de401de401de4";

const OLDER_FILES: [(&str, &str); 4] = [
    ("config.json", "{\"older\": true}"),
    ("tokenizer.json", "{\"model\": {}}"),
    ("vocabulary.txt", "a\nb\n"),
    ("model.bin", "weights of an older kind"),
];

fn hub_with_an_older_revision() -> Hub {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    hub.add_revision("v1.0", OLDER, &OLDER_FILES);
    hub.add_revision("refs/pr/7", OLDER, &OLDER_FILES);
    hub
}

fn request(machine: &Machine, asked: &str) -> ModelRequest {
    let asked: ModelAt = asked.parse().unwrap();
    let mut request = machine.request("");
    request.places.revisions.want(&asked).unwrap();
    request.choice = Some(asked.choice);
    request
}

fn locate_at(machine: &Machine, asked: &str) -> Result<ModelFolder, ModelError> {
    locate(&request(machine, asked), &Silent)
}

fn weights(model: &ModelFolder) -> String {
    fs::read_to_string(model.path.join("model.bin")).unwrap()
}

fn list_of(model: &ModelFolder) -> serde_json::Value {
    let text = fs::read_to_string(model.path.join("scriven.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn dp4_a_revision_is_fetched_beside_the_main_one_and_keeps_its_commit() {
    let hub = hub_with_an_older_revision();
    let machine = Machine::online(&hub.endpoint);
    let newest = machine.locate("small").unwrap();
    for asked in ["small@v1.0", "small@refs/pr/7", &format!("small@{OLDER}")] {
        let older = locate_at(&machine, asked).unwrap();
        assert_eq!(weights(&older), OLDER_FILES[3].1, "{asked}");
        assert_ne!(older.path, newest.path, "{asked}");
        let list = list_of(&older);
        let source = format!("Systran/faster-whisper-small@{OLDER}");
        assert_eq!(list["source"], source, "{asked}");
        assert_eq!(list["revision"], asked.split_once('@').unwrap().1);
    }
    assert_eq!(weights(&newest), MODEL_FILES[3].1);
    assert_eq!(list_of(&newest)["revision"], "main");

    // All of them are here now.
    hub.take_log();
    for asked in ["small", "small@v1.0", &format!("small@{OLDER}")] {
        locate_at(&machine, asked).unwrap();
    }
    assert!(hub.take_log().is_empty());
}

#[test]
fn dp4_a_model_that_was_fetched_at_the_wanted_commit_is_not_fetched_again() {
    let hub = hub_with_an_older_revision();
    let machine = Machine::online(&hub.endpoint);
    let model = machine.locate("small").unwrap();
    hub.take_log();
    for asked in [format!("small@{COMMIT}"), "small@main".to_owned()] {
        assert_eq!(locate_at(&machine, &asked).unwrap().path, model.path);
    }
    assert!(hub.take_log().is_empty());
}

#[test]
fn dp4_another_revision_than_the_wanted_one_is_never_taken() {
    let hub = hub_with_an_older_revision();
    let mut machine = Machine::online(&hub.endpoint);
    let newest = machine.locate("small").unwrap();
    machine.offline = true;
    let error = locate_at(&machine, "small@v1.0").unwrap_err();
    assert!(matches!(error, ModelError::Offline { .. }), "{error}");
    let advice = "run 'scriven models pull small@v1.0'";
    assert!(error.to_string().contains(advice), "{error}");

    // Somebody copied the newest one to where the older one belongs.
    let place = machine.shelf().join("small@v1.0");
    fs::create_dir_all(&place).unwrap();
    for entry in fs::read_dir(&newest.path).unwrap().flatten() {
        fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
    }
    let error = locate_at(&machine, "small@v1.0").unwrap_err();
    assert!(matches!(error, ModelError::OtherRevision { .. }), "{error}");
    for part in [
        COMMIT,
        "not revision 'v1.0'",
        "scriven models pull small@v1.0",
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }

    machine.offline = false;
    let request = request(&machine, "small@v1.0");
    let choice = request.choice.as_ref().unwrap();
    let mended = pull(choice, &request.places, &request.hub, &Silent).unwrap();
    assert_eq!(weights(&mended), OLDER_FILES[3].1);
    locate_at(&machine, "small@v1.0").unwrap();
}

#[test]
fn dp4_a_fetched_revision_is_compared_with_the_sums_of_the_hub_at_each_load() {
    let hub = hub_with_an_older_revision();
    let machine = Machine::online(&hub.endpoint);
    let model = locate_at(&machine, "small@v1.0").unwrap();
    for (name, content) in OLDER_FILES {
        fs::write(model.path.join(name), content.to_uppercase() + ".").unwrap();
        let error = locate_at(&machine, "small@v1.0").unwrap_err();
        assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        fs::write(model.path.join(name), content).unwrap();
        locate_at(&machine, "small@v1.0").unwrap();
    }
}

#[test]
fn dp4_small_files_too_must_be_those_that_the_hub_announced() {
    for name in ["config.json", "tokenizer.json", "vocabulary.txt"] {
        let rules = Rules {
            damaged: Some(name),
            ..Rules::default()
        };
        let hub = Hub::start(&MODEL_FILES, rules);
        let machine = Machine::online(&hub.endpoint);
        let error = machine.locate("small").unwrap_err();
        assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(!machine.shelf().join("small").exists());
    }
}

#[test]
fn dp4_a_revision_that_the_hub_does_not_have_is_named() {
    let hub = hub_with_an_older_revision();
    let machine = Machine::online(&hub.endpoint);
    let error = locate_at(&machine, "owner/model@v9").unwrap_err();
    assert!(matches!(error, ModelError::Refused { status: 404, .. }));
    let text = error.to_string();
    assert!(text.contains("'owner/model' at revision 'v9'"), "{text}");
}

#[test]
fn dp4_a_hub_that_answers_with_another_commit_is_not_believed() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let asked = "0000000000000000000000000000000000000000";
    hub.add_revision(asked, OLDER, &OLDER_FILES);
    let machine = Machine::online(&hub.endpoint);
    let error = locate_at(&machine, &format!("small@{asked}")).unwrap_err();
    assert!(matches!(error, ModelError::HubFailed { .. }), "{error}");
    assert!(error.to_string().contains(OLDER), "{error}");
}

#[test]
fn dp4_revisions_in_the_cache_of_other_tools_are_found_by_name_and_by_commit() {
    let machine = Machine::offline();
    let stored = machine
        .hub_cache()
        .join("models--Systran--faster-whisper-small");
    let snapshot = stored.join("snapshots").join(OLDER);
    fs::create_dir_all(&snapshot).unwrap();
    for (name, content) in OLDER_FILES {
        fs::write(snapshot.join(name), content).unwrap();
    }
    fs::create_dir_all(stored.join("refs")).unwrap();
    fs::write(stored.join("refs/v1.0"), OLDER).unwrap();
    for asked in ["small@v1.0", &format!("small@{OLDER}")] {
        assert_eq!(locate_at(&machine, asked).unwrap().path, snapshot);
    }
    for asked in ["small@main", &format!("small@{COMMIT}")] {
        let error = locate_at(&machine, asked).unwrap_err();
        assert!(matches!(error, ModelError::Offline { .. }), "{error}");
    }
}
