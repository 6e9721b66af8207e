//! Who speaks when: turns with speakers, and the documents that hold them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{self, DocumentError};
use crate::units::Seconds;

/// One person speaks from one time to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Where it begins.
    pub start: Seconds,
    /// Where it ends; never before `start`.
    pub end: Seconds,
    /// Who speaks, such as `SPEAKER_00`.
    pub speaker: String,
}

/// The result of hearing who speaks in one recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diarization {
    /// All that is spoken, sorted by start, end and speaker; turns of different speakers may overlap.
    pub turns: Vec<Turn>,
    /// The same with one speaker at a time, the one heard best; sorted alike. Empty where only `turns` are known.
    pub exclusive: Vec<Turn>,
    /// What each speaker's voice sounds like, by speaker: the direction of the mean of all that is his, each stretch
    /// counting by how long it was heard (192 numbers, of length 1, with CAM++). Empty where that is not known.
    pub embeddings: BTreeMap<String, Vec<f32>>,
}

impl Diarization {
    /// Turns in any order; their times must be numbers.
    pub fn new(mut turns: Vec<Turn>, mut exclusive: Vec<Turn>) -> Self {
        sort(&mut turns);
        sort(&mut exclusive);
        Self {
            turns,
            exclusive,
            embeddings: BTreeMap::new(),
        }
    }

    /// The turns by which words get their speakers: the exclusive ones where they are known.
    pub fn turns_for_words(&self) -> &[Turn] {
        if self.exclusive.is_empty() {
            &self.turns
        } else {
            &self.exclusive
        }
    }

    /// Only the turns in which one speaks at a time, where they are known.
    #[must_use]
    pub fn into_exclusive(mut self) -> Self {
        if !self.exclusive.is_empty() {
            self.turns.clone_from(&self.exclusive);
        }
        self
    }

    /// Everybody who speaks, by name.
    pub fn speakers(&self) -> Vec<&str> {
        let mut speakers: Vec<_> = self.turns.iter().map(|turn| &*turn.speaker).collect();
        speakers.sort_unstable();
        speakers.dedup();
        speakers
    }

    /// Reads a list of turns with `label`, `speaker`, `start` and `end` each, in any order.
    ///
    /// # Errors
    /// If the document is not such a list, or a turn ends before it starts.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let document = document::parse(bytes)?;
        let items = document::list("the document", &document)?;
        let turns = items.iter().zip(1..).map(read_turn);
        Ok(Self::new(turns.collect::<Result<_, _>>()?, Vec::new()))
    }

    /// The turns as a JSON list on one line, labelled `A`, `B`, … `Z`, `AA`, … in their order.
    pub fn to_json(&self) -> String {
        document::to_json(&self.labelled())
    }

    /// The turns as RTTM: a line each, for the recording `name`. White space in names becomes `_`, since there it
    /// parts the fields.
    pub fn to_rttm(&self, name: &str) -> String {
        let mut out = String::new();
        let name = rttm_field(name);
        for turn in &self.turns {
            let (start, duration) = (turn.start.0, turn.end.0 - turn.start.0);
            let speaker = rttm_field(&turn.speaker);
            writeln!(
                out,
                "SPEAKER {name} 1 {start:.3} {duration:.3} <NA> <NA> {speaker} <NA> <NA>"
            )
            .expect("a String takes everything");
        }
        out
    }

    /// Reads RTTM: the lines `SPEAKER`, which are all of one recording; others are passed over.
    ///
    /// # Errors
    /// If a line lacks a time or a speaker, or the lines are of several recordings.
    pub fn from_rttm(bytes: &[u8]) -> Result<Self, DocumentError> {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().zip(1..);
        let mut turns = Vec::new();
        let mut recording: Option<&str> = None;
        for (line, number) in lines {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields.first() != Some(&"SPEAKER") {
                continue;
            }
            let name = fields.get(1).copied().unwrap_or_default();
            let first = *recording.get_or_insert(name);
            if name != first {
                let reason = format!("is of the recording '{name}', and those before of '{first}'");
                return Err(document::wrong(&format!("line {number}"), reason));
            }
            turns.push(read_rttm_line(&fields, number)?);
        }
        Ok(Self::new(turns, Vec::new()))
    }

    fn labelled(&self) -> Vec<LabelledTurn<'_>> {
        let label = |(idx, turn): (usize, _)| LabelledTurn::new(idx, turn);
        self.turns.iter().enumerate().map(label).collect()
    }
}

