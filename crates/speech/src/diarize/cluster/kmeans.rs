//! K-means (Lloyd 1982) from centres that are drawn far apart (k-means++, Arthur and Vassilvitskii 2007), for a number of
//! speakers that was asked for. The same points give the same result.

use fastrand::Rng;

use super::vectors::distance_squared;

/// How often it is begun anew; the best result counts.
const RESTARTS: usize = 3;
const SEED: u64 = 42;
const MOST_ITERATIONS: usize = 300;

/// The set of each point, of at most `k`; fewer if there are not so many different points.
pub(crate) fn kmeans(points: &[Vec<f64>], k: usize) -> Vec<usize> {
    let k = k.min(points.len());
    if k < 2 {
        return vec![0; points.len()];
    }
    let mut random = Rng::with_seed(SEED);
    let runs = (0..RESTARTS).map(|_| run(points, first_centres(points, k, &mut random)));
    let best = runs.reduce(|best, run| if run.0 < best.0 { run } else { best });
    best.map_or_else(Vec::new, |(_, labels)| labels)
}

/// Draws each centre with the chance of its squared distance to those before; of several draws the one that leaves the
/// least to explain.
fn first_centres(points: &[Vec<f64>], k: usize, random: &mut Rng) -> Vec<Vec<f64>> {
    let n_draws = 2 + k.ilog2() as usize;
    let mut centres = vec![points[random.usize(..points.len())].clone()];
    let mut left: Vec<f64> = points
        .iter()
        .map(|point| distance_squared(point, &centres[0]))
        .collect();
    while centres.len() < k {
        let draws = (0..n_draws).map(|_| {
            let centre = &points[draw(&left, random)];
            let nearer = points.iter().zip(&left);
            let left: Vec<f64> = nearer
                .map(|(point, left)| left.min(distance_squared(point, centre)))
                .collect();
            (left.iter().sum::<f64>(), centre, left)
        });
        let best = draws.reduce(|best, draw| if draw.0 < best.0 { draw } else { best });
        if let Some((_, centre, then_left)) = best {
            centres.push(centre.clone());
            left = then_left;
        }
    }
    centres
}

/// An index, with chances in proportion to weights.
fn draw(weights: &[f64], random: &mut Rng) -> usize {
    let mut at = random.f64() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        at -= weight;
        if at < 0.0 {
            return index;
        }
    }
    weights.len() - 1
}

/// What is left unexplained, and the set of each point.
fn run(points: &[Vec<f64>], mut centres: Vec<Vec<f64>>) -> (f64, Vec<usize>) {
    let (mut error, mut labels) = nearest_of_all(points, &centres);
    for _ in 0..MOST_ITERATIONS {
        move_to_means(points, &labels, &mut centres);
        let (now, again) = nearest_of_all(points, &centres);
        let is_done = again == labels;
        (error, labels) = (now, again);
        if is_done {
            break;
        }
    }
    (error, labels)
}

fn nearest_of_all(points: &[Vec<f64>], centres: &[Vec<f64>]) -> (f64, Vec<usize>) {
    let nearest = points.iter().map(|point| {
        let distances = centres.iter().map(|centre| distance_squared(point, centre));
        let best =
            |best: (usize, f64), other: (usize, f64)| if other.1 < best.1 { other } else { best };
        distances.enumerate().fold((0, f64::INFINITY), best)
    });
    let (labels, distances): (Vec<usize>, Vec<f64>) = nearest.unzip();
    (distances.iter().sum(), labels)
}

/// A centre that nobody is nearest to stays where it is.
fn move_to_means(points: &[Vec<f64>], labels: &[usize], centres: &mut [Vec<f64>]) {
    for (label, centre) in centres.iter_mut().enumerate() {
        let mine: Vec<_> = (points.iter().zip(labels))
            .filter(|(_, of)| **of == label)
            .collect();
        if !mine.is_empty() {
            for (axis, x) in centre.iter_mut().enumerate() {
                *x = mine.iter().map(|(point, _)| point[axis]).sum::<f64>() / mine.len() as f64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_lie_apart_are_found_whatever_their_sizes() {
        let sizes = [40, 3, 17, 1, 9];
        let mut noise = Rng::with_seed(1);
        let (mut points, mut wanted) = (Vec::new(), Vec::new());
        for (group, size) in sizes.into_iter().enumerate() {
            for _ in 0..size {
                let mut point: Vec<f64> = (0..6).map(|_| 0.2 * noise.f64()).collect();
                point[group] += 1.0;
                points.push(point);
                wanted.push(group);
            }
        }
        let found = kmeans(&points, sizes.len());
        for (a, b) in (0..points.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            assert_eq!(found[a] == found[b], wanted[a] == wanted[b], "{a} and {b}");
        }
        assert_eq!(found, kmeans(&points, sizes.len()));
    }

    #[test]
    fn there_are_no_more_sets_than_points() {
        assert!(kmeans(&[], 3).is_empty());
        assert_eq!(kmeans(&[vec![1.0]], 3), [0]);
        let same = kmeans(&vec![vec![1.0, 1.0]; 4], 2);
        assert!(same.iter().all(|set| *set == same[0]));
        let found = kmeans(&[vec![0.0], vec![5.0]], 7);
        assert_ne!(found[0], found[1]);
    }
}
