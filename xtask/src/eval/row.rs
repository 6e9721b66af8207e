//! One recording: what was found in it, and how right that is.

use anyhow::Context;
use serde::Serialize;

use super::expect;
use crate::engine::{Answer, Failure, Stage};
use crate::manifest::{Item, Manifest};
use crate::score::count::{SpeakerCount, n_speakers};
use crate::score::diarization::DiarizationErrors;
use crate::score::rttm::Turn;
use crate::score::speaker_text;
use crate::score::spelling;
use crate::score::subtitles::{Subtitles, srt};
use crate::score::text::{Errors, Unit};
use crate::score::words::{TimedWord, WordTimes};

/// Seconds around true edges that are not scored; the first is the one people compare by.
pub(super) const COLLARS: [f64; 2] = [0.25, 0.0];

/// Result and scores of one recording. A score is absent where the reference for it is, or the result.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: String,
    /// The language spoken; `None` where nobody says.
    pub(super) language: Option<String>,
    /// How long it lasts, as decoded.
    pub(super) audio_seconds: Option<f64>,
    pub(super) error: Option<Failure>,
    /// From the file's path to the last result.
    pub(super) seconds: f64,
    pub(super) stages: Vec<Stage>,
    pub(super) text: Option<String>,
    pub(super) language_found: Option<String>,
    pub(super) words: Option<Vec<TimedWord>>,
    pub(super) turns: Option<Vec<Turn>>,
    pub(super) unit: Unit,
    pub(super) text_errors: Option<Errors>,
    /// The same with compounds, hyphens, numbers, titles and variants of spelling normalised.
    pub(super) text_errors_normalised: Option<Errors>,
    pub(super) word_times: Option<WordTimes>,
    /// Of who says what.
    pub(super) speaker_text_errors: Option<Errors>,
    /// For each of [`COLLARS`].
    pub(super) diarization: Option<[DiarizationErrors; 2]>,
    pub(super) speakers: Option<SpeakerCount>,
    /// The subtitles as they are written.
    pub(super) srt: Option<String>,
    pub(super) subtitles: Option<Subtitles>,
    pub(super) expectation: Option<Expectation>,
}

/// What was wished, and whether it came.
#[derive(Debug, Serialize)]
pub(super) struct Expectation {
    pub(super) wanted: String,
    /// `None` where the wish is not understood.
    pub(super) is_met: Option<bool>,
}

impl Row {
    /// Scores an answer. A recording that failed without leave counts as one in which nothing was found.
    pub(super) fn new(references: &References<'_>, mut answer: Answer) -> Self {
        let item = references.item;
        let expectation = Expectation::new(item, &answer);
        if answer.error.is_some() && !expectation.as_ref().is_some_and(Expectation::holds) {
            answer.text.get_or_insert_default();
            answer.words.get_or_insert_default();
            answer.turns.get_or_insert_default();
        }
        let unit = Unit::of(item.lang.as_deref());
        let subtitles = subtitles(item, &answer).unwrap_or_else(|failure| {
            answer.error.get_or_insert(failure);
            None
        });
        Self {
            id: item.id.clone(),
            kind: item.kind.clone(),
            language: item.lang.clone(),
            audio_seconds: answer.audio_seconds,
            text_errors: references.text_errors(unit, &answer),
            text_errors_normalised: references.text_errors_normalised(unit, &answer),
            word_times: references.word_times(&answer),
            speaker_text_errors: references.speaker_text_errors(unit, &answer),
            diarization: references.diarization(&answer),
            speakers: references.speakers(&answer),
            unit,
            subtitles,
            expectation,
            error: answer.error,
            seconds: answer.seconds,
            stages: answer.stages,
            text: answer.text,
            language_found: answer.language,
            words: answer.words,
            turns: answer.turns,
            srt: answer.srt,
        }
    }

    /// What came: an error, or the text, cut where it is long.
    pub(super) fn outcome(&self) -> String {
        /// Characters of a text that are shown.
        const SHOWN: usize = 60;
        if let Some(failure) = &self.error {
            return format!("failed ({}): {}", failure.stage, failure.message);
        }
        let text = self.text.as_deref().unwrap_or_default().trim();
        match text.char_indices().nth(SHOWN) {
            Some((cut, _)) => format!("'{}…'", &text[..cut]),
            None => format!("'{text}'"),
        }
    }

