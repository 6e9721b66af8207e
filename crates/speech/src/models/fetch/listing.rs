//! What a repository of the hub holds, and which of its files make a model.

use serde::Deserialize;

use super::sum::Sum;
use crate::models::ModelError;
use crate::models::folder::{CTRANSLATE2_WEIGHTS, ModelKind, SAFETENSORS_INDEX};

/// The files of a model at one revision of its repository, weights last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: Vec<HubFile>,
}

/// A file as the hub describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HubFile {
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) sum: Sum,
}

/// The hub's answer to `/api/models/<repository>/revision/<revision>?blobs=true`.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: u64,
    /// That of git; of a large file it names what stands for it in the repository.
    #[serde(default, rename = "blobId")]
    blob_id: Option<String>,
    lfs: Option<LargeFile>,
}

#[derive(Debug, Deserialize)]
struct LargeFile {
    sha256: String,
}

impl Sibling {
    fn sum(&self) -> Sum {
        let is_git = |id: &&String| id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
        match (&self.lfs, self.blob_id.as_ref().filter(is_git)) {
            (Some(lfs), _) => Sum::Sha256(lfs.sha256.to_lowercase()),
            (None, Some(id)) => Sum::GitBlob(id.to_lowercase()),
            (None, None) => Sum::Unknown,
        }
    }
}

impl Answer {
    /// The commit that the listing is of.
    pub(super) fn commit(&self) -> &str {
        &self.sha
    }

    /// Chooses the files of a model: the best weights that there are.
    pub(super) fn into_listing(
        self,
        kind: ModelKind,
        repository: &str,
    ) -> Result<Listing, ModelError> {
        let has = |name: &str| self.siblings.iter().any(|file| file.rfilename == name);
        let not_a_model = |missing: &str| ModelError::NotAModel {
            repository: repository.to_owned(),
            kind,
            missing: missing.to_owned(),
        };
        let weights = kind.weights().iter().copied().find(|name| has(name));
        let in_pieces = kind == ModelKind::Whisper
            && weights != Some(CTRANSLATE2_WEIGHTS)
            && has(SAFETENSORS_INDEX);
        if weights.is_none() && !in_pieces {
            return Err(not_a_model(&kind.weights().join(" and no ")));
        }
        let is_weights = |name: &str| {
            if in_pieces {
                name == SAFETENSORS_INDEX || is_piece(name)
            } else {
                Some(name) == weights
            }
        };
        if let Some(missing) = kind.always_needed().iter().find(|name| !has(name)) {
            return Err(not_a_model(missing));
        }
        let mut files: Vec<_> = self
            .siblings
            .into_iter()
            .filter(|file| is_companion(&file.rfilename, kind) || is_weights(&file.rfilename))
            .map(|file| HubFile {
                sum: file.sum(),
                name: file.rfilename,
                size_bytes: file.size,
            })
            .collect();
        files.sort_by_key(|file| file.size_bytes);
        Ok(Listing {
            commit: self.sha,
            files,
        })
    }
}

/// `model-00001-of-00002.safetensors`
fn is_piece(name: &str) -> bool {
    name.strip_prefix("model-")
        .and_then(|rest| rest.strip_suffix(".safetensors"))
        .is_some_and(|middle| {
            middle
                .chars()
                .all(|c| c.is_ascii_digit() || c == '-' || "of".contains(c))
        })
}

/// The small files that are worth having beside the weights.
fn is_companion(name: &str, kind: ModelKind) -> bool {
    let own: &[&str] = match kind {
        ModelKind::Whisper => &[
            "generation_config.json",
            "tokenizer.json",
            "vocabulary.json",
            "vocabulary.txt",
        ],
        ModelKind::Align => &[
            "added_tokens.json",
            "special_tokens_map.json",
            "tokenizer_config.json",
            "vocab.json",
        ],
        ModelKind::Voices | ModelKind::Speakers => &["config.yaml"],
    };
    let needed = kind.always_needed();
    ["config.json", "preprocessor_config.json"].contains(&name)
        || own.contains(&name)
        || needed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing_of(names: &[&str]) -> Result<Vec<String>, String> {
        listing_for(ModelKind::Whisper, names)
    }

    fn listing_for(kind: ModelKind, names: &[&str]) -> Result<Vec<String>, String> {
        let siblings = names.iter().map(|name| Sibling {
            rfilename: (*name).to_owned(),
            size: name.len() as u64,
            blob_id: None,
            lfs: None,
        });
        let answer = Answer {
            sha: "abc".to_owned(),
            siblings: siblings.collect(),
        };
        let listing = answer
            .into_listing(kind, "o/n")
            .map_err(|error| error.to_string())?;
        Ok(listing.files.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn a_converted_repository_gives_its_weights_and_their_companions() {
        let names = [
            "README.md",
            "config.json",
            "model.bin",
            "tokenizer.json",
            "vocabulary.txt",
        ];
        assert_eq!(
            listing_of(&names).unwrap(),
            [
                "model.bin",
                "config.json",
                "tokenizer.json",
                "vocabulary.txt"
            ]
        );
    }

    #[test]
    fn safetensors_in_pieces_win_over_foreign_weights() {
        let names = [
            "config.json",
            "flax_model.msgpack",
            "model-00001-of-00002.safetensors",
            "model.fp32-00001-of-00002.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "tokenizer.json",
        ];
        assert_eq!(
            listing_of(&names).unwrap(),
            [
                "config.json",
                "tokenizer.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
            ]
        );
    }

    #[test]
    fn a_repository_of_something_else_says_what_is_missing() {
        let error = listing_of(&["config.json", "pytorch_model.bin"]).unwrap_err();
        assert!(
            error.contains("it has no model.bin and no model.safetensors"),
            "{error}"
        );
        let error = listing_of(&["config.json", "model.bin"]).unwrap_err();
        assert!(error.contains("it has no tokenizer.json"), "{error}");
    }

    #[test]
    fn an_alignment_model_needs_an_alphabet_and_takes_safetensors_first() {
        let names = [
            "config.json",
            "pytorch_model.bin",
            "model.safetensors",
            "vocab.json",
            "language_model/5gram.bin",
        ];
        let check = |names: &[&str], expected: &[&str]| {
            assert_eq!(listing_for(ModelKind::Align, names).unwrap(), expected);
        };
        check(&names, &["vocab.json", "config.json", "model.safetensors"]);
        check(
            &["pytorch_model.bin", "vocab.json", "config.json"],
            &["vocab.json", "config.json", "pytorch_model.bin"],
        );
        let error =
            listing_for(ModelKind::Align, &["config.json", "model.safetensors"]).unwrap_err();
        assert!(
            error.contains("no alignment model") && error.contains("vocab.json"),
            "{error}"
        );
    }
}
