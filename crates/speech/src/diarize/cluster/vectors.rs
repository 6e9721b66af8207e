//! Vectors of any length, in double precision.

/// The vector with length 1; nothing stays nothing.
pub(crate) fn unit(mut vector: Vec<f64>) -> Vec<f64> {
    let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        for x in &mut vector {
            *x /= norm;
        }
    }
    vector
}

/// A voice with length 1; nothing stays nothing.
pub(crate) fn direction(voice: &[f32]) -> Vec<f64> {
    unit(voice.iter().map(|x| f64::from(*x)).collect())
}

/// The squared distance of two points, in four sums that the compiler computes side by side.
pub(super) fn distance_squared(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..4 {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    let rest = a_rest.iter().zip(b_rest);
    sums.iter().sum::<f64>() + rest.map(|(x, y)| (x - y) * (x - y)).sum::<f64>()
}
