//! A tensor as a view of a storage: where its numbers lie, checked before anything believes it.

use std::ops::Range;

use crate::weights::{Number, row_len};

/// No network has tensors of more dimensions.
const MAX_RANK: usize = 8;

/// A block of numbers of one kind, an entry of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) number: Number,
    /// Numbers in it, as the pickle claims.
    pub(super) len: usize,
}

/// A view of a storage: element `(i, j, …)` is number `offset + i·strides[0] + j·strides[1] + …` of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl Tensor {
    /// Checks that every element lies in the storage, and that no more elements are claimed than it has numbers.
    pub(super) fn new(
        storage: Storage,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self, String> {
        if shape.len() != strides.len() || shape.len() > MAX_RANK {
            return Err(format!(
                "a tensor has {} dimensions and {} strides",
                shape.len(),
                strides.len()
            ));
        }
        let n_elements = (shape.iter()).try_fold(1_usize, |n, size| n.checked_mul(*size));
        let last = (shape.iter().zip(&strides)).try_fold(offset, |last, (size, stride)| {
            stride
                .checked_mul(size.saturating_sub(1))
                .and_then(|step| last.checked_add(step))
        });
        let fits = match (n_elements, last) {
            (Some(0), _) => offset <= storage.len,
            (Some(n), Some(last)) => n <= storage.len && last < storage.len,
            _ => false,
        };
        if !fits {
            return Err(format!(
                "a tensor of shape {shape:?}, strides {strides:?} and offset {offset} does not fit into its storage of {} numbers",
                storage.len
            ));
        }
        Ok(Self {
            storage,
            offset,
            shape,
            strides,
        })
    }

    /// Elements of one row, the tensor seen as `(first dimension, all others)`.
    pub(super) fn row_len(&self) -> usize {
        row_len(&self.shape)
    }

    /// The numbers of the storage among which the elements of rows `rows` lie; `rows` is not empty and in range, and
    /// rows are not empty either.
    pub(super) fn span(&self, rows: &Range<usize>) -> Range<usize> {
        let step = self.strides.first().copied().unwrap_or(0);
        let inner: usize = (self.shape.iter().zip(&self.strides).skip(1))
            .map(|(size, stride)| (size - 1) * stride)
            .sum();
        self.offset + rows.start * step..self.offset + (rows.end - 1) * step + inner + 1
    }

    /// Whether the elements of a span follow each other without gaps, in order.
    pub(super) fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (size, stride) in self.shape.iter().zip(&self.strides).rev() {
            if *size != 1 && *stride != expected {
                return false;
            }
            expected *= size;
        }
        true
    }

    /// Puts the elements of rows `n_rows` into `out` in order, out of the numbers of their span.
    pub(super) fn gather(&self, span: &[f32], n_rows: usize, out: &mut [f32]) {
        let mut shape = self.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = n_rows;
        }
        let mut index = vec![0; shape.len()];
        let mut at = 0;
        for value in out {
            *value = span[at];
            for dimension in (0..shape.len()).rev() {
                index[dimension] += 1;
                at += self.strides[dimension];
                if index[dimension] < shape[dimension] {
                    break;
                }
                at -= self.strides[dimension] * shape[dimension];
                index[dimension] = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(
        len: usize,
        offset: usize,
        shape: &[usize],
        strides: &[usize],
    ) -> Result<Tensor, String> {
        let storage = Storage {
            key: "0".into(),
            number: Number::F32,
            len,
        };
        Tensor::new(storage, offset, shape.to_vec(), strides.to_vec())
    }

    #[test]
    fn a_view_must_stay_inside_its_storage() {
        for (len, offset, shape, strides, fits) in [
            (6, 0, &[2, 3][..], &[3, 1][..], true),
            (6, 0, &[3, 2], &[1, 3], true),
            (6, 1, &[2, 3], &[3, 1], false),
            (6, 0, &[2, 3], &[4, 1], false),
            (1, 0, &[], &[], true),
            (0, 0, &[], &[], false),
            (0, 0, &[0, 5], &[5, 1], true),
            (5, 6, &[0], &[1], false),
            (1, 0, &[1 << 40, 1 << 40], &[0, 0], false),
            (6, 0, &[7], &[0], false),
            (6, 0, &[6], &[0], true),
            (6, usize::MAX, &[2], &[usize::MAX], false),
            (6, 0, &[2], &[1, 1], false),
            (6, 0, &[1; 9], &[1; 9], false),
        ] {
            assert_eq!(
                tensor(len, offset, shape, strides).is_ok(),
                fits,
                "{len} {offset} {shape:?} {strides:?}"
            );
        }
    }

    #[test]
    fn a_tensor_without_numbers_may_have_any_other_dimensions() {
        let shape = [0, usize::MAX, usize::MAX];
        assert_eq!(tensor(6, 0, &shape, &[0; 3]).unwrap().row_len(), 0);
    }

    #[test]
    fn any_strides_are_put_in_order() {
        let numbers: Vec<f32> = (0..24_u8).map(f32::from).collect();
        let check =
            |offset, shape: &[usize], strides: &[usize], rows: Range<usize>, expected: &[f32]| {
                let tensor = tensor(24, offset, shape, strides).unwrap();
                let mut out = vec![f32::NAN; expected.len()];
                let span = tensor.span(&rows);
                tensor.gather(&numbers[span], rows.len(), &mut out);
                assert_eq!(out, expected, "{shape:?} {strides:?}");
            };
        check(0, &[2, 3], &[3, 1], 0..2, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        check(0, &[3, 2], &[1, 3], 0..3, &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        check(0, &[3, 2], &[1, 3], 1..2, &[1.0, 4.0]);
        check(
            4,
            &[2, 2, 2],
            &[1, 12, 3],
            0..2,
            &[4.0, 7.0, 16.0, 19.0, 5.0, 8.0, 17.0, 20.0],
        );
        check(9, &[3], &[0], 0..3, &[9.0, 9.0, 9.0]);
        check(23, &[], &[], 0..1, &[23.0]);
    }

    #[test]
    fn contiguous_means_that_rows_can_be_copied() {
        assert!(tensor(6, 0, &[2, 3], &[3, 1]).unwrap().is_contiguous());
        assert!(tensor(6, 0, &[1, 3], &[7, 1]).unwrap().is_contiguous());
        assert!(tensor(6, 0, &[], &[]).unwrap().is_contiguous());
        assert!(!tensor(6, 0, &[3, 2], &[1, 3]).unwrap().is_contiguous());
        assert!(!tensor(6, 0, &[3], &[2]).unwrap().is_contiguous());
    }
}
