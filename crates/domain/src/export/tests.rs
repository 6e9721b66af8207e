//! The bytes of every format, and what must hold for any transcript.

use std::num::NonZeroUsize;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::transcript::{Word, word_places};
use crate::units::Seconds;

pub(in crate::export) fn word(text: &str, start: f64, end: f64) -> Word {
    Word {
        word: text.into(),
        start: Some(Seconds(start)),
        end: Some(Seconds(end)),
        ..Word::default()
    }
}

pub(in crate::export) fn segment(start: f64, end: f64, text: &str) -> Segment {
    Segment {
        start: Seconds(start),
        end: Seconds(end),
        text: text.into(),
        ..Segment::default()
    }
}

pub(in crate::export) fn transcript(language: &str, segments: Vec<Segment>) -> Transcript {
    Transcript {
        segments,
        language: language.into(),
        ..Transcript::default()
    }
}

/// The reference's example: four words with a pause of 4.1 s in the middle.
fn golden() -> Transcript {
    let words = vec![
        word("Hello", 0.0, 0.4),
        word("world.", 0.5, 0.9),
        word("Next", 5.0, 5.3),
        word("one.", 5.4, 5.8),
    ];
    let segment = segment(0.0, 5.8, " Hello world. Next one.");
    transcript(
        "en",
        vec![Segment {
            words: Some(words),
            ..segment
        }],
    )
}

/// Two speakers, characters that need care, no words.
fn plain() -> Transcript {
    let first = Segment {
        speaker: Some("SPEAKER_00".into()),
        avg_logprob: Some(-0.25),
        ..segment(0.0, 2.5, " Grüße\taus --> Köln")
    };
    let second = Segment {
        avg_logprob: Some(f64::NAN),
        no_speech_prob: Some(f64::INFINITY),
        ..segment(3661.0005, 3662.1, " two\n\nlines ")
    };
    transcript("de", vec![first, second])
}

fn options(width: usize, count: usize) -> ExportOptions {
    ExportOptions {
        max_line_width: NonZeroUsize::new(width),
        max_line_count: NonZeroUsize::new(count),
        ..sentences()
    }
}

/// The style of whisperX's writers, which most of these tests are about.
fn sentences() -> ExportOptions {
    ExportOptions {
        subtitle_style: SubtitleStyle::Sentences,
        ..ExportOptions::default()
    }
}

fn render(format: Format, transcript: &Transcript) -> String {
    write(format, transcript, &sentences()).unwrap()
}

