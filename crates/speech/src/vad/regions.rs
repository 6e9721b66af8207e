//! Regions of speech become chunks that can be decoded, without losing what lies at their edges.

use std::ops::Range;

use domain::options::VadOptions;
use domain::units::Seconds;

use super::Chunk;
use super::hysteresis::{self, Region};
use super::scores::{FRAME_STEP, Scores, sample_of};

/// The score is averaged over so many frames, a tenth of a second, before a cut is looked for: a cut between words, not
/// in the closure of a plosive.
const SMOOTHING_FRAMES: usize = 7;
/// Of scores that differ less, the latest is cut at: longer pieces are fewer.
const CUT_MARGIN: f32 = 1e-3;
/// Quiet speech is looked for where nothing was found for longer than this ...
const RECOVERY_GAP: Seconds = Seconds(2.0);
/// ... and the score stays above this ...
const RECOVERY_SCORE: f32 = 0.2;
/// ... for longer than this.
const RECOVERY_LENGTH: Seconds = Seconds(0.5);

/// A region in samples.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Speech {
    detected: Range<usize>,
    padded: Range<usize>,
    is_doubtful: bool,
}

/// See [`super::chunks`]; no chunk is longer than `longest`.
pub(super) fn chunks(
    scores: &Scores,
    n_samples: usize,
    options: &VadOptions,
    longest: Seconds,
) -> Vec<Chunk> {
    let values = scores.values();
    let offset = match options.offset {
        0.0 => options.onset,
        offset => offset,
    };
    let clip = |regions: Vec<Range<usize>>| clip(regions, n_samples);
    let found = clip(detect(values, options.onset, offset));
    let found = without_short(close_gaps(found, options.min_silence), options.min_speech);
    let mut all: Vec<_> = found.iter().map(|range| (range.clone(), false)).collect();
    if options.recover {
        let quiet = clip(detect(values, RECOVERY_SCORE, RECOVERY_SCORE));
        let quiet = close_gaps(quiet, options.min_silence);
        let quiet = (gaps(&found, n_samples).into_iter()).flat_map(|gap| within(&quiet, &gap));
        let quiet = without_short(quiet.collect(), RECOVERY_LENGTH);
        all.extend(quiet.into_iter().map(|range| (range, true)));
        all.sort_by_key(|(range, _)| range.start);
    }
    let longest = samples(longest).max(FRAME_STEP * 2);
    let padding = samples(options.padding).min(longest / 4);
    let smooth = scores.smoothed(SMOOTHING_FRAMES);
    let pieces = (all.into_iter())
        .flat_map(|(range, is_doubtful)| {
            let pieces = cut(range, &smooth, longest - 2 * padding);
            pieces
                .into_iter()
                .map(move |detected| (detected, is_doubtful))
        })
        .collect();
    group(pad(pieces, padding, n_samples), longest)
}

/// Where the score says speech, from the middle of the first frame to the middle of the first frame after.
fn detect(scores: &[f32], onset: f32, offset: f32) -> Vec<Range<usize>> {
    let regions = hysteresis::binarise(scores, onset, offset, f64::INFINITY);
    let at = |seconds| samples(Seconds(seconds));
    (regions.iter())
        .map(|Region { start, end }| at(*start)..at(*end))
        .collect()
}

/// What lies in the recording: the last frames reach a little beyond its end.
fn clip(regions: Vec<Range<usize>>, n_samples: usize) -> Vec<Range<usize>> {
    (regions.into_iter())
        .map(|region| region.start.min(n_samples)..region.end.min(n_samples))
        .filter(|region| !region.is_empty())
        .collect()
}

fn close_gaps(regions: Vec<Range<usize>>, shortest: Seconds) -> Vec<Range<usize>> {
    let mut closed: Vec<Range<usize>> = Vec::with_capacity(regions.len());
    for region in regions {
        match closed.last_mut() {
            Some(last) if region.start - last.end < samples(shortest) => last.end = region.end,
            _ => closed.push(region),
        }
    }
    closed
}

