//! The likeliest path through a text: true CTC (Graves et al. 2006), from the first frame to the last.
//!
//! States lie in a row: speech that is not in the text, a blank, the first label, a blank, the second label, …, a
//! blank, speech that is not in the text. A frame stays in its state or goes on by one; it may leave out the blank
//! between different labels, and begin or end without the outer states.

use super::emissions::Emissions;
use super::labels::Label;

/// Frames of one label, and how sure the model is of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Mean probability over the frames, in `[0, 1]`.
    pub(crate) score: f64,
}

/// What a frame costs outside the text, in nats: speech that fits the text is never that unlikely.
const OUTSIDE_PENALTY: f64 = 1.0;
/// What a frame of a wildcard costs, in nats: letters and silence that are certain fit better.
const WILDCARD_PENALTY: f64 = 0.5;
/// Cells of the table that is kept to find the way back; more is refused.
const MAX_CELLS: usize = 400 << 20;

/// The frames of each label, in order; `None` if there are more labels than frames, or far too many of both.
pub(crate) fn best_path(
    emissions: &Emissions,
    labels: &[Label],
    blank: usize,
) -> Option<Vec<Span>> {
    let states = states(labels);
    let (n_frames, n_states) = (emissions.n_frames(), states.len());
    if labels.is_empty() || n_frames == 0 || n_frames * n_states > MAX_CELLS {
        return None;
    }
    let loudest = emissions.loudest(blank);
    let value = |frame: usize, state: &State| {
        let classes = emissions.frame(frame);
        let any = || f64::from(loudest[frame].max(classes[blank]));
        match state.kind {
            Kind::Outside => any() - OUTSIDE_PENALTY,
            Kind::Blank => f64::from(classes[blank]),
            Kind::Label(Label::Class(class)) => f64::from(classes[class]),
            Kind::Label(Label::Wildcard) => any() - WILDCARD_PENALTY,
        }
    };
    // the way back: by how many states a frame came forward
    let mut steps = vec![0_u8; n_frames * n_states];
    let mut scores = vec![f64::NEG_INFINITY; n_states];
    for (score, state) in scores.iter_mut().zip(&states).take(3) {
        *score = value(0, state);
    }
    for frame in 1..n_frames {
        let steps = &mut steps[frame * n_states..][..n_states];
        for state in (0..n_states).rev() {
            let mut best = (scores[state], 0);
            for step in 1..=states[state].longest_step.min(state) {
                let score = scores[state - step];
                if score > best.0 {
                    best = (score, step);
                }
            }
            scores[state] = best.0 + value(frame, &states[state]);
            #[expect(clippy::cast_possible_truncation, reason = "a step is 0, 1 or 2")]
            let step = best.1 as u8;
            steps[state] = step;
        }
    }
    let last = (n_states - 3..n_states)
        .rev()
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
    if scores[last] == f64::NEG_INFINITY {
        return None;
    }
    let mut spans: Vec<Span> = vec![
        Span {
            start: 0,
            end: 0,
            score: 0.0
        };
        labels.len()
    ];
    let mut state = last;
    for frame in (0..n_frames).rev() {
        if let Kind::Label(label) = states[state].kind {
            let span = &mut spans[(state - 2) / 2];
            if span.end == 0 {
                span.end = frame + 1;
            }
            span.start = frame;
            let value = match label {
                Label::Class(class) => emissions.frame(frame)[class],
                Label::Wildcard => loudest[frame],
            };
            span.score += f64::from(value).exp();
        }
        state -= usize::from(steps[frame * n_states + state]);
    }
    for span in &mut spans {
        span.score /= (span.end - span.start).max(1) as f64;
    }
    Some(spans)
}

#[derive(Debug, Clone, Copy)]
struct State {
    kind: Kind,
    /// From how far back it may be entered.
    longest_step: usize,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Outside,
    Blank,
    Label(Label),
}

