//! Transcripts and options that the fuzzer makes up.

use std::num::NonZeroUsize;

use domain::export::{ExportOptions, SpeakerLabels, SubtitleStyle, TextStyle};
use domain::transcript::{Segment, Transcript, Word};
use domain::units::Seconds;
use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// A transcript and how it is to be written.
#[derive(Debug, Arbitrary)]
pub struct Case {
    language: Language,
    segments: Vec<AnySegment>,
    is_sentences: bool,
    is_paragraphs: bool,
    is_highlighted: bool,
    labels: Option<Labels>,
    max_line_width: u8,
    max_line_count: u8,
    max_cps: Option<u8>,
    min_duration: Option<u8>,
    max_duration: Option<u8>,
    gap: Option<u8>,
}

#[derive(Debug, Arbitrary)]
enum Language {
    English,
    German,
    Japanese,
    None,
}

#[derive(Debug, Arbitrary)]
enum Labels {
    Dashes,
    Names,
    None,
}

#[derive(Debug, Arbitrary)]
struct AnySegment {
    start: Time,
    length: Time,
    text: Text,
    words: Option<Vec<AnyWord>>,
    /// Whether the text is made of the words, as engines do it.
    is_of_words: bool,
    speaker: Option<Speaker>,
}

#[derive(Debug, Arbitrary)]
struct AnyWord {
    text: Text,
    start: Option<Time>,
    end: Option<Time>,
    speaker: Option<Speaker>,
}

/// A time in seconds, mostly such as occurs.
#[derive(Debug, Arbitrary, Clone, Copy)]
enum Time {
    Tenths(u8),
    Milliseconds(u16),
    Any(f64),
}

/// A text, mostly of signs that mean something.
#[derive(Debug, Arbitrary)]
enum Text {
    Signs(Vec<u8>),
    Any(String),
}

#[derive(Debug, Arbitrary)]
enum Speaker {
    A,
    B,
    Any(String),
}

/// What texts are made of.
const SIGNS: [&str; 32] = [
    "a",
    "b",
    "The ",
    " of",
    " and ",
    "Dr.",
    " ",
    " ",
    ". ",
    "? ",
    ", ",
    "-",
    "--",
    "->",
    "-->",
    ">",
    "<",
    "&",
    "\n",
    "\r\n",
    "\t",
    "\u{2028}",
    "好",
    "。",
    "「",
    "カ",
    "ー",
    "e\u{301}",
    "👩\u{200d}👩",
    "ก",
    "12",
    "\u{0}",
];

impl Case {
    /// The transcript, whose segments may have any times.
    pub fn transcript(&self) -> Transcript {
        let language = match self.language {
            Language::English => "en",
            Language::German => "de",
            Language::Japanese => "ja",
            Language::None => "",
        };
        Transcript {
            language: language.to_owned(),
            segments: self.segments.iter().map(AnySegment::segment).collect(),
            ..Transcript::default()
        }
    }

    /// The options, which may be out of range.
    pub fn options(&self) -> ExportOptions {
        let tenths = |time: Option<u8>| time.map(|time| Seconds(f64::from(time) / 10.0));
        ExportOptions {
            subtitle_style: match self.is_sentences {
                true => SubtitleStyle::Sentences,
                false => SubtitleStyle::Broadcast,
            },
            max_line_width: NonZeroUsize::new(self.max_line_width.into()),
            max_line_count: NonZeroUsize::new(usize::from(self.max_line_count) % 11),
            max_cps: self.max_cps.map(f64::from),
            min_duration: tenths(self.min_duration),
            max_duration: tenths(self.max_duration),
            gap: self.gap.map(|gap| Seconds(f64::from(gap) / 200.0)),
            speaker_labels: self.labels.as_ref().map(|labels| match labels {
                Labels::Dashes => SpeakerLabels::Dashes,
                Labels::Names => SpeakerLabels::Names,
                Labels::None => SpeakerLabels::None,
            }),
            highlight_words: self.is_highlighted,
            text_style: match self.is_paragraphs {
                true => TextStyle::Paragraphs,
                false => TextStyle::Sentences,
            },
        }
    }
}

impl AnySegment {
    fn segment(&self) -> Segment {
        let words: Option<Vec<Word>> =
            (self.words.as_ref()).map(|words| words.iter().map(AnyWord::word).collect());
        let text = match &words {
            Some(words) if self.is_of_words => words.iter().map(|word| &*word.word).collect(),
            _ => self.text.text(),
        };
        let start = self.start.seconds();
        Segment {
            start: Seconds(start),
            end: Seconds(start + self.length.seconds()),
            text,
            words,
            speaker: self.speaker.as_ref().map(Speaker::name),
            ..Segment::default()
        }
    }
}

impl AnyWord {
    fn word(&self) -> Word {
        Word {
            word: self.text.text(),
            start: self.start.map(|time| Seconds(time.seconds())),
            end: self.end.map(|time| Seconds(time.seconds())),
            speaker: self.speaker.as_ref().map(Speaker::name),
            ..Word::default()
        }
    }
}

impl Time {
    fn seconds(self) -> f64 {
        match self {
            Self::Tenths(time) => f64::from(time) / 10.0,
            Self::Milliseconds(time) => f64::from(time) / 1000.0,
            Self::Any(time) => time,
        }
    }
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Signs(signs) => signs
                .iter()
                .map(|sign| SIGNS[usize::from(*sign) % SIGNS.len()])
                .collect(),
            Self::Any(text) => text.clone(),
        }
    }
}

impl Speaker {
    fn name(&self) -> String {
        match self {
            Self::A => "A".to_owned(),
            Self::B => "B".to_owned(),
            Self::Any(name) => name.clone(),
        }
    }
}