    /// In a few words, for whoever waits.
    pub(super) fn summary(&self) -> String {
        let mut parts = vec![format!("{:.1} s", self.seconds)];
        if self.error.is_some() {
            parts.push(self.outcome());
        }
        if let Some(errors) = self.text_errors {
            let (wrong, unit) = (errors.errors(), self.unit.name());
            parts.push(format!("{wrong} errors in {} {unit}", errors.words));
        }
        if let Some([errors, _]) = self.diarization {
            parts.push(format!("DER {:.1} %", errors.rate()));
        }
        if let Some(count) = self.speakers.filter(|count| !count.is_right()) {
            let SpeakerCount { n_found, n_true } = count;
            parts.push(format!("{n_found} speakers, truly {n_true}"));
        }
        if let Some(wish) = self.expectation.as_ref().filter(|wish| !wish.holds()) {
            parts.push(format!("not '{}'", wish.wanted));
        }
        parts.join(", ")
    }
}

/// # Errors
/// What should be subtitles are none.
fn subtitles(item: &Item, answer: &Answer) -> Result<Option<Subtitles>, Failure> {
    let Some(text) = &answer.srt else {
        return Ok(None);
    };
    let cues = srt::parse(text).map_err(|message| Failure {
        stage: "subtitles".to_owned(),
        message,
    })?;
    let language = item.lang.as_deref().or(answer.language.as_deref());
    let words = answer.words.as_deref().unwrap_or_default();
    Ok(Some(Subtitles::of(language, &cues, words)))
}

impl Expectation {
    fn new(item: &Item, answer: &Answer) -> Option<Self> {
        let wanted = item.expect.clone()?;
        let is_speech = (item.ref_text.as_ref()).is_some_and(|text| !text.trim().is_empty());
        let is_met = expect::is_met(&wanted, answer, is_speech);
        Some(Self { wanted, is_met })
    }

    pub(super) fn holds(&self) -> bool {
        self.is_met == Some(true)
    }
}

/// What is known of a recording.
#[derive(Debug)]
pub(super) struct References<'a> {
    pub(super) item: &'a Item,
    turns: Option<Vec<Turn>>,
}

impl<'a> References<'a> {
    /// # Errors
    /// The file that says who speaks when cannot be read.
    pub(super) fn read(manifest: &Manifest, item: &'a Item) -> anyhow::Result<Self> {
        let turns = manifest.turns(item);
        let turns = turns.with_context(|| format!("the reference of {}", item.id))?;
        Ok(Self { item, turns })
    }

    fn text_errors(&self, unit: Unit, answer: &Answer) -> Option<Errors> {
        let (reference, text) = (self.item.ref_text.as_ref()?, answer.text.as_ref()?);
        Some(Errors::in_units(unit, reference, text))
    }

    fn text_errors_normalised(&self, unit: Unit, answer: &Answer) -> Option<Errors> {
        let (reference, text) = (self.item.ref_text.as_ref()?, answer.text.as_ref()?);
        let language = self.item.lang.as_deref();
        Some(spelling::errors(unit, language, reference, text))
    }

    fn word_times(&self, answer: &Answer) -> Option<WordTimes> {
        let (reference, words) = (self.item.words.as_ref()?, answer.words.as_ref()?);
        Some(WordTimes::of(reference, words))
    }

    fn speaker_text_errors(&self, unit: Unit, answer: &Answer) -> Option<Errors> {
        answer.turns.as_ref()?; // else no word has a speaker
        let (reference, words) = (self.item.ref_by_speaker.as_ref()?, answer.words.as_ref()?);
        Some(speaker_text::errors(
            unit,
            reference,
            &speaker_text::texts(words),
        ))
    }

    fn diarization(&self, answer: &Answer) -> Option<[DiarizationErrors; 2]> {
        let (reference, turns) = (self.turns.as_ref()?, answer.turns.as_ref()?);
        Some(COLLARS.map(|collar| DiarizationErrors::of(reference, turns, collar)))
    }

