//! Which language a recording is in.

use std::collections::HashSet;

use serde::Deserialize;
use speech::asr::detect::most_likely_language;
use speech::asr::mel::{LogMel, WINDOW_FRAMES};
use speech::asr::network::Network;

use super::{Source, assert_near, golden, whisper};

#[derive(Debug, Deserialize)]
struct Heard {
    #[serde(flatten)]
    source: Source,
    /// Codes and probabilities, the likeliest first.
    found: Vec<(String, f64)>,
}

#[test]
fn the_reference_s_languages_are_heard() {
    let Some(whisper) = whisper("base") else {
        return;
    };
    let network = whisper.network();
    let log_mel = LogMel::new(network.n_mels());
    let mut heard_before = HashSet::new();
    for heard in golden::<Heard>("languages_base.json") {
        let (code, wanted) = &heard.found[0];
        // One recording a language, for the time it takes.
        if heard_before.contains(code) {
            continue;
        }
        let Some(samples) = heard.source.samples() else {
            continue;
        };
        let encoded = network.encode(&log_mel.file(&samples).window(0, WINDOW_FRAMES));
        let special = whisper.tokenizer().special();
        let (language, probability) = most_likely_language(network, special, &encoded);
        assert_eq!(language.code(), code, "{}", heard.source.id);
        assert_near(probability, *wanted, 2e-3, &heard.source.id);
        heard_before.insert(code.clone());
    }
    println!("heard: {heard_before:?}");
}
