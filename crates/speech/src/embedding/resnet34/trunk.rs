//! The convolutions: four stages of residual blocks, of which all but the first halve bands and frames and double the
//! channels.

use nn::conv2d::{self, Conv3x3, Image, Shortcut};

use crate::embedding::fbank::BANDS;
use crate::embedding::residual::{Residual, take_bands};

/// Residual blocks of each stage.
pub(super) const STAGES: [usize; 4] = [3, 4, 6, 3];
/// Channels of the first stage.
pub(super) const FIRST_CHANNELS: usize = 32;
/// Channels of the last one.
pub(super) const OUTPUT_CHANNELS: usize = FIRST_CHANNELS << (STAGES.len() - 1);
/// Bands of what comes out.
pub(super) const OUTPUT_BANDS: usize = BANDS >> (STAGES.len() - 1);

/// All convolutions.
#[derive(Debug)]
pub(super) struct Trunk {
    pub(super) first: Conv3x3,
    /// The blocks of each stage.
    pub(super) stages: [Vec<Residual>; STAGES.len()],
}

/// What one worker keeps.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bands: Image,
    /// For each stage what its blocks make, and what is between their convolutions.
    stages: [[Image; 2]; STAGES.len()],
    conv: conv2d::Scratch,
}

impl Trunk {
    /// `features (frames, 80)` become an image `(10, ⌈frames/8⌉, 256)`.
    pub(super) fn forward<'s>(&self, scratch: &'s mut Scratch, features: &[f32]) -> &'s Image {
        let Scratch {
            bands,
            stages,
            conv,
        } = scratch;
        take_bands(features, bands);
        let mut before: Option<&Image> = None;
        for (blocks, [image, between]) in self.stages.iter().zip(stages) {
            let mut blocks = blocks.iter();
            match before {
                None => self.first.forward(conv, bands, Shortcut::None, image),
                Some(before) => {
                    let projecting = blocks.next();
                    let projecting = projecting.expect("a stage has blocks");
                    projecting.forward(conv, before, between, image);
                }
            }
            for block in blocks {
                block.forward_in_place(conv, image, between);
            }
            before = Some(image);
        }
        before.expect("there are stages")
    }
}
