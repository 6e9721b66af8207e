//! Passes over one row of logits: where its large values lie, and the sum of its exponentials.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, Simd, SimdIterable, SimdOp, SimdUnaryOp};
use rten_vecmath::Exp;

/// Values in a block of [`block_maxima`]; the last block may be shorter.
pub const BLOCK: usize = 256;

/// Replaces `maxima` by the largest value of each [`BLOCK`] of `values`, and returns the largest of all
/// (minus infinity when there is none).
pub fn block_maxima(values: &[f32], maxima: &mut Vec<f32>) -> f32 {
    maxima.clear();
    BlockMaxima { values, maxima }.dispatch()
}

/// The sum of `exp(value - offset)`; values of minus infinity add nothing.
pub fn sum_exp(values: &[f32], offset: f32) -> f32 {
    SumExp { values, offset }.dispatch()
}

struct BlockMaxima<'a> {
    values: &'a [f32],
    maxima: &'a mut Vec<f32>,
}

impl SimdOp for BlockMaxima<'_> {
    type Output = f32;

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) -> f32 {
        let ops = isa.f32();
        let mut largest = f32::NEG_INFINITY;
        for block in self.values.chunks(BLOCK) {
            let lanes = block.simd_iter(ops).fold_unroll::<4>(
                ops.splat(f32::NEG_INFINITY),
                #[inline(always)]
                |max, x| ops.max(x, max),
                #[inline(always)]
                |a, b| ops.max(a, b),
            );
            let max = lanes
                .to_array()
                .into_iter()
                .fold(f32::NEG_INFINITY, f32::max);
            self.maxima.push(max);
            largest = largest.max(max);
        }
        largest
    }
}

/// `rten_vecmath::SumExpSub` does the same sixty times slower: its closure is not inlined into the code that may use wide
/// registers.
struct SumExp<'a> {
    values: &'a [f32],
    offset: f32,
}

impl SimdOp for SumExp<'_> {
    type Output = f32;

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) -> f32 {
        let ops = isa.f32();
        let offset = ops.splat(self.offset);
        let lanes = self.values.simd_iter(ops).fold_unroll::<4>(
            ops.zero(),
            #[inline(always)]
            |sum, x| ops.add(sum, Exp::apply(isa, ops.sub(x, offset))),
            #[inline(always)]
            |a, b| ops.add(a, b),
        );
        lanes.to_array().into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn maxima_are_those_of_the_blocks(values in proptest::collection::vec(-50f32..50.0, 0..1000)) {
            let mut maxima = vec![1.0];
            let largest = block_maxima(&values, &mut maxima);
            let expected: Vec<f32> = values
                .chunks(BLOCK)
                .map(|block| block.iter().copied().fold(f32::NEG_INFINITY, f32::max))
                .collect();
            let wanted = expected.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert!(largest.total_cmp(&wanted).is_eq());
            prop_assert_eq!(maxima, expected);
        }

        #[test]
        fn the_sum_is_that_of_the_exponentials(values in proptest::collection::vec(-50f32..20.0, 0..1000)) {
            let expected: f64 = values.iter().map(|x| f64::from(x - 20.0).exp()).sum();
            let sum = f64::from(sum_exp(&values, 20.0));
            prop_assert!((sum - expected).abs() <= 1e-5 * expected, "{} is not {}", sum, expected);
        }
    }

    #[test]
    fn forbidden_values_are_never_largest_and_add_nothing() {
        let mut values = vec![f32::NEG_INFINITY; 300];
        assert_eq!(
            block_maxima(&values, &mut Vec::new()).to_bits(),
            f32::NEG_INFINITY.to_bits()
        );
        values[290] = -3.0;
        assert!((block_maxima(&values, &mut Vec::new()) + 3.0).abs() < 1e-6);
        assert!((sum_exp(&values, -3.0) - 1.0).abs() < 1e-6);
    }
}
