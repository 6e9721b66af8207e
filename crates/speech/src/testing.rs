//! Where this crate's tests find what is too large to be committed: models and recordings.

use std::path::PathBuf;

/// The folder of a Whisper model such as `tiny.en`, or `None` after saying that the test is skipped.
///
/// Looked for in `MODEL_DIR`, then in the cache that `scripts/fetch-models` fills.
pub(crate) fn model_folder(name: &str) -> Option<PathBuf> {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    let folders = [from("MODEL_DIR"), cache.map(|c| c.join("scriven/models"))];
    let found = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(name))
        .find(|folder| folder.join("model.bin").exists());
    if found.is_none() {
        eprintln!("SKIPPED: no model '{name}' in MODEL_DIR or the cache; run scripts/fetch-models");
    }
    found
}
