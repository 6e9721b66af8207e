//! Who speaks when: turns with speakers, and how they are written.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::document;
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
    fn turns_are_written_with_their_labels() {
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
        assert_eq!(Diarization::default().to_json(), "[]");
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
