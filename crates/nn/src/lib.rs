//! Array kernels and layers for inference on a CPU. Knows no model.

pub mod logits;
