//! A checkpoint becomes a network; every array is checked before it is used.

use std::path::Path;

use domain::options::ComputeType;
use nn::batch_norm::BatchNorm;
use nn::conv2d::{Conv3x3, Conv3x3Weights, Stride};
use nn::dense::{DenseLayer, DenseParts};
use nn::linear::{Linear, Then};
use nn::{Isa, Pool, Precision};

use super::head::{CHANNELS, FILTERS, Head, OUTPUT_BANDS};
use super::{Block, CamPlusPlus};
use crate::embedding::EMBEDDING;
use crate::embedding::residual::Residual;
use crate::models::Companion;
use crate::weights::{Checkpoint, Weights, WeightsError};

/// Taps of the first convolution over time.
const TDNN_KERNEL: usize = 5;
const TDNN_CHANNELS: usize = 128;
/// Layers and dilation of each block.
const BLOCKS: [(usize, usize); 3] = [(12, 1), (24, 2), (16, 2)];
/// Channels that a layer adds.
const GROWTH: usize = 32;
/// Channels in the middle of a layer.
const SQUEEZED: usize = 128;
/// Channels in the middle of a mask.
const MASK: usize = 64;

impl CamPlusPlus {
    /// Loads the network from a model folder for so many threads of its own (0 takes one a core), or
    /// for a pool that it shares.
    ///
    /// # Errors
    /// When the file is missing, damaged, or not of this network.
    pub fn load(
        folder: &Path,
        compute: ComputeType,
        threads: impl Into<Pool>,
    ) -> Result<Self, WeightsError> {
        let path = folder.join(Companion::CamPlusPlus.file());
        let checkpoint = Checkpoint::open(&path, "speaker embedding (CAM++)")?;
        let source = Source {
            weights: &checkpoint,
            precision: crate::precision(compute),
        };
        source.network(threads.into())
    }
}

/// Where the arrays come from, and the arithmetic that they are packed for.
struct Source<'a> {
    weights: &'a dyn Weights,
    precision: Precision,
}

