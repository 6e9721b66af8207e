//! Networks that begin with raw samples: a stack of convolutions without padding, and a convolution that tells
//! positions apart (Baevski et al. 2020, "wav2vec 2.0").
//!
//! The stack runs in blocks of output rows through all its layers, so that the long rows of the first layers never
//! exist at once.

mod position;
mod projection;
mod stack;

pub use position::PositionConv;
pub use projection::Projection;
pub use stack::{ConvLayer, ConvNorm, ConvStack};
