//! Which heads of the decoder look at what is being said.

use std::path::Path;

use serde::Deserialize;

use crate::asr::whisper::Dimensions;

/// A head: its layer in the decoder, and its place there.
pub type Head = (usize, usize);

/// Files of a model folder that may name the heads: `CTranslate2`'s first, then Hugging Face's.
const FILES: [&str; 2] = ["config.json", "generation_config.json"];

#[derive(Deserialize)]
struct Config {
    alignment_heads: Option<Vec<Head>>,
}

/// The alignment heads of the model in `folder`: those its files name, else those known for a model of these sizes, else
/// all heads of the last half of the layers, as in `CTranslate2`.
pub fn alignment_heads(folder: &Path, dimensions: &Dimensions) -> Vec<Head> {
    let n_heads = dimensions.width / nn::attention::HEAD;
    let exist = |heads: &Vec<Head>| {
        let one = |(layer, head): &Head| *layer < dimensions.decoder_layers && *head < n_heads;
        !heads.is_empty() && heads.iter().all(one)
    };
    let named = FILES.iter().find_map(|file| {
        let bytes = std::fs::read(folder.join(file)).ok()?;
        let config: Config = serde_json::from_slice(&bytes).ok()?;
        config.alignment_heads.filter(exist)
    });
    let is_large_v1 =
        (folder.file_name()).is_some_and(|name| name.to_string_lossy().contains("large-v1"));
    let known = || known(dimensions, is_large_v1).filter(exist);
    named.or_else(known).unwrap_or_else(|| {
        (dimensions.decoder_layers / 2..dimensions.decoder_layers)
            .flat_map(|layer| (0..n_heads).map(move |head| (layer, head)))
            .collect()
    })
}

/// Seconds by which the boundaries of words come late with the alignment heads of a model; negative if early.
///
/// Measured on the recordings with word times in the evaluation set, pauses left out, for the models that could be
/// measured; others are taken as they are.
pub fn lateness(dimensions: &Dimensions, heads: &[Head]) -> f64 {
    if known(dimensions, false).as_deref() != Some(heads) {
        return 0.0;
    }
    let is_english_only = dimensions.vocabulary < 51_865;
    match (dimensions.decoder_layers, is_english_only) {
        (4, true) => 0.12,
        (6, false) => -0.05,
        _ => 0.0,
    }
}

