//! Downloads: whole, resumed, refused, damaged, cancelled, and two at once.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use domain::progress::{Monitor, Silent, Stage};
use domain::units::Seconds;
use speech::models::{ModelError, locate};

use super::hub::{COMMIT, Hub, Rules};
use super::places::{MODEL_FILES, Machine, sha256};

fn assert_whole(folder: &Path) {
    for (name, content) in MODEL_FILES {
        assert_eq!(
            fs::read_to_string(folder.join(name)).unwrap(),
            content,
            "{name}"
        );
    }
}

#[test]
fn a_model_that_is_not_here_is_fetched_once_and_checked() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let model = machine.locate("small").unwrap();
    assert_eq!(model.path, machine.shelf().join("small"));
    assert_whole(&model.path);
    assert_eq!(hub.take_log().len(), MODEL_FILES.len());

    let text = fs::read_to_string(model.path.join("scriven.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        manifest["source"],
        format!("Systran/faster-whisper-small@{COMMIT}")
    );
    assert_eq!(
        manifest["files"].as_array().unwrap().len(),
        MODEL_FILES.len()
    );

    machine.locate("small").unwrap();
    assert!(hub.take_log().is_empty());
    assert!(!machine.shelf().join(".partial/small").exists());
}

#[test]
fn a_repository_goes_into_a_folder_of_its_name_and_below_the_model_folder() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let mut machine = Machine::online(&hub.endpoint);
    machine.model_dir = Some(machine.home.path().join("mine"));
    let model = machine.locate("owner/model").unwrap();
    assert_eq!(model.path, machine.home.path().join("mine/owner--model"));
    assert_whole(&model.path);
}

#[test]
fn broken_connections_are_taken_up_where_they_broke() {
    let rules = Rules {
        break_off: Some(("model.bin", 10, 2)),
        ..Rules::default()
    };
    let hub = Hub::start(&MODEL_FILES, rules);
    let machine = Machine::online(&hub.endpoint);
    assert_whole(&machine.locate("small").unwrap().path);
    let log = hub.take_log();
    let weights: Vec<_> = log
        .iter()
        .filter(|line| line.starts_with("model.bin"))
        .collect();
    assert_eq!(
        weights,
        ["model.bin from 0", "model.bin from 10", "model.bin from 20"]
    );
}

#[test]
fn a_hub_that_brings_nothing_more_is_an_error_and_the_next_try_goes_on() {
    let rules = Rules {
        break_off: Some(("model.bin", 10, 1)),
        ..Rules::default()
    };
    let hub = Hub::start(&MODEL_FILES, rules.clone());
    let machine = Machine::online(&hub.endpoint);
    hub.set_rules(Rules {
        break_off: Some(("model.bin", 0, usize::MAX)),
        ..rules.clone()
    });
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::HubFailed { .. }), "{error}");
    assert!(
        error.to_string().contains("to go on where it stopped"),
        "{error}"
    );
    assert!(!machine.shelf().join("small").exists());
    hub.take_log();

    hub.set_rules(rules);
    machine.locate("small").unwrap();
    assert_eq!(hub.take_log(), ["model.bin from 0", "model.bin from 10"]);
}

#[test]
fn a_file_that_arrived_whole_but_was_not_put_away_is_fetched_anew() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let (name, content) = MODEL_FILES[3];
    let blobs = "small/hub/models--Systran--faster-whisper-small/blobs";
    let blobs = machine.shelf().join(".partial").join(blobs);
    fs::create_dir_all(&blobs).unwrap();
    let part = format!("{}.part", sha256(content.as_bytes()));
    fs::write(blobs.join(part), content).unwrap();
    assert_whole(&machine.locate("small").unwrap().path);
    assert!(hub.take_log().contains(&format!("{name} from 0")));
}

#[test]
fn a_wrong_sum_keeps_the_model_away_and_names_both_sums() {
    let rules = Rules {
        damaged: Some("model.bin"),
        ..Rules::default()
    };
    let hub = Hub::start(&MODEL_FILES, rules);
    let machine = Machine::online(&hub.endpoint);
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
    let good = MODEL_FILES[3].1.as_bytes();
    let mut bad = good.to_vec();
    bad[0] ^= 1;
    for part in ["model.bin", &sha256(good), &sha256(&bad)] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(!machine.shelf().join("small").exists());

    hub.set_rules(Rules::default());
    hub.take_log();
    assert_whole(&machine.locate("small").unwrap().path);
    assert_eq!(hub.take_log(), ["model.bin from 0"]);
}

