//! Sentences that go on in the next chunk.

use domain::transcript::Segment;
use domain::units::Seconds;

/// A pause of so many seconds or more ends a sentence, however the next begins.
const LONGEST_PAUSE: Seconds = Seconds(3.0);

/// The segments of chunks, which are sentences, in order of time. One with which a chunk begins in lower case is the rest
/// of the sentence before it, unless there is a long pause between them.
///
/// A chunk without any capital says nothing by its first letter; it goes on only where the sentence before it has no
/// end. No word and no character is lost.
pub(crate) fn join_across_chunks(chunks: Vec<Vec<Segment>>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::new();
    for chunk in chunks {
        let has_capitals = (chunk.iter()).any(|s| s.text.contains(char::is_uppercase));
        let mut segments = chunk.into_iter();
        if let Some(first) = segments.next() {
            match joined.last_mut() {
                Some(last) if goes_on(last, &first, has_capitals) => append(last, first),
                _ => joined.push(first),
            }
        }
        joined.extend(segments);
    }
    joined
}

fn goes_on(last: &Segment, first: &Segment, has_capitals: bool) -> bool {
    let begin = first.text.chars().find(|c| c.is_alphanumeric());
    let has_end = last.text.trim_end().ends_with(['.', '?', '!', '…']);
    begin.is_some_and(char::is_lowercase)
        && (has_capitals || !has_end)
        && first.start.0 - last.end.0 < LONGEST_PAUSE.0
}

/// Of what is known of both, the more doubtful is kept.
fn append(last: &mut Segment, first: Segment) {
    last.end = Seconds(first.end.0.max(last.end.0));
    last.text += &first.text;
    last.avg_logprob = least(last.avg_logprob, first.avg_logprob);
    last.no_speech_prob = most(last.no_speech_prob, first.no_speech_prob);
    last.compression_ratio = most(last.compression_ratio, first.compression_ratio);
    last.temperature = most(last.temperature, first.temperature);
    if let Some(words) = &mut last.words {
        words.extend(first.words.unwrap_or_default());
    }
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

fn most(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b)).or(a).or(b)
}

#[cfg(test)]
mod tests {
    use domain::transcript::Word;

    use super::*;

    /// A chunk a list of sentences with the time at which each begins; each lasts two seconds.
    fn check(chunks: &[&[(f64, &str)]], expected: &[&str]) {
        let segment = |(start, text): &(f64, &str)| Segment {
            start: Seconds(*start),
            end: Seconds(start + 2.0),
            text: (*text).to_owned(),
            avg_logprob: Some(-start),
            words: Some(vec![Word {
                word: text.trim().to_owned(),
                ..Word::default()
            }]),
            ..Segment::default()
        };
        let chunks = chunks
            .iter()
            .map(|chunk| chunk.iter().map(segment).collect());
        let chunks: Vec<Vec<Segment>> = chunks.collect();
        let n_words = chunks.iter().flatten().count();
        let joined = join_across_chunks(chunks);
        let texts: Vec<_> = joined.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(texts, expected);
        let words = joined
            .iter()
            .flat_map(|segment| segment.words.iter().flatten());
        assert_eq!(words.count(), n_words);
    }

    #[test]
    fn a_chunk_in_lower_case_joins_the_sentence_before_it() {
        check(
            &[
                &[(0.0, " One."), (2.0, " He saw")],
                &[(4.0, " the end. "), (6.0, " Two.")],
            ],
            &[" One.", " He saw the end. ", " Two."],
        );
        check(
            &[&[(0.0, " He saw.")], &[(2.5, " and Rome fell.")]],
            &[" He saw. and Rome fell."],
        );
        check(
            &[
                &[(0.0, " He saw")],
                &[],
                &[(2.0, " what came")],
                &[(4.0, " of it.")],
            ],
            &[" He saw what came of it."],
        );
    }

    #[test]
    fn a_chunk_that_begins_a_sentence_stays_apart() {
        check(
            &[&[(0.0, " He saw")], &[(2.0, " Rome.")]],
            &[" He saw", " Rome."],
        );
        check(
            &[&[(0.0, " He saw")], &[(2.0, " 12 men.")]],
            &[" He saw", " 12 men."],
        );
        // after a long pause, or where nothing has a capital
        check(
            &[&[(0.0, " He saw")], &[(6.0, " the end.")]],
            &[" He saw", " the end."],
        );
        check(
            &[&[(0.0, " He saw.")], &[(2.0, " the end.")]],
            &[" He saw.", " the end."],
        );
        check(&[&[(0.0, "我看")], &[(2.0, "天")]], &["我看", "天"]);
        check(&[&[(0.0, " the first")], &[]], &[" the first"]);
    }

    #[test]
    fn a_joined_sentence_is_as_doubtful_as_the_worse_part() {
        let part = |start: f64, doubt: f64, text: &str| Segment {
            start: Seconds(start),
            end: Seconds(start + 1.0),
            text: text.to_owned(),
            avg_logprob: Some(-doubt),
            temperature: Some(doubt),
            ..Segment::default()
        };
        let joined = join_across_chunks(vec![
            vec![part(0.0, 0.2, "He saw")],
            vec![part(1.0, 0.4, " it.")],
        ]);
        assert_eq!(
            (joined[0].start, joined[0].end),
            (Seconds(0.0), Seconds(2.0))
        );
        assert_eq!(
            (joined[0].avg_logprob, joined[0].temperature),
            (Some(-0.4), Some(0.4))
        );
    }
}
