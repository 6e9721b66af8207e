//! Hugging Face `model.safetensors` of Whisper, under the names that the engine asks for.

use std::path::Path;

use super::{WHISPER, Weights, WeightsError};
use crate::weights::{SafetensorsFile, row_len};

/// An open `model.safetensors`.
#[derive(Debug)]
pub(super) struct HuggingFaceWhisper(SafetensorsFile);

impl HuggingFaceWhisper {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        SafetensorsFile::open(path, WHISPER).map(Self)
    }

    /// The arrays that lie one below the other under the engine's name, and how many rows a missing one stands for:
    /// keys have no bias.
    fn parts(&self, name: &str) -> Vec<Part> {
        let translated = translate(name);
        let width = || {
            translated
                .iter()
                .flatten()
                .find_map(|part| self.0.shape(part))
                .map_or(0, |shape| shape.first().copied().unwrap_or(1))
        };
        translated
            .iter()
            .map(|part| match part {
                Some(name) => Part {
                    n_rows: self
                        .0
                        .shape(name)
                        .map_or(0, |shape| shape.first().copied().unwrap_or(1)),
                    name: Some(name.clone()),
                },
                None => Part {
                    n_rows: width(),
                    name: None,
                },
            })
            .collect()
    }
}

struct Part {
    name: Option<String>,
    n_rows: usize,
}

impl Weights for HuggingFaceWhisper {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let parts = self.parts(name);
        let first = parts.iter().find_map(|part| part.name.as_ref())?;
        let mut shape = self.0.shape(first)?;
        if parts.iter().any(|part| {
            part.name
                .as_ref()
                .is_some_and(|name| self.0.shape(name).is_none())
        }) {
            return None;
        }
        let add = |n: usize, part: &Part| n.checked_add(part.n_rows);
        *shape.first_mut()? = parts.iter().try_fold(0, add)?;
        Some(shape)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let shape = self.shape(name).unwrap_or_default();
        let width = row_len(&shape);
        let (mut skip, mut rest) = (first, rows);
        for part in self.parts(name) {
            if skip >= part.n_rows {
                skip -= part.n_rows;
                continue;
            }
            let n = (part.n_rows - skip).min(rest.len() / width.max(1));
            let (here, later) = rest.split_at_mut(n * width);
            match &part.name {
                Some(name) => self.0.read_rows(name, skip, here)?,
                None => here.fill(0.0),
            }
            (skip, rest) = (0, later);
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(WeightsError::Damaged {
                path: self.0.path().to_owned(),
                reason: format!("'{name}' has the shape {shape:?}"),
            })
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn wanted(&self) -> &'static str {
        WHISPER
    }
}

/// The arrays of `WhisperForConditionalGeneration` that make up an array of the engine, top to bottom; `None` stands
/// for a bias that is not there.
fn translate(name: &str) -> Vec<Option<String>> {
    let Some((path, kind)) = name.rsplit_once('/') else {
        return vec![Some(name.to_owned())];
    };
    let kind = match kind {
        "gamma" | "encodings" => "weight",
        "beta" => "bias",
        kind => kind,
    };
    let some = |path: String| vec![Some(format!("model.{path}.{kind}"))];
    let Some((side, rest)) = path.split_once('/') else {
        return some(path.to_owned());
    };
    match rest {
        "position_encodings" => return some(format!("{side}.embed_positions")),
        "embeddings" => return some(format!("{side}.embed_tokens")),
        _ => {}
    }
    let Some((layer, part)) = rest
        .strip_prefix("layer_")
        .and_then(|rest| rest.split_once('/'))
    else {
        return some(format!("{side}.{rest}"));
    };
    let of = |part: &str| format!("{side}.layers.{layer}.{part}");
    let several = |attention: &str, parts: &[&str]| {
        parts
            .iter()
            .map(|part| {
                (*part != "k_proj" || kind != "bias")
                    .then(|| format!("model.{}.{kind}", of(&format!("{attention}.{part}"))))
            })
            .collect()
    };
    match part {
        "self_attention/layer_norm" => some(of("self_attn_layer_norm")),
        "self_attention/linear_0" => several("self_attn", &["q_proj", "k_proj", "v_proj"]),
        "self_attention/linear_1" => some(of("self_attn.out_proj")),
        "attention/layer_norm" => some(of("encoder_attn_layer_norm")),
        "attention/linear_0" => some(of("encoder_attn.q_proj")),
        "attention/linear_1" => several("encoder_attn", &["k_proj", "v_proj"]),
        "attention/linear_2" => some(of("encoder_attn.out_proj")),
        "ffn/layer_norm" => some(of("final_layer_norm")),
        "ffn/linear_0" => some(of("fc1")),
        "ffn/linear_1" => some(of("fc2")),
        other => some(of(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_published_checkpoints() {
        for (name, parts) in [
            ("encoder/conv1/weight", vec!["model.encoder.conv1.weight"]),
            (
                "encoder/position_encodings/encodings",
                vec!["model.encoder.embed_positions.weight"],
            ),
            (
                "decoder/embeddings/weight",
                vec!["model.decoder.embed_tokens.weight"],
            ),
            (
                "decoder/layer_norm/gamma",
                vec!["model.decoder.layer_norm.weight"],
            ),
            (
                "decoder/layer_11/ffn/layer_norm/beta",
                vec!["model.decoder.layers.11.final_layer_norm.bias"],
            ),
            (
                "encoder/layer_3/self_attention/linear_0/bias",
                vec![
                    "model.encoder.layers.3.self_attn.q_proj.bias",
                    "",
                    "model.encoder.layers.3.self_attn.v_proj.bias",
                ],
            ),
            (
                "decoder/layer_0/attention/linear_1/weight",
                vec![
                    "model.decoder.layers.0.encoder_attn.k_proj.weight",
                    "model.decoder.layers.0.encoder_attn.v_proj.weight",
                ],
            ),
        ] {
            let found: Vec<String> = translate(name)
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect();
            assert_eq!(found, parts, "{name}");
        }
    }
}
