//! Weights made ready for int8 without changing what the network computes.
//!
//! Inputs of an int8 layer share one scale a row, so a loud input takes the resolution from the quiet ones, and a constant
//! shift takes it from all. Both can be moved to where they cost nothing: a shift into the next bias, and a factor from
//! an input to the weights behind it (`SmoothQuant`, Xiao et al. 2023). No recording is needed for that: the scale of the
//! normalisation before a layer tells how loud each of its inputs is. This takes a tenth to a sixth off the error of the
//! encoder's output. In the decoder it gained nothing, nor did balancing the values of an attention with the layer behind.

/// How much of the difference in loudness moves from the inputs to the weights; 0.75 gave the smallest error.
const SHARE: f32 = 0.75;
/// Below this nothing is balanced: inputs that are always zero, weights that never count.
const SILENT: f32 = 1e-6;

/// A layer before it is packed: weights `(n_out, n_in)` and bias `(n_out)`.
pub(super) struct Dense {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) n_in: usize,
}

impl Dense {
    pub(super) fn n_out(&self) -> usize {
        self.bias.len()
    }

    /// Adds what the constant input `x (n_in)` gives to the bias.
    fn absorb(&mut self, x: &[f32]) {
        for (bias, row) in self
            .bias
            .iter_mut()
            .zip(self.weight.chunks_exact(self.n_in))
        {
            *bias += row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
        }
    }

    /// The largest weight of each input, `(n_in)`.
    fn loudest(&self) -> Vec<f32> {
        let mut loudest = vec![0.0_f32; self.n_in];
        for row in self.weight.chunks_exact(self.n_in) {
            for (loudest, w) in loudest.iter_mut().zip(row) {
                *loudest = loudest.max(w.abs());
            }
        }
        loudest
    }

    fn multiply_inputs(&mut self, factors: &[f32]) {
        for row in self.weight.chunks_exact_mut(self.n_in) {
            for (w, factor) in row.iter_mut().zip(factors) {
                *w *= factor;
            }
        }
    }

    /// What each input of size `sizes (n_in)` is to be divided by, and its weights multiplied with.
    fn factors(&self, sizes: &[f32]) -> Vec<f32> {
        let loudest = self.loudest();
        let factor = |(size, loudest): (&f32, f32)| match (size.abs(), loudest) {
            (size, loudest) if size > SILENT && loudest > SILENT => {
                size.powf(SHARE) / loudest.powf(1.0 - SHARE)
            }
            _ => 1.0,
        };
        sizes.iter().zip(loudest).map(factor).collect()
    }
}

/// Between a normalisation with scales `gamma` and shifts `beta`, `(n_in)` each, and the layer that reads it.
pub(super) fn balance_norm(gamma: &mut [f32], beta: &mut [f32], layer: &mut Dense) {
    layer.absorb(beta);
    beta.fill(0.0);
    let factors = layer.factors(gamma);
    layer.multiply_inputs(&factors);
    for (gamma, factor) in gamma.iter_mut().zip(&factors) {
        *gamma /= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..n).map(next).collect()
    }

    fn dense(n_in: usize, n_out: usize, seed: u32) -> Dense {
        Dense {
            weight: noise(n_in * n_out, seed),
            bias: noise(n_out, seed + 1),
            n_in,
        }
    }

    fn apply(layer: &Dense, x: &[f32]) -> Vec<f32> {
        let mut constant = Dense {
            weight: layer.weight.clone(),
            bias: layer.bias.clone(),
            n_in: layer.n_in,
        };
        constant.absorb(x);
        constant.bias
    }

    fn assert_same(found: &[f32], wanted: &[f32]) {
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
        }
    }

    #[test]
    fn the_layer_behind_a_balanced_normalisation_gives_the_same() {
        let (mut gamma, mut beta, x) = (noise(24, 1), noise(24, 2), noise(24, 3));
        gamma[5] = 0.0;
        gamma[7] = 40.0;
        let mut layer = dense(24, 10, 4);
        let normed = |gamma: &[f32], beta: &[f32]| -> Vec<f32> {
            let each = x.iter().zip(gamma).zip(beta);
            each.map(|((x, gamma), beta)| x * gamma + beta).collect()
        };
        let before = apply(&layer, &normed(&gamma, &beta));
        balance_norm(&mut gamma, &mut beta, &mut layer);
        assert!(beta.iter().all(|beta| *beta == 0.0));
        assert!(gamma[7].abs() < 10.0, "{}", gamma[7]);
        assert_same(&apply(&layer, &normed(&gamma, &beta)), &before);
    }
}
