//! Stretches of a window in which nobody speaks, by how quiet they are.

use std::ops::Range;

/// Samples between two levels: 0.01 s.
const STEP: usize = 160;
/// Samples that a level is measured over: 0.025 s.
const SPAN: usize = 400;
/// Levels in a second.
const LEVELS_PER_SECOND: f64 = 100.0;
/// Levels that a pause between words lasts at least; at the ends of a window any will do.
const SHORTEST: usize = 8;
/// A pause lies in this lowest part of the range from the quietest to the loudest, and...
const QUIET_PART: f32 = 0.3;
/// ...whatever is this much below the loudest, in dB, is a pause: digital silence makes the range too wide.
const QUIET_BELOW: f32 = 35.0;
/// Where quiet and loud are no further apart than this, in dB, there is nothing to tell them by.
const SMALLEST_RANGE: f32 = 12.0;

/// The pauses among `samples`, in seconds from the first, in order of time; empty where quiet and loud do not differ.
pub(super) fn pauses(samples: &[f32]) -> Vec<Range<f64>> {
    let levels = levels(samples);
    let Some(threshold) = threshold(&levels) else {
        return Vec::new();
    };
    let n = levels.len();
    let seconds = |level: usize| level as f64 / LEVELS_PER_SECOND;
    let mut pauses = Vec::new();
    let mut start = 0;
    for same in levels.chunk_by(|a, b| (*a < threshold) == (*b < threshold)) {
        let end = start + same.len();
        if same[0] < threshold && (same.len() >= SHORTEST || start == 0 || end == n) {
            pauses.push(seconds(start)..seconds(end));
        }
        start = end;
    }
    pauses
}

/// Loudness every 0.01 s in dB. Differences of samples count, so that neither an offset nor a hum is loud.
fn levels(samples: &[f32]) -> Vec<f32> {
    const KEPT: f32 = 0.97;
    let mut sums = Vec::with_capacity(samples.len() + 1);
    let (mut sum, mut before) = (0.0_f64, samples.first().copied().unwrap_or(0.0));
    sums.push(sum);
    for sample in samples {
        let difference = f64::from(sample - KEPT * before);
        before = *sample;
        sum += difference * difference;
        sums.push(sum);
    }
    (0..samples.len() / STEP)
        .map(|level| {
            let middle = level * STEP + STEP / 2;
            let start = middle.saturating_sub(SPAN / 2);
            let end = (middle + SPAN / 2).min(samples.len());
            let power = (sums[end] - sums[start]) / (end - start) as f64;
            decibels(power)
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "levels need no more digits"
)]
fn decibels(power: f64) -> f32 {
    10.0 * (power.max(0.0) + 1e-10).log10() as f32
}

fn threshold(levels: &[f32]) -> Option<f32> {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |percent: usize| sorted.get(sorted.len() * percent / 100).copied();
    let (quiet, loud) = (at(5)?, at(95)?);
    let range = loud - quiet;
    (range >= SMALLEST_RANGE).then(|| (quiet + QUIET_PART * range).max(loud - QUIET_BELOW))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise as loud as said, part after part: milliseconds and amplitude.
    fn sound(parts: &[(usize, f32)]) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(1);
        let part = |(length_ms, amplitude): &(usize, f32)| {
            let noise: Vec<f32> = (0..length_ms * 16)
                .map(|_| (random.f32() - 0.5) * amplitude)
                .collect();
            noise
        };
        parts.iter().flat_map(part).collect()
    }

    fn check(parts: &[(usize, f32)], expected: &[Range<f64>]) {
        let found = pauses(&sound(parts));
        let near = |a: &Range<f64>, b: &Range<f64>| {
            (a.start - b.start).abs() < 0.025 && (a.end - b.end).abs() < 0.025
        };
        let same =
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| near(a, b));
        assert!(same, "{found:?} for {expected:?}");
    }

    #[test]
    fn quiet_stretches_are_pauses() {
        check(
            &[
                (50, 0.001),
                (1000, 0.5),
                (300, 0.001),
                (1000, 0.3),
                (500, 0.002),
            ],
            &[0.0..0.05, 1.05..1.35, 2.35..2.85],
        );
        // Digital silence as well as noise; a short gap belongs to a word.
        check(
            &[(1000, 0.5), (300, 0.0), (1000, 0.3), (50, 0.0), (500, 0.4)],
            &[1.0..1.3],
        );
    }

    #[test]
    fn where_all_is_alike_there_are_no_pauses() {
        check(&[(3000, 0.5)], &[]);
        check(&[(3000, 0.0)], &[]);
        check(&[(1000, 0.5), (500, 0.3), (1000, 0.5)], &[]);
        check(&[], &[]);
    }

    #[test]
    fn an_offset_is_not_loud() {
        let mut samples = sound(&[(1000, 0.2), (500, 0.001), (1000, 0.2)]);
        for sample in &mut samples {
            *sample += 0.4;
        }
        assert_eq!(pauses(&samples).len(), 1);
    }
}
