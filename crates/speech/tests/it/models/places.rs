//! A machine with nothing on it, and small models to put there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use domain::progress::Silent;
use sha2::{Digest, Sha256};
use speech::models::{ModelError, ModelFolder, ModelRequest, locate};
use tempfile::TempDir;

/// A home folder of its own, with the variables that matter.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) home: TempDir,
    pub(crate) model_dir: Option<PathBuf>,
    pub(crate) offline: bool,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    /// Nothing on disk, and no hub.
    pub(crate) fn offline() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            model_dir: None,
            offline: true,
            variables: Vec::new(),
        }
    }

    /// Nothing on disk, and the hub at `endpoint`.
    pub(crate) fn online(endpoint: &str) -> Self {
        let mut machine = Self::offline();
        machine.offline = false;
        machine.set("HF_ENDPOINT", endpoint);
        machine
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// The folder below which our cache keeps models.
    pub(crate) fn shelf(&self) -> PathBuf {
        self.home.path().join(".cache/scriven/models")
    }

    /// The cache that Hugging Face tools share.
    pub(crate) fn hub_cache(&self) -> PathBuf {
        self.home.path().join(".cache/huggingface/hub")
    }

    pub(crate) fn request(&self, model: &str) -> ModelRequest {
        let variable = |name: &str| {
            if name == "HOME" {
                return Some(self.home.path().as_os_str().to_owned());
            }
            let found = self.variables.iter().rfind(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let choice = (!model.is_empty()).then(|| model.parse().unwrap());
        ModelRequest::new(choice, self.model_dir.clone(), self.offline, variable)
    }

    /// Locates `model`; an empty text asks for none.
    pub(crate) fn locate(&self, model: &str) -> Result<ModelFolder, ModelError> {
        locate(&self.request(model), &Silent)
    }
}

/// Writes files that look like a model from afar.
pub(crate) fn write_model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, content) in MODEL_FILES {
        fs::write(folder.join(name), content).unwrap();
    }
}

/// Writes the list of sums that a fetched model has beside it.
pub(crate) fn write_manifest(folder: &Path) {
    let files: Vec<_> = MODEL_FILES
        .iter()
        .map(|(name, content)| {
            serde_json::json!({"name": name, "size_bytes": content.len(), "sha256": sha256(content.as_bytes())})
        })
        .collect();
    let list = serde_json::json!({"source": "test", "files": files});
    fs::write(folder.join("scriven.json"), list.to_string()).unwrap();
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

pub(crate) const MODEL_FILES: [(&str, &str); 4] = [
    ("config.json", "{}"),
    ("tokenizer.json", "{\"model\": {}}"),
    ("vocabulary.txt", "a\nb\n"),
    ("model.bin", "not really weights, but nobody looks"),
];
