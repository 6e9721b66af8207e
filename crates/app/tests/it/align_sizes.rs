//! `scriven align` with networks of the sizes that are published, whose weights are random: that they load, run and end.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::command::{Desk, silence};

/// A published size of wav2vec2.
struct Size {
    width: usize,
    n_layers: usize,
    n_heads: usize,
    hidden: usize,
    /// Layer norms in all convolutions and before the blocks, as the large ones have them.
    is_large: bool,
}

const BASE: Size = Size {
    width: 768,
    n_layers: 12,
    n_heads: 12,
    hidden: 3072,
    is_large: false,
};

const LARGE: Size = Size {
    width: 1024,
    n_layers: 24,
    n_heads: 16,
    hidden: 4096,
    is_large: true,
};

const CHANNELS: usize = 512;
const KERNELS: [usize; 7] = [10, 3, 3, 3, 3, 2, 2];
const VOCABULARY: &str = "|ETAONIHSRDLUMWCFGYPBVK'XJQZ";

#[test]
fn a_network_of_the_size_of_base_times_every_word() {
    check(&BASE);
}

#[test]
fn a_network_of_the_size_of_large_times_every_word() {
    check(&LARGE);
}

fn check(size: &Size) {
    let desk = Desk::new();
    desk.put("talk.wav", silence(2));
    desk.put(
        "talk.json",
        r#"{"segments": [{"start": 0.0, "end": 2.0, "text": " Hello, 12 worlds."}], "language": "en"}"#,
    );
    size.write(&desk);
    let ran = desk.run(&[
        "align",
        "-q",
        "talk.json",
        "talk.wav",
        "--align-model",
        "./model",
    ]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["word_timing"], "ctc");
    let words = result["segments"][0]["words"].as_array().unwrap();
    let texts: Vec<_> = words
        .iter()
        .map(|word| word["word"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["Hello,", "12", "worlds."]);
    let mut before = 0.0;
    for word in words {
        let (start, end) = (
            word["start"].as_f64().unwrap(),
            word["end"].as_f64().unwrap(),
        );
        assert!(before <= start && start < end && end <= 2.0, "{words:?}");
        before = end;
    }
}

impl Size {
    /// Writes the folder `model` as Hugging Face has them, in half precision.
    fn write(&self, desk: &Desk) {
        let (convolutions, order) = if self.is_large {
            ("layer", true)
        } else {
            ("group", false)
        };
        let config = json!({
            "model_type": "wav2vec2", "hidden_size": self.width, "num_hidden_layers": self.n_layers,
            "num_attention_heads": self.n_heads, "intermediate_size": self.hidden, "hidden_act": "gelu",
            "conv_dim": vec![CHANNELS; 7], "conv_kernel": KERNELS, "conv_stride": [5, 2, 2, 2, 2, 2, 2],
            "conv_bias": self.is_large, "feat_extract_norm": convolutions, "feat_extract_activation": "gelu",
            "do_stable_layer_norm": order, "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16,
            "layer_norm_eps": 1e-5, "vocab_size": VOCABULARY.len() + 1, "pad_token_id": 0,
            "adapter_attn_dim": null, "add_adapter": false,
        });
        desk.put("model/config.json", config.to_string());
        let letters = VOCABULARY.chars().map(String::from).zip(1..);
        let mut vocabulary: Map<String, Value> = letters.map(|(c, id)| (c, json!(id))).collect();
        vocabulary.insert("[PAD]".to_owned(), json!(0));
        desk.put("model/vocab.json", Value::Object(vocabulary).to_string());
        desk.put(
            "model/preprocessor_config.json",
            json!({"do_normalize": self.is_large}).to_string(),
        );
        write_weights(&desk.path().join("model/model.safetensors"), &self.shapes());
    }

    fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let mut shapes = Vec::new();
        let mut add = |name: String, shape: &[usize]| shapes.push((name, shape.to_vec()));
        for (layer, kernel) in KERNELS.into_iter().enumerate() {
            let name = format!("wav2vec2.feature_extractor.conv_layers.{layer}");
            let n_in = if layer == 0 { 1 } else { CHANNELS };
            add(format!("{name}.conv.weight"), &[CHANNELS, n_in, kernel]);
            if self.is_large {
                add(format!("{name}.conv.bias"), &[CHANNELS]);
            }
            if self.is_large || layer == 0 {
                add(format!("{name}.layer_norm.weight"), &[CHANNELS]);
                add(format!("{name}.layer_norm.bias"), &[CHANNELS]);
            }
        }
        let width = self.width;
        let mut pair = |name: &str, shape: &[usize]| {
            add(format!("{name}.weight"), shape);
            add(format!("{name}.bias"), &shape[..1]);
        };
        pair("wav2vec2.feature_projection.layer_norm", &[CHANNELS]);
        pair("wav2vec2.feature_projection.projection", &[width, CHANNELS]);
        pair("wav2vec2.encoder.layer_norm", &[width]);
        for layer in 0..self.n_layers {
            let name = format!("wav2vec2.encoder.layers.{layer}");
            for part in ["q", "k", "v", "out"] {
                pair(&format!("{name}.attention.{part}_proj"), &[width, width]);
            }
            pair(&format!("{name}.layer_norm"), &[width]);
            pair(
                &format!("{name}.feed_forward.intermediate_dense"),
                &[self.hidden, width],
            );
            pair(
                &format!("{name}.feed_forward.output_dense"),
                &[width, self.hidden],
            );
            pair(&format!("{name}.final_layer_norm"), &[width]);
        }
        pair("lm_head", &[VOCABULARY.len() + 1, width]);
        let position = "wav2vec2.encoder.pos_conv_embed.conv";
        add(format!("{position}.bias"), &[width]);
        add(format!("{position}.weight_g"), &[1, 1, 128]);
        add(format!("{position}.weight_v"), &[width, width / 16, 128]);
        shapes
    }
}

/// A safetensors file: the length of its head, the head as JSON, the numbers.
fn write_weights(path: &Path, shapes: &[(String, Vec<usize>)]) {
    let mut head = Map::new();
    let mut end = 0;
    for (name, shape) in shapes {
        let start = end;
        end += 2 * shape.iter().product::<usize>();
        let entry = json!({"dtype": "F16", "shape": shape, "data_offsets": [start, end]});
        head.insert(name.clone(), entry);
    }
    let head = Value::Object(head).to_string();
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&(head.len() as u64).to_le_bytes()).unwrap();
    file.write_all(head.as_bytes()).unwrap();
    let noise = noise();
    let mut left = end;
    while left > 0 {
        let n = left.min(noise.len());
        file.write_all(&noise[..n]).unwrap();
        left -= n;
    }
    file.flush().unwrap();
}

/// Small numbers of half precision, of both signs: 2^−7 to 2^−5. Their count is prime, so that no two rows are alike.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    (0..100_003)
        .flat_map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let random = u16::try_from(state >> 16).unwrap_or_default();
            let half = 0x2000 + (random & 0x07ff) + (random & 0x8000);
            half.to_le_bytes()
        })
        .collect()
}
