//! Scores become regions as in whisperX (`vads/pyannote.py`: `Binarize`).

use super::scores::time_of;

/// A stretch of speech in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// The middle of its first frame.
    pub start: f64,
    /// The middle of the first frame after it.
    pub end: f64,
}

/// Regions that begin where the score rises above `onset` and end where it falls below `offset`.
///
/// A region that becomes longer than `max_duration` is cut at the lowest score of its second half so far. With an
/// infinite `max_duration` nothing is cut. What whisperX does is followed to the frame, its quirks included: the frame
/// that exceeds the limit is not compared with `offset`, and the scores searched begin one frame too early.
pub fn binarise(scores: &[f32], onset: f32, offset: f32, max_duration: f64) -> Vec<Region> {
    let Some((first, rest)) = scores.split_first() else {
        return Vec::new();
    };
    let mut regions = Vec::new();
    let mut start = time_of(0);
    let mut is_active = *first > onset;
    // the frames in which a cut is searched
    let mut searched = vec![0];
    for (index, score) in rest.iter().enumerate() {
        let frame = index + 1;
        let time = time_of(frame);
        if is_active {
            if time - start > max_duration {
                let half = searched.len() / 2;
                let cut = half + first_minimum(&searched[half..], scores);
                let end = time_of(searched[cut]);
                regions.push(Region { start, end });
                start = end;
                searched.drain(..=cut);
            } else if *score < offset {
                regions.push(Region { start, end: time });
                start = time;
                is_active = false;
                searched.clear();
            }
            searched.push(frame);
        } else if *score > onset {
            start = time;
            is_active = true;
        }
    }
    if is_active {
        let end = time_of(scores.len() - 1);
        regions.push(Region { start, end });
    }
    regions.retain(|region| region.end - region.start > 1e-6);
    regions
}

fn first_minimum(frames: &[usize], scores: &[f32]) -> usize {
    let mut best = 0;
    for (index, frame) in frames.iter().enumerate() {
        if scores[*frame] < scores[frames[best]] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of regions, for scores in tenths.
    fn check(tenths: &str, max_frames: usize, expected: &[(usize, usize)]) {
        let scores: Vec<_> = (tenths.chars())
            .map(|c| c.to_digit(10).unwrap() as f32 / 10.0)
            .collect();
        let max_duration = time_of(max_frames) - time_of(0) + 1e-9;
        let regions = binarise(&scores, 0.5, 0.35, max_duration);
        let expected: Vec<_> = (expected.iter())
            .map(|(start, end)| Region {
                start: time_of(*start),
                end: time_of(*end),
            })
            .collect();
        assert_eq!(regions, expected, "{tenths}");
    }

    #[test]
    fn thresholds_are_strict() {
        check("", 99, &[]);
        check("0000", 99, &[]);
        check("5555", 99, &[]);
        check("0066440", 99, &[(2, 6)]);
        check("0664430", 99, &[(1, 5)]);
        check("6666", 99, &[(0, 3)]);
        check("0006", 99, &[]); // begins and ends in the last frame
        check("0606", 99, &[(1, 2)]);
    }

    #[test]
    fn a_long_region_is_cut_where_its_second_half_is_lowest() {
        // frame 6 exceeds the limit; searched are the stale frame 0 and 2 to 5, of these 3 to 5
        // frame 9 exceeds it again, so its low score ends nothing: the recording does
        check("0988798880", 4, &[(1, 4), (4, 7), (7, 9)]);
        // the lowest score of the first half does not count
        check("0970999988880", 6, &[(1, 3), (4, 8), (8, 12)]);
    }
}