#[test]
fn a_hub_that_serves_other_weights_than_the_pinned_ones_is_not_believed() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let error = machine.locate("base").unwrap_err().to_string();
    assert!(
        error.contains("expected d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
        "{error}"
    );
}

#[test]
fn a_token_is_sent_and_its_absence_is_explained() {
    let rules = Rules {
        token: Some("hf_abc"),
        ..Rules::default()
    };
    let hub = Hub::start(&MODEL_FILES, rules);
    let mut machine = Machine::online(&hub.endpoint);
    let error = machine.locate("owner/model").unwrap_err().to_string();
    assert!(
        error.contains("'owner/model' (status 401)") && error.contains("HF_TOKEN"),
        "{error}"
    );
    machine.set("HF_TOKEN", "hf_abc");
    machine.locate("owner/model").unwrap();
}

#[test]
fn unknown_repositories_broken_hubs_and_dead_ones_are_told_apart() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let error = machine.locate("nobody/nothing").unwrap_err();
    assert!(
        matches!(error, ModelError::Refused { status: 404, .. }),
        "{error}"
    );

    hub.set_rules(Rules {
        status: Some(503),
        ..Rules::default()
    });
    let error = machine.locate("owner/model").unwrap_err();
    assert!(matches!(error, ModelError::HubFailed { .. }), "{error}");
    assert!(error.to_string().contains("503"), "{error}");

    let machine = Machine::online("http://127.0.0.1:1");
    let error = machine.locate("owner/model").unwrap_err();
    assert!(matches!(error, ModelError::HubFailed { .. }), "{error}");
    assert!(
        error.to_string().contains("scripts/fetch-models"),
        "{error}"
    );
}

/// Cancels as soon as some bytes of the weights are here.
struct CancelOnceMoving(AtomicBool);

impl Monitor for CancelOnceMoving {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn fetched(&self, done_bytes: u64, total_bytes: u64) {
        let weights = MODEL_FILES[3].1.len() as u64;
        if done_bytes > total_bytes - weights {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_stalled_download_can_be_cancelled() {
    let rules = Rules {
        stall: Some(("model.bin", 7)),
        ..Rules::default()
    };
    let hub = Hub::start(&MODEL_FILES, rules);
    let machine = Machine::online(&hub.endpoint);
    let monitor = CancelOnceMoving(AtomicBool::new(false));
    let error = locate(&machine.request("small"), &monitor).unwrap_err();
    assert!(matches!(error, ModelError::Cancelled), "{error}");
    assert!(!machine.shelf().join("small").exists());
}

/// Notes every report.
#[derive(Default)]
struct Reports(Mutex<Vec<(u64, u64)>>);

impl Monitor for Reports {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn fetched(&self, done_bytes: u64, total_bytes: u64) {
        self.0.lock().unwrap().push((done_bytes, total_bytes));
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[test]
fn progress_grows_to_the_size_of_the_model() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let monitor = Reports::default();
    locate(&machine.request("small"), &monitor).unwrap();
    let reports = monitor.0.into_inner().unwrap();
    let n_bytes: usize = MODEL_FILES.iter().map(|(_, content)| content.len()).sum();
    assert!(reports.is_sorted(), "{reports:?}");
    assert_eq!(reports.last(), Some(&(n_bytes as u64, n_bytes as u64)));
}

#[test]
fn two_at_once_fetch_a_model_once() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let request = machine.request("small");
    thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| locate(&request, &Silent)))
            .collect();
        for handle in handles {
            assert_whole(&handle.join().unwrap().unwrap().path);
        }
    });
    assert_eq!(hub.take_log().len(), MODEL_FILES.len());
}

#[test]
fn a_damaged_model_is_mended_by_a_pull() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let folder = machine.locate("small").unwrap().path;
    fs::write(folder.join("model.bin"), "short").unwrap();
    fs::remove_file(folder.join("config.json")).unwrap();
    assert!(machine.locate("small").is_err());

    let request = machine.request("small");
    let choice = request.choice.as_ref().unwrap();
    speech::models::pull(choice, &request.places, &request.hub, &Silent).unwrap();
    assert_whole(&folder);
    machine.locate("small").unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let hub = Hub::start(&MODEL_FILES, Rules::default());
    let mut machine = Machine::online(&hub.endpoint);
    fs::write(machine.home.path().join("file"), "").unwrap();
    machine.model_dir = Some(machine.home.path().join("file"));
    let error = machine.locate("small").unwrap_err();
    assert!(matches!(error, ModelError::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("file/.partial/small"), "{error}");
}
