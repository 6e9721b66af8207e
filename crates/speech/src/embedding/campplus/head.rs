//! The convolutions over time and frequency that come first: residual blocks of 32 channels (He et al. 2016).
//!
//! Images are `(bands, frames, 32)`; every stage halves the bands, and time keeps its steps.

use nn::conv2d::{self, Conv3x3, Image, Shortcut};

use crate::embedding::fbank::BANDS;

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

/// Two convolutions, to whose result their input is added.
#[derive(Debug)]
pub(super) struct Residual {
    pub(super) convs: [Conv3x3; 2],
    /// Whether the input has twice the bands, and the second one makes it fit.
    pub(super) is_projected: bool,
}

/// What one worker keeps.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bands: Image,
    full: Image,
    /// Images of half of the bands, and of a quarter: input, between and output of a residual block.
    halves: [[Image; 3]; 2],
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
        bands.resize(BANDS, features.len() / BANDS, 1);
        for band in 0..BANDS {
            let frames = features.iter().skip(band).step_by(BANDS);
            (bands.row_mut(band).iter_mut().zip(frames)).for_each(|(out, x)| *out = *x);
        }
        self.first.forward(conv, bands, Shortcut::None, full);
        let mut input = &mut *full;
        for (pair, [a, b, c]) in self.residuals.chunks_exact(2).zip(halves) {
            pair[0].forward(conv, input, a, b);
            pair[1].forward(conv, b, a, c);
            input = c;
        }
        self.last.forward_columns(conv, input, output, CHANNELS);
    }
}

impl Residual {
    fn forward(
        &self,
        conv: &mut conv2d::Scratch,
        input: &Image,
        between: &mut Image,
        output: &mut Image,
    ) {
        let [first, second] = &self.convs;
        first.forward(conv, input, Shortcut::None, between);
        let shortcut = if self.is_projected {
            Shortcut::Projected(input)
        } else {
            Shortcut::Same(input)
        };
        second.forward(conv, between, shortcut, output);
    }
}
