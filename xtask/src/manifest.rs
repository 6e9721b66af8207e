//! Lists of recordings with what is known of them, in the format of the evaluation's `manifest.json`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::score::rttm::{self, Turn};
use crate::score::speaker_text::Texts;
use crate::score::words::TimedWord;

/// Recordings of one folder.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Paths in the items start here.
    pub(crate) folder: PathBuf,
    pub(crate) items: Vec<Item>,
}

/// One recording. Only its path must be known; other members than these are passed over.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Item {
    /// Its name in reports; the path where none is given.
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// What it is for, such as `asr` or `diar`.
    #[serde(default)]
    pub(crate) kind: String,
    /// Its language as ISO 639-1 code; `zxx` where nobody speaks.
    pub(crate) lang: Option<String>,
    pub(crate) duration_s: Option<f64>,
    /// What is said in it; empty where nothing is said.
    pub(crate) ref_text: Option<String>,
    /// File that says who speaks when.
    pub(crate) rttm: Option<PathBuf>,
    /// How many people speak.
    pub(crate) n_speakers: Option<usize>,
    /// What each speaker says.
    pub(crate) ref_by_speaker: Option<Texts>,
    /// Words, perhaps only some, with their times.
    pub(crate) words: Option<Vec<TimedWord>>,
    /// What a program should make of it, such as `ok` or `error_or_empty`.
    pub(crate) expect: Option<String>,
}

/// Where the recordings for development lie, if they are there: beside the repository.
pub(crate) fn beside_the_repository() -> PathBuf {
    crate::step::root().join("../shared/eval/manifest.json")
}

impl Manifest {
    /// Reads a list of recordings.
    ///
    /// # Errors
    /// The file is missing, or not such a list.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let mut items: Vec<Item> = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a list of recordings", path.display()))?;
        for item in &mut items {
            if item.id.is_empty() {
                item.id = item.path.display().to_string();
            }
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            folder: std::path::absolute(folder.join("."))?,
            items,
        })
    }

    /// Where the sound of an item lies.
    pub(crate) fn audio(&self, item: &Item) -> PathBuf {
        self.folder.join(&item.path)
    }

    /// Who speaks when in an item, where that is known.
    ///
    /// # Errors
    /// The file that should say it is missing, or not RTTM.
    pub(crate) fn turns(&self, item: &Item) -> anyhow::Result<Option<Vec<Turn>>> {
        let Some(path) = &item.rttm else {
            return Ok(None);
        };
        let path = self.folder.join(path);
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let turns = rttm::parse(&text).map_err(anyhow::Error::msg);
        turns
            .with_context(|| format!("{} is not RTTM", path.display()))
            .map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_alone_makes_an_item_and_unknown_members_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        let text = r#"[{"path": "a.wav"},
            {"id": "b", "path": "b.wav", "kind": "new", "n_speakers": 2, "rttm": "b.rttm", "unheard_of": {"of": []}}]"#;
        std::fs::write(&path, text).unwrap();
        let rttm = "SPEAKER b 1 0.5 1.0 <NA> <NA> eve <NA> <NA>\n";
        std::fs::write(folder.path().join("b.rttm"), rttm).unwrap();
        let manifest = Manifest::read(&path).unwrap();
        let [a, b] = &manifest.items[..] else {
            panic!("{manifest:?}")
        };
        assert_eq!(
            (a.id.as_str(), a.kind.as_str(), a.lang.as_deref()),
            ("a.wav", "", None)
        );
        assert_eq!(manifest.turns(a).unwrap(), None);
        assert_eq!(manifest.audio(b), folder.path().join("b.wav"));
        let turn = Turn {
            speaker: "eve".to_owned(),
            start: 0.5,
            end: 1.5,
        };
        assert_eq!(manifest.turns(b).unwrap().unwrap(), [turn]);
    }

    #[test]
    fn what_is_wrong_with_a_list_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        std::fs::write(&path, "[{\"id\": \"no path\"}]").unwrap();
        let problem = format!("{:#}", Manifest::read(&path).unwrap_err());
        assert!(problem.contains("is not a list of recordings"), "{problem}");
        assert!(problem.contains("path"), "{problem}");
    }
}
