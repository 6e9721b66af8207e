//! Worked examples, and what must hold for any transcript and any turns.

use domain::diarization::{Diarization, Turn};
use domain::transcript::{Character, Segment, Transcript, Word};
use domain::units::Seconds;
use proptest::prelude::*;

use super::*;

/// Turns from `A 0 2, B 1.5 3`: speaker, start and end in seconds.
fn diarization(turns: &str) -> Diarization {
    let turn = |text: &str| {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [speaker, start, end] = fields[..] else {
            panic!("{text} is no turn");
        };
        Turn {
            start: Seconds(start.parse().unwrap()),
            end: Seconds(end.parse().unwrap()),
            speaker: speaker.into(),
        }
    };
    let turns = turns.split(',').filter(|text| !text.trim().is_empty());
    Diarization::new(turns.map(turn).collect(), Vec::new())
}

fn word(text: &str, start: f64, end: f64) -> Word {
    Word {
        word: text.into(),
        start: Some(Seconds(start)),
        end: Some(Seconds(end)),
        ..Word::default()
    }
}

/// A segment whose words, parted by spaces, last from one of `times` to the next, with 10 ms between.
fn segment(text: &str, times: &[f64]) -> Segment {
    let words = text.split_whitespace().zip(times.windows(2));
    let words: Vec<_> = words
        .map(|(text, times)| word(text, times[0], times[1] - 0.01))
        .collect();
    Segment {
        start: Seconds(times[0]),
        end: Seconds(times[times.len() - 1]),
        text: format!(" {text}"),
        words: Some(words),
        ..Segment::default()
    }
}

fn transcript(segments: Vec<Segment>) -> Transcript {
    Transcript {
        segments,
        language: "en".into(),
        ..Transcript::default()
    }
}

/// The speakers of the words, `-` for none, and after a colon that of the segment; a segment each.
fn speakers(transcript: &Transcript) -> String {
    let name = |speaker: &Option<String>| speaker.clone().unwrap_or("-".into());
    let segments = transcript.segments.iter().map(|segment| {
        let words = segment.words.iter().flatten();
        let words: String = words.map(|word| name(&word.speaker)).collect();
        format!("{words}:{}", name(&segment.speaker))
    });
    segments.collect::<Vec<_>>().join(" ")
}

fn check(turns: &str, segments: Vec<Segment>, expected: &str) {
    let mut transcript = transcript(segments);
    assign(&mut transcript, &diarization(turns));
    assert_eq!(speakers(&transcript), expected);
}

fn check_reference(turns: &str, fill_nearest: bool, words: &[(f64, f64)], expected: &str) {
    let words = words.iter().map(|(start, end)| word("x", *start, *end));
    let segment = Segment {
        start: Seconds(1.0),
        end: Seconds(3.0),
        words: Some(words.collect()),
        ..Segment::default()
    };
    let mut transcript = transcript(vec![segment]);
    assign_as_reference(&mut transcript.segments, &diarization(turns), fill_nearest);
    assert_eq!(speakers(&transcript), expected, "{turns}");
}

/// Texts of the segments after assigning and splitting, with their speakers and times.
fn split(turns: &str, segments: Vec<Segment>) -> Vec<String> {
    let mut transcript = transcript(segments);
    assign(&mut transcript, &diarization(turns));
    split_at_speakers(&mut transcript);
    let show = |segment: &Segment| {
        let speaker = segment.speaker.as_deref().unwrap_or("-");
        let (start, end) = (segment.start.0, segment.end.0);
        format!("{start} {end} {speaker}{}", segment.text)
    };
    transcript.segments.iter().map(show).collect()
}

#[test]
fn the_reference_takes_the_speaker_heard_longest() {
    let words = [(1.4, 1.9), (1.75, 2.25), (5.0, 5.2)];
    check_reference("A 0 2, B 1.5 3", false, &words, "AB-:B");
    check_reference("A 0 2, B 1.5 3", true, &words, "ABB:B");
    // all turns of a speaker count together
    check_reference("A 1 1.5, B 1.5 2.25, A 2.25 3", false, &[(1.0, 3.0)], "A:A");
}

