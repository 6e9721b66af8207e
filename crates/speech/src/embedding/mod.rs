//! Voices as vectors: filter banks of a recording, and the network that turns a stretch of them into a point whose
//! direction says who speaks.
//!
//! [`Fbank`] computes frames of a recording once, for all the stretches that share them; [`Features::centred`] takes a
//! stretch out of them, and [`CamPlusPlus`] hears many of those at a time. [`ResNet34`] hears several voices in one stretch.

pub mod campplus;
pub mod fbank;
mod residual;
pub mod resnet34;

pub use campplus::CamPlusPlus;
pub use fbank::{Fbank, Features};
pub use resnet34::ResNet34;

/// Length of an embedding of [`CamPlusPlus`].
pub const EMBEDDING: usize = 192;

/// A voice. Those of one speaker point the same way: compare by cosine.
pub type Embedding = [f32; EMBEDDING];

/// The cosine of the angle between two embeddings, in [−1, 1]; 0 where one of them is zero.
pub fn cosine<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    let product = |a: &[f32; N], b: &[f32; N]| -> f64 {
        (a.iter().zip(b))
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let norms = (product(a, a) * product(b, b)).sqrt();
    if norms == 0.0 {
        return 0.0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "embeddings are single precision"
    )]
    let cosine = (product(a, b) / norms).clamp(-1.0, 1.0) as f32;
    cosine
}