/// Cues as `start end text`, a line each.
fn cues(transcript: &Transcript, options: &ExportOptions) -> String {
    cue::cues(transcript, options, Markup::SubRip)
        .iter()
        .map(|cue| format!("{:?} {:?} {:?}", cue.start.0, cue.end.0, cue.text))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_format_reads_its_own_name() {
    for format in Format::ALL {
        assert_eq!(format.extension().parse(), Ok(format));
    }
    assert_eq!(
        "docx".parse::<Format>().unwrap_err().to_string(),
        "'docx' is not an output format; choose one of txt, vtt, srt, tsv, json, aud, md"
    );
}

#[test]
fn text_has_a_line_per_segment() {
    assert_eq!(
        render(Format::Txt, &plain()),
        "[SPEAKER_00]: Grüße\taus --> Köln\ntwo lines\n"
    );
}

#[test]
fn paragraphs_have_an_empty_line_between_and_a_name_where_the_speaker_changes() {
    let options = ExportOptions {
        text_style: TextStyle::Paragraphs,
        ..ExportOptions::default()
    };
    let mut dialogue = dialogue();
    dialogue.segments.push(Segment {
        speaker: Some("SPEAKER_01".into()),
        ..segment(12.0, 13.0, " Much later.")
    });
    assert_eq!(
        write(Format::Txt, &dialogue, &options).unwrap(),
        "[SPEAKER_00]: Hello world.\n\n[SPEAKER_01]: Next one.\n\nMuch later.\n"
    );
    assert_eq!(
        write(Format::Txt, &transcript("en", vec![]), &options).unwrap(),
        ""
    );
}

#[test]
fn markdown_has_headings_times_and_no_markup_of_its_texts() {
    let mut dialogue = dialogue();
    dialogue
        .segments
        .push(segment(3700.0, 3701.0, " *Much* _later_ <b>on</b>, #5."));
    assert_eq!(
        render(Format::Md, &dialogue),
        "## SPEAKER_00\n\n[00:00] Hello world.\n\n## SPEAKER_01\n\n[00:05] Next one.\n\n---\n\n\
         [1:01:40] \\*Much\\* \\_later\\_ \\<b\\>on\\</b\\>, \\#5.\n"
    );
    let plain = transcript(
        "en",
        vec![segment(1.0, 2.0, " One."), segment(9.0, 10.0, " Two.")],
    );
    assert_eq!(render(Format::Md, &plain), "[00:01] One.\n\n[00:09] Two.\n");
    assert_eq!(render(Format::Md, &transcript("en", vec![])), "");
}

#[test]
fn subrip_numbers_its_cues() {
    assert_eq!(
        render(Format::Srt, &plain()),
        "1\n00:00:00,000 --> 00:00:02,500\n[SPEAKER_00]: Grüße\taus -> Köln\n\n2\n01:01:01,000 --> 01:01:02,100\ntwo lines\n\n"
    );
}

#[test]
fn webvtt_shows_hours_only_where_there_are_any() {
    assert_eq!(
        render(Format::Vtt, &plain()),
        "WEBVTT\n\n00:00.000 --> 00:02.500\n[SPEAKER_00]: Grüße\taus -&gt; Köln\n\n01:01:01.000 --> 01:01:02.100\ntwo lines\n\n"
    );
}

#[test]
fn tab_separated_values_count_milliseconds() {
    assert_eq!(
        render(Format::Tsv, &plain()),
        "start\tend\ttext\n0\t2500\tGrüße aus --> Köln\n3661000\t3662100\ttwo lines\n"
    );
}

#[test]
fn audacity_labels_keep_raw_seconds() {
    assert_eq!(
        render(Format::Aud, &plain()),
        "0.0\t2.5\t[[SPEAKER_00]]Grüße aus --> Köln\n3661.0005\t3662.1\ttwo lines\n"
    );
}

#[test]
fn json_is_one_line_without_numbers_it_cannot_spell() {
    assert_snapshot!(render(Format::Json, &plain()), @r#"{"segments":[{"start":0.0,"end":2.5,"text":" Grüße\taus --> Köln","avg_logprob":-0.25,"speaker":"SPEAKER_00"},{"start":3661.0005,"end":3662.1,"text":" two\n\nlines "}],"language":"de"}"#);
    assert_snapshot!(render(Format::Json, &transcript("en", vec![])), @r#"{"segments":[],"language":"en"}"#);
}

#[test]
fn nothing_said_gives_files_without_cues() {
    let silence = transcript("en", vec![]);
    assert_eq!(render(Format::Txt, &silence), "");
    assert_eq!(render(Format::Srt, &silence), "");
    assert_eq!(render(Format::Vtt, &silence), "WEBVTT\n\n");
    assert_eq!(render(Format::Tsv, &silence), "start\tend\ttext\n");
    assert_eq!(render(Format::Aud, &silence), "");
}

#[test]
fn words_alone_or_with_a_count_follow_the_segment() {
    let expected = r#"0.0 5.8 "Hello world. Next one.""#;
    assert_eq!(cues(&golden(), &options(0, 0)), expected);
    assert_eq!(cues(&golden(), &options(0, 1)), expected);
    assert_eq!(
        options(0, 1).warning(),
        Some("max_line_count has no effect without max_line_width in the style sentences")
    );
    assert_eq!(options(5, 1).warning(), None);
}

#[test]
fn a_width_alone_breaks_lines_inside_the_segment() {
    let expected = r#"0.0 5.8 "Hello\nworld.\nNext\none.""#;
    assert_eq!(cues(&golden(), &options(5, 0)), expected);
}

#[test]
fn width_and_count_cut_cues_anew() {
    assert_snapshot!(cues(&golden(), &options(5, 1)), @r#"
    0.0 0.4 "Hello"
    0.5 0.9 "world."
    5.0 5.3 "Next"
    5.4 5.8 "one."
    "#);
}

#[test]
fn a_long_pause_ends_a_cue() {
    let expected = "0.0 0.9 \"Hello world.\"\n5.0 5.8 \"Next one.\"";
    assert_eq!(cues(&golden(), &options(20, 1)), expected);
    assert_eq!(cues(&golden(), &options(12, 2)), expected);
}

#[test]
fn highlighting_shows_one_cue_per_word_and_gap() {
    let options = ExportOptions {
        highlight_words: true,
        ..sentences()
    };
    assert_snapshot!(cues(&golden(), &options), @r#"
    0.0 0.4 "<u>Hello</u> world. Next one."
    0.4 0.5 "Hello world. Next one."
    0.5 0.9 "Hello <u>world.</u> Next one."
    0.9 5.0 "Hello world. Next one."
    5.0 5.3 "Hello world. <u>Next</u> one."
    5.3 5.4 "Hello world. Next one."
    5.4 5.8 "Hello world. Next <u>one.</u>"
    "#);
}

#[test]
fn a_highlighted_word_leaves_its_line_break_outside() {
    let options = ExportOptions {
        highlight_words: true,
        ..options(12 + "<u></u>".len(), 0)
    };
    let cues = cues(&golden(), &options);
    assert!(
        cues.contains(r#""Hello world.\n<u>Next</u> one.""#),
        "{cues}"
    );
}

/// The reference's example, its second sentence said by somebody else.
fn dialogue() -> Transcript {
    let words = golden().segments.remove(0).words.unwrap();
    let speak = |speaker: &str, start: f64, end: f64, text: &str, words: &[Word]| {
        let words = words.iter().cloned().map(|word| Word {
            speaker: Some(speaker.into()),
            ..word
        });
        Segment {
            words: Some(words.collect()),
            speaker: Some(speaker.into()),
            ..segment(start, end, text)
        }
    };
    let segments = vec![
        speak("SPEAKER_00", 0.0, 0.9, " Hello world.", &words[..2]),
        speak("SPEAKER_01", 5.0, 5.8, " Next one.", &words[2..]),
    ];
    transcript("en", segments)
}

#[test]
fn every_format_says_who_speaks_but_the_one_that_has_no_place_for_it() {
    assert_eq!(
        render(Format::Txt, &dialogue()),
        "[SPEAKER_00]: Hello world.\n[SPEAKER_01]: Next one.\n"
    );
    assert_eq!(
        render(Format::Srt, &dialogue()),
        "1\n00:00:00,000 --> 00:00:00,900\n[SPEAKER_00]: Hello world.\n\n\
         2\n00:00:05,000 --> 00:00:05,800\n[SPEAKER_01]: Next one.\n\n"
    );
    assert_eq!(
        render(Format::Vtt, &dialogue()),
        "WEBVTT\n\n00:00.000 --> 00:00.900\n[SPEAKER_00]: Hello world.\n\n\
         00:05.000 --> 00:05.800\n[SPEAKER_01]: Next one.\n\n"
    );
    assert_eq!(
        render(Format::Aud, &dialogue()),
        "0.0\t0.9\t[[SPEAKER_00]]Hello world.\n5.0\t5.8\t[[SPEAKER_01]]Next one.\n"
    );
    assert_eq!(
        render(Format::Tsv, &dialogue()),
        "start\tend\ttext\n0\t900\tHello world.\n5000\t5800\tNext one.\n"
    );
    assert_snapshot!(render(Format::Json, &dialogue()), @r#"{"segments":[{"start":0.0,"end":0.9,"text":" Hello world.","words":[{"word":"Hello","start":0.0,"end":0.4,"speaker":"SPEAKER_00"},{"word":"world.","start":0.5,"end":0.9,"speaker":"SPEAKER_00"}],"speaker":"SPEAKER_00"},{"start":5.0,"end":5.8,"text":" Next one.","words":[{"word":"Next","start":5.0,"end":5.3,"speaker":"SPEAKER_01"},{"word":"one.","start":5.4,"end":5.8,"speaker":"SPEAKER_01"}],"speaker":"SPEAKER_01"}],"language":"en"}"#);
}

#[test]
fn cues_cut_anew_end_where_the_speaker_changes() {
    let mut dialogue = dialogue();
    // no pause to end the cue
    for word in dialogue.segments[1].words.as_mut().unwrap() {
        (word.start, word.end) = (Some(Seconds(1.0)), Some(Seconds(1.5)));
    }
    assert_snapshot!(cues(&dialogue, &options(40, 2)), @r#"
    0.0 0.9 "[SPEAKER_00]: Hello world."
    1.0 1.5 "[SPEAKER_01]: Next one."
    "#);
    assert_snapshot!(cues(&dialogue, &options(5, 2)), @r#"
    0.0 0.9 "[SPEAKER_00]: Hello\nworld."
    1.0 1.5 "[SPEAKER_01]: Next\none."
    "#);
    // and nowhere else
    dialogue.segments[1].speaker = Some("SPEAKER_00".into());
    assert_snapshot!(cues(&dialogue, &options(40, 2)), @r#"0.0 1.5 "[SPEAKER_00]: Hello world. Next one.""#);
    // also where only one of them is known
    dialogue.segments[0].speaker = None;
    assert_snapshot!(cues(&dialogue, &options(40, 2)), @r#"
    0.0 0.9 "Hello world."
    1.0 1.5 "[SPEAKER_00]: Next one."
    "#);
}

#[test]
fn names_can_be_left_out_of_sentences() {
    let options = ExportOptions {
        speaker_labels: Some(SpeakerLabels::None),
        ..sentences()
    };
    assert_snapshot!(cues(&dialogue(), &options), @r#"
    0.0 0.9 "Hello world."
    5.0 5.8 "Next one."
    "#);
}

#[test]
fn highlighted_words_say_who_speaks() {
    let options = ExportOptions {
        highlight_words: true,
        ..sentences()
    };
    let cues = cues(&dialogue(), &options);
    assert!(
        cues.contains(r#"5.0 5.3 "[SPEAKER_01]: <u>Next</u> one.""#),
        "{cues}"
    );
}

#[test]
fn a_name_cannot_break_its_line() {
    let mut dialogue = dialogue();
    dialogue.segments[0].speaker = Some("Ann\n\n--> Lee\t".into());
    dialogue.segments[1].speaker = Some(" ".into());
    assert_eq!(
        cues(&dialogue, &options(0, 0)),
        "0.0 0.9 \"[Ann -> Lee]: Hello world.\"\n5.0 5.8 \"Next one.\""
    );
    assert!(render(Format::Aud, &dialogue).starts_with("0.0\t0.9\t[[Ann --> Lee]]Hello world.\n"));
}

#[test]
fn a_segment_whose_words_are_missing_keeps_its_text() {
    let mut transcript = golden();
    transcript.segments.push(Segment {
        words: Some(vec![]),
        speaker: Some("SPEAKER_01".into()),
        ..segment(6.0, 8.0, " 1984 ---> 2001")
    });
    transcript.segments.push(segment(8.0, 9.0, "   "));
    assert_snapshot!(cues(&transcript, &options(0, 0)), @r#"
    0.0 5.8 "Hello world. Next one."
    6.0 8.0 "[SPEAKER_01]: 1984 -> 2001"
    "#);
}

#[test]
fn a_text_without_words_is_cut_by_its_share_of_the_time() {
    let transcript = transcript("en", vec![segment(10.0, 12.0, " abcd efgh ij")]);
    assert_snapshot!(cues(&transcript, &options(8, 0)), @r#"10.0 12.0 "abcd\nefgh ij""#);
    assert_snapshot!(cues(&transcript, &options(9, 1)), @r#"
    10.0 11.6 "abcd efgh"
    11.6 12.0 "ij"
    "#);
}

#[test]
fn words_stand_apart_as_they_do_in_their_text() {
    let chinese = |language: &str| {
        let words = vec![
            word("你好", 0.0, 1.0),
            word("世界", 1.0, 2.0),
            word("OK", 2.0, 3.0),
        ];
        let segment = Segment {
            words: Some(words),
            ..segment(0.0, 3.0, "你好世界 OK")
        };
        transcript(language, vec![segment])
    };
    for language in ["zh", "en", ""] {
        let expected = r#"0.0 3.0 "你好世界 OK""#;
        assert_eq!(cues(&chinese(language), &options(0, 0)), expected);
    }
    let highlight = ExportOptions {
        highlight_words: true,
        ..sentences()
    };
    let highlighted = cues(&chinese("zh"), &highlight);
    assert!(
        highlighted.contains(r#""你好<u>世界</u> OK""#),
        "{highlighted}"
    );
    // what is not found in the text stands apart as the language has it
    for (language, expected) in [("zh", "你好世界OK"), ("en", "你好 世界 OK")] {
        let mut unlike = chinese(language);
        unlike.segments[0].text = "something else".into();
        let expected = format!("0.0 3.0 {expected:?}");
        assert_eq!(cues(&unlike, &options(0, 0)), expected);
    }
}

#[test]
fn what_words_leave_out_of_their_text_is_shown_too() {
    let shown = |text: &str, words: &[&str]| {
        let words = words.iter().zip(0_u8..);
        let words = words.map(|(text, second)| word(text, second.into(), f64::from(second) + 0.5));
        let segment = Segment {
            words: Some(words.collect()),
            ..segment(0.0, 9.0, text)
        };
        let cues = cue::cues(
            &transcript("en", vec![segment]),
            &options(8, 0),
            Markup::SubRip,
        );
        cues[0].text.clone()
    };
    assert_eq!(
        shown(" Pay $43,000 now.", &["Pay", "now."]),
        "Pay\n$43,000\nnow."
    );
    assert_eq!(
        shown("1984 was it, in 2", &["was", "it,", "in"]),
        "1984 was\nit, in 2"
    );
    assert_eq!(
        shown("“Well” (now), he", &["Well", "now", "he"]),
        "“Well”\n(now),\nhe"
    );
    assert_eq!(shown("ab-cd: x", &["ab", "cd", "x"]), "ab-cd: x");
    assert_eq!(
        shown("今天天气很好。我们去", &["今天"]),
        "今天天气很好。我\n们去"
    );
}

#[test]
fn what_has_no_time_lasts_to_the_ends_of_its_segment() {
    let expected = r#"0.0 5.8 "Hello world. Next one.""#;
    let mut transcript = golden();
    let mut own = transcript.segments[0].words.take().unwrap();
    (own[0].start, own[3].end) = (None, None);
    transcript.segments[0].words = Some(own.clone());
    assert_eq!(cues(&transcript, &options(0, 0)), expected);
    transcript.segments[0].words = Some(own[1..3].to_vec());
    assert_eq!(cues(&transcript, &options(0, 0)), expected);
}

#[test]
fn texts_without_spaces_are_cut_between_characters() {
    let cut = |text: &str, width: usize| {
        let transcript = transcript("", vec![segment(0.0, 6.0, text)]);
        cue::cues(&transcript, &options(width, 0), Markup::SubRip)
            .remove(0)
            .text
    };
    assert_eq!(cut("你好 世界再见", 4), "你好 世\n界再见");
    assert_eq!(cut("你好 世界再见", 2), "你好\n世界\n再见");
    // signs stay with what they follow, and words of other scripts whole
    assert_eq!(cut("我用Linux系统。好", 6), "我用\nLinux系\n统。好");
    assert_eq!(cut("好。好", 2), "好。\n好");
    // vowels stay with their consonants
    assert_eq!(cut("ที่นี่ที่", 4), "ที่\nนี่\nที่");
}

#[test]
fn texts_from_right_to_left_stay_whole() {
    let text = "\u{200f}שלום (world) עולם\u{202c}";
    let transcript = transcript("he", vec![segment(0.0, 1.0, text)]);
    for format in Format::ALL {
        assert!(render(format, &transcript).contains(text), "{format}");
    }
}

#[test]
fn webvtt_escapes_what_would_be_markup() {
    let text = " Use <b>bold</b> & if a < b then AT&T <laughs> A --> B &amp;";
    let words = text.split(' ').filter(|text| !text.is_empty());
    let words: Vec<_> = words.map(|text| word(text, 0.0, 1.0)).collect();
    for words in [None, Some(Vec::new()), Some(words)] {
        let segment = Segment {
            words,
            speaker: Some("A&B".into()),
            ..segment(0.0, 1.0, text)
        };
        let vtt = render(Format::Vtt, &transcript("en", vec![segment]));
        assert_eq!(
            vtt,
            "WEBVTT\n\n00:00.000 --> 00:01.000\n[A&amp;B]: Use &lt;b&gt;bold&lt;/b&gt; &amp; if a &lt; b then AT&amp;T \
             &lt;laughs&gt; A -&gt; B &amp;amp;\n\n"
        );
    }
    let mut golden = golden();
    golden.segments[0].words.as_mut().unwrap()[0].word = "<Hello>".into();
    let highlight = ExportOptions {
        highlight_words: true,
        ..sentences()
    };
    let vtt = write(Format::Vtt, &golden, &highlight).unwrap();
    assert!(
        vtt.contains("\n<u>&lt;Hello&gt;</u> world. Next one.\n"),
        "{vtt}"
    );
}

#[test]
fn no_text_breaks_its_line_or_its_field() {
    let text = " a\tb\r\nc\rd\u{2028}e\u{85}f\u{1e}g\n\n\n-->\nh";
    let segments = vec![segment(0.0, 1.0, text), segment(1.0, 2.0, "\n")];
    let transcript = transcript("en", segments);
    assert_eq!(
        render(Format::Srt, &transcript),
        "1\n00:00:00,000 --> 00:00:01,000\na\tb c d e f g -> h\n\n"
    );
    assert_eq!(
        render(Format::Tsv, &transcript),
        "start\tend\ttext\n0\t1000\ta b c d e f g --> h\n1000\t2000\t\n"
    );
}

#[test]
fn a_width_counts_what_stands_in_the_file() {
    let transcript = dialogue();
    for (width, expected) in [
        (26, "[SPEAKER_00]: Hello world."),
        (25, "[SPEAKER_00]: Hello\nworld."),
    ] {
        let cues = cue::cues(&transcript, &options(width, 0), Markup::SubRip);
        assert_eq!(cues[0].text, expected);
    }
    let mut golden = golden();
    golden.segments[0].words.as_mut().unwrap()[0].word = "A&B".into();
    let vtt = write(Format::Vtt, &golden, &options(13, 0)).unwrap();
    assert!(vtt.contains("\nA&amp;B\nworld. Next\none.\n"), "{vtt}");
}

#[test]
fn a_segment_without_a_proper_time_is_an_error() {
    for (start, end) in [(-1.0, 2.0), (0.0, f64::NAN), (f64::INFINITY, 1.0)] {
        let transcript = transcript("en", vec![segment(start, end, "x")]);
        for format in Format::ALL {
            assert!(write(format, &transcript, &ExportOptions::default()).is_err());
        }
    }
}

#[test]
fn a_word_without_a_proper_time_is_untimed() {
    let mut transcript = golden();
    transcript.segments[0].words.as_mut().unwrap()[1].start = Some(Seconds(f64::NAN));
    let json = render(Format::Json, &transcript);
    assert!(json.contains(r#"{"word":"world.","end":0.9}"#), "{json}");
}

/// `(start, end, text lines)` of every cue; panics where the text is no proper SubRip.
pub(in crate::export) fn parse_srt(text: &str) -> Vec<(u64, u64, Vec<String>)> {
    fn time(text: &str) -> u64 {
        let parts: Vec<u64> = text
            .split([':', ','])
            .map(|part| part.parse().unwrap())
            .collect();
        ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3]
    }
    text.split_terminator("\n\n")
        .zip(1..)
        .map(|(block, number): (_, usize)| {
            let mut lines = block.lines();
            assert_eq!(lines.next(), Some(number.to_string().as_str()), "{block:?}");
            let (start, end) = lines.next().unwrap().split_once(" --> ").unwrap();
            let lines: Vec<_> = lines.map(str::to_owned).collect();
            assert!(!lines.is_empty(), "{block:?}");
            (time(start), time(end), lines)
        })
        .collect()
}

pub(in crate::export) fn any_transcript() -> impl Strategy<Value = Transcript> {
    let text = "[a-z>\\- \n\r\t\u{2028}好é]{0,40}";
    let time = prop::option::of(-1.0..100.0);
    let word = (text, time.clone(), time).prop_map(|(word, start, end)| Word {
        word,
        start: start.map(Seconds),
        end: end.map(Seconds),
        ..Word::default()
    });
    let words = prop::option::of(prop::collection::vec(word, 0..6));
    let segment =
        (text, 0.0..10_000.0, 0.0..100.0, words).prop_map(|(text, start, length, words)| Segment {
            words,
            ..segment(start, start + length, &text)
        });
    let language = prop_oneof![Just("en"), Just("zh")];
    (language, prop::collection::vec(segment, 0..8))
        .prop_map(|(language, segments)| transcript(language, segments))
}

fn any_options() -> impl Strategy<Value = ExportOptions> {
    (0..30_usize, 0..4_usize, any::<bool>()).prop_map(|(width, count, highlight_words)| {
        ExportOptions {
            highlight_words,
            ..options(width, count)
        }
    })
}

/// Everything that is neither space nor part of a replaced arrow.
pub(in crate::export) fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !"->".contains(*c))
        .collect()
}

/// What a transcript says: its texts, or its words where they are not found in the text.
pub(in crate::export) fn said(transcript: &Transcript) -> String {
    let of_segment = |segment: &Segment| {
        let words: String = segment
            .words
            .iter()
            .flatten()
            .map(|word| letters(&word.word))
            .collect();
        let has_words = segment
            .words
            .iter()
            .flatten()
            .any(|word| !word.word.trim().is_empty());
        let own = segment.words.as_deref().unwrap_or_default();
        if has_words && word_places(&segment.text, own).is_none() {
            words
        } else {
            letters(&segment.text)
        }
    };
    transcript.segments.iter().map(of_segment).collect()
}

proptest! {
    #[test]
    fn cues_can_always_be_read_back(transcript in any_transcript(), options in any_options()) {
        let srt = write(Format::Srt, &transcript, &options).unwrap();
        for (start, end, lines) in parse_srt(&srt) {
            prop_assert!(start <= end);
            prop_assert!(lines.iter().all(|line| !line.contains("-->") && !line.trim().is_empty()));
        }
    }

    #[test]
    fn lines_keep_to_their_width(transcript in any_transcript(), options in any_options()) {
        let options = ExportOptions { highlight_words: false, ..options };
        let width = options.max_line_width.map_or(1000, NonZeroUsize::get);
        let words = transcript.segments.iter().flat_map(|segment| segment.words.iter().flatten());
        let words: Vec<_> = words.map(|word| cue::without_arrows(&one_line(&word.word))).collect();
        let srt = write(Format::Srt, &transcript, &options).unwrap();
        for line in parse_srt(&srt).iter().flat_map(|(_, _, lines)| lines) {
            prop_assert_eq!(line.trim_end(), line);
            // a word that is longer is a line of its own
            let is_one_word = !line.contains(' ') || words.contains(line);
            prop_assert!(line.chars().count() <= width || is_one_word, "{:?}", line);
        }
    }

    #[test]
    fn no_text_is_lost(transcript in any_transcript(), options in any_options()) {
        let options = ExportOptions { highlight_words: false, ..options };
        let srt = write(Format::Srt, &transcript, &options).unwrap();
        let shown: String = parse_srt(&srt)
            .iter()
            .flat_map(|(_, _, lines)| lines.iter().map(|line| letters(line)))
            .collect();
        prop_assert_eq!(shown, said(&transcript));
    }

    #[test]
    fn json_reads_back(transcript in any_transcript()) {
        let json = write(Format::Json, &transcript, &ExportOptions::default()).unwrap();
        prop_assert_eq!(json.lines().count(), 1);
        let back: Transcript = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(back.segments.len(), transcript.segments.len());
    }
}