fn without_short(mut regions: Vec<Range<usize>>, shortest: Seconds) -> Vec<Range<usize>> {
    regions.retain(|region| region.len() >= samples(shortest));
    regions
}

/// Where nothing was found for long.
fn gaps(found: &[Range<usize>], n_samples: usize) -> Vec<Range<usize>> {
    let ends = std::iter::once(0).chain(found.iter().map(|region| region.end));
    let starts = found.iter().map(|region| region.start).chain([n_samples]);
    ends.zip(starts)
        .map(|(end, start)| end..start)
        .filter(|gap| gap.len() > samples(RECOVERY_GAP))
        .collect()
}

/// The parts of regions that lie in a gap. A quiet tail of found speech is not taken: it is no speech of its own.
fn within(regions: &[Range<usize>], gap: &Range<usize>) -> Vec<Range<usize>> {
    let inside = |region: &&Range<usize>| region.start >= gap.start && region.end <= gap.end;
    regions.iter().filter(inside).cloned().collect()
}

/// Cuts a region into pieces of at most `longest` samples, each time at the lowest score of the second half of what fits.
fn cut(region: Range<usize>, smooth: &[f32], longest: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut rest = region;
    while rest.len() > longest {
        let from = rest.start + longest / 2;
        let first = from.saturating_sub(sample_of(0)).div_ceil(FRAME_STEP);
        let last = (rest.start + longest).saturating_sub(sample_of(0)) / FRAME_STEP;
        let frames = first..=last.min(smooth.len().saturating_sub(1));
        let lowest = (frames.rev()).reduce(|best, frame| {
            let is_lower = smooth[frame] < smooth[best] - CUT_MARGIN;
            if is_lower { frame } else { best }
        });
        let at = lowest.map_or(rest.start + longest, sample_of);
        pieces.push(rest.start..at);
        rest.start = at;
    }
    pieces.push(rest);
    pieces
}

/// Lengthens regions on both sides; where two come too close they meet in the middle.
fn pad(pieces: Vec<(Range<usize>, bool)>, padding: usize, n_samples: usize) -> Vec<Speech> {
    let mut padded: Vec<Speech> = Vec::with_capacity(pieces.len());
    for (detected, is_doubtful) in pieces {
        let mut start = detected.start.saturating_sub(padding);
        if let Some(last) = padded.last_mut()
            && last.padded.end > start
        {
            start = start.max(usize::midpoint(last.detected.end, detected.start));
            last.padded.end = last.padded.end.min(start);
        }
        let end = (detected.end + padding).min(n_samples);
        padded.push(Speech {
            detected,
            padded: start..end,
            is_doubtful,
        });
    }
    padded
}

/// Merges neighbours into chunks of at most `longest` samples. Doubtful speech that lies within a chunk of certain
/// speech is decoded with it anyway; what remains makes chunks of its own.
fn group(speech: Vec<Speech>, longest: usize) -> Vec<Chunk> {
    let (doubtful, certain): (Vec<_>, Vec<_>) = speech.into_iter().partition(|s| s.is_doubtful);
    let mut chunks = merge(&certain, longest, &[]);
    let covered = |speech: &Speech| {
        (chunks.iter())
            .any(|chunk| chunk.start <= speech.padded.start && speech.padded.end <= chunk.end)
    };
    let remaining: Vec<_> = (doubtful.into_iter())
        .filter(|speech| !covered(speech))
        .collect();
    let more = merge(&remaining, longest, &chunks);
    chunks.extend(more);
    chunks.sort_by_key(|chunk| chunk.start);
    chunks
}

