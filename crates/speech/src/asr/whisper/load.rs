//! A model folder becomes a network: sizes are read off the arrays, every array is checked before it is used.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use nn::conv::Conv1d;
use nn::decoder::{Decoder, DecoderLayer};
use nn::encoder::{Encoder, EncoderLayer, NormOrder};
use nn::linear::{Linear, LinearShape};
use nn::norm::LayerNorm;
use nn::{Isa, Pool, Precision};

use super::balance::{Dense, balance_norm};
use super::{WINDOW_FRAMES, Whisper, WhisperNetwork};
use crate::asr::tokenizer::{Tokenizer, TokenizerError};
use crate::asr::weights::{self, Weights, WeightsError};
use crate::asr::words::{Head, alignment_heads};

/// Decoder positions of every Whisper model.
const TEXT_POSITIONS: usize = 448;
/// The layers of `nn` are made for heads of this width, as all published sizes have.
const HEAD_WIDTH: usize = nn::attention::HEAD;

/// Sizes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// Mel bands of the features: 80 or 128.
    pub n_mels: usize,
    /// Numbers in a row of either stack.
    pub width: usize,
    /// Blocks of the encoder.
    pub encoder_layers: usize,
    /// Blocks of the decoder.
    pub decoder_layers: usize,
    /// Token ids.
    pub vocabulary: usize,
}

/// Why a model folder cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The vocabulary.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A file is missing.
    #[error("the model folder {} has no {file}; fetch the model again", .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
}

/// Reads everything; the weights are packed as they come.
pub(super) fn load(
    folder: &Path,
    precision: Precision,
    isa: Isa,
    pool: Pool,
) -> Result<Whisper, LoadError> {
    let tokenizer_path = folder.join("tokenizer.json");
    if !tokenizer_path.exists() {
        return Err(LoadError::Missing {
            folder: folder.to_owned(),
            file: "tokenizer.json",
        });
    }
    let weights = weights::open(folder)?;
    let reader = Reader {
        weights: &*weights,
        precision,
        isa,
    };
    let dimensions = reader.dimensions()?;
    // the vocabulary takes a while to parse, and the weights do not need it
    let (network, tokenizer) = std::thread::scope(|scope| {
        let tokenizer = scope.spawn(|| Tokenizer::load(&tokenizer_path, dimensions.vocabulary));
        let heads = alignment_heads(folder, &dimensions);
        let network = reader.network(dimensions, pool, heads);
        (network, tokenizer.join())
    });
    let tokenizer = tokenizer.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(Whisper {
        network: network?,
        tokenizer: tokenizer?,
    })
}

struct Reader<'a> {
    weights: &'a dyn Weights,
    precision: Precision,
    isa: Isa,
}

