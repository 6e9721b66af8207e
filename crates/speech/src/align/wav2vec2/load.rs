//! A model file becomes a network: every array is checked before it is used, and packed as it is read.

use nn::encoder::{Adapter, Encoder, EncoderLayer, NormOrder};
use nn::linear::{Linear, LinearShape};
use nn::norm::LayerNorm;
use nn::wave::{ConvLayer, ConvNorm, ConvStack, PositionConv, Projection};
use nn::{Isa, Pool, Precision};

use super::Wav2Vec2;
use super::config::{Config, FeatureNorm};
use super::names::Names;
use crate::weights::{Weights, WeightsError};

/// What a network is made of.
pub(super) struct Parts<'a> {
    pub(super) weights: &'a dyn Weights,
    pub(super) names: Names,
    pub(super) config: Config,
    /// Rows of the output layer that stand for nothing.
    pub(super) unused_rows: &'a [usize],
    pub(super) precision: Precision,
    pub(super) isa: Isa,
}

impl Parts<'_> {
    pub(super) fn network(&self, pool: Pool) -> Result<Wav2Vec2, WeightsError> {
        let config = &self.config;
        config
            .check()
            .map_err(|reason| self.weights.unfit(reason))?;
        let width = config.hidden_size;
        let n_features = config.conv_dim.last().copied().unwrap_or(0);
        let projection = |part: &str| self.names.feature_projection(part);
        Ok(Wav2Vec2 {
            pool,
            features: self.features()?,
            projection: Projection {
                norm: Some(self.norm(&projection("layer_norm"), n_features)?),
                linear: self.linear(&projection("projection"), n_features, width)?,
            },
            positions: self.positions()?,
            encoder: Encoder {
                layers: (0..config.num_hidden_layers)
                    .map(|layer| self.layer(layer))
                    .collect::<Result<_, _>>()?,
                norm: self.norm(&self.names.encoder("layer_norm"), width)?,
                order: if config.do_stable_layer_norm {
                    NormOrder::Before
                } else {
                    NormOrder::After
                },
                n_heads: config.num_attention_heads,
                isa: self.isa,
            },
            head: Projection {
                norm: None,
                linear: self.head()?,
            },
        })
    }

    fn features(&self) -> Result<ConvStack, WeightsError> {
        let config = &self.config;
        let mut n_in = 1;
        let mut layers = Vec::new();
        for (i, n_out) in config.conv_dim.iter().copied().enumerate() {
            let name = |part: &str| self.names.feature_conv(i, part);
            let kernel = config.conv_kernel[i];
            let weight = self
                .weights
                .read(&name("conv.weight"), &[n_out, n_in, kernel])?;
            let bias = if config.conv_bias {
                self.weights.read(&name("conv.bias"), &[n_out])?
            } else {
                Vec::new()
            };
            let norm = || self.scale_and_shift(&name("layer_norm"), n_out);
            let norm = match config.feat_extract_norm {
                FeatureNorm::Layer => {
                    let (gamma, beta) = norm()?;
                    ConvNorm::Layer(LayerNorm::new(gamma, beta))
                }
                FeatureNorm::Group if i == 0 => {
                    let (gamma, beta) = norm()?;
                    ConvNorm::Channel { gamma, beta }
                }
                FeatureNorm::Group => ConvNorm::None,
            };
            // samples differ in loudness by far more than 8 bits tell apart
            let precision = if i == 0 {
                Precision::Float32
            } else {
                self.precision
            };
            let stride = config.conv_stride[i];
            layers.push(ConvLayer::new(
                precision, self.isa, &weight, &bias, n_in, kernel, stride, norm,
            ));
            n_in = n_out;
        }
        Ok(ConvStack::new(layers))
    }

    /// Undoes the weight normalisation (Salimans and Kingma 2016): each tap has a length and a direction.
    fn positions(&self) -> Result<PositionConv, WeightsError> {
        let width = self.config.hidden_size;
        let kernel = self.config.num_conv_pos_embeddings;
        let n_groups = self.config.num_conv_pos_embedding_groups;
        let (lengths, directions) = self.names.position_weights(self.weights);
        let lengths = self.weights.read(&lengths, &[1, 1, kernel])?;
        let mut weight = self
            .weights
            .read(&directions, &[width, width / n_groups, kernel])?;
        let bias = self.names.encoder("pos_conv_embed.conv.bias");
        let bias = self.weights.read(&bias, &[width])?;
        let mut squares = vec![0.0_f64; kernel];
        for filter in weight.chunks_exact(kernel) {
            for (sum, value) in squares.iter_mut().zip(filter) {
                *sum += f64::from(*value).powi(2);
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "weights are in single precision"
        )]
        let scales: Vec<f32> = squares
            .iter()
            .zip(&lengths)
            .map(|(sum, length)| (f64::from(*length) / sum.sqrt().max(f64::MIN_POSITIVE)) as f32)
            .collect();
        for filter in weight.chunks_exact_mut(kernel) {
            filter
                .iter_mut()
                .zip(&scales)
                .for_each(|(value, scale)| *value *= scale);
        }
        Ok(PositionConv::new(
            self.precision,
            self.isa,
            &weight,
            &bias,
            n_groups,
            kernel,
        ))
    }

    fn layer(&self, layer: usize) -> Result<EncoderLayer, WeightsError> {
        let (width, hidden) = (self.config.hidden_size, self.config.intermediate_size);
        let name = |part: &str| self.names.layer(layer, part);
        let adapter = match self.config.adapter_attn_dim {
            None => None,
            Some(narrow) => Some(Adapter {
                norm: self.norm(&name("adapter_layer.norm"), width)?,
                narrow: self.linear(&name("adapter_layer.linear_1"), width, narrow)?,
                wide: self.linear(&name("adapter_layer.linear_2"), narrow, width)?,
            }),
        };
        Ok(EncoderLayer {
            attention_norm: self.norm(&name("layer_norm"), width)?,
            qkv: self.queries_keys_values(layer)?,
            attention_out: self.linear(&name("attention.out_proj"), width, width)?,
            ffn_norm: self.norm(&name("final_layer_norm"), width)?,
            ffn_in: self.linear(&name("feed_forward.intermediate_dense"), width, hidden)?,
            ffn_out: self.linear(&name("feed_forward.output_dense"), hidden, width)?,
            adapter,
        })
    }

    /// The three projections one below the other.
    fn queries_keys_values(&self, layer: usize) -> Result<Linear, WeightsError> {
        let width = self.config.hidden_size;
        let names = ["q_proj", "k_proj", "v_proj"]
            .map(|part| self.names.layer(layer, &format!("attention.{part}")));
        let mut bias = Vec::with_capacity(3 * width);
        for name in &names {
            bias.extend(self.weights.read(&format!("{name}.bias"), &[width])?);
            self.weights
                .expect(&format!("{name}.weight"), &[width, width])?;
        }
        Linear::build(self.shape(width, 3 * width), &bias, |first, rows| {
            let (mut row, mut rest) = (first, rows);
            while !rest.is_empty() {
                let here = (width - row % width).min(rest.len() / width);
                let (part, behind) = rest.split_at_mut(here * width);
                let name = format!("{}.weight", names[row / width]);
                self.weights.read_rows(&name, row % width, part)?;
                (row, rest) = (row + here, behind);
            }
            Ok(())
        })
    }

    /// The output layer without its unused rows.
    fn head(&self) -> Result<Linear, WeightsError> {
        let width = self.config.hidden_size;
        let (weight, bias) = (self.names.head("weight"), self.names.head("bias"));
        let n_rows = self
            .weights
            .shape(&weight)
            .and_then(|shape| shape.first().copied());
        let n_rows = n_rows.unwrap_or(0);
        self.weights.expect(&weight, &[n_rows, width])?;
        let kept: Vec<usize> = (0..n_rows)
            .filter(|row| !self.unused_rows.contains(row))
            .collect();
        let every_bias = self.weights.read(&bias, &[n_rows])?;
        let kept_bias: Vec<f32> = kept.iter().map(|row| every_bias[*row]).collect();
        if kept.is_empty() {
            return Err(self.weights.unfit("its output layer is empty".to_owned()));
        }
        Linear::build(self.shape(width, kept.len()), &kept_bias, |first, rows| {
            for (row, values) in kept[first..].iter().zip(rows.chunks_exact_mut(width)) {
                self.weights.read_rows(&weight, *row, values)?;
            }
            Ok(())
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

    fn linear(&self, name: &str, n_in: usize, n_out: usize) -> Result<Linear, WeightsError> {
        let bias = self.weights.read(&format!("{name}.bias"), &[n_out])?;
        let name = format!("{name}.weight");
        self.weights.expect(&name, &[n_out, n_in])?;
        Linear::build(self.shape(n_in, n_out), &bias, |first, rows| {
            self.weights.read_rows(&name, first, rows)
        })
    }

    fn norm(&self, name: &str, width: usize) -> Result<LayerNorm, WeightsError> {
        let (gamma, beta) = self.scale_and_shift(name, width)?;
        Ok(LayerNorm::new(gamma, beta))
    }

    fn scale_and_shift(
        &self,
        name: &str,
        width: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
        let gamma = self.weights.read(&format!("{name}.weight"), &[width])?;
        Ok((gamma, self.weights.read(&format!("{name}.bias"), &[width])?))
    }
}