/// Merges neighbours, never across one of `others`.
fn merge(speech: &[Speech], longest: usize, others: &[Chunk]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for piece in speech {
        let is_free = |from: usize| {
            !(others.iter()).any(|other| other.start >= from && other.end <= piece.padded.start)
        };
        match chunks.last_mut() {
            Some(chunk) if piece.padded.end - chunk.start <= longest && is_free(chunk.end) => {
                chunk.end = piece.padded.end;
                chunk.speech.push(piece.detected.clone());
            }
            _ => chunks.push(Chunk {
                start: piece.padded.start,
                end: piece.padded.end,
                speech: vec![piece.detected.clone()],
                is_doubtful: piece.is_doubtful,
            }),
        }
    }
    chunks
}

/// A time or length in samples; not a number and negative ones are 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of floats saturates"
)]
fn samples(seconds: Seconds) -> usize {
    (seconds.0 * 16_000.0).round() as usize
}

#[cfg(test)]
mod tests {
    use domain::options::LONGEST_CHUNK;
    use proptest::prelude::*;

    use super::*;

    const SECOND: usize = 16_000;

    /// Scores that are `score` between two times and 0 elsewhere.
    fn scores(seconds: f64, speech: &[(f64, f64, f32)]) -> (Scores, usize) {
        let n_samples = samples(Seconds(seconds));
        let value = |frame: usize| {
            let time = sample_of(frame) as f64 / SECOND as f64;
            let here = |(start, end, _): &&(f64, f64, f32)| (*start..*end).contains(&time);
            speech.iter().find(here).map_or(0.0, |(_, _, score)| *score)
        };
        let values = (0..n_samples / FRAME_STEP).map(value).collect();
        (Scores::new(values), n_samples)
    }

    /// Start and end of each chunk in seconds, `?` after a doubtful one.
    fn check(
        seconds: f64,
        speech: &[(f64, f64, f32)],
        change: impl Fn(&mut VadOptions),
        expected: &str,
    ) {
        check_within(LONGEST_CHUNK.0, seconds, speech, change, expected);
    }

    /// The same where no chunk may be longer than `longest` seconds.
    fn check_within(
        longest: f64,
        seconds: f64,
        speech: &[(f64, f64, f32)],
        change: impl Fn(&mut VadOptions),
        expected: &str,
    ) {
        let mut options = VadOptions::default();
        change(&mut options);
        let (scores, n_samples) = scores(seconds, speech);
        let told: Vec<_> = (chunks(&scores, n_samples, &options, Seconds(longest)).iter())
            .map(|chunk| {
                let [start, end] = [chunk.start, chunk.end].map(|n| n as f64 / SECOND as f64);
                let doubt = if chunk.is_doubtful { "?" } else { "" };
                format!("{start:.1}-{end:.1}{doubt}")
            })
            .collect();
        assert_eq!(told.join(" "), expected, "{speech:?}");
    }

    #[test]
    fn no_speech_gives_no_chunks() {
        check(60.0, &[], |_| (), "");
        check(0.0, &[], |_| (), "");
        check(10.0, &[(1.0, 1.05, 0.9)], |_| (), "");
        let nothing = Scores::new(vec![]);
        assert_eq!(
            chunks(&nothing, 0, &VadOptions::default(), LONGEST_CHUNK),
            []
        );
    }

    #[test]
    fn speech_is_padded_within_the_recording_and_up_to_its_neighbours() {
        check(10.0, &[(1.0, 3.0, 0.9)], |_| (), "0.8-3.2");
        check(3.0, &[(0.0, 3.0, 0.9)], |_| (), "0.0-3.0");
        let close = [(1.0, 3.0, 0.9), (3.3, 9.0, 0.9)];
        check_within(6.5, 10.0, &close, |_| (), "0.8-3.2 3.2-9.2");
        check(10.0, &close, |o| o.padding = Seconds(0.0), "1.0-9.0");
    }

    #[test]
    fn neighbours_are_merged_as_long_as_they_fit() {
        let speech = [
            (1.0, 9.0, 0.9),
            (10.0, 19.0, 0.9),
            (20.0, 29.0, 0.9),
            (30.0, 32.0, 0.9),
        ];
        check(40.0, &speech, |_| (), "0.8-29.2 29.8-32.2");
        check_within(20.0, 40.0, &speech, |_| (), "0.8-19.2 19.8-32.2");
    }