/// By start, then end, then speaker.
fn sort(turns: &mut [Turn]) {
    turns.sort_by(|a, b| {
        let start = a.start.0.total_cmp(&b.start.0);
        let end = || a.end.0.total_cmp(&b.end.0);
        start.then_with(end).then_with(|| a.speaker.cmp(&b.speaker))
    });
}

fn read_turn((item, number): (&Value, usize)) -> Result<Turn, DocumentError> {
    let turn = document::object(&format!("turn {number}"), item)?;
    turn.text("label")?; // nobody uses it, but a list without is of another kind
    let speaker = turn.text("speaker")?.to_owned();
    let (start, end) = turn.span()?;
    Ok(Turn {
        start,
        end,
        speaker,
    })
}

/// `SPEAKER recording channel start duration <NA> <NA> speaker …`.
fn read_rttm_line(fields: &[&str], number: usize) -> Result<Turn, DocumentError> {
    let place = format!("line {number}");
    let time = |idx: usize, what: &str| {
        let text = fields.get(idx).copied().unwrap_or_default();
        let time: Option<f64> = text.parse().ok();
        time.filter(|time| time.is_finite() && *time >= 0.0)
            .ok_or_else(|| {
                let reason = format!("has '{text}' where the {what} in seconds is needed");
                document::wrong(&place, reason)
            })
    };
    let (start, duration) = (time(3, "start")?, time(4, "duration")?);
    let speaker = fields.get(7);
    let speaker = speaker.ok_or_else(|| document::wrong(&place, "has no speaker"))?;
    Ok(Turn {
        start: Seconds(start),
        end: Seconds(start + duration),
        speaker: (*speaker).to_owned(),
    })
}

/// A turn as the document spells it.
#[derive(Debug, Serialize)]
struct LabelledTurn<'a> {
    label: String,
    speaker: &'a str,
    start: Seconds,
    end: Seconds,
}

impl<'a> LabelledTurn<'a> {
    fn new(idx: usize, turn: &'a Turn) -> Self {
        Self {
            label: label(idx),
            speaker: &turn.speaker,
            start: turn.start,
            end: turn.end,
        }
    }
}

/// The letters of turn `idx`: `A` to `Z`, then `AA`, `AB`, as columns of a spreadsheet are named.
fn label(mut idx: usize) -> String {
    const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(LETTERS[idx % 26]));
        if idx < 26 {
            return letters.iter().rev().collect();
        }
        idx = idx / 26 - 1;
    }
}

