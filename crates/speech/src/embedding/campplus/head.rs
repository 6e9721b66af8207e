//! The convolutions over time and frequency that come first: residual blocks of 32 channels (He et al. 2016).
//!
//! Images are `(bands, frames, 32)`; every stage halves the bands, and time keeps its steps.

use nn::conv2d::{self, Conv3x3, Image, Shortcut};

use crate::embedding::fbank::BANDS;
use crate::embedding::residual::{Residual, take_bands};

/// Channels of every convolution.
pub(super) const FILTERS: usize = 32;
/// Bands of what comes out.
pub(super) const OUTPUT_BANDS: usize = BANDS / 8;
/// Numbers a frame of what comes out: band by band, the channels of each side by side.
pub(super) const CHANNELS: usize = OUTPUT_BANDS * FILTERS;

/// The convolutional part of the network.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) first: Conv3x3,
    pub(super) residuals: Vec<Residual>,
    pub(super) last: Conv3x3,
}

/// What one worker keeps.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bands: Image,
    full: Image,
    /// Images of half of the bands, and of a quarter: what residual blocks make, and what is between their convolutions.
    halves: [[Image; 2]; 2],
    conv: conv2d::Scratch,
}

impl Head {
    /// `features (frames, 80)` become `output (frames, 320)`.
    pub(super) fn forward(&self, scratch: &mut Scratch, features: &[f32], output: &mut [f32]) {
        let Scratch {
            bands,
            full,
            halves,
            conv,
        } = scratch;
        take_bands(features, bands);
        self.first.forward(conv, bands, Shortcut::None, full);
        let mut input = &*full;
        for (pair, [image, between]) in self.residuals.chunks_exact(2).zip(halves) {
            pair[0].forward(conv, input, between, image);
            pair[1].forward_in_place(conv, image, between);
            input = image;
        }
        self.last.forward_columns(conv, input, output, CHANNELS);
    }
}
