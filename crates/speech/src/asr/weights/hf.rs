//! Hugging Face `model.safetensors`, under the names that the engine asks for.

use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::{Bytes, Number, Weights, WeightsError};

/// A header longer than this is not one of a Whisper model.
const MAX_HEADER: u64 = 16 << 20;

/// An open `model.safetensors`.
#[derive(Debug)]
pub(super) struct SafetensorsFile {
    bytes: Bytes,
    metadata: Metadata,
    /// Where the arrays begin.
    start: u64,
}

impl SafetensorsFile {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let (bytes, len) = Bytes::open(path)?;
        let damaged = |reason: String| WeightsError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let mut head = [0; 8];
        if len < 8 {
            return Err(damaged("it is too short".into()));
        }
        bytes.read_at(0, &mut head)?;
        let n = u64::from_le_bytes(head);
        if n > MAX_HEADER || n > len - 8 {
            return Err(damaged(format!("its header claims {n} bytes")));
        }
        let mut header = vec![0; usize::try_from(n).unwrap_or(0)];
        bytes.read_at(8, &mut header)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(format!("its header is no list of arrays ({error})")))?;
        let end = metadata
            .tensors()
            .values()
            .map(|info| info.data_offsets.1)
            .max()
            .unwrap_or(0) as u64;
        if end != len - 8 - n {
            return Err(damaged(format!(
                "its arrays end at byte {end} of {}",
                len - 8 - n
            )));
        }
        Ok(Self {
            bytes,
            metadata,
            start: 8 + n,
        })
    }

    /// The arrays that lie one below the other under the engine's name, and how many rows a missing one stands for:
    /// keys have no bias.
    fn parts(&self, name: &str) -> Vec<Part> {
        let translated = translate(name);
        let width = || {
            translated
                .iter()
                .flatten()
                .find_map(|part| self.metadata.info(part))
                .map_or(0, |info| info.shape[0])
        };
        translated
            .iter()
            .map(|part| match part {
                Some(name) => Part {
                    n_rows: self.metadata.info(name).map_or(0, |info| info.shape[0]),
                    name: Some(name.clone()),
                },
                None => Part {
                    n_rows: width(),
                    name: None,
                },
            })
            .collect()
    }

    fn read_part(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let damaged = |reason| WeightsError::Damaged {
            path: self.bytes.path.clone(),
            reason,
        };
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| damaged(format!("it has no '{name}'")))?;
        let number = match info.dtype {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            other => return Err(damaged(format!("'{name}' has numbers of kind {other:?}"))),
        };
        let width: usize = info.shape.iter().skip(1).product();
        let from = first * width * number.size();
        let mut bytes = vec![0; rows.len() * number.size()];
        if info.data_offsets.0 + from + bytes.len() > info.data_offsets.1 {
            return Err(damaged(format!("'{name}' has the shape {:?}", info.shape)));
        }
        self.bytes
            .read_at(self.start + (info.data_offsets.0 + from) as u64, &mut bytes)?;
        number.convert(&bytes, rows);
        Ok(())
    }
}

struct Part {
    name: Option<String>,
    n_rows: usize,
}

impl Weights for SafetensorsFile {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let parts = self.parts(name);
        let first = parts.iter().find_map(|part| part.name.as_ref())?;
        let mut shape = self.metadata.info(first)?.shape.clone();
        if parts.iter().any(|part| {
            part.name
                .as_ref()
                .is_some_and(|name| self.metadata.info(name).is_none())
        }) {
            return None;
        }
        shape[0] = parts.iter().map(|part| part.n_rows).sum();
        Some(shape)
    }

    fn read_rows(&self, name: &str, first: usize, rows: &mut [f32]) -> Result<(), WeightsError> {
        let shape = self.shape(name).unwrap_or_default();
        let width: usize = shape.iter().skip(1).product();
        let (mut skip, mut rest) = (first, rows);
        for part in self.parts(name) {
            if skip >= part.n_rows {
                skip -= part.n_rows;
                continue;
            }
            let n = (part.n_rows - skip).min(rest.len() / width.max(1));
            let (here, later) = rest.split_at_mut(n * width);
            match &part.name {
                Some(name) => self.read_part(name, skip, here)?,
                None => here.fill(0.0),
            }
            (skip, rest) = (0, later);
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(WeightsError::Damaged {
                path: self.bytes.path.clone(),
                reason: format!("'{name}' has the shape {shape:?}"),
            })
        }
    }

    fn path(&self) -> &Path {
        &self.bytes.path
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
