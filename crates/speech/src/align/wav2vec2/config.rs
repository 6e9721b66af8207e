//! Sizes of a network: from `config.json`, or read off the arrays of a torchaudio file.

use serde::Deserialize;

use crate::weights::{Weights, WeightsError};

/// Sizes and kinds of a wav2vec2 network; the defaults are those of `transformers.Wav2Vec2Config`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    pub(super) model_type: String,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) hidden_act: String,
    pub(super) conv_dim: Vec<usize>,
    pub(super) conv_kernel: Vec<usize>,
    pub(super) conv_stride: Vec<usize>,
    pub(super) conv_bias: bool,
    pub(super) feat_extract_norm: FeatureNorm,
    pub(super) feat_extract_activation: String,
    pub(super) num_conv_pos_embeddings: usize,
    pub(super) num_conv_pos_embedding_groups: usize,
    pub(super) do_stable_layer_norm: bool,
    pub(super) layer_norm_eps: f64,
    pub(super) pad_token_id: Option<usize>,
    pub(super) adapter_attn_dim: Option<usize>,
    /// Convolutions after the encoder that lower the frame rate: not for alignment.
    pub(super) add_adapter: bool,
}

/// How the feature extractor normalises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FeatureNorm {
    /// The first layer, each channel over time.
    Group,
    /// Every layer, over the channels.
    Layer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model_type: "wav2vec2".to_owned(),
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: "gelu".to_owned(),
            conv_dim: vec![512; 7],
            conv_kernel: vec![10, 3, 3, 3, 3, 2, 2],
            conv_stride: vec![5, 2, 2, 2, 2, 2, 2],
            conv_bias: false,
            feat_extract_norm: FeatureNorm::Group,
            feat_extract_activation: "gelu".to_owned(),
            num_conv_pos_embeddings: 128,
            num_conv_pos_embedding_groups: 16,
            do_stable_layer_norm: false,
            layer_norm_eps: 1e-5,
            pad_token_id: Some(0),
            adapter_attn_dim: None,
            add_adapter: false,
        }
    }
}

/// Width of a head in torchaudio's pipelines, whose files do not tell it.
const TORCHAUDIO_HEAD: usize = 64;
/// More than any published network has, of anything.
const MAX_SIZE: usize = 1 << 16;

impl Config {
    /// The sizes of a torchaudio file. Where every layer of the feature extractor is normalised, the encoder
    /// normalises before its parts.
    pub(super) fn of_torchaudio(weights: &dyn Weights) -> Result<Self, WeightsError> {
        let shape = |name: &str| {
            let shape = weights.shape(name);
            shape.ok_or_else(|| weights.unfit(format!("it has no '{name}'")))
        };
        let conv = |i: usize| format!("feature_extractor.conv_layers.{i}");
        let layer = |i: usize| format!("encoder.transformer.layers.{i}");
        let count = |name: &dyn Fn(usize) -> String| {
            (0..MAX_SIZE)
                .take_while(|i| weights.shape(&name(*i)).is_some())
                .count()
        };
        let mut config = Self {
            conv_dim: Vec::new(),
            conv_kernel: Vec::new(),
            ..Self::default()
        };
        for i in 0..count(&|i| conv(i) + ".conv.weight") {
            let shape = shape(&(conv(i) + ".conv.weight"))?;
            config.conv_dim.push(shape.first().copied().unwrap_or(0));
            config.conv_kernel.push(shape.last().copied().unwrap_or(0));
        }
        let first = |name: &str| Ok::<_, WeightsError>(shape(name)?.first().copied().unwrap_or(0));
        let has = |name: &str| weights.shape(name).is_some();
        config.hidden_size = first("encoder.transformer.layer_norm.weight")?;
        config.num_attention_heads = config.hidden_size / TORCHAUDIO_HEAD;
        config.num_hidden_layers = count(&|i| layer(i) + ".layer_norm.weight");
        config.intermediate_size = first(&(layer(0) + ".feed_forward.intermediate_dense.weight"))?;
        let position = shape("encoder.transformer.pos_conv_embed.conv.weight_v")?;
        config.num_conv_pos_embeddings = position.last().copied().unwrap_or(0);
        let in_group = position.get(1).copied().unwrap_or(0).max(1);
        config.num_conv_pos_embedding_groups = config.hidden_size / in_group;
        config.conv_bias = has(&(conv(0) + ".conv.bias"));
        if has(&(conv(1) + ".layer_norm.weight")) {
            config.feat_extract_norm = FeatureNorm::Layer;
            config.do_stable_layer_norm = true;
        }
        Ok(config)
    }

    /// Says what of the configuration cannot be run.
    pub(super) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("num_conv_pos_embeddings", self.num_conv_pos_embeddings),
            (
                "num_conv_pos_embedding_groups",
                self.num_conv_pos_embedding_groups,
            ),
            ("adapter_attn_dim", self.adapter_attn_dim.unwrap_or(1)),
        ];
        let convolutions = [&self.conv_dim, &self.conv_kernel, &self.conv_stride];
        let convolutions = convolutions
            .iter()
            .flat_map(|sizes| sizes.iter().map(|n| ("a convolution's size", *n)));
        for (name, size) in sizes.into_iter().chain(convolutions) {
            if size == 0 || size > MAX_SIZE {
                return Err(format!("{name} is {size}"));
            }
        }
        let n_layers = self.conv_dim.len();
        if n_layers == 0
            || [&self.conv_kernel, &self.conv_stride]
                .iter()
                .any(|sizes| sizes.len() != n_layers)
        {
            return Err("its lists of convolutions differ in length".to_owned());
        }
        for (name, parts) in [
            ("num_attention_heads", self.num_attention_heads),
            (
                "num_conv_pos_embedding_groups",
                self.num_conv_pos_embedding_groups,
            ),
        ] {
            if !self.hidden_size.is_multiple_of(parts) {
                return Err(format!(
                    "its width {} does not divide by {name} {parts}",
                    self.hidden_size
                ));
            }
        }
        let known = [&self.hidden_act, &self.feat_extract_activation];
        if let Some(other) = known.into_iter().find(|name| *name != "gelu") {
            return Err(format!("its activation is '{other}', not 'gelu'"));
        }
        if self.model_type != "wav2vec2" {
            return Err(format!(
                "its model_type is '{}', not 'wav2vec2'",
                self.model_type
            ));
        }
        if (self.layer_norm_eps - 1e-5).abs() > 1e-9 {
            return Err(format!(
                "its layer_norm_eps is {}, not 1e-5",
                self.layer_norm_eps
            ));
        }
        if self.add_adapter {
            return Err("it lowers the frame rate after the encoder (add_adapter)".to_owned());
        }
        if self.feat_extract_norm == FeatureNorm::Group && self.conv_bias {
            return Err("it has biases before group normalisation".to_owned());
        }
        Ok(())
    }
}