    /// The count that the manifest gives is taken before that of the turns.
    fn speakers(&self, answer: &Answer) -> Option<SpeakerCount> {
        let in_turns = || self.turns.as_deref().map(n_speakers);
        Some(SpeakerCount {
            n_true: self.item.n_speakers.or_else(in_turns)?,
            n_found: n_speakers(answer.turns.as_ref()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of two speakers, who say a word each, and what was found in it.
    fn row(expect: Option<&str>, answer: &str) -> Row {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        let item = serde_json::json!([{
            "id": "talk", "path": "talk.wav", "kind": "diar", "lang": "en", "ref_text": "Hello. Hi!",
            "rttm": "talk.rttm", "expect": expect, "ref_by_speaker": {"eve": "hello", "adam": "hi"},
            "words": [{"word": "hi", "start": 2.0, "end": 2.5}],
        }]);
        std::fs::write(&path, item.to_string()).unwrap();
        let rttm = "SPEAKER talk 1 0 2 <NA> <NA> eve <NA> <NA>\n\
                    SPEAKER talk 1 2 2 <NA> <NA> adam <NA> <NA>\n";
        std::fs::write(folder.path().join("talk.rttm"), rttm).unwrap();
        let manifest = Manifest::read(&path).unwrap();
        let references = References::read(&manifest, &manifest.items[0]).unwrap();
        Row::new(&references, serde_json::from_str(answer).unwrap())
    }

    const TURNS: &str = r#"{"text": " Hello, you.", "seconds": 1.25, "stages": [],
        "words": [{"word": " Hello,", "start": 0.5, "end": 1.0, "speaker": "SPEAKER_00"},
                  {"word": " hi.", "start": 2.125, "end": 2.5, "speaker": "SPEAKER_00"}],
        "turns": [{"speaker": "SPEAKER_00", "start": 0.0, "end": 4.0}]}"#;

    #[test]
    fn a_recording_gets_every_score_whose_reference_is_known() {
        let row = row(None, TURNS);
        assert_eq!(row.text_errors.unwrap().errors(), 1);
        assert_eq!(row.text_errors_normalised.unwrap().errors(), 1);
        assert_eq!(row.word_times.unwrap().starts, [0.125]);
        assert_eq!(row.speaker_text_errors.unwrap().errors(), 2);
        let [with_collar, without] = row.diarization.unwrap();
        assert_eq!((with_collar.rate(), without.rate()), (50.0, 50.0));
        // Nobody gave a count, so the turns do.
        assert_eq!(row.speakers.unwrap().n_true, 2);
        assert_eq!(row.speakers.unwrap().n_found, 1);
        assert!(row.expectation.is_none());
    }

    #[test]
    fn writing_counts_in_the_plain_errors_only() {
        let row = row(None, r#"{"text": "Hel-lo. Hi!"}"#);
        assert_eq!(row.text_errors.unwrap().errors(), 2);
        assert_eq!(row.text_errors_normalised.unwrap().errors(), 0);
    }

    #[test]
    fn without_turns_no_speaker_is_scored() {
        let row = row(None, r#"{"text": "hello hi", "words": [], "turns": null}"#);
        assert_eq!(row.text_errors.unwrap().errors(), 0);
        assert!(row.diarization.is_none() && row.speakers.is_none());
        assert!(row.speaker_text_errors.is_none());
    }

    #[test]
    fn a_failure_counts_as_nothing_found_unless_it_may_happen() {
        let failed = r#"{"error": {"stage": "decode", "message": "no audio"}, "seconds": 0.5}"#;
        let without_leave = row(None, failed);
        assert_eq!(without_leave.text_errors.unwrap().deletions, 2);
        assert_eq!(without_leave.speakers.unwrap().n_found, 0);
        assert!(
            without_leave
                .summary()
                .contains("failed (decode): no audio")
        );
        let with_leave = row(Some("ok_or_error"), failed);
        assert!(with_leave.text_errors.is_none());
        assert!(with_leave.expectation.unwrap().holds());
    }

    #[test]
    fn subtitles_are_measured_with_the_times_of_the_words() {
        let answer = r#"{"text": "", "srt": "1\n00:00:01,000 --> 00:00:01,100\nHello.\n\n",
            "words": [{"word": " Hello.", "start": 1.0, "end": 1.5}]}"#;
        let found = row(None, answer).subtitles.unwrap();
        assert_eq!(
            (found.n_cues, found.n_short, found.n_needlessly_fast),
            (1, 1, 1)
        );
    }

    #[test]
    fn subtitles_that_cannot_be_read_are_a_failure() {
        let row = row(None, r#"{"text": "hello hi", "srt": "Hello."}"#);
        assert!(row.subtitles.is_none());
        let failure = row.error.unwrap();
        assert_eq!(failure.stage, "subtitles");
        assert!(failure.message.contains("cue 1"), "{}", failure.message);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "é".repeat(100);
        let row = row(None, &format!(r#"{{"text": " {text}"}}"#));
        assert_eq!(row.outcome(), format!("'{}…'", "é".repeat(60)));
    }
}
