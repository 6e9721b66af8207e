//! Where this crate's tests find what is too large to be committed: models and recordings.

use std::path::PathBuf;

use crate::asr::tokenizer::Tokenizer;

/// The folder of a Whisper model such as `tiny.en`, or `None` after saying that the test is skipped.
pub(crate) fn model_folder(name: &str) -> Option<PathBuf> {
    checked_folder(name, "model.bin")
}

/// The folder of a model that holds `file`, or `None` after saying that the test is skipped.
///
/// Looked for in `MODEL_DIR`, then in the cache that `scripts/fetch-models` fills.
pub(crate) fn checked_folder(name: &str, file: &str) -> Option<PathBuf> {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    let folders = [from("MODEL_DIR"), cache.map(|c| c.join("scriven/models"))];
    let found = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(name))
        .find(|folder| folder.join(file).exists());
    if found.is_none() {
        skipped::for_want_of_model(name);
    }
    found
}

/// The deterministic signal that golden numbers are made for: a tone of 440 Hz with a little noise.
pub(crate) fn signal(n_samples: usize) -> Vec<f32> {
    let mut state = 12_345_u32;
    (0..n_samples)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / 8_388_608.0 - 1.0;
            let tone = (std::f64::consts::TAU * 440.0 * n as f64 / 16_000.0).sin();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "samples are single precision"
            )]
            let sample = (0.25 * tone + 0.05 * noise) as f32;
            sample
        })
        .collect()
}

/// A tokenizer of six letters (a space and `a` to `e` are tokens 0 to 5), and the control tokens of the toy network
/// after them: English and German are known if the vocabulary is that of a multilingual model.
pub(crate) fn toy_tokenizer(vocabulary_size: usize) -> Tokenizer {
    let control = [
        "endoftext",
        "startoftranscript",
        "en",
        "de",
        "translate",
        "transcribe",
        "startoflm",
        "startofprev",
        "nospeech",
        "notimestamps",
    ];
    let added: Vec<_> = control
        .iter()
        .zip(6..)
        .map(|(name, id)| {
            serde_json::json!({
                "id": id, "content": format!("<|{name}|>"), "special": true,
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            })
        })
        .collect();
    let byte_level = serde_json::json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    let file = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": added, "pre_tokenizer": byte_level, "decoder": byte_level,
        "model": {
            "type": "BPE", "merges": [],
            "vocab": { "Ġ": 0, "a": 1, "b": 2, "c": 3, "d": 4, "e": 5 },
        },
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, file.to_string()).expect("a temporary file");
    Tokenizer::load(&path, vocabulary_size).expect("the toy tokenizer is one")
}
