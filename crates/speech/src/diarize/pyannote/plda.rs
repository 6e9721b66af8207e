//! The space in which `VBx` compares voices: within-speaker noise is white there, and what tells speakers apart lies along
//! the axes (pyannote.audio's `PLDA` and `vbx_setup`).

use std::path::Path;

use super::npz::{Array, Npz};
use crate::weights::WeightsError;

/// Probabilistic linear discriminant analysis, as `speaker-diarization-community-1` has it in its folder `plda`.
#[derive(Debug, Clone)]
pub struct Plda {
    mean: Vec<f64>,
    /// `(input, features)`
    lda: Vec<Vec<f64>>,
    lda_mean: Vec<f64>,
    feature_mean: Vec<f64>,
    /// `(features, features)`
    rows: Vec<Vec<f64>>,
    between: Vec<f64>,
}

impl Plda {
    /// Reads `xvec_transform.npz` (`mean1`, `lda`, `mean2`) and `plda.npz` (`mu`, `tr`, `psi`) of a folder.
    ///
    /// The reference computes `W = (trᵀ·tr)⁻¹` and `B = (trᵀ·diag(psi)⁻¹·tr)⁻¹`, and solves `B·v = λ·W·v`. Since
    /// `W = tr⁻¹·tr⁻ᵀ` and `B = tr⁻¹·diag(psi)·tr⁻ᵀ`, the solutions are the rows of `tr` with `λ = psi`: only their order,
    /// largest first, is left to do.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold these arrays in shapes that fit each other.
    pub fn open(folder: &Path) -> Result<Self, WeightsError> {
        let mut transform = Npz::open(&folder.join("xvec_transform.npz"))?;
        let mut plda = Npz::open(&folder.join("plda.npz"))?;
        let [mean, lda_mean] = [transform.take("mean1", 1)?, transform.take("mean2", 1)?];
        let lda = transform.take("lda", 2)?;
        let [mu, psi] = [plda.take("mu", 1)?, plda.take("psi", 1)?];
        let tr = plda.take("tr", 2)?;
        let (n_input, n_features) = (lda.shape[0], lda.shape[1]);
        if mean.shape != [n_input] || lda_mean.shape != [n_features] || n_features == 0 {
            return Err(transform.unfit("'mean1', 'lda' and 'mean2' do not fit each other".into()));
        }
        let is_wide = |array: &Array| array.shape.iter().all(|len| *len == n_features);
        if ![&mu, &psi, &tr].into_iter().all(is_wide) {
            return Err(plda.unfit(format!(
                "'mu', 'tr' and 'psi' are not for {n_features} features"
            )));
        }
        if psi.values.iter().any(|psi| *psi <= 0.0) {
            return Err(plda.unfit("'psi' is not positive".into()));
        }
        let mut order: Vec<usize> = (0..n_features).collect();
        order.sort_by(|a, b| psi.values[*b].total_cmp(&psi.values[*a]));
        let tr = rows(&tr.values, n_features);
        Ok(Self {
            mean: mean.values,
            lda: rows(&lda.values, n_features),
            lda_mean: lda_mean.values,
            feature_mean: mu.values,
            rows: order.iter().map(|row| tr[*row].clone()).collect(),
            between: order.iter().map(|row| psi.values[*row]).collect(),
        })
    }

    /// Length of the embeddings that it is for.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// How far speakers lie apart along each axis of the features, squared, largest first; noise within a speaker is 1.
    pub(crate) fn between(&self) -> &[f64] {
        &self.between
    }

    /// Where an embedding lies: `(√D·l2(ldaᵀ·√E·l2(x − mean1) − mean2) − mu)·trᵀ`, for `E` numbers that become `D`.
    pub(crate) fn features(&self, embedding: &[f32]) -> Vec<f64> {
        let centred = embedding.iter().zip(&self.mean);
        let centred: Vec<f64> = centred.map(|(x, mean)| f64::from(*x) - mean).collect();
        let mut features: Vec<f64> = self.lda_mean.iter().map(|mean| -mean).collect();
        for (x, row) in stretched(centred).iter().zip(&self.lda) {
            (features.iter_mut().zip(row)).for_each(|(sum, weight)| *sum += x * weight);
        }
        let mut features = stretched(features);
        (features.iter_mut().zip(&self.feature_mean)).for_each(|(x, mean)| *x -= mean);
        let product = |row: &Vec<f64>| row.iter().zip(&features).map(|(a, b)| a * b).sum();
        self.rows.iter().map(product).collect()
    }
}

/// A vector of the length √D; nothing stays nothing.
fn stretched(mut vector: Vec<f64>) -> Vec<f64> {
    let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        let factor = (vector.len() as f64).sqrt() / norm;
        for x in &mut vector {
            *x *= factor;
        }
    }
    vector
}

fn rows(values: &[f64], width: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(width).map(<[f64]>::to_vec).collect()
}
