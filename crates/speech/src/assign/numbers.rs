//! Speakers are numbered as a reader of the transcript meets them, without holes.

use std::collections::HashMap;

use domain::diarization::Diarization;
use domain::transcript::Transcript;

/// Names those whom `diarization` found `SPEAKER_00`, `SPEAKER_01`, … in the order in which they say a word of
/// `transcript`; then, in the order of their turns, those who say none. Both are changed alike.
pub fn number_speakers(transcript: &mut Transcript, diarization: &mut Diarization) {
    let mut names = Names::default();
    for segment in &transcript.segments {
        let words = segment.words.iter().flatten();
        let of_words = words.filter_map(|word| word.speaker.as_deref());
        of_words.for_each(|speaker| names.meet(speaker));
        // One that has no words, or whose speaker says none of them.
        segment
            .speaker
            .iter()
            .for_each(|speaker| names.meet(speaker));
    }
    let turns = diarization.turns.iter().chain(&diarization.exclusive);
    turns.for_each(|turn| names.meet(&turn.speaker));

    for segment in &mut transcript.segments {
        let words = segment.words.iter_mut().flatten();
        let of_words = words.filter_map(|word| word.speaker.as_mut());
        of_words
            .chain(&mut segment.speaker)
            .for_each(|speaker| names.rename(speaker));
    }
    let Diarization {
        mut turns,
        mut exclusive,
        embeddings,
    } = std::mem::take(diarization);
    for turn in turns.iter_mut().chain(&mut exclusive) {
        names.rename(&mut turn.speaker);
    }
    *diarization = Diarization::new(turns, exclusive);
    diarization.embeddings = (embeddings.into_iter())
        .map(|(mut speaker, voice)| {
            names.rename(&mut speaker);
            (speaker, voice)
        })
        .collect();
}

/// The new names of speakers, by their old ones.
#[derive(Debug, Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// Gives a speaker the next number, if they have none yet.
    fn meet(&mut self, speaker: &str) {
        if !self.0.contains_key(speaker) {
            let name = format!("SPEAKER_{:02}", self.0.len());
            self.0.insert(speaker.to_owned(), name);
        }
    }

    fn rename(&self, speaker: &mut String) {
        if let Some(name) = self.0.get(speaker) {
            speaker.clone_from(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::diarization::Turn;
    use domain::transcript::{Segment, Word};
    use domain::units::Seconds;

    fn turn(start: f64, speaker: &str) -> Turn {
        Turn {
            start: Seconds(start),
            end: Seconds(start + 1.0),
            speaker: speaker.to_owned(),
        }
    }

    fn segment(speakers: &[&str]) -> Segment {
        let word = |speaker: &&str| Word {
            speaker: Some((*speaker).to_owned()),
            ..Word::default()
        };
        Segment {
            speaker: Some("SPEAKER_04".to_owned()),
            words: (!speakers.is_empty()).then(|| speakers.iter().map(word).collect()),
            ..Segment::default()
        }
    }

    #[test]
    fn those_who_say_a_word_have_the_first_numbers_and_nobody_is_lost() {
        let mut transcript = Transcript {
            segments: vec![
                segment(&["SPEAKER_02", "SPEAKER_04"]),
                segment(&["SPEAKER_02"]),
                segment(&[]),
            ],
            ..Transcript::default()
        };
        let turns = vec![
            turn(0.0, "SPEAKER_00"), // says no word
            turn(2.0, "SPEAKER_02"),
            turn(2.0, "SPEAKER_01"), // nor does this one
            turn(4.0, "SPEAKER_04"),
        ];
        let mut diarization = Diarization::new(turns.clone(), turns);
        for (speaker, voice) in [("SPEAKER_00", 1.0), ("SPEAKER_02", 2.0)] {
            diarization
                .embeddings
                .insert(speaker.to_owned(), vec![voice]);
        }
        number_speakers(&mut transcript, &mut diarization);

        let words: Vec<_> = (transcript.segments.iter())
            .flat_map(|segment| segment.words.iter().flatten())
            .map(|word| word.speaker.as_deref().unwrap())
            .collect();
        assert_eq!(words, ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]);
        assert_eq!(
            transcript.segments[2].speaker.as_deref(),
            Some("SPEAKER_01")
        );
        let turns: Vec<_> = (diarization.turns.iter())
            .map(|turn| (turn.start.0, &*turn.speaker))
            .collect();
        assert_eq!(
            turns,
            [
                (0.0, "SPEAKER_02"),
                (2.0, "SPEAKER_00"),
                (2.0, "SPEAKER_03"),
                (4.0, "SPEAKER_01")
            ]
        );
        assert_eq!(diarization.exclusive, diarization.turns);
        assert_eq!(diarization.embeddings["SPEAKER_02"], [1.0]);
        assert_eq!(diarization.embeddings["SPEAKER_00"], [2.0]);
    }
}