impl Reader<'_> {
    fn dimensions(&self) -> Result<Dimensions, WeightsError> {
        let wrong = |reason: String| self.weights.unfit(reason);
        let two = |name: &str| match self.weights.shape(name) {
            Some(shape) if shape.len() >= 2 => Ok((shape[0], shape[1])),
            _ => Err(wrong(format!("it has no '{name}'"))),
        };
        let (width, n_mels) = two("encoder/conv1/weight")?;
        let (vocabulary, _) = two("decoder/embeddings/weight")?;
        let count = |side: &str| {
            let weight = |i| format!("{side}/layer_{i}/ffn/linear_0/weight");
            let mut n_layers = 0;
            while self.weights.shape(&weight(n_layers)).is_some() {
                n_layers += 1;
            }
            n_layers
        };
        let dimensions = Dimensions {
            n_mels,
            width,
            encoder_layers: count("encoder"),
            decoder_layers: count("decoder"),
            vocabulary,
        };
        if width == 0 || !width.is_multiple_of(HEAD_WIDTH) || ![80, 128].contains(&n_mels) {
            return Err(wrong(format!(
                "its width is {width} and it has {n_mels} mel bands"
            )));
        }
        if dimensions.encoder_layers == 0 || dimensions.decoder_layers == 0 {
            return Err(wrong("it has no layers".into()));
        }
        for side in ["encoder", "decoder"] {
            if let Some(shape) = self.weights.shape(&format!("{side}/num_heads"))
                && shape.is_empty()
            {
                let mut n_heads = [0.0];
                self.weights
                    .read_rows(&format!("{side}/num_heads"), 0, &mut n_heads)?;
                if (n_heads[0] - (width / HEAD_WIDTH) as f32).abs() > 0.5 {
                    return Err(wrong(format!(
                        "it has {} heads for a width of {width}",
                        n_heads[0]
                    )));
                }
            }
        }
        Ok(dimensions)
    }

    fn network(
        &self,
        dimensions: Dimensions,
        pool: Pool,
        alignment_heads: Vec<Head>,
    ) -> Result<WhisperNetwork, WeightsError> {
        let Dimensions {
            n_mels,
            width,
            vocabulary,
            ..
        } = dimensions;
        let embedding = LinearShape {
            readable: true,
            ..self.shape(width, vocabulary)
        };
        Ok(WhisperNetwork {
            dimensions,
            max_search_bytes: None,
            pool,
            conv1: self.conv("encoder/conv1", n_mels, width, 1)?,
            conv2: self.conv("encoder/conv2", width, width, 2)?,
            encoder_positions: self.weights.read(
                "encoder/position_encodings/encodings",
                &[WINDOW_FRAMES / 2, width],
            )?,
            encoder: Encoder {
                layers: (0..dimensions.encoder_layers)
                    .map(|i| self.encoder_layer(i, width))
                    .collect::<Result<_, _>>()?,
                norm: self.norm("encoder/layer_norm", width)?,
                order: NormOrder::Before,
                n_heads: width / HEAD_WIDTH,
                isa: self.isa,
            },
            decoder: Decoder {
                embedding: self.pack("decoder/embeddings/weight", embedding, &[])?,
                positions: self.weights.read(
                    "decoder/position_encodings/encodings",
                    &[TEXT_POSITIONS, width],
                )?,
                layers: (0..dimensions.decoder_layers)
                    .map(|i| self.decoder_layer(i, width))
                    .collect::<Result<_, _>>()?,
                norm: self.norm("decoder/layer_norm", width)?,
                isa: self.isa,
            },
            alignment_heads,
        })
    }

    fn encoder_layer(&self, index: usize, width: usize) -> Result<EncoderLayer, WeightsError> {
        let name = |part: &str| format!("encoder/layer_{index}/{part}");
        let (attention_norm, qkv) = self.normed(&name("self_attention"), width, 3 * width)?;
        let (ffn_norm, ffn_in) = self.normed(&name("ffn"), width, 4 * width)?;
        Ok(EncoderLayer {
            attention_norm,
            qkv,
            attention_out: self.linear(&name("self_attention/linear_1"), width, width)?,
            ffn_norm,
            ffn_in,
            ffn_out: self.linear(&name("ffn/linear_1"), 4 * width, width)?,
            adapter: None,
        })
    }

    fn decoder_layer(&self, index: usize, width: usize) -> Result<DecoderLayer, WeightsError> {
        let name = |part: &str| format!("decoder/layer_{index}/{part}");
        Ok(DecoderLayer {
            self_norm: self.norm(&name("self_attention/layer_norm"), width)?,
            self_qkv: self.linear(&name("self_attention/linear_0"), width, 3 * width)?,
            self_out: self.linear(&name("self_attention/linear_1"), width, width)?,
            cross_norm: self.norm(&name("attention/layer_norm"), width)?,
            cross_query: self.linear(&name("attention/linear_0"), width, width)?,
            cross_kv: self.linear(&name("attention/linear_1"), width, 2 * width)?,
            cross_out: self.linear(&name("attention/linear_2"), width, width)?,
            ffn_norm: self.norm(&name("ffn/layer_norm"), width)?,
            ffn_in: self.linear(&name("ffn/linear_0"), width, 4 * width)?,
            ffn_out: self.linear(&name("ffn/linear_1"), 4 * width, width)?,
        })
    }

    fn shape(&self, n_in: usize, n_out: usize) -> LinearShape {
        LinearShape {
            precision: self.precision,
            isa: self.isa,
            n_in,
            n_out,
            readable: false,
        }
    }

    /// A normalisation and the layer behind it: `{name}/layer_norm` and `{name}/linear_0`.
    fn normed(
        &self,
        name: &str,
        n_in: usize,
        n_out: usize,
    ) -> Result<(LayerNorm, Linear), WeightsError> {
        let norm = format!("{name}/layer_norm");
        let mut gamma = self.weights.read(&format!("{norm}/gamma"), &[n_in])?;
        let mut beta = self.weights.read(&format!("{norm}/beta"), &[n_in])?;
        let mut layer = self.dense(&format!("{name}/linear_0"), n_in, n_out)?;
        if self.precision == Precision::Int8 {
            balance_norm(&mut gamma, &mut beta, &mut layer);
        }
        Ok((LayerNorm::new(gamma, beta), self.pack_dense(&layer)))
    }

    fn dense(&self, name: &str, n_in: usize, n_out: usize) -> Result<Dense, WeightsError> {
        let weight = format!("{name}/weight");
        self.weights.expect(&weight, &[n_out, n_in])?;
        let mut dense = Dense {
            weight: vec![0.0; n_out * n_in],
            bias: self.weights.read(&format!("{name}/bias"), &[n_out])?,
            n_in,
        };
        self.weights.read_rows(&weight, 0, &mut dense.weight)?;
        Ok(dense)
    }

    fn pack_dense(&self, layer: &Dense) -> Linear {
        let shape = self.shape(layer.n_in, layer.n_out());
        let packed = Linear::build(shape, &layer.bias, |first, rows| {
            rows.copy_from_slice(&layer.weight[first * layer.n_in..][..rows.len()]);
            Ok::<(), Infallible>(())
        });
        packed.unwrap_or_else(|never| match never {})
    }

    fn linear(&self, name: &str, n_in: usize, n_out: usize) -> Result<Linear, WeightsError> {
        let bias = self.weights.read(&format!("{name}/bias"), &[n_out])?;
        self.pack(&format!("{name}/weight"), self.shape(n_in, n_out), &bias)
    }

    fn pack(&self, name: &str, shape: LinearShape, bias: &[f32]) -> Result<Linear, WeightsError> {
        self.weights.expect(name, &[shape.n_out, shape.n_in])?;
        Linear::build(shape, bias, |first, rows| {
            self.weights.read_rows(name, first, rows)
        })
    }

    fn norm(&self, name: &str, width: usize) -> Result<LayerNorm, WeightsError> {
        let gamma = self.weights.read(&format!("{name}/gamma"), &[width])?;
        Ok(LayerNorm::new(
            gamma,
            self.weights.read(&format!("{name}/beta"), &[width])?,
        ))
    }

    fn conv(
        &self,
        name: &str,
        n_in: usize,
        n_out: usize,
        stride: usize,
    ) -> Result<Conv1d, WeightsError> {
        const KERNEL: usize = 3;
        let weight = format!("{name}/weight");
        let bias = self.weights.read(&format!("{name}/bias"), &[n_out])?;
        // a quantised file keeps the filters as rows
        let shape = match self.weights.shape(&weight) {
            Some(shape) if shape.len() == 2 => vec![n_out, n_in * KERNEL],
            _ => vec![n_out, n_in, KERNEL],
        };
        let weight = self.weights.read(&weight, &shape)?;
        Ok(Conv1d::new(
            self.precision,
            self.isa,
            &weight,
            &bias,
            n_in,
            KERNEL,
            stride,
        ))
    }
}
