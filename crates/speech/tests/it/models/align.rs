//! Alignment models: found, fetched from either publisher, and kept apart from Whisper's.

use std::fs;

use domain::progress::Silent;
use speech::models::{
    AlignChoice, ModelChoice, ModelError, ModelFolder, ModelKind, ModelRequest, installed_others,
    locate,
};

use super::hub::{Hub, Rules};
use super::places::{Machine, sha256};

const BUNDLE: &str = "VOXPOPULI_ASR_BASE_10K_FR";
const BUNDLE_FILE: (&str, &str) = (
    "wav2vec2_voxpopuli_base_10k_asr_fr.pt",
    "the weights of a small French model",
);
const HUB_FILES: [(&str, &str); 6] = [
    ("config.json", "{}"),
    ("vocab.json", r#"{"a": 1}"#),
    ("preprocessor_config.json", r#"{"do_normalize": true}"#),
    ("pytorch_model.bin", "old weights"),
    ("model.safetensors", "the weights"),
    ("README.md", "about"),
];

fn request(machine: &Machine, name: &str) -> ModelRequest {
    let choice: AlignChoice = name.parse().unwrap();
    ModelRequest {
        choice: Some(ModelChoice::Align(choice)),
        ..machine.request("")
    }
}

fn find(machine: &Machine, name: &str) -> Result<ModelFolder, ModelError> {
    locate(&request(machine, name), &Silent)
}

#[test]
fn a_repository_is_fetched_with_its_alphabet_and_its_best_weights() {
    let hub = Hub::start(&HUB_FILES, Rules::default());
    let machine = Machine::online(&hub.endpoint);
    let model = find(&machine, "owner/model").unwrap();
    assert_eq!(model.kind, ModelKind::Align);
    assert_eq!(model.path, machine.shelf().join("owner--model"));
    let there = |name: &str| model.path.join(name).exists();
    assert!(there("vocab.json") && there("preprocessor_config.json") && there("model.safetensors"));
    assert!(!there("pytorch_model.bin") && !there("README.md"));
    hub.take_log();
    find(&machine, "owner/model").unwrap();
    assert!(hub.take_log().is_empty());
    assert!(installed_others(&machine.request("").places).is_empty());
}

#[test]
fn a_pipeline_of_torchaudio_is_one_file_and_goes_on_where_it_broke_off() {
    let rules = Rules {
        break_off: Some((BUNDLE_FILE.0, 10, 2)),
        ..Rules::default()
    };
    let hub = Hub::start(&[BUNDLE_FILE], rules);
    let mut machine = Machine::online("http://127.0.0.1:1");
    machine.set("TORCHAUDIO_ENDPOINT", &hub.endpoint);
    let model = find(&machine, BUNDLE).unwrap();
    assert_eq!(model.path, machine.shelf().join(BUNDLE));
    let content = fs::read_to_string(model.path.join(BUNDLE_FILE.0)).unwrap();
    assert_eq!(content, BUNDLE_FILE.1);
    let from = [0, 10, 20].map(|byte| format!("{} from {byte}", BUNDLE_FILE.0));
    assert_eq!(hub.take_log(), from);

    let list = fs::read_to_string(model.path.join("scriven.json")).unwrap();
    assert!(list.contains(&sha256(BUNDLE_FILE.1.as_bytes())), "{list}");
    fs::write(model.path.join(BUNDLE_FILE.0), "something else").unwrap();
    let error = find(&machine, BUNDLE).unwrap_err();
    assert!(matches!(error, ModelError::WrongChecksum { .. }), "{error}");
}

#[test]
fn a_site_without_the_file_is_named() {
    let hub = Hub::start(
        &[BUNDLE_FILE],
        Rules {
            status: Some(404),
            ..Rules::default()
        },
    );
    let mut machine = Machine::online("http://127.0.0.1:1");
    machine.set("TORCHAUDIO_ENDPOINT", &hub.endpoint);
    let error = find(&machine, BUNDLE).unwrap_err().to_string();
    assert!(
        error.contains(&hub.endpoint) && error.contains(BUNDLE),
        "{error}"
    );
}

#[test]
fn without_a_network_the_model_and_the_searched_folders_are_named() {
    let error = find(&Machine::offline(), BUNDLE).unwrap_err().to_string();
    assert!(
        error.contains(BUNDLE) && error.contains("downloads are switched off"),
        "{error}"
    );
}

#[test]
fn a_whisper_repository_is_no_alignment_model() {
    let hub = Hub::start(&super::places::MODEL_FILES, Rules::default());
    let error = find(&Machine::online(&hub.endpoint), "owner/model")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("'owner/model' is no alignment model"),
        "{error}"
    );
}
