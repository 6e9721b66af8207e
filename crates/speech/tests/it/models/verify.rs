//! Sums are compared, and remembered only as long as that is safe.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::Path;

use domain::progress::Silent;
use speech::models::{ModelError, verify};

use super::places::{Machine, sha256, write_manifest, write_model};

/// Changes one byte and leaves length and modification time as they were.
fn damage_in_secret(file: &Path) {
    let modified = fs::metadata(file).unwrap().modified().unwrap();
    let mut bytes = fs::read(file).unwrap();
    bytes[0] ^= 1;
    let mut open = File::options().write(true).open(file).unwrap();
    open.write_all(&bytes).unwrap();
    open.set_times(FileTimes::new().set_modified(modified))
        .unwrap();
}

#[test]
fn a_wrong_sum_names_the_file_and_both_sums() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    write_manifest(&folder);
    machine.locate("small").unwrap();

    fs::write(folder.join("tokenizer.json"), "other").unwrap();
    let error = machine.locate("small").unwrap_err().to_string();
    let file = folder.join("tokenizer.json").display().to_string();
    for part in [&file, &sha256(b"other"), &sha256(b"{\"model\": {}}")] {
        assert!(error.contains(part), "{error}");
    }
    assert!(error.contains("scriven models pull small"), "{error}");
}

#[test]
fn a_change_is_seen_even_if_length_and_time_were_put_back() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    write_manifest(&folder);
    machine.locate("small").unwrap();
    damage_in_secret(&folder.join("model.bin"));
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
}

#[test]
fn a_start_trusts_the_note_of_a_check_and_verify_does_not() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    write_manifest(&folder);
    let model = machine.locate("small").unwrap();

    // The file is damaged, and the note is made to describe it as it is now: only a full check can tell.
    let checked = machine.home.path().join(".cache/scriven/checked");
    let note = fs::read_dir(&checked)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let before = fs::metadata(folder.join("model.bin")).unwrap();
    damage_in_secret(&folder.join("model.bin"));
    let after = fs::metadata(folder.join("model.bin")).unwrap();
    let text = fs::read_to_string(&note).unwrap();
    let mut notes: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changed = &mut notes["model.bin"]["state"]["changed_ns"];
    assert_eq!(*changed, serde_json::json!(change_time(&before)));
    *changed = serde_json::json!(change_time(&after));
    fs::write(&note, notes.to_string()).unwrap();

    machine.locate("small").unwrap();
    let error = verify(&model, &machine.request("small").places, &Silent).unwrap_err();
    assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
}

fn change_time(meta: &fs::Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime(), meta.ctime_nsec())
}

#[test]
fn a_pinned_sum_beats_the_list_beside_the_model() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("tiny.en");
    write_model(&folder);
    write_manifest(&folder);
    let error = machine.locate("tiny.en").unwrap_err().to_string();
    assert!(
        error.contains("expected 1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        "{error}"
    );
    // The same files under their path are somebody's own model, and their list is right.
    machine.locate(folder.to_str().unwrap()).unwrap();
}

#[test]
fn a_file_of_the_list_that_is_gone_is_named() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    write_manifest(&folder);
    fs::remove_file(folder.join("vocabulary.txt")).unwrap();
    let error = machine.locate("small").unwrap_err().to_string();
    assert!(error.contains("has no vocabulary.txt"), "{error}");
}

#[test]
fn a_list_that_is_no_list_is_named() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    fs::write(folder.join("scriven.json"), "[1, 2").unwrap();
    let error = machine.locate("small").unwrap_err().to_string();
    assert!(
        error.contains("scriven.json is not a list of files and sums"),
        "{error}"
    );
}

#[test]
fn verify_tells_which_files_nobody_knows() {
    let machine = Machine::offline();
    let folder = machine.shelf().join("small");
    write_model(&folder);
    let model = machine.locate("small").unwrap();
    let places = machine.request("small").places;
    let checked = verify(&model, &places, &Silent).unwrap();
    assert_eq!(checked.len(), 3);
    assert!(checked.iter().all(|file| file.sha256.is_none()));

    write_manifest(&folder);
    let checked = verify(&model, &places, &Silent).unwrap();
    assert_eq!(checked.len(), 4);
    assert!(checked.iter().all(|file| file.sha256.is_some()));
}

#[test]
fn an_unwritable_cache_only_costs_time() {
    let machine = Machine::offline();
    let mut request = machine.request("small");
    let model_dir = machine.home.path().join("mine");
    write_model(&model_dir.join("small"));
    write_manifest(&model_dir.join("small"));
    request.places.model_dir = Some(model_dir);
    fs::write(machine.home.path().join("file"), "").unwrap();
    request.places.cache = Some(machine.home.path().join("file/in the way"));
    assert!(speech::models::locate(&request, &Silent).is_ok());
}
