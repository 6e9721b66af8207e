//! Diarization models of pyannote's: fetched by whoever may.

use std::fs;

use domain::progress::Silent;
use speech::models::{DiarizeChoice, DiarizeFolders, VoiceFolder};

use super::hub::{Hub, Rules};
use super::places::Machine;

const COMMUNITY: [(&str, &str); 6] = [
    ("config.yaml", "version: 4.0"),
    ("segmentation/pytorch_model.bin", "who speaks with whom"),
    (
        "embedding/pytorch_model.bin",
        "voices, which are many numbers",
    ),
    ("plda/xvec_transform.npz", "a matrix"),
    ("plda/plda.npz", "another"),
    ("README.md", "about"),
];

#[test]
fn a_pipeline_is_fetched_with_the_folders_of_its_parts_once_its_terms_are_accepted() {
    let rules = Rules {
        token: Some("hf_abc"),
        ..Rules::default()
    };
    let hub = Hub::start(&COMMUNITY, rules);
    let mut machine = Machine::online(&hub.endpoint);
    let error = DiarizeChoice::Community1.locate(&machine.request(""), &Silent);
    let error = error.unwrap_err().to_string();
    let terms = format!("{}/pyannote/speaker-diarization-community-1", hub.endpoint);
    assert!(
        error.contains(&format!("consent to its terms at {terms}")),
        "{error}"
    );

    machine.set("HF_TOKEN", "hf_abc");
    let folders = DiarizeChoice::Community1
        .locate(&machine.request(""), &Silent)
        .unwrap();
    let folder = machine.shelf().join("speaker-diarization-community-1");
    let expected = DiarizeFolders {
        segmentation: folder.join("segmentation"),
        voices: VoiceFolder::ResNet34 {
            embedding: folder.join("embedding"),
            plda: Some(folder.join("plda")),
        },
    };
    assert_eq!(folders, expected);
    let text = fs::read_to_string(folder.join("plda/plda.npz")).unwrap();
    assert_eq!(text, "another");
    assert!(!folder.join("README.md").exists());

    hub.take_log();
    DiarizeChoice::Community1
        .locate(&machine.request(""), &Silent)
        .unwrap();
    assert!(hub.take_log().is_empty());
}
