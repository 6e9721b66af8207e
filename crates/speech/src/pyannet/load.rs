//! A checkpoint becomes a network; every array is checked before it is used.

use std::path::Path;

use nn::conv::PlainConv1d;
use nn::linear::Linear;
use nn::lstm::{BiLstm, LstmWeights};
use nn::norm::InstanceNorm;
use nn::{Isa, Pool, Precision};

use super::front::{SINC_STRIDE, SincNet};
use super::sinc::{self, BANDS, TAPS};
use super::{Head, PyanNet};
use crate::weights::{Checkpoint, Weights, WeightsError};

/// The file in a model folder.
const FILE: &str = "pytorch_model.bin";
const FILTERS: usize = 2 * BANDS;
const CHANNELS: usize = 60;
const KERNEL: usize = 5;
const HIDDEN: usize = 128;
const LAYERS: usize = 4;

impl PyanNet {
    /// Loads `pytorch_model.bin` of a model folder for so many threads of its own (0 takes one a core),
    /// or for a pool that it shares.
    ///
    /// # Errors
    /// When the file is missing, damaged, or not of this network.
    pub fn load(folder: &Path, threads: impl Into<Pool>) -> Result<Self, WeightsError> {
        let checkpoint = Checkpoint::open(&folder.join(FILE), "speaker segmentation (PyanNet)")?;
        network(&checkpoint, threads.into())
    }
}

fn network(weights: &dyn Weights, pool: Pool) -> Result<PyanNet, WeightsError> {
    let n_classes = weights.shape("classifier.bias").unwrap_or_default();
    let head = match n_classes[..] {
        [7] => Head::Powerset,
        [3] => Head::Speakers,
        _ => {
            let reason =
                format!("its classifier has the shape {n_classes:?}, and 7 or 3 classes are known");
            return Err(weights.unfit(reason));
        }
    };
    Ok(PyanNet {
        pool,
        front: front(weights)?,
        lstm: (0..LAYERS)
            .map(|layer| lstm(weights, layer))
            .collect::<Result<_, _>>()?,
        linear: [
            linear(weights, "linear.0", 2 * HIDDEN, HIDDEN)?,
            linear(weights, "linear.1", HIDDEN, HIDDEN)?,
        ],
        classifier: linear(weights, "classifier", HIDDEN, n_classes[0])?,
        head,
    })
}

fn front(weights: &dyn Weights) -> Result<SincNet, WeightsError> {
    let corner = |name: &str| {
        let name = format!("sincnet.conv1d.0.filterbank.{name}");
        weights.read(&name, &[BANDS, 1])
    };
    let filters = sinc::filters(&corner("low_hz_")?, &corner("band_hz_")?);
    let norm = |name: &str, width: usize| -> Result<InstanceNorm, WeightsError> {
        let read = |part: &str| weights.read(&format!("sincnet.norm1d.{name}.{part}"), &[width]);
        Ok(InstanceNorm::new(read("weight")?, read("bias")?))
    };
    let conv = |name: &str, n_in: usize| -> Result<PlainConv1d, WeightsError> {
        let weight = format!("sincnet.conv1d.{name}.weight");
        let weight = weights.read(&weight, &[CHANNELS, n_in, KERNEL])?;
        let bias = weights.read(&format!("sincnet.conv1d.{name}.bias"), &[CHANNELS])?;
        Ok(PlainConv1d::new(&weight, &bias, n_in, KERNEL, 1))
    };
    let wave = |part: &str| weights.read(&format!("sincnet.wav_norm1d.{part}"), &[1]);
    Ok(SincNet {
        wave: (wave("weight")?[0], wave("bias")?[0]),
        sinc_sums: filters
            .chunks_exact(TAPS)
            .map(|taps| taps.iter().sum())
            .collect(),
        sinc: PlainConv1d::new(&filters, &[], 1, TAPS, SINC_STRIDE),
        norms: [
            norm("0", FILTERS)?,
            norm("1", CHANNELS)?,
            norm("2", CHANNELS)?,
        ],
        convs: [conv("1", FILTERS)?, conv("2", CHANNELS)?],
    })
}

fn lstm(weights: &dyn Weights, layer: usize) -> Result<BiLstm, WeightsError> {
    let n_in = if layer == 0 { CHANNELS } else { 2 * HIDDEN };
    let direction = |suffix: &str| -> Result<LstmWeights, WeightsError> {
        let read = |kind: &str, shape: &[usize]| {
            weights.read(&format!("lstm.{kind}_l{layer}{suffix}"), shape)
        };
        let (of_input, of_state) = (
            read("bias_ih", &[4 * HIDDEN])?,
            read("bias_hh", &[4 * HIDDEN])?,
        );
        Ok(LstmWeights {
            input: read("weight_ih", &[4 * HIDDEN, n_in])?,
            recurrent: read("weight_hh", &[4 * HIDDEN, HIDDEN])?,
            bias: of_input.iter().zip(of_state).map(|(a, b)| a + b).collect(),
        })
    };
    Ok(BiLstm::new(direction("")?, direction("_reverse")?))
}

fn linear(
    weights: &dyn Weights,
    name: &str,
    n_in: usize,
    n_out: usize,
) -> Result<Linear, WeightsError> {
    let weight = weights.read(&format!("{name}.weight"), &[n_out, n_in])?;
    let bias = weights.read(&format!("{name}.bias"), &[n_out])?;
    Ok(Linear::new(
        Precision::Float32,
        Isa::detect(),
        &weight,
        &bias,
        n_in,
    ))
}