impl Source<'_> {
    fn network(&self, pool: Pool) -> Result<CamPlusPlus, WeightsError> {
        let mut blocks = Vec::new();
        let mut n_in = TDNN_CHANNELS;
        for (index, (n_layers, dilation)) in BLOCKS.into_iter().enumerate() {
            let block = self.block(index + 1, n_layers, dilation, n_in)?;
            n_in = block.transit.n_out();
            blocks.push(block);
        }
        Ok(CamPlusPlus {
            pool,
            head: self.head()?,
            tdnn: self.tdnn()?,
            blocks,
            dense: self.dense(2 * n_in)?,
        })
    }

    fn head(&self) -> Result<Head, WeightsError> {
        let residual = |name: &str, stride: usize| -> Result<Residual, WeightsError> {
            let [conv1, conv2] = ["conv1", "conv2"].map(|conv| format!("{name}.{conv}"));
            let [norm1, norm2] = ["bn1", "bn2"].map(|norm| format!("{name}.{norm}"));
            let second = if stride == 1 {
                self.conv(&conv2, &norm2, FILTERS, 1)?
            } else {
                self.projecting_conv(name, stride)?
            };
            Ok(Residual([
                self.conv(&conv1, &norm1, FILTERS, stride)?,
                second,
            ]))
        };
        Ok(Head {
            first: self.conv("head.conv1", "head.bn1", 1, 1)?,
            residuals: vec![
                residual("head.layer1.0", 2)?,
                residual("head.layer1.1", 1)?,
                residual("head.layer2.0", 2)?,
                residual("head.layer2.1", 1)?,
            ],
            last: self.conv("head.conv2", "head.bn2", FILTERS, 2)?,
        })
    }

    fn conv(
        &self,
        name: &str,
        norm: &str,
        n_in: usize,
        stride: usize,
    ) -> Result<Conv3x3, WeightsError> {
        let (weight, bias) = self.filters(name, norm, n_in)?;
        Ok(self.packed(Conv3x3Weights {
            weight: &weight,
            bias: &bias,
            stride: along_bands(stride),
            projection: None,
        }))
    }

    /// The second convolution of a residual block whose input has more bands than its output.
    fn projecting_conv(&self, name: &str, stride: usize) -> Result<Conv3x3, WeightsError> {
        let (conv, norm) = (format!("{name}.conv2"), format!("{name}.bn2"));
        let (weight, mut bias) = self.filters(&conv, &norm, FILTERS)?;
        let projection = format!("{name}.shortcut.0.weight");
        let shape = [FILTERS, FILTERS, 1, 1];
        let mut projection = self.weights.read(&projection, &shape)?;
        let norm = self.norm(&format!("{name}.shortcut.1"), FILTERS)?;
        let more = norm.fold_into(&mut projection);
        (bias.iter_mut().zip(more)).for_each(|(bias, more)| *bias += more);
        Ok(self.packed(Conv3x3Weights {
            weight: &weight,
            bias: &bias,
            stride: Stride::ONE,
            projection: Some((&projection, along_bands(stride))),
        }))
    }

    /// Weights and biases of a convolution with the normalisation behind it.
    fn filters(
        &self,
        name: &str,
        norm: &str,
        n_in: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
        let name = format!("{name}.weight");
        let mut weight = self.weights.read(&name, &[FILTERS, n_in, 3, 3])?;
        let bias = self.norm(norm, FILTERS)?.fold_into(&mut weight);
        Ok((weight, bias))
    }

    fn packed(&self, weights: Conv3x3Weights<'_>) -> Conv3x3 {
        Conv3x3::new(self.precision, Isa::detect(), weights)
    }

    /// The convolution that reads the frames of the head. The head writes band by band, the checkpoint wants channel by channel.
    fn tdnn(&self) -> Result<Linear, WeightsError> {
        let shape = [TDNN_CHANNELS, CHANNELS, TDNN_KERNEL];
        let weight = self.weights.read("xvector.tdnn.linear.weight", &shape)?;
        let mut rows = Vec::with_capacity(weight.len());
        for filter in weight.chunks_exact(CHANNELS * TDNN_KERNEL) {
            for tap in 0..TDNN_KERNEL {
                for band in 0..OUTPUT_BANDS {
                    let channels = 0..FILTERS;
                    let at = |channel| (channel * OUTPUT_BANDS + band) * TDNN_KERNEL + tap;
                    rows.extend(channels.map(|channel| filter[at(channel)]));
                }
            }
        }
        let norm = self.norm("xvector.tdnn.nonlinear.batchnorm", TDNN_CHANNELS)?;
        Ok(self.folded(norm, rows, CHANNELS * TDNN_KERNEL))
    }

    fn block(
        &self,
        index: usize,
        n_layers: usize,
        dilation: usize,
        n_in: usize,
    ) -> Result<Block, WeightsError> {
        let layers = (0..n_layers)
            .map(|layer| {
                let name = format!("xvector.block{index}.tdnnd{}", layer + 1);
                self.layer(&name, dilation, n_in + layer * GROWTH)
            })
            .collect::<Result<_, _>>()?;
        let width = n_in + n_layers * GROWTH;
        let name = format!("xvector.transit{index}");
        let shape = [width / 2, width, 1];
        let weight = self
            .weights
            .read(&format!("{name}.linear.weight"), &shape)?;
        // what follows the last one directly becomes part of it
        let is_last = index == BLOCKS.len();
        let (transit, then) = if is_last {
            let norm = self.norm("xvector.out_nonlinear.batchnorm", width / 2)?;
            (self.folded(norm, weight, width), Then::Relu)
        } else {
            let layer = Linear::new(self.precision, Isa::detect(), &weight, &[], width);
            (layer, Then::Store)
        };
        Ok(Block {
            layers,
            norm: self.norm(&format!("{name}.nonlinear.batchnorm"), width)?,
            transit,
            then,
        })
    }

    fn layer(&self, name: &str, dilation: usize, n_in: usize) -> Result<DenseLayer, WeightsError> {
        let read =
            |part: &str, shape: &[usize]| self.weights.read(&format!("{name}.{part}"), shape);
        let squeeze = read("linear1.weight", &[SQUEEZED, n_in, 1])?;
        let norm = self.norm(&format!("{name}.nonlinear2.batchnorm"), SQUEEZED)?;
        let local = read("cam_layer.linear_local.weight", &[GROWTH, SQUEEZED, 3])?;
        let by_tap = |filter: &[f32]| -> Vec<f32> {
            (0..3)
                .flat_map(|tap| filter.iter().skip(tap).step_by(3).copied())
                .collect()
        };
        let local: Vec<f32> = local.chunks_exact(SQUEEZED * 3).flat_map(by_tap).collect();
        let context = |part: &str, n_in: usize, n_out: usize| -> Result<Linear, WeightsError> {
            let weight = read(&format!("cam_layer.{part}.weight"), &[n_out, n_in, 1])?;
            let bias = read(&format!("cam_layer.{part}.bias"), &[n_out])?;
            Ok(Linear::new(
                Precision::Float32,
                Isa::detect(),
                &weight,
                &bias,
                n_in,
            ))
        };
        Ok(DenseLayer::new(DenseParts {
            before: self.norm(&format!("{name}.nonlinear1.batchnorm"), n_in)?,
            squeeze: self.folded(norm, squeeze, n_in),
            local: Linear::new(self.precision, Isa::detect(), &local, &[], SQUEEZED * 3),
            dilation,
            context: [
                context("linear1", SQUEEZED, MASK)?,
                context("linear2", MASK, GROWTH)?,
            ],
        }))
    }

    /// The last layer, whose normalisation neither scales nor shifts afterwards.
    fn dense(&self, n_in: usize) -> Result<Linear, WeightsError> {
        let mut weight = self
            .weights
            .read("xvector.dense.linear.weight", &[EMBEDDING, n_in, 1])?;
        let read = |part: &str| {
            let name = format!("xvector.dense.nonlinear.batchnorm.{part}");
            self.weights.read(&name, &[EMBEDDING])
        };
        let (mean, variance) = (read("running_mean")?, read("running_var")?);
        let norm = BatchNorm::new(&[1.0; EMBEDDING], &[0.0; EMBEDDING], &mean, &variance);
        let bias = norm.fold_into(&mut weight);
        Ok(Linear::new(
            Precision::Float32,
            Isa::detect(),
            &weight,
            &bias,
            n_in,
        ))
    }

    /// A product with the normalisation behind it.
    fn folded(&self, norm: BatchNorm, mut weight: Vec<f32>, n_in: usize) -> Linear {
        let bias = norm.fold_into(&mut weight);
        Linear::new(self.precision, Isa::detect(), &weight, &bias, n_in)
    }

    fn norm(&self, name: &str, width: usize) -> Result<BatchNorm, WeightsError> {
        let read = |part: &str| self.weights.read(&format!("{name}.{part}"), &[width]);
        Ok(BatchNorm::new(
            &read("weight")?,
            &read("bias")?,
            &read("running_mean")?,
            &read("running_var")?,
        ))
    }
}

/// Strides of the head leave time as it is.
fn along_bands(stride: usize) -> Stride {
    Stride {
        down: stride,
        across: 1,
    }
}
