//! Any number of channels becomes one.

use symphonia::core::audio::{Channels, Position};

/// How much each channel counts; the weights add up to one.
///
/// One and two channels, and the usual layouts up to 7.1, follow the standard surround-to-mono matrix, which `ffmpeg`
/// uses too: centre 1, front left and right 0.707, all surround channels 0.5, bass (LFE) nothing; divided by the sum
/// so that nothing clips. Any other layout counts all channels alike.
pub(super) fn weights(channels: &Channels) -> Vec<f32> {
    let n_channels = channels.count();
    let Channels::Positioned(positions) = channels else {
        return plain_mean(n_channels);
    };
    let Some(raw) = positions
        .iter()
        .map(coefficient)
        .collect::<Option<Vec<f32>>>()
    else {
        return plain_mean(n_channels);
    };
    let sum: f32 = raw.iter().sum();
    if sum <= 0.0 {
        return plain_mean(n_channels);
    }
    raw.into_iter().map(|weight| weight / sum).collect()
}

/// The weighted sum of `planes`, shape `(channels)(frames)`, into `mono`, shape `(frames)`.
pub(super) fn mix(planes: &[Vec<f32>], weights: &[f32], mono: &mut Vec<f32>) {
    mono.clear();
    match planes {
        [only] => mono.extend_from_slice(only),
        [left, right] if weights == [0.5, 0.5] => {
            mono.extend(
                left.iter()
                    .zip(right)
                    .map(|(left, right)| 0.5 * (left + right)),
            );
        }
        _ => {
            mono.resize(planes.iter().map(Vec::len).min().unwrap_or(0), 0.0);
            for (plane, &weight) in planes
                .iter()
                .zip(weights)
                .filter(|(_, weight)| **weight != 0.0)
            {
                for (sum, sample) in mono.iter_mut().zip(plane) {
                    *sum += weight * sample;
                }
            }
        }
    }
}

/// The weight of a position before normalising; `None` where the standard matrix has none.
fn coefficient(position: Position) -> Option<f32> {
    const FRONT: Position = Position::FRONT_LEFT
        .union(Position::FRONT_RIGHT)
        .union(Position::FRONT_LEFT_CENTER)
        .union(Position::FRONT_RIGHT_CENTER);
    const SURROUND: Position = Position::REAR_LEFT
        .union(Position::REAR_RIGHT)
        .union(Position::REAR_CENTER)
        .union(Position::SIDE_LEFT)
        .union(Position::SIDE_RIGHT);
    if position == Position::FRONT_CENTER {
        Some(1.0)
    } else if FRONT.contains(position) {
        Some(std::f32::consts::FRAC_1_SQRT_2)
    } else if SURROUND.contains(position) {
        Some(0.5)
    } else if position == Position::LFE1 {
        Some(0.0)
    } else {
        None
    }
}

fn plain_mean(n_channels: usize) -> Vec<f32> {
    vec![1.0 / n_channels.max(1) as f32; n_channels]
}

#[cfg(test)]
mod tests {
    use symphonia::core::audio::layouts::{
        CHANNEL_LAYOUT_4P0_QUAD, CHANNEL_LAYOUT_5P1, CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO,
    };

    use super::*;

    #[test]
    fn stereo_is_the_mean_and_mono_is_itself() {
        assert_eq!(weights(&CHANNEL_LAYOUT_MONO), [1.0]);
        assert_eq!(weights(&CHANNEL_LAYOUT_STEREO), [0.5, 0.5]);
        let mut mono = Vec::new();
        mix(&[vec![1.0, 0.0], vec![0.0, 0.5]], &[0.5, 0.5], &mut mono);
        assert_eq!(mono, [0.5, 0.25]);
    }

    #[test]
    fn surround_follows_the_standard_matrix() {
        let front = 0.5_f32.sqrt();
        let expected =
            [front, front, 1.0, 0.0, 0.5, 0.5].map(|weight| weight / (2.0 + 2.0 * front));
        for (weight, expected) in weights(&CHANNEL_LAYOUT_5P1).iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-4);
        }
        let sum: f32 = weights(&CHANNEL_LAYOUT_4P0_QUAD).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }

    #[test]
    fn an_unknown_layout_counts_all_channels_alike() {
        assert_eq!(weights(&Channels::Discrete(4)), [0.25; 4]);
        assert_eq!(weights(&Channels::Positioned(Position::LFE1)), [1.0]);
        assert_eq!(
            weights(&Channels::Positioned(
                Position::FRONT_LEFT | Position::TOP_CENTER
            )),
            [0.5, 0.5]
        );
    }
}
