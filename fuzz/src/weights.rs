//! Files of weights as models are loaded from them.

use speech::weights::Weights;

use crate::memory::within;

/// Reads every array of a file of `n_bytes`, one after the other: none reserves more memory than the file can fill.
pub fn read_all(weights: &impl Weights, n_bytes: usize) {
    for name in weights.names() {
        let shape = weights.shape(&name).expect("its name is listed");
        let read = within((1 << 20) + 32 * n_bytes, || weights.read(&name, &shape));
        if let Ok(values) = read {
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
    }
}
