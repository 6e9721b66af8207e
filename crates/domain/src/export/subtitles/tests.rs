//! What a subtitler would write, and what must hold for any transcript.

use std::num::NonZeroUsize;

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::export::tests::{any_transcript, letters, parse_srt, said, segment, transcript, word};
use crate::export::{ExportOptions, Format, SpeakerLabels, write};
use crate::transcript::{Segment, Transcript};
use crate::units::Seconds;

/// A segment whose words follow each other at `cps` characters a second from `start`, by `speaker`.
fn spoken(start: f64, cps: f64, speaker: &str, text: &str) -> Segment {
    let mut at = start;
    let mut words = Vec::new();
    for text in text.split(' ') {
        let length = (text.chars().count() + 1) as f64 / cps;
        words.push(word(text, at, at + length - 0.02));
        at += length;
    }
    Segment {
        words: Some(words),
        speaker: (!speaker.is_empty()).then(|| speaker.into()),
        ..segment(start, at - 0.02, &format!(" {text}"))
    }
}

fn render(format: Format, transcript: &Transcript, labels: SpeakerLabels) -> String {
    let options = ExportOptions {
        speaker_labels: Some(labels),
        ..ExportOptions::default()
    };
    write(format, transcript, &options).unwrap()
}

/// The texts of the cues of somebody who speaks fast, with `|` between lines.
fn cues(language: &str, text: &str) -> Vec<String> {
    cues_at(15.0, language, text)
}

fn cues_at(cps: f64, language: &str, text: &str) -> Vec<String> {
    shown(&transcript(language, vec![spoken(0.0, cps, "", text)]))
}

fn shown(transcript: &Transcript) -> Vec<String> {
    let srt = write(Format::Srt, transcript, &ExportOptions::default()).unwrap();
    let cues = parse_srt(&srt).into_iter();
    cues.map(|(_, _, lines)| lines.join("|")).collect()
}

#[test]
fn lines_end_at_phrases_and_the_lower_is_longer() {
    for (language, text, expected) in [
        (
            "en",
            "He wanted to see the old house by the river before it was sold.",
            "He wanted to see the old house|by the river before it was sold.",
        ),
        (
            "en",
            "When the train arrived, nobody was waiting at the station.",
            "When the train arrived,|nobody was waiting at the station.",
        ),
        (
            "en",
            "The speech was held by President Barack Obama in Berlin.",
            "The speech was held|by President Barack Obama in Berlin.",
        ),
        (
            "en",
            "We drove for almost one hundred and 25 miles that long night.",
            "We drove for almost one hundred|and 25 miles that long night.",
        ),
        (
            "de",
            "Ich habe gestern mit der neuen Lehrerin von Herrn Müller gesprochen.",
            "Ich habe gestern mit der neuen Lehrerin|von Herrn Müller gesprochen.",
        ),
        (
            "fr",
            "Nous avons parlé de la maison que mes parents ont achetée.",
            "Nous avons parlé de la maison|que mes parents ont achetée.",
        ),
        (
            "es",
            "El presidente habló de la economía porque los precios subieron.",
            "El presidente habló de la economía|porque los precios subieron.",
        ),
        (
            "it",
            "Abbiamo visto una bella casa che si trova vicino al mare.",
            "Abbiamo visto una bella casa|che si trova vicino al mare.",
        ),
        (
            "pt",
            "O menino queria uma bicicleta nova mas o pai não tinha dinheiro.",
            "O menino queria uma bicicleta nova|mas o pai não tinha dinheiro.",
        ),
        (
            "nl",
            "De leraar was heel tevreden omdat iedereen het boek had gelezen.",
            "De leraar was heel tevreden|omdat iedereen het boek had gelezen.",
        ),
        // no table: like lengths
        (
            "fi",
            "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa",
            "aaaaaaaaa aaaaaaaaa|aaaaaaaaa aaaaaaaaa aaaaaaaaa",
        ),
    ] {
        assert_eq!(cues(language, text), [expected], "{text}");
    }
}

#[test]
fn the_words_of_a_translation_are_those_of_its_own_language() {
    let text = "He wanted to see the old house by the river before it was sold.";
    for language in ["de", "fi", "ja", ""] {
        assert_eq!(cues(language, text), cues("en", text), "{language}");
    }
}

#[test]
fn a_text_that_fits_stays_on_one_line() {
    let text = "This is a line of exactly forty-two signs.";
    assert_eq!(text.chars().count(), 42);
    assert_eq!(cues("en", text), [text]);
    assert_eq!(cues("en", &text.replace("signs", "letters")).len(), 1);
    assert!(cues("en", &text.replace("signs", "letters"))[0].contains('|'));
}

