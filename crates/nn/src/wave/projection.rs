//! A linear layer over the rows of a sequence, with a normalisation before it where one is wanted.

use crate::Pool;
use crate::linear::{Linear, Rows, Then};
use crate::norm::LayerNorm;
use crate::shared::Shared;

/// Rows that one worker computes at once.
const ROW_BLOCK: usize = 64;

/// `linear(norm(x))`
#[derive(Debug)]
pub struct Projection {
    /// Before the layer, if anything is.
    pub norm: Option<LayerNorm>,
    /// The layer.
    pub linear: Linear,
}

impl Projection {
    /// All results `(rows, n_out)` for `input (rows, n_in)`.
    ///
    /// # Panics
    /// When the shapes do not fit.
    #[expect(unsafe_code, reason = "each block of rows is written by one worker")]
    pub fn forward(&self, pool: &Pool, input: &[f32], output: &mut [f32]) {
        let (n_in, n_out) = (self.linear.n_in(), self.linear.n_out());
        let n_rows = input.len() / n_in;
        assert_eq!(output.len(), n_rows * n_out, "rows of the output");
        let output = Shared::new(output);
        pool.run(|worker| {
            let mut rows = Rows::default();
            let mut normed = Vec::new();
            worker.each(n_rows.div_ceil(ROW_BLOCK), |block| {
                let range = block * ROW_BLOCK..((block + 1) * ROW_BLOCK).min(n_rows);
                let input = &input[range.start * n_in..range.end * n_in];
                let input = match &self.norm {
                    None => input,
                    Some(norm) => {
                        normed.resize(input.len(), 0.0);
                        norm.forward(input, &mut normed);
                        &normed
                    }
                };
                rows.set(self.linear.precision(), input, n_in);
                // SAFETY: as the reason says.
                let output = unsafe { output.slice_mut(range.start * n_out..range.end * n_out) };
                self.linear.forward_rows(&rows, output, Then::Store);
            });
        });
    }
}