#[test]
fn the_reference_settles_ties_by_the_first_turn_and_then_by_name() {
    check_reference("B 0 2, A 2 4", false, &[(1.5, 2.5)], "B:B");
    check_reference("B 0 4, A 0 5", false, &[(1.5, 2.5)], "A:A");
    check_reference("B 2 3, A 4 5", true, &[(3.5, 3.5)], "B:B");
}

#[test]
fn the_reference_leaves_words_without_times_and_transcripts_without_turns_alone() {
    let mut segment = segment("a b", &[0.0, 1.0, 2.0]);
    segment.words.as_mut().unwrap()[1].start = None;
    segment.speaker = Some("X".into());
    let mut segments = vec![segment];
    assign_as_reference(&mut segments, &Diarization::default(), true);
    assert_eq!(speakers(&transcript(segments.clone())), "--:X");
    assign_as_reference(&mut segments, &diarization("A 0 2"), true);
    assert_eq!(speakers(&transcript(segments)), "A-:A");
}

#[test]
fn words_go_to_whom_they_overlap_most() {
    let sentence = || segment("One two three four", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    check("A 0 2, B 2 4", vec![sentence()], "AABB:A");
    check("A 0 1.4, B 1.4 4", vec![sentence()], "ABBB:B");
    check("", vec![sentence()], "----:-");
}

#[test]
fn exclusive_turns_are_preferred_for_words() {
    let mut turns = diarization("A 0 4, B 1 4");
    turns.exclusive = diarization("A 0 2, B 2 4").turns;
    let mut transcript = transcript(vec![segment(
        "One two three four",
        &[0.0, 1.0, 2.0, 3.0, 4.0],
    )]);
    assign(&mut transcript, &turns);
    assert_eq!(speakers(&transcript), "AABB:A");
}

#[test]
fn a_word_that_no_turn_touches_goes_to_the_nearest_within_a_second() {
    let sentence = segment("One two three", &[10.0, 10.5, 11.0, 11.6]);
    check("A 0 9.2, B 12.4 20", vec![sentence.clone()], "AAB:A");
    // farther away the neighbours in the sentence count
    check("A 10 10.5, B 13 20", vec![sentence.clone()], "AAA:A");
    // and where nobody is near, whoever comes first
    check("A 0 1, B 15 20", vec![sentence], "BBB:B");
}

#[test]
fn a_word_without_times_goes_with_the_nearest_in_its_sentence() {
    let mut sentence = segment("Yes. So 42 it is", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    for idx in [1, 2] {
        let word = &mut sentence.words.as_mut().unwrap()[idx];
        (word.start, word.end) = (None, None);
    }
    check("A 0 1, B 3 5", vec![sentence], "ABBBB:B");
}

#[test]
fn a_segment_without_words_has_the_speaker_heard_most_during_it() {
    let mut sentence = segment("One two", &[1.0, 2.0, 3.0]);
    sentence.words = None;
    check("A 0 1.5, B 1.5 4", vec![sentence.clone()], ":B");
    check("A 8 9", vec![sentence], ":A");
}

#[test]
fn a_segment_is_spoken_by_whoever_says_most_of_it() {
    let sentence = segment("I, you, longest.", &[0.0, 1.0, 2.0, 5.0]);
    check("A 0 2, B 2 5", vec![sentence], "AAB:B");
    // or by their number, where they take no time
    let mut sentence = segment("No. Time here", &[1.0, 2.0, 3.0, 4.0]);
    for word in sentence.words.iter_mut().flatten() {
        word.end = word.start;
    }
    check("A 0 1.5, B 1.5 4", vec![sentence], "ABB:B");
}

#[test]
fn a_stray_word_within_a_sentence_is_the_speakers_around_it() {
    let sentence = |text: &str| segment(text, &[0.0, 1.0, 2.0, 2.4, 3.0, 4.0]);
    let stray = "A 0 1.99, B 2.1 2.38, A 2.5 9";
    check(stray, vec![sentence("so then we go on")], "AAAAA:A");
    // unless it is a sentence of its own
    check(stray, vec![sentence("so then. We? Go on")], "AABAA:A");
    // or B is heard nearly all of the time
    let sure = "A 0 1.99, B 2 2.39, A 2.4 9";
    check(sure, vec![sentence("so then we go on")], "AABAA:A");
    // or the words around are of two
    let between = "A 0 1.99, B 2.1 2.38, C 2.4 9";
    check(between, vec![sentence("so then we go on")], "AABCC:A");
}

#[test]
fn three_words_or_half_a_second_are_no_stray() {
    let turns = "A 0 1.99, B 2.2 2.7, A 2.95 9";
    let long = segment("so then we go on", &[0.0, 1.0, 2.0, 2.9, 3.0, 4.0]);
    check(turns, vec![long], "AABAA:A");
    let turns = "A 0 1.99, B 2.08 2.4, A 2.43 9";
    let many = segment(
        "so then we go right on",
        &[0.0, 1.0, 2.0, 2.15, 2.3, 2.45, 4.0],
    );
    check(turns, vec![many], "AABBBA:A");
}

#[test]
fn a_change_beside_the_end_of_a_sentence_moves_there() {
    let texts = |text: &str| segment(text, &[0.0, 1.0, 2.0, 2.2, 2.4, 3.0, 4.0, 5.0]);
    let late = "A 0 2.4, B 2.4 5";
    check(
        late,
        vec![texts("Are you well? I am fine thanks")],
        "AAABBBB:B",
    );
    check(
        late,
        vec![texts("Are you? Well I am fine thanks")],
        "AABBBBB:B",
    );
    check(
        late,
        vec![texts("I say, well that is right yes")],
        "AABBBBB:B",
    );
    let early = "A 0 2, B 2 5";
    check(
        early,
        vec![texts("How are you all? Fine thanks man")],
        "AAAABBB:B",
    );
    // too far away in words, or in time
    check(
        late,
        vec![texts("So? You well I am fine thanks")],
        "AAAABBB:B",
    );
    check(
        "A 0 4, B 4 5",
        vec![texts("Are you well as I am? Yes")],
        "AAAAAAB:A",
    );
}

#[test]
fn words_go_with_their_sentence_where_turns_are_more_than_a_second_away() {
    let mut sentence = segment("so then we go", &[0.0, 0.5, 1.0, 1.5, 2.0]);
    let far = [("on", 3.4), ("and", 3.8), ("on", 4.2)];
    let far = far.map(|(text, start)| word(text, start, start + 0.3));
    sentence.words.as_mut().unwrap().extend(far);
    sentence.text += " on and on";
    sentence.end = Seconds(4.5);
    let answer = || segment("Yes", &[6.0, 7.0]);
    let turns = "A 0 1, B 6 7";
    check(turns, vec![sentence.clone(), answer()], "AAAAAAA:A B:B");
    for word in &mut sentence.words.as_mut().unwrap()[4..] {
        word.start = word.start.map(|start| Seconds(start.0 + 1.4));
        word.end = word.end.map(|end| Seconds(end.0 + 1.4));
    }
    sentence.end = Seconds(5.9);
    check(turns, vec![sentence, answer()], "AAAABBB:A B:B");
}

#[test]
fn a_pause_holds_a_change_where_it_is() {
    let mut sentence = segment("Are you? Well I am", &[0.0, 1.0, 2.0, 2.3, 3.0, 4.0]);
    let turns = "A 0 2.5, B 2.5 5";
    check(turns, vec![sentence.clone()], "AABBB:A");
    sentence.words.as_mut().unwrap()[3].start = Some(Seconds(2.8));
    check(turns, vec![sentence], "AAABB:A");
}

#[test]
fn the_first_word_of_an_answer_is_not_taken_from_the_question() {
    let question = segment("Are you well", &[0.0, 0.5, 1.0, 1.3]);
    let answer = segment("I am fine", &[1.4, 1.7, 2.2, 3.0]);
    check("A 0 1.75, B 1.75 3", vec![question, answer], "AAA:A BBB:B");
}

#[test]
fn a_word_that_is_all_somebody_says_stays_theirs() {
    let turns = "A 0 1, B 1 1.3, A 1.3 9";
    let texts = segment(
        "Indeed. Yeah, so I went on",
        &[0.0, 1.0, 1.3, 2.0, 3.0, 4.0, 5.0],
    );
    check(turns, vec![texts], "ABAAAA:A");
}

#[test]
fn segments_are_cut_where_the_speaker_changes() {
    let sentence = segment(
        "Are you well? I am. Good!",
        &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    );
    assert_eq!(
        split("A 0 3, B 3 5, A 5 6", vec![sentence]),
        ["0 2.99 A Are you well?", "3 4.99 B I am.", "5 6 A Good!"]
    );
}

#[test]
fn a_stray_word_leaves_its_sentence_whole_and_keeps_its_speaker() {
    let sentence = segment("so then we go on", &[0.0, 1.0, 2.0, 2.4, 3.0, 4.0]);
    let sure = "A 0 1.99, B 2 2.39, A 2.4 9";
    assert_eq!(
        split(sure, vec![sentence.clone()]),
        ["0 4 A so then we go on"]
    );
    let mut transcript = transcript(vec![sentence]);
    assign(&mut transcript, &diarization(sure));
    split_at_speakers(&mut transcript);
    assert_eq!(speakers(&transcript), "AABAA:A");
    // nor is a word that takes longer
    let sentence = segment("so then we go on", &[0.0, 1.0, 2.0, 2.6, 3.0, 4.0]);
    let longer = "A 0 1.99, B 2 2.59, A 2.6 9";
    assert_eq!(split(longer, vec![sentence]).len(), 3);
    // a sentence of one word is no stray
    let sentence = segment("so then. Yes. go on", &[0.0, 1.0, 2.0, 2.4, 3.0, 4.0]);
    assert_eq!(split(sure, vec![sentence]).len(), 3);
}

#[test]
fn cutting_keeps_every_character() {
    let check = |text: &str, words: &[&str], expected: &[&str]| {
        let n_first = words.len() / 2;
        let words = words.iter().zip(0_u32..).map(|(text, idx)| Word {
            speaker: Some(if (idx as usize) < n_first { "A" } else { "B" }.into()),
            ..word(text, f64::from(idx), f64::from(idx) + 1.0)
        });
        let segment = Segment {
            end: Seconds(9.0),
            text: text.into(),
            words: Some(words.collect()),
            ..Segment::default()
        };
        let mut transcript = transcript(vec![segment]);
        split_at_speakers(&mut transcript);
        let texts: Vec<_> = transcript.segments.iter().map(|s| &*s.text).collect();
        assert_eq!(texts, expected);
    };
    check(
        "元気ですか元気です",
        &["元気", "ですか", "元気", "です"],
        &["元気ですか", "元気です"],
    );
    check(
        "  Yes  \u{a0}no ",
        &["Yes", "no"],
        &["  Yes", "  \u{a0}no "],
    );
    check("Yes – no", &["Yes", "no"], &["Yes –", " no"]);
    check("He: (“no”)", &["He", "no"], &["He:", " (“no”)"]);
    check("a b c d", &["b", "d"], &["a b c", " d"]);
    // words that do not stand in the text as they are
    check(
        " New York now",
        &["New  York", "now"],
        &[" New  York", " now"],
    );
    // and those that would lose some of it
    check("five 5", &["five", "six"], &["five 5"]);
}

#[test]
fn characters_go_with_their_text() {
    let mut sentence = segment("Ja? Nein.", &[0.0, 1.0, 2.0]);
    let chars = sentence.text.chars().map(|char| Character {
        char: char.to_string(),
        ..Character::default()
    });
    sentence.chars = Some(chars.collect());
    let mut transcript = transcript(vec![sentence]);
    assign(&mut transcript, &diarization("A 0 1, B 1 2"));
    split_at_speakers(&mut transcript);
    for segment in &transcript.segments {
        let chars = segment.chars.iter().flatten();
        assert_eq!(chars.map(|c| &*c.char).collect::<String>(), segment.text);
    }
    assert_eq!(transcript.segments.len(), 2);
}

#[test]
fn words_without_a_speaker_go_with_the_one_before() {
    let mut sentence = segment("um I say so", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    let words = sentence.words.as_mut().unwrap();
    words[1].speaker = Some("A".into());
    words[3].speaker = Some("B".into());
    let mut transcript = transcript(vec![sentence]);
    split_at_speakers(&mut transcript);
    assert_eq!(speakers(&transcript), "-A-:A B:B");
}

/// Somebody speaks all the time.
fn throughout(speaker: usize) -> Turn {
    Turn {
        start: Seconds(0.0),
        end: Seconds(5_000.0),
        speaker: format!("S{speaker:05}"),
    }
}

#[test]
fn of_thousands_who_speak_all_the_time_few_are_looked_at() {
    let mut turns: Vec<Turn> = (0..20_000).map(throughout).collect();
    turns.extend([throughout(7), throughout(7), throughout(3)]); // more than once at a time
    turns.extend((0..5_000).map(|idx| Turn {
        start: Seconds(f64::from(idx) + 0.5),
        ..throughout(9)
    }));
    let timeline = Timeline::new(&turns);
    for idx in 0..4_999 {
        let (start, end) = (f64::from(idx), f64::from(idx) + 0.9);
        let n_candidates = timeline.candidates(start, end).len();
        assert!(n_candidates <= 2, "{n_candidates} at {start} s");
        let winner = timeline.winner(start, end).unwrap();
        let (expected, overlap) = match idx {
            0 | 1 => ("S00007", 2.7),
            idx => ("S00009", f64::from(idx + 1) * 0.9 + 0.4),
        };
        assert_eq!(timeline.name(winner.speaker), expected, "at {start} s");
        assert!(
            (winner.overlap - overlap).abs() < 1e-6,
            "{}",
            winner.overlap
        );
    }
}

#[test]
fn where_all_who_are_known_to_lead_stop_the_others_count() {
    // five speak twice at once until 0.4 s, and one all the time
    let until = |speaker: usize, end: f64| Turn {
        end: Seconds(end),
        ..throughout(speaker)
    };
    let twice = (0..5).flat_map(|speaker| [until(speaker, 0.4), until(speaker, 0.4)]);
    let mut turns: Vec<Turn> = twice.collect();
    turns.push(throughout(8));
    let timeline = Timeline::new(&turns);
    let winner = timeline.winner(0.0, 1.0).unwrap();
    assert_eq!(
        (timeline.name(winner.speaker), winner.overlap),
        ("S00008", 1.0)
    );
    let winner = timeline.winner(0.0, 0.6).unwrap();
    assert_eq!(
        (timeline.name(winner.speaker), winner.overlap),
        ("S00000", 0.8)
    );
}

/// Some turns of up to four speakers within 60 s, whose edges often meet.
fn any_turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0_u16..240, 0_u16..40, "[A-D]").prop_map(|(start, length, speaker)| Turn {
        start: Seconds(f64::from(start) / 4.0),
        end: Seconds(f64::from(start + length) / 4.0),
        speaker,
    });
    prop::collection::vec(turn, 0..20)
}

fn any_word() -> impl Strategy<Value = (String, Option<(f64, f64)>)> {
    let times = (0_u16..2600, 0_u16..60).prop_map(|(start, length)| {
        let time = |t: u16| f64::from(t) / 40.0;
        (time(start), time(start + length))
    });
    ("[a-z]{1,4}[.,?]?", prop::option::weighted(0.9, times))
}

/// Segments with words at any time, not even in order.
fn any_transcript() -> impl Strategy<Value = Transcript> {
    let segment = prop::collection::vec(any_word(), 0..12).prop_map(|words| {
        let texts: Vec<_> = words.iter().map(|(text, _)| text.clone()).collect();
        let words = words.into_iter().map(|(text, times)| Word {
            word: text,
            start: times.map(|times| Seconds(times.0)),
            end: times.map(|times| Seconds(times.1)),
            ..Word::default()
        });
        Segment {
            start: Seconds(10.0),
            end: Seconds(50.0),
            text: format!(" {}", texts.join(" ")),
            words: Some(words.collect()),
            ..Segment::default()
        }
    });
    // a language without tables, which take long to read
    prop::collection::vec(segment, 0..5).prop_map(|segments| Transcript {
        language: "eo".into(),
        ..transcript(segments)
    })
}

/// The transcript as it was before anybody had a speaker.
fn without_speakers(transcript: &Transcript) -> Transcript {
    let mut transcript = transcript.clone();
    for segment in &mut transcript.segments {
        (segment.speaker, segment.overlap) = (None, false);
        for word in segment.words.iter_mut().flatten() {
            (word.speaker, word.overlap) = (None, false);
        }
    }
    transcript
}

fn all_words(transcript: &Transcript) -> Vec<Word> {
    let words = transcript.segments.iter().filter_map(|s| s.words.clone());
    words.flatten().collect()
}

fn all_text(transcript: &Transcript) -> String {
    transcript.segments.iter().map(|s| &*s.text).collect()
}

/// The rule said plainly: every turn is looked at.
fn slow_winner(turns: &[Turn], start: f64, end: f64) -> Option<String> {
    let mut sums: Vec<(f64, f64, String)> = Vec::new();
    for turn in turns {
        let overlap = turn.end.0.min(end) - turn.start.0.max(start);
        if overlap > 0.0 {
            match sums.iter_mut().find(|sum| sum.2 == turn.speaker) {
                Some(sum) => sum.0 += overlap,
                None => sums.push((overlap, turn.start.0, turn.speaker.clone())),
            }
        }
    }
    sums.sort_by(|a, b| {
        let by_sum = b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1));
        by_sum.then(a.2.cmp(&b.2))
    });
    sums.into_iter().next().map(|sum| sum.2)
}

