//! The tables of an evaluation, one file each.

pub(super) mod expectations;
pub(super) mod failures;
pub(super) mod speakers;
pub(super) mod speed;
pub(super) mod subtitles;
pub(super) mod times;
pub(super) mod words;

use super::row::Row;

/// A row and one of its scores.
type Scored<'a, S> = (&'a Row, S);

/// The rows that have a score.
fn scored<S>(rows: &[Row], score: impl Fn(&Row) -> Option<S>) -> Vec<Scored<'_, S>> {
    let pairs = rows.iter().map(|row| (row, score(row)));
    pairs
        .filter_map(|(row, score)| Some((row, score?)))
        .collect()
}

/// Those of each kind together, in the order in which kinds come first; and all together if there are several kinds.
fn by_kind<S>(scored: Vec<Scored<'_, S>>) -> Vec<(String, Vec<S>)>
where
    S: Clone,
{
    let mut groups: Vec<(String, Vec<S>)> = Vec::new();
    let mut all = Vec::new();
    for (row, score) in scored {
        all.push(score.clone());
        match groups.iter_mut().find(|group| group.0 == row.kind) {
            Some(group) => group.1.push(score),
            None => groups.push((row.kind.clone(), vec![score])),
        }
    }
    if groups.len() > 1 {
        groups.push(("all".to_owned(), all));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, seconds: f64) -> Row {
        Row {
            kind: kind.to_owned(),
            seconds,
            ..Row::default()
        }
    }

    #[test]
    fn scores_stand_together_by_kind_and_all_at_the_end() {
        let rows = [row("words", 1.0), row("asr", 2.0), row("words", 3.0)];
        let groups = by_kind(scored(&rows, |row| Some(row.seconds)));
        let expected = [
            ("words".to_owned(), vec![1.0, 3.0]),
            ("asr".to_owned(), vec![2.0]),
            ("all".to_owned(), vec![1.0, 2.0, 3.0]),
        ];
        assert_eq!(groups, expected);
    }

    #[test]
    fn one_kind_needs_no_sum_and_rows_without_score_fall_out() {
        let rows = [row("words", 1.0), row("asr", 2.0)];
        let groups = by_kind(scored(&rows, |row| Some(row.seconds).filter(|s| *s < 2.0)));
        assert_eq!(groups, [("words".to_owned(), vec![1.0])]);
    }
}