fn states(labels: &[Label]) -> Vec<State> {
    let state = |kind, longest_step| State { kind, longest_step };
    let mut states = vec![state(Kind::Outside, 0), state(Kind::Blank, 1)];
    for (i, label) in labels.iter().enumerate() {
        let repeats = i > 0 && labels[i - 1] == *label;
        states.push(state(Kind::Label(*label), if repeats { 1 } else { 2 }));
        states.push(state(Kind::Blank, 1));
    }
    states.push(state(Kind::Outside, 2));
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames that are almost sure of one class each.
    fn sure(classes: &[usize], n_classes: usize) -> Emissions {
        let logits = classes
            .iter()
            .flat_map(|class| (0..n_classes).map(move |c| if c == *class { 4.0 } else { 0.0 }));
        Emissions::from_logits(n_classes, logits.collect())
    }

    fn frames(emissions: &Emissions, labels: &[Label]) -> Option<Vec<(usize, usize)>> {
        let spans = best_path(emissions, labels, 0)?;
        Some(spans.iter().map(|span| (span.start, span.end)).collect())
    }

    fn classes(classes: &[usize]) -> Vec<Label> {
        classes.iter().map(|class| Label::Class(*class)).collect()
    }

    #[test]
    fn labels_lie_where_they_are_heard() {
        let emissions = sure(&[0, 0, 1, 0, 0, 2, 2, 0, 3, 0, 0, 0], 4);
        let spans = best_path(&emissions, &classes(&[1, 2, 3]), 0).unwrap();
        let found: Vec<_> = spans.iter().map(|span| (span.start, span.end)).collect();
        assert_eq!(found, [(2, 3), (5, 7), (8, 9)]);
        assert!(
            spans
                .iter()
                .all(|span| (span.score - 0.947_915).abs() < 1e-6)
        );
    }

    #[test]
    fn a_repeated_letter_needs_a_blank_between() {
        let emissions = sure(&[1, 1, 0, 1, 0], 2);
        assert_eq!(
            frames(&emissions, &classes(&[1, 1])).unwrap(),
            [(0, 2), (3, 4)]
        );
        assert_eq!(frames(&sure(&[1, 1], 2), &classes(&[1, 1])), None);
    }

    #[test]
    fn as_many_labels_as_frames_fit_and_one_more_does_not() {
        let emissions = sure(&[1, 2, 1, 2], 3);
        let fitting = [(0, 1), (1, 2), (2, 3), (3, 4)];
        assert_eq!(
            frames(&emissions, &classes(&[1, 2, 1, 2])).unwrap(),
            fitting
        );
        assert_eq!(frames(&emissions, &classes(&[1, 2, 1, 2, 1])), None);
        assert_eq!(frames(&emissions, &[]), None);
    }

    #[test]
    fn speech_before_and_after_the_text_pulls_no_letter_away() {
        // 3 4 3 is said before the text, 4 3 4 after it; both share a letter with it
        let heard = [3, 4, 3, 3, 4, 0, 0, 1, 2, 3, 0, 0, 4, 3, 4, 4, 3];
        assert_eq!(
            frames(&sure(&heard, 5), &classes(&[1, 2, 3])).unwrap(),
            [(7, 8), (8, 9), (9, 10)]
        );
    }

    #[test]
    fn a_wildcard_takes_what_no_letter_explains_and_leaves_silence() {
        let heard = [0, 1, 0, 0, 3, 4, 3, 0, 0, 2, 0];
        let labels = [Label::Class(1), Label::Wildcard, Label::Class(2)];
        assert_eq!(
            frames(&sure(&heard, 5), &labels).unwrap(),
            [(1, 2), (4, 7), (9, 10)]
        );
    }

    proptest::proptest! {
        #[test]
        fn every_label_has_frames_in_order(
            heard in proptest::collection::vec(0_usize..5, 1..40),
            text in proptest::collection::vec(0_usize..5, 1..20),
        ) {
            let labels: Vec<Label> = text.iter().map(|class| match class {
                0 => Label::Wildcard,
                class => Label::Class(*class),
            }).collect();
            let repeats = labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
            match best_path(&sure(&heard, 5), &labels, 0) {
                None => proptest::prop_assert!(labels.len() + repeats > heard.len()),
                Some(spans) => {
                    let mut end = 0;
                    for span in spans {
                        proptest::prop_assert!(span.start >= end && span.end > span.start);
                        proptest::prop_assert!((0.0..=1.0 + 1e-6).contains(&span.score));
                        end = span.end;
                    }
                    proptest::prop_assert!(end <= heard.len());
                }
            }
        }
    }
}