    #[test]
    fn short_pauses_are_closed_before_short_speech_is_dropped() {
        let stutter: Vec<_> = (0..20)
            .map(|i| f64::from(i) * 0.13)
            .map(|t| (t + 1.0, t + 1.06, 0.9))
            .collect();
        check(10.0, &stutter, |_| (), "0.8-3.7");
        check(10.0, &stutter, |o| o.min_silence = Seconds(0.0), "");
    }

    #[test]
    fn long_speech_is_cut_where_it_is_quietest() {
        // one frame is lowest, but a longer dip is lower on the whole
        let speech = [
            (0.0, 18.0, 0.9),
            (18.0, 18.02, 0.38),
            (18.02, 22.0, 0.9),
            (22.0, 22.2, 0.5),
            (22.2, 40.0, 0.9),
        ];
        check(40.0, &speech, |_| (), "0.0-22.1 22.1-40.0");
        check(
            100.0,
            &[(0.0, 100.0, 0.9)],
            |o| o.padding = Seconds(0.5),
            "0.0-29.0 29.0-58.0 58.0-87.0 87.0-100.0",
        );
    }

    #[test]
    fn quiet_speech_is_looked_for_in_long_gaps_only() {
        let quiet = [(1.0, 3.0, 0.9), (6.0, 7.0, 0.3), (50.0, 51.0, 0.9)];
        check(60.0, &quiet, |_| (), "0.8-3.2 5.8-7.2? 49.8-51.2");
        check(60.0, &quiet, |o| o.recover = false, "0.8-3.2 49.8-51.2");
        // within a chunk it is decoded anyway
        check(
            60.0,
            &[(1.0, 3.0, 0.9), (6.0, 7.0, 0.3), (20.0, 21.0, 0.9)],
            |_| (),
            "0.8-21.2",
        );
        // too short, in too short a gap, the tail of speech
        check(60.0, &[(6.0, 6.4, 0.3)], |_| (), "");
        check(
            60.0,
            &[(40.0, 41.0, 0.9), (41.0, 42.0, 0.3)],
            |_| (),
            "39.8-41.2",
        );
        // two of them, with nothing between
        check(
            60.0,
            &[(6.0, 7.0, 0.3), (9.0, 10.0, 0.3)],
            |_| (),
            "5.8-10.2?",
        );
    }

    proptest! {
        #[test]
        fn chunks_hold_all_detected_speech_and_never_overlap(
            steps in prop::collection::vec((0.0_f32..1.0, 1_usize..700), 0..40),
            tail in 0_usize..2000,
            longest in 2.0_f64..30.0,
            padding in 0.0_f64..1.0,
        ) {
            let values: Vec<f32> = steps.iter().flat_map(|(score, n)| vec![*score; *n]).collect();
            let n_samples = values.len() * FRAME_STEP + tail;
            let options = VadOptions {
                padding: Seconds(padding),
                ..VadOptions::default()
            };
            let chunks = chunks(&Scores::new(values.clone()), n_samples, &options, Seconds(longest));
            let mut before = 0;
            for chunk in &chunks {
                prop_assert!(before <= chunk.start && chunk.start < chunk.end && chunk.end <= n_samples);
                prop_assert!(chunk.end - chunk.start <= samples(Seconds(longest)));
                before = chunk.start;
                for speech in &chunk.speech {
                    prop_assert!(before <= speech.start && speech.start < speech.end);
                    before = speech.end;
                }
                prop_assert!(before <= chunk.end);
                before = chunk.end;
            }
            for region in without_short(clip(detect(&values, options.onset, options.offset), n_samples), options.min_speech) {
                let held: usize = (chunks.iter())
                    .map(|chunk| chunk.end.min(region.end).saturating_sub(chunk.start.max(region.start)))
                    .sum();
                prop_assert_eq!(held, region.len());
            }
        }
    }
}
