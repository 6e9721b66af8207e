//! What both networks begin with: filter banks as an image, and residual blocks (He et al. 2016).

use nn::conv2d::{Conv3x3, Image, Scratch, Shortcut};

use super::fbank::BANDS;

/// `features (frames, 80)` become an image `(80, frames, 1)`.
pub(super) fn take_bands(features: &[f32], image: &mut Image) {
    image.resize(BANDS, features.len() / BANDS, 1);
    for band in 0..BANDS {
        let frames = features.iter().skip(band).step_by(BANDS);
        (image.row_mut(band).iter_mut().zip(frames)).for_each(|(out, x)| *out = *x);
    }
}

/// Two convolutions, to whose result their input is added. Where that is of another size, the second one makes it fit.
#[derive(Debug)]
pub(super) struct Residual(pub(super) [Conv3x3; 2]);

impl Residual {
    /// `input` becomes `output`, which is of another size, by way of `between`.
    pub(super) fn forward(
        &self,
        scratch: &mut Scratch,
        input: &Image,
        between: &mut Image,
        output: &mut Image,
    ) {
        let [first, second] = &self.0;
        first.forward(scratch, input, Shortcut::None, between);
        second.forward(scratch, between, Shortcut::Projected(input), output);
    }

    /// `image` becomes one of its size by way of `between`.
    pub(super) fn forward_in_place(
        &self,
        scratch: &mut Scratch,
        image: &mut Image,
        between: &mut Image,
    ) {
        let [first, second] = &self.0;
        first.forward(scratch, image, Shortcut::None, between);
        second.forward(scratch, between, Shortcut::Output, image);
    }
}