/// `text` without white space; `<NA>` if there is nothing of it.
fn rttm_field(text: &str) -> String {
    if text.is_empty() {
        return "<NA>".into();
    }
    text.replace(char::is_whitespace, "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(start: f64, end: f64, speaker: &str) -> Turn {
        Turn {
            start: Seconds(start),
            end: Seconds(end),
            speaker: speaker.into(),
        }
    }

    fn check_wrong(document: &str, expected: &str) {
        let error = Diarization::from_json(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document}");
    }

    #[test]
    fn turns_are_sorted_by_start_end_and_speaker() {
        let sorted = [
            turn(0.0, 1.0, "B"),
            turn(0.0, 2.0, "A"),
            turn(0.0, 2.0, "B"),
            turn(1.0, 1.5, "A"),
        ];
        let shuffled = [3, 2, 0, 1].map(|idx: usize| sorted[idx].clone()).to_vec();
        let diarization = Diarization::new(shuffled.clone(), shuffled);
        assert_eq!(diarization.turns, sorted);
        assert_eq!(diarization.exclusive, sorted);
        assert_eq!(diarization.speakers(), ["A", "B"]);
    }

    #[test]
    fn labels_count_like_columns() {
        for (idx, expected) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (27, "AB"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(label(idx), expected, "{idx}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let turns = vec![
            turn(2.860_780_984_719_864_4, 4.847_198_641_765_704, "SPEAKER_00"),
            turn(4.0, 5.0, "Zoë"),
        ];
        let diarization = Diarization::new(turns, Vec::new());
        let json = diarization.to_json();
        assert_eq!(
            json,
            "[{\"label\":\"A\",\"speaker\":\"SPEAKER_00\",\"start\":2.8607809847198644,\"end\":4.847198641765704},\
             {\"label\":\"B\",\"speaker\":\"Zoë\",\"start\":4.0,\"end\":5.0}]"
        );
        assert_eq!(Diarization::from_json(json.as_bytes()), Ok(diarization));
        assert_eq!(Diarization::default().to_json(), "[]");
        assert_eq!(Diarization::from_json(b" [] "), Ok(Diarization::default()));
    }

    #[test]
    fn reading_is_tolerant_where_it_does_no_harm() {
        let document =
            "\u{feff}[{\"label\":\"0\",\"speaker\":\"X\",\"start\":\"0.5\",\"end\":1,\"more\":[]}]";
        let diarization = Diarization::from_json(document.as_bytes()).unwrap();
        assert_eq!(diarization.turns, [turn(0.5, 1.0, "X")]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        check_wrong("", "it is not JSON: it is empty");
        check_wrong("nope", "it is not JSON: expected ident at line 1 column 2");
        check_wrong("null", "the document must be a list, not null");
        check_wrong("{\"a\":1}", "the document must be a list, not an object");
        check_wrong("[1]", "turn 1 must be an object, not a number");
        check_wrong("[{\"speaker\":\"A\"}]", "turn 1 has no 'label'");
        let with = |members: &str| format!("[{{\"label\":\"A\",\"speaker\":\"A\"{members}}}]");
        check_wrong(&with(""), "turn 1 has no 'start'");
        check_wrong(
            &with(",\"speaker\":7"),
            "turn 1 has a 'speaker' that is a number, where a text is needed",
        );
        check_wrong(
            &with(",\"start\":\"NaN\",\"end\":1"),
            "turn 1 has a 'start' that is a text, where a number is needed",
        );
        check_wrong(
            &with(",\"start\":null,\"end\":1"),
            "turn 1 has a 'start' that is null, where a number is needed",
        );
        check_wrong(
            &with(",\"start\":5,\"end\":1"),
            "turn 1 ends at 1 s, before it starts at 5 s",
        );
        check_wrong(
            &with(",\"start\":NaN,\"end\":1"),
            "it is not JSON: expected value at line 1 column 37",
        );
        let error = Diarization::from_json(b"\xff\xfe\0").unwrap_err();
        assert!(matches!(error, DocumentError::NotJson(_)), "{error}");
    }

    #[test]
    fn rttm_has_a_line_per_turn_and_no_space_in_a_name() {
        let turns = vec![turn(0.5, 1.7504, "SPEAKER_00"), turn(61.0, 62.0, "Ann Lee")];
        let diarization = Diarization::new(turns, Vec::new());
        assert_eq!(
            diarization.to_rttm("my talk"),
            "SPEAKER my_talk 1 0.500 1.250 <NA> <NA> SPEAKER_00 <NA> <NA>\n\
             SPEAKER my_talk 1 61.000 1.000 <NA> <NA> Ann_Lee <NA> <NA>\n"
        );
        assert_eq!(Diarization::default().to_rttm("x"), "");
    }

    #[test]
    fn rttm_is_read_back() {
        let turns = vec![
            turn(0.5, 1.75, "SPEAKER_00"),
            turn(61.0, 62.0, "SPEAKER_01"),
        ];
        let diarization = Diarization::new(turns, Vec::new());
        let rttm = format!(
            ";; made by hand\n\nSPKR-INFO x\n{}",
            diarization.to_rttm("x")
        );
        assert_eq!(Diarization::from_rttm(rttm.as_bytes()), Ok(diarization));
        let wrong = |line: &str| {
            let rttm = format!("SPEAKER x 1 0.0 1.0 <NA> <NA> A <NA> <NA>\n{line}\n");
            Diarization::from_rttm(rttm.as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            wrong("SPEAKER x 1"),
            "line 2 has '' where the start in seconds is needed"
        );
        assert_eq!(
            wrong("SPEAKER x 1 0 -1 <NA> <NA> A"),
            "line 2 has '-1' where the duration in seconds is needed"
        );
        assert_eq!(wrong("SPEAKER x 1 0 1"), "line 2 has no speaker");
        assert_eq!(
            wrong("SPEAKER y 1 0 1 <NA> <NA> A"),
            "line 2 is of the recording 'y', and those before of 'x'"
        );
    }

    #[test]
    fn words_go_by_the_exclusive_turns_where_they_are_known() {
        let full = vec![turn(0.0, 2.0, "A"), turn(1.0, 3.0, "B")];
        let exclusive = vec![turn(0.0, 2.0, "A"), turn(2.0, 3.0, "B")];
        let known = Diarization::new(full.clone(), exclusive.clone());
        assert_eq!(known.turns_for_words(), exclusive);
        assert_eq!(known.into_exclusive().turns, exclusive);
        let unknown = Diarization::new(full.clone(), Vec::new());
        assert_eq!(unknown.turns_for_words(), full);
        assert_eq!(unknown.into_exclusive().turns, full);
    }
}