#[test]
fn a_long_sentence_is_cut_at_its_clauses_into_cues_of_like_weight() {
    let text = "We had planned to go to the mountains in the summer, but my brother broke his leg, \
                and so we stayed at home and watched the rain fall on the garden for two weeks.";
    assert_snapshot!(cues("en", text).join("\n"), @r"
    We had planned to go|to the mountains in the summer,
    but my brother broke his leg,
    and so we stayed at home and watched|the rain fall on the garden for two weeks.
    ");
}

#[test]
fn titles_and_initials_end_no_sentence() {
    let text = "Then Dr. Smith and J. R. Miller went home. Nobody saw them again after that night.";
    assert_eq!(
        cues("en", text),
        [
            "Then Dr. Smith and J. R. Miller went home.",
            "Nobody saw them again after that night."
        ]
    );
}

#[test]
fn flashes_of_one_speaker_are_joined() {
    let segments = vec![
        spoken(0.0, 15.0, "", "Yes."),
        spoken(0.5, 15.0, "", "No."),
        spoken(0.9, 15.0, "", "I mean, perhaps."),
    ];
    assert_eq!(
        shown(&transcript("en", segments)),
        ["Yes. No. I mean, perhaps."]
    );
}

#[test]
fn a_long_pause_stands_in_no_cue() {
    let segments = vec![
        spoken(0.0, 15.0, "", "And the winner is"),
        spoken(6.0, 15.0, "", "nobody at all."),
    ];
    assert_eq!(
        shown(&transcript("en", segments)),
        ["And the winner is", "nobody at all."]
    );
}

#[test]
fn signs_of_east_asia_keep_to_their_ends_of_lines() {
    let japanese = "今日はとても天気がいいので、友達と一緒に公園へ行って、お弁当を食べました。";
    let segments = vec![segment(0.0, 6.0, japanese)];
    assert_snapshot!(shown(&transcript("ja", segments)).join("\n"), @r"
    今日はとても天気がいいので、
    友達と一緒に公園へ行って、|お弁当を食べました。
    ");
    let chinese = "因为今天的天气非常好，所以我们决定和朋友们一起去公园里散步，然后再回家吃饭。";
    let segments = vec![segment(0.0, 6.0, chinese)];
    assert_snapshot!(shown(&transcript("zh", segments)).join("\n"), @r"
    因为今天的天气非常好，
    所以我们决定和朋友们一起去|公园里散步，然后再回家吃饭。
    ");
}

/// `start end` of every cue in milliseconds.
fn times(transcript: &Transcript) -> Vec<(u64, u64)> {
    let srt = write(Format::Srt, transcript, &ExportOptions::default()).unwrap();
    let cues = parse_srt(&srt).into_iter();
    cues.map(|(start, end, _)| (start, end)).collect()
}

#[test]
fn a_cue_stays_after_its_sound_but_not_into_the_next() {
    let at = |start, text| {
        let words = vec![word(text, start, start + 0.4)];
        Segment {
            words: Some(words),
            ..segment(start, start + 0.4, text)
        }
    };
    let alone = transcript("en", vec![at(1.0, "Hello.")]);
    // to the shortest time, beyond the half second that every cue stays
    assert_eq!(times(&alone), [(1000, 1900)]);
    let unread = transcript(
        "en",
        vec![at(1.0, "Incomprehensibilities,"), at(9.0, "said.")],
    );
    assert_eq!(times(&unread)[0], (1000, 2100));
    let near = transcript("en", vec![at(1.0, "Hello there."), at(2.3, "Who is that?")]);
    assert_eq!(times(&near), [(1000, 2220), (2300, 3200)]);
}

#[test]
fn people_who_speak_at_once_follow_each_other_or_share_a_cue() {
    let quick = vec![
        spoken(0.0, 15.0, "A", "Are you coming?"),
        spoken(0.8, 15.0, "B", "Yes."),
        spoken(9.0, 15.0, "A", "Then let us go."),
    ];
    let quick = transcript("en", quick);
    assert_snapshot!(render(Format::Srt, &quick, SpeakerLabels::Dashes), @r"
    1
    00:00:00,000 --> 00:00:01,613
    - Are you coming?
    - Yes.

    2
    00:00:09,000 --> 00:00:10,547
    Then let us go.
    ");
    assert_snapshot!(render(Format::Vtt, &quick, SpeakerLabels::Dashes), @r"
    WEBVTT

    00:00.000 --> 00:01.613
    <v A>- Are you coming?</v>
    <v B>- Yes.</v>

    00:09.000 --> 00:10.547
    <v A>Then let us go.
    ");
    assert_snapshot!(render(Format::Srt, &quick, SpeakerLabels::Names), @r"
    1
    00:00:00,000 --> 00:00:01,613
    A: Are you coming?
    B: Yes.

    2
    00:00:09,000 --> 00:00:10,547
    A: Then let us go.
    ");
    assert_snapshot!(render(Format::Srt, &quick, SpeakerLabels::None), @r"
    1
    00:00:00,000 --> 00:00:00,834
    Are you coming?

    2
    00:00:00,914 --> 00:00:01,748
    Yes.

    3
    00:00:09,000 --> 00:00:10,547
    Then let us go.
    ");
    let long = vec![
        spoken(
            0.0,
            15.0,
            "A",
            "I have always said that this is the wrong way to do it.",
        ),
        spoken(
            1.0,
            15.0,
            "B",
            "And nobody has ever listened to you, as you well know.",
        ),
    ];
    assert_snapshot!(render(Format::Srt, &transcript("en", long), SpeakerLabels::Dashes), @r"
    1
    00:00:00,000 --> 00:00:02,700
    I have always said
    that this is the wrong way to do it.

    2
    00:00:02,780 --> 00:00:05,430
    And nobody has ever listened to you,
    as you well know.
    ");
}

#[test]
fn a_name_stands_only_where_the_speaker_changes() {
    let segments = vec![
        spoken(
            0.0,
            15.0,
            "Ann",
            "This is the first sentence that I have to say.",
        ),
        spoken(4.0, 15.0, "Ann", "And this is the second one."),
        spoken(8.0, 15.0, "Bob", "I see."),
    ];
    let names = |segments: Vec<Segment>| {
        let srt = render(
            Format::Srt,
            &transcript("en", segments),
            SpeakerLabels::Names,
        );
        srt.matches("Ann:").count() + srt.matches("Bob:").count()
    };
    assert_eq!(names(segments.clone()), 2);
    // nobody wonders who it is where there is only one
    assert_eq!(names(segments[..2].to_vec()), 0);
}

#[test]
fn speakers_of_words_count_also_within_a_segment() {
    let mut segment = spoken(
        0.0,
        10.0,
        "A",
        "Do you know him? Never heard of him in my life.",
    );
    for (idx, word) in segment.words.iter_mut().flatten().enumerate() {
        word.speaker = Some(if idx < 4 { "A" } else { "B" }.into());
    }
    assert_eq!(
        shown(&transcript("en", vec![segment])),
        ["Do you know him?", "Never heard of him in my life."]
    );
}

#[test]
fn webvtt_marks_who_speaks_and_escapes_names() {
    let segments = vec![
        spoken(0.0, 10.0, "A&B <x>", "Is it 1 < 2 or not?"),
        spoken(8.0, 10.0, "", "It is."),
    ];
    let vtt = render(
        Format::Vtt,
        &transcript("en", segments),
        SpeakerLabels::Dashes,
    );
    assert!(
        vtt.contains("\n<v A&amp;B &lt;x&gt;>Is it 1 &lt; 2 or not?\n"),
        "{vtt}"
    );
    assert!(vtt.contains("\nIt is.\n"), "{vtt}");
}

#[test]
fn a_word_of_a_hundred_seconds_is_shown_for_seven() {
    let words = vec![word("Well,", 0.0, 100.0), word("then.", 100.0, 100.5)];
    let segment = Segment {
        words: Some(words),
        ..segment(0.0, 100.5, "Well, then.")
    };
    assert_eq!(
        times(&transcript("en", vec![segment])),
        [(0, 7000), (100_000, 101_000)]
    );
}

#[test]
fn a_word_that_fits_in_no_line_is_broken() {
    let text = format!("see {}/{} there", "a".repeat(30), "b".repeat(60));
    let shown = cues("en", &text).join("|");
    assert_eq!(
        shown,
        format!(
            "see {}/|{}|{} there",
            "a".repeat(30),
            "b".repeat(42),
            "b".repeat(18)
        )
    );
}

#[test]
fn limits_can_be_given() {
    let text = "One two three four five six seven eight nine ten eleven twelve.";
    let options = ExportOptions {
        max_line_width: NonZeroUsize::new(12),
        max_line_count: NonZeroUsize::new(1),
        ..ExportOptions::default()
    };
    let transcript = transcript("en", vec![spoken(0.0, 10.0, "", text)]);
    for (_, _, lines) in parse_srt(&write(Format::Srt, &transcript, &options).unwrap()) {
        assert!(
            lines.len() == 1 && lines[0].chars().count() <= 12,
            "{lines:?}"
        );
    }
    let three = ExportOptions {
        max_line_width: NonZeroUsize::new(24),
        max_line_count: NonZeroUsize::new(3),
        ..options
    };
    let srt = write(Format::Srt, &transcript, &three).unwrap();
    assert_eq!(parse_srt(&srt).len(), 1, "{srt}");
    let slow = ExportOptions {
        max_duration: Some(Seconds(2.0)),
        gap: Some(Seconds(0.5)),
        ..ExportOptions::default()
    };
    let cues = parse_srt(&write(Format::Srt, &transcript, &slow).unwrap());
    assert!(cues.len() > 3);
    assert!(cues.iter().all(|(start, end, _)| end - start <= 2000));
    assert!(cues.windows(2).all(|pair| pair[1].0 - pair[0].1 >= 500));
}

#[test]
fn words_are_underlined_one_at_a_time_while_the_cue_is_shown() {
    let options = ExportOptions {
        highlight_words: true,
        ..ExportOptions::default()
    };
    let transcript = transcript("en", vec![spoken(0.0, 10.0, "", "One two three.")]);
    assert_snapshot!(write(Format::Srt, &transcript, &options).unwrap(), @r"
    1
    00:00:00,000 --> 00:00:00,400
    <u>One</u> two three.

    2
    00:00:00,400 --> 00:00:00,800
    One <u>two</u> three.

    3
    00:00:00,800 --> 00:00:01,980
    One two <u>three.</u>
    ");
}

/// Transcripts in which now and then somebody speaks, or somebody else.
fn any_dialogue() -> impl Strategy<Value = Transcript> {
    let names = prop::collection::vec(prop::option::of("[AB]"), 64);
    (any_transcript(), names).prop_map(|(mut transcript, names)| {
        let mut names = names.into_iter().cycle();
        for segment in &mut transcript.segments {
            segment.speaker = names.next().flatten();
            for word in segment.words.iter_mut().flatten() {
                word.speaker = names.next().flatten();
            }
        }
        transcript
    })
}

fn any_options() -> impl Strategy<Value = ExportOptions> {
    let labels = prop::sample::select(SpeakerLabels::ALL);
    let seconds = (0.0..2.0, 2.0..10.0, 0.0..1.0);
    (0..50_usize, 0..4_usize, labels, 1.0..100.0, seconds).prop_map(
        |(width, count, labels, max_cps, (shortest, longest, gap))| ExportOptions {
            max_line_width: NonZeroUsize::new(width),
            max_line_count: NonZeroUsize::new(count),
            max_cps: Some(max_cps),
            min_duration: Some(Seconds(shortest)),
            max_duration: Some(Seconds(longest)),
            gap: Some(Seconds(gap)),
            speaker_labels: Some(labels),
            ..ExportOptions::default()
        },
    )
}

proptest! {
    #[test]
    fn every_limit_holds(transcript in any_dialogue(), options in any_options()) {
        let srt = write(Format::Srt, &transcript, &options).unwrap();
        let width = options.max_line_width.map_or(42, NonZeroUsize::get);
        let count = options.max_line_count.map_or(2, NonZeroUsize::get);
        let seconds = |time: Option<Seconds>| time.map_or(0.0, |time| time.0);
        let (longest, gap) = (seconds(options.max_duration), seconds(options.gap));
        let cues = parse_srt(&srt);
        for (start, end, lines) in &cues {
            prop_assert!(start < end && (end - start) as f64 <= (1000.0 * longest).ceil());
            prop_assert!(lines.len() <= count);
            for line in lines {
                prop_assert!(line.chars().count() <= width, "{line:?}");
                prop_assert_eq!(line.trim(), line);
            }
        }
        for pair in cues.windows(2) {
            let between = pair[1].0 as f64 - pair[0].1 as f64;
            prop_assert!(between >= 1000.0 * gap, "{:?}", pair);
        }
    }

    #[test]
    fn no_word_is_lost_or_doubled(mut transcript in any_dialogue(), options in any_options()) {
        let labels = options.speaker_labels.filter(|labels| *labels != SpeakerLabels::Names);
        let options = ExportOptions { speaker_labels: labels, ..options };
        for format in [Format::Srt, Format::Vtt] {
            let text = write(format, &transcript, &ExportOptions {
                speaker_labels: if format == Format::Vtt { Some(SpeakerLabels::None) } else { labels },
                ..options
            }).unwrap();
            let text = text.trim_start_matches("WEBVTT\n\n");
            let is_text = |line: &&str| !line.contains(" --> ") && line.parse::<u32>().is_err();
            let shown: String = text
                .lines()
                .filter(is_text)
                .map(|line| letters(&line.replace("&gt;", ">")))
                .collect();
            transcript.segments.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
            prop_assert_eq!(shown, said(&transcript));
        }
    }

    #[test]
    fn highlighted_cues_can_be_read_back(transcript in any_dialogue(), options in any_options()) {
        let options = ExportOptions { highlight_words: true, ..options };
        let srt = write(Format::Srt, &transcript, &options).unwrap();
        let cues = parse_srt(&srt);
        prop_assert!(cues.iter().all(|(start, end, _)| start < end));
        prop_assert!(cues.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }
}
