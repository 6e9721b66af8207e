//! A checkpoint becomes a network; every array is checked before it is used.

use std::path::Path;

use nn::batch_norm::BatchNorm;
use nn::conv2d::{Conv3x3, Conv3x3Weights, Stride};
use nn::linear::Linear;
use nn::{Isa, Pool, Precision};

use super::trunk::{FIRST_CHANNELS, OUTPUT_BANDS, OUTPUT_CHANNELS, STAGES, Trunk};
use super::{EMBEDDING, Fbank, Kind, ResNet34};
use crate::embedding::residual::Residual;
use crate::weights::{Checkpoint, Weights, WeightsError};

/// The file in a model folder.
const FILE: &str = "pytorch_model.bin";

impl ResNet34 {
    /// Loads `pytorch_model.bin` of a model folder for so many threads of its own (0 takes one a core), or for a pool
    /// that it shares. It computes in single precision: a quarter of the multiplications in it take less time than all of
    /// them in whole numbers.
    ///
    /// # Errors
    /// When the file is missing, damaged, or not of this network.
    pub fn load(folder: &Path, threads: impl Into<Pool>) -> Result<Self, WeightsError> {
        let wanted = "speaker embedding (WeSpeaker's ResNet34)";
        let checkpoint = Checkpoint::open(&folder.join(FILE), wanted)?;
        Self::of(&checkpoint, threads.into())
    }

    /// The network of some arrays.
    pub(super) fn of(weights: &dyn Weights, pool: Pool) -> Result<Self, WeightsError> {
        let source = Source { weights };
        Ok(Self {
            pool,
            fbank: Fbank::new(Kind::Hamming),
            trunk: source.trunk()?,
            voice: source.voice()?,
        })
    }
}

/// Where the arrays come from.
struct Source<'a> {
    weights: &'a dyn Weights,
}

/// A convolution and the normalisation behind it, as the checkpoint calls them.
struct Names {
    conv: String,
    norm: String,
}

impl Source<'_> {
    fn trunk(&self) -> Result<Trunk, WeightsError> {
        let first = Names {
            conv: "resnet.conv1".into(),
            norm: "resnet.bn1".into(),
        };
        let (weight, bias) = self.filters(&first, &[FIRST_CHANNELS, 1, 3, 3])?;
        let mut trunk = Trunk {
            first: packed(&weight, &bias, Stride::ONE, None),
            stages: [const { Vec::new() }; STAGES.len()],
        };
        for (stage, blocks) in trunk.stages.iter_mut().enumerate() {
            for block in 0..STAGES[stage] {
                blocks.push(self.block(stage, block)?);
            }
        }
        Ok(trunk)
    }

    fn block(&self, stage: usize, block: usize) -> Result<Residual, WeightsError> {
        let name = format!("resnet.layer{}.{block}", stage + 1);
        let part = |conv: &str, norm: &str| Names {
            conv: format!("{name}.{conv}"),
            norm: format!("{name}.{norm}"),
        };
        let n_out = FIRST_CHANNELS << stage;
        let is_projected = stage > 0 && block == 0;
        let (n_in, stride) = if is_projected {
            (n_out / 2, Stride { down: 2, across: 2 })
        } else {
            (n_out, Stride::ONE)
        };
        let (weight, bias) = self.filters(&part("conv1", "bn1"), &[n_out, n_in, 3, 3])?;
        let first = packed(&weight, &bias, stride, None);
        let (weight, mut bias) = self.filters(&part("conv2", "bn2"), &[n_out, n_out, 3, 3])?;
        if !is_projected {
            let second = packed(&weight, &bias, Stride::ONE, None);
            return Ok(Residual([first, second]));
        }
        let shortcut = part("shortcut.0", "shortcut.1");
        let (projection, more) = self.filters(&shortcut, &[n_out, n_in, 1, 1])?;
        (bias.iter_mut().zip(more)).for_each(|(bias, more)| *bias += more);
        let projection = Some((&projection[..], stride));
        let second = packed(&weight, &bias, Stride::ONE, projection);
        Ok(Residual([first, second]))
    }

    /// Weights and biases of a convolution with the normalisation behind it.
    fn filters(
        &self,
        names: &Names,
        shape: &[usize; 4],
    ) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
        let name = format!("{}.weight", names.conv);
        let mut weight = self.weights.read(&name, shape)?;
        let read = |part: &str| {
            let name = format!("{}.{part}", names.norm);
            self.weights.read(&name, &shape[..1])
        };
        let norm = BatchNorm::new(
            &read("weight")?,
            &read("bias")?,
            &read("running_mean")?,
            &read("running_var")?,
        );
        let bias = norm.fold_into(&mut weight);
        Ok((weight, bias))
    }

    /// The last layer. The checkpoint wants means and deviations channel by channel, our images have them band by band.
    fn voice(&self) -> Result<Linear, WeightsError> {
        let n_in = 2 * OUTPUT_CHANNELS * OUTPUT_BANDS;
        let weight = (self.weights).read("resnet.seg_1.weight", &[EMBEDDING, n_in])?;
        let bias = self.weights.read("resnet.seg_1.bias", &[EMBEDDING])?;
        let mut turned = Vec::with_capacity(weight.len());
        for half in weight.chunks_exact(n_in / 2) {
            for band in 0..OUTPUT_BANDS {
                turned.extend(half.iter().skip(band).step_by(OUTPUT_BANDS));
            }
        }
        Ok(Linear::new(
            Precision::Float32,
            Isa::detect(),
            &turned,
            &bias,
            n_in,
        ))
    }
}

fn packed(
    weight: &[f32],
    bias: &[f32],
    stride: Stride,
    projection: Option<(&[f32], Stride)>,
) -> Conv3x3 {
    let weights = Conv3x3Weights {
        weight,
        bias,
        stride,
        projection,
    };
    Conv3x3::new(Precision::Float32, Isa::detect(), weights)
}