/// The heads of `OpenAI`'s models (`_ALIGNMENT_HEADS` of openai/whisper). Sizes tell them apart, but for the first two
/// large ones.
fn known(dimensions: &Dimensions, is_large_v1: bool) -> Option<Vec<Head>> {
    let is_english_only = dimensions.vocabulary < 51_865;
    let heads: &[Head] = match (dimensions.decoder_layers, dimensions.width, is_english_only) {
        (4, 384, true) => &[
            (1, 0),
            (2, 0),
            (2, 5),
            (3, 0),
            (3, 1),
            (3, 2),
            (3, 3),
            (3, 4),
        ],
        (4, 384, false) => &[(2, 2), (3, 0), (3, 2), (3, 3), (3, 4), (3, 5)],
        (6, 512, true) => &[(3, 3), (4, 7), (5, 1), (5, 5), (5, 7)],
        (6, 512, false) => &[
            (3, 1),
            (4, 2),
            (4, 3),
            (4, 7),
            (5, 1),
            (5, 2),
            (5, 4),
            (5, 6),
        ],
        (12, 768, true) => &[
            (6, 6),
            (7, 0),
            (7, 3),
            (7, 8),
            (8, 2),
            (8, 5),
            (8, 7),
            (9, 0),
            (9, 4),
            (9, 8),
            (9, 10),
            (10, 0),
            (10, 1),
            (10, 2),
            (10, 3),
            (10, 6),
            (10, 11),
            (11, 2),
            (11, 4),
        ],
        (12, 768, false) => &[
            (5, 3),
            (5, 9),
            (8, 0),
            (8, 4),
            (8, 7),
            (8, 8),
            (9, 0),
            (9, 7),
            (9, 9),
            (10, 5),
        ],
        (24, 1024, true) => &[
            (11, 4),
            (14, 1),
            (14, 12),
            (14, 14),
            (15, 4),
            (16, 0),
            (16, 4),
            (16, 9),
            (17, 12),
            (17, 14),
            (18, 7),
            (18, 10),
            (18, 15),
            (20, 0),
            (20, 3),
            (20, 9),
            (20, 14),
            (21, 12),
        ],
        (24, 1024, false) => &[(13, 15), (15, 4), (15, 15), (16, 1), (20, 0), (23, 4)],
        (32, 1280, false) if dimensions.n_mels == 128 => &[
            (7, 0),
            (10, 17),
            (12, 18),
            (13, 12),
            (16, 1),
            (17, 14),
            (19, 11),
            (21, 4),
            (24, 1),
            (25, 6),
        ],
        (32, 1280, false) if is_large_v1 => &[
            (9, 19),
            (11, 2),
            (11, 4),
            (11, 17),
            (22, 7),
            (22, 11),
            (22, 17),
            (23, 2),
            (23, 15),
        ],
        (32, 1280, false) => &[
            (10, 12),
            (13, 17),
            (16, 11),
            (16, 12),
            (16, 13),
            (17, 15),
            (17, 16),
            (18, 4),
            (18, 11),
            (18, 19),
            (19, 11),
            (21, 2),
            (21, 3),
            (22, 3),
            (22, 9),
            (22, 12),
            (23, 5),
            (23, 7),
            (23, 13),
            (25, 5),
            (26, 1),
            (26, 12),
            (27, 15),
        ],
        (4, 1280, false) => &[(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)],
        _ => return None,
    };
    Some(heads.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Dimensions = Dimensions {
        n_mels: 80,
        width: 512,
        encoder_layers: 6,
        decoder_layers: 6,
        vocabulary: 51_865,
    };

    fn in_folder(name: &str, files: &[(&str, &str)], dimensions: Dimensions) -> Vec<Head> {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        alignment_heads(&folder, &dimensions)
    }

    #[test]
    fn the_files_of_the_model_come_first() {
        let named = (
            "config.json",
            r#"{"alignment_heads": [[5, 7], [0, 0]], "lang_ids": []}"#,
        );
        assert_eq!(in_folder("base", &[named], BASE), [(5, 7), (0, 0)]);
        let hub = [
            ("config.json", r#"{"d_model": 512}"#),
            ("generation_config.json", r#"{"alignment_heads": [[4, 4]]}"#),
        ];
        assert_eq!(in_folder("base", &hub, BASE), [(4, 4)]);
    }

    #[test]
    fn sizes_tell_the_known_models() {
        // Heads that do not exist are not believed, nor is a file that cannot be read.
        for text in [
            "{",
            r#"{"alignment_heads": [[6, 0]]}"#,
            r#"{"alignment_heads": []}"#,
        ] {
            let heads = in_folder("any", &[("config.json", text)], BASE);
            assert_eq!((heads.len(), heads[0]), (8, (3, 1)), "{text}");
        }
        let large = Dimensions {
            width: 1280,
            encoder_layers: 32,
            decoder_layers: 32,
            ..BASE
        };
        assert_eq!(in_folder("faster-whisper-large-v2", &[], large).len(), 23);
        assert_eq!(in_folder("faster-whisper-large-v1", &[], large).len(), 9);
        let newest = Dimensions {
            n_mels: 128,
            vocabulary: 51_866,
            ..large
        };
        assert_eq!(in_folder("large-v3", &[], newest).len(), 10);
        let turbo = Dimensions {
            decoder_layers: 4,
            ..newest
        };
        assert_eq!(in_folder("turbo", &[], turbo)[5], (3, 14));
    }

    #[test]
    fn only_what_was_measured_counts_as_late() {
        assert!(lateness(&BASE, &in_folder("base", &[], BASE)) < 0.0);
        assert!(lateness(&BASE, &[(5, 0)]).abs() < f64::EPSILON);
        let small = Dimensions {
            width: 768,
            decoder_layers: 12,
            ..BASE
        };
        assert!(lateness(&small, &in_folder("small", &[], small)).abs() < f64::EPSILON);
    }

    #[test]
    fn of_unknown_models_the_last_half_is_taken() {
        let distilled = Dimensions {
            decoder_layers: 2,
            ..BASE
        };
        let wanted: Vec<Head> = (0..8).map(|head| (1, head)).collect();
        assert_eq!(in_folder("distil", &[], distilled), wanted);
    }
}