proptest! {
    #[test]
    fn assigning_changes_nothing_but_speakers_and_twice_is_once(
        transcript in any_transcript(), turns in any_turns(),
    ) {
        let diarization = Diarization::new(turns, Vec::new());
        let mut once = transcript.clone();
        assign(&mut once, &diarization);
        prop_assert_eq!(without_speakers(&once), transcript);
        let mut twice = once.clone();
        assign(&mut twice, &diarization);
        prop_assert_eq!(&twice, &once);
        let is_somebody = !diarization.turns.is_empty();
        prop_assert!(all_words(&once).iter().all(|word| word.speaker.is_some() == is_somebody));
        prop_assert!(once.segments.iter().all(|s| s.speaker.is_some() == is_somebody));
    }

    #[test]
    fn splitting_loses_no_word_and_no_text_and_twice_is_once(
        mut transcript in any_transcript(), turns in any_turns(),
    ) {
        assign(&mut transcript, &Diarization::new(turns, Vec::new()));
        let mut once = transcript.clone();
        split_at_speakers(&mut once);
        prop_assert_eq!(all_words(&once), all_words(&transcript));
        prop_assert_eq!(all_text(&once), all_text(&transcript));
        prop_assert!(once.segments.iter().all(|s| s.start.0 <= s.end.0));
        let mut twice = once.clone();
        split_at_speakers(&mut twice);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn the_reference_is_found_as_if_every_turn_were_looked_at(
        turns in any_turns(), start in 0_u16..300, length in 0_u16..60,
    ) {
        let diarization = Diarization::new(turns, Vec::new());
        let timeline = Timeline::new(&diarization.turns);
        let (start, end) = (f64::from(start) / 4.0, f64::from(start + length) / 4.0);
        let winner = timeline.winner(start, end);
        let winner = winner.map(|winner| timeline.name(winner.speaker).to_owned());
        prop_assert_eq!(winner, slow_winner(&diarization.turns, start, end));

        let middle = f64::midpoint(start, end);
        let distance = |turn: &&Turn| (f64::midpoint(turn.start.0, turn.end.0) - middle).abs();
        let nearest = diarization.turns.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let found = timeline.nearest_middle(middle).map(|speaker| timeline.name(speaker));
        prop_assert_eq!(found, nearest.map(|turn| &*turn.speaker));

        let gap = |turn: &Turn| (start - turn.end.0).max(turn.start.0 - end).max(0.0);
        let nearest = diarization.turns.iter().map(gap).min_by(f64::total_cmp);
        let found = timeline.nearest_edge(start, end).map(|(_, distance)| distance);
        prop_assert_eq!(found, nearest);
    }
}
