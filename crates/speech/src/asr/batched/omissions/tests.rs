//! Gaps in texts, and what is put there.

use super::*;

fn words(text: &str, times: &[(f64, f64)]) -> Vec<Word> {
    let words = text.split(' ').zip(times);
    words
        .map(|(word, (start, end))| Word {
            word: word.into(),
            start: Some(Seconds(*start)),
            end: Some(Seconds(*end)),
            ..Word::default()
        })
        .collect()
}

fn speech(parts: &[(f64, f64)]) -> Vec<Range<Seconds>> {
    let parts = parts.iter();
    parts
        .map(|(start, end)| Seconds(*start)..Seconds(*end))
        .collect()
}

#[test]
fn speech_without_a_word_is_found() {
    let check = |parts: &[(f64, f64)], times: &[(f64, f64)], expected: &[(usize, f64, f64)]| {
        let found = gaps(&speech(parts), &words("a b c d", times));
        let found: Vec<_> = found
            .into_iter()
            .map(|gap| (gap.n_before, gap.span.start, gap.span.end))
            .collect();
        assert_eq!(found, expected);
    };
    check(&[], &[(0.0, 1.0)], &[]);
    check(&[(1.0, 3.0)], &[], &[(0, 0.5, 3.5)]);
    check(&[(1.0, 2.5)], &[(0.5, 1.5)], &[]);
    let two = [(1.0, 3.0), (4.0, 9.0)];
    check(
        &two,
        &[(1.0, 3.5), (4.5, 5.0), (6.0, 7.0)],
        &[(3, 7.0, 9.5)],
    );
    check(
        &two,
        &[(3.1, 3.5), (4.5, 5.0), (7.0, 9.0)],
        &[(0, 0.5, 3.1), (2, 5.0, 7.0)],
    );
    check(&[(1.0, 2.0)], &[(0.0, 0.5), (5.0, 6.0)], &[]);
    // a word that is stretched over what was left out
    check(&two, &[(1.0, 9.0)], &[(1, 3.5, 9.5)]);
    check(&[(1.0, 4.0), (4.5, 9.0)], &[(1.0, 9.0)], &[(1, 2.2, 9.5)]);
}

fn segment(text: &str, times: &[(f64, f64)]) -> Segment {
    Segment {
        text: format!(" {text}"),
        words: Some(words(text, times)),
        ..Segment::default()
    }
}

#[test]
fn what_was_left_out_is_put_in_its_place() {
    let check = |n_before: usize, new: &str, expected: &str| {
        let mut spoken = Spoken {
            text: " One two. Three".into(),
            words: words("One two. Three", &[(0.0, 1.0), (1.0, 2.0), (8.0, 9.0)]),
        };
        let times = vec![(3.0, 4.0); new.split(' ').count()];
        spoken.insert(n_before, vec![segment(new, &times)]);
        assert_eq!(spoken.text, expected);
        let joined: Vec<_> = spoken.words.iter().map(|word| word.word.as_str()).collect();
        assert_eq!(joined.join(" "), expected.trim());
    };
    check(2, "And so on.", " One two. And so on. Three");
    check(0, "Well,", " Well, One two. Three");
    check(3, "four", " One two. Three four");
    check(3, "three", " One two. Three");
    check(1, "two", " One two. Three");
    check(2, "one two", " One two. Three");
    // what stands beside it, with some words before or behind
    check(3, "one two three", " One two. Three");
    check(2, "Three four", " One two. Three four Three");
}

#[test]
fn a_sentence_that_follows_upon_itself_is_seen() {
    let check = |text: &str, expected: bool| {
        let n_words = text.split(' ').count();
        assert_eq!(
            repeats(&words(text, &vec![(0.0, 1.0); n_words])),
            expected,
            "{text}"
        );
    };
    check("It is late. It is late. Go.", true);
    check("Go. It is late. It is late", true);
    check("Go. It is late. It was late.", false);
    check("It is late. Go. It is late.", false);
    check("Thank you. Thank you.", false);
}
