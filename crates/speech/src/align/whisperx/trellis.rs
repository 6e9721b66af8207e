//! The trellis and its way back as in torchaudio's forced-alignment tutorial, on which whisperX builds: staying in a
//! place costs a blank, and the text ends where that is cheapest.

use crate::align::emissions::Emissions;
use crate::align::labels::Label;

/// Frames of one character, and its mean probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CharSegment {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) score: f64,
}

/// A frame of the path: which character, and how probable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) token: usize,
    pub(super) frame: usize,
    pub(super) probability: f32,
}

/// One entry a label; `None` where the way back fails (`get_trellis`, `backtrack`, `merge_repeats`).
pub(crate) fn align(
    emissions: &Emissions,
    labels: &[Label],
    blank: usize,
) -> Option<Vec<CharSegment>> {
    let values = Values {
        emissions,
        labels,
        blank,
        loudest: emissions.loudest(blank),
    };
    let trellis = trellis(&values);
    let path = backtrack(&values, &trellis)?;
    Some(merge(&path, labels.len()))
}

pub(super) struct Values<'a> {
    pub(super) emissions: &'a Emissions,
    pub(super) labels: &'a [Label],
    pub(super) blank: usize,
    pub(super) loudest: Vec<f32>,
}

impl Values<'_> {
    fn blank(&self, frame: usize) -> f32 {
        self.emissions.frame(frame)[self.blank]
    }

    fn token(&self, frame: usize, token: usize) -> f32 {
        match self.labels[token] {
            Label::Class(class) => self.emissions.frame(frame)[class],
            Label::Wildcard => self.loudest[frame],
        }
    }
}

/// `(frames + 1, labels + 1)`
pub(super) fn trellis(values: &Values<'_>) -> Vec<f32> {
    let (n_frames, n_labels) = (values.emissions.n_frames(), values.labels.len());
    let width = n_labels + 1;
    let mut trellis = vec![0.0; (n_frames + 1) * width];
    trellis[1..width].fill(f32::NEG_INFINITY);
    for frame in 0..n_frames {
        trellis[(frame + 1) * width] = trellis[frame * width] + values.blank(frame);
    }
    for row in (n_frames + 1).saturating_sub(n_labels)..=n_frames {
        trellis[row * width] = f32::INFINITY;
    }
    for frame in 0..n_frames {
        let (before, after) = trellis.split_at_mut((frame + 1) * width);
        let before = &before[frame * width..];
        for token in 0..n_labels {
            let stay = before[token + 1] + values.blank(frame);
            let go_on = before[token] + values.token(frame, token);
            after[token + 1] = stay.max(go_on);
        }
    }
    trellis
}

pub(super) fn backtrack(values: &Values<'_>, trellis: &[f32]) -> Option<Vec<Point>> {
    let (n_frames, n_labels) = (values.emissions.n_frames(), values.labels.len());
    let width = n_labels + 1;
    let last = |frame: usize| trellis[frame * width + n_labels];
    let mut end = 0;
    for frame in 1..=n_frames {
        if last(frame) > last(end) {
            end = frame;
        }
    }
    let mut path = Vec::new();
    let mut token = n_labels;
    for frame in (0..end).rev() {
        let stay = trellis[frame * width + token] + values.blank(frame);
        let go_on = trellis[frame * width + token - 1] + values.token(frame, token - 1);
        let moves = go_on > stay;
        let value = if moves {
            values.token(frame, token - 1)
        } else {
            values.blank(frame)
        };
        path.push(Point {
            token: token - 1,
            frame,
            probability: value.exp(),
        });
        if moves {
            token -= 1;
            if token == 0 {
                path.reverse();
                return Some(path);
            }
        }
    }
    None
}

fn merge(path: &[Point], n_labels: usize) -> Vec<CharSegment> {
    let mut segments = Vec::with_capacity(n_labels);
    for points in path.chunk_by(|a, b| a.token == b.token) {
        let sum: f64 = points
            .iter()
            .map(|point| f64::from(point.probability))
            .sum();
        segments.push(CharSegment {
            start: points[0].frame,
            end: points[points.len() - 1].frame + 1,
            score: sum / points.len() as f64,
        });
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(classes: &[usize]) -> Vec<Label> {
        classes.iter().map(|class| Label::Class(*class)).collect()
    }

    fn with_values<T>(
        emissions: &Emissions,
        labels: &[Label],
        look: impl Fn(&Values<'_>) -> T,
    ) -> T {
        look(&Values {
            emissions,
            labels,
            blank: 0,
            loudest: emissions.loudest(0),
        })
    }

    #[test]
    fn the_last_column_and_the_merged_characters_are_the_reference_s() {
        let heard = [0, 0, 1, 0, 0, 2, 2, 0, 3, 0, 0, 0];
        let logits = heard
            .iter()
            .flat_map(|class| (0..4).map(move |c| if c == *class { 4.0 } else { 0.0 }));
        let emissions = Emissions::from_logits(4, logits.collect());
        let labels = classes(&[1, 2, 3]);
        let column: Vec<f32> = with_values(&emissions, &labels, |values| {
            trellis(values).chunks(4).map(|row| row[3]).collect()
        });
        let expected = [
            -12.1605, -12.214, -8.2675, -8.3209, -4.3744, -4.4279, -4.4814, -4.5349, -4.5884,
            -4.6419,
        ];
        assert!(column[..3].iter().all(|value| *value == f32::NEG_INFINITY));
        for (found, expected) in column[3..].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
        }
        let found = align(&emissions, &labels, 0).unwrap();
        let frames: Vec<_> = found.iter().map(|c| (c.start, c.end)).collect();
        assert_eq!(frames, [(2, 5), (5, 6), (6, 7)]);
        for (found, expected) in found.iter().zip([0.947_915, 0.947_915, 0.017_362]) {
            assert!((found.score - expected).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn the_path_ends_where_the_text_is_cheapest() {
        let logits = (0..12 * 5).map(|i| {
            let (t, v) = (i / 5, i % 5);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let value = ((7 * t + 13 * v) % 11) as f32;
            value / 3.0
        });
        let emissions = Emissions::from_logits(5, logits.collect());
        let path = with_values(&emissions, &classes(&[1, 2, 3, 3]), |values| {
            backtrack(values, &trellis(values)).unwrap()
        });
        let expected = [0.068_288, 0.026_926, 0.509_649, 0.110_874];
        assert_eq!(path.len(), 4);
        for (i, (point, expected)) in path.iter().zip(expected).enumerate() {
            assert_eq!((point.frame, point.token), (i, i));
            assert!((point.probability - expected).abs() < 1e-5, "{point:?}");
        }
    }

    #[test]
    fn more_characters_than_frames_fail() {
        let emissions = Emissions::from_logits(3, vec![0.0; 12 * 3]);
        assert!(align(&emissions, &classes(&[1; 13]), 0).is_none());
        assert_eq!(align(&emissions, &classes(&[1; 12]), 0).unwrap().len(), 12);
    }
}
