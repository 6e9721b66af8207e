//! Results without a word in them: whoever gets one should not have to guess why.

use domain::diarization::Diarization;
use domain::transcript::Transcript;

/// Says so where nothing was found: of a transcript no text, else of a diarization no turns. Without a full stop.
pub fn emptiness_note(
    transcript: Option<&Transcript>,
    diarization: Option<&Diarization>,
) -> Option<String> {
    let n_turns = diarization.map(|diarization| diarization.turns.len());
    let is_silent = |transcript: &Transcript| {
        let mut segments = transcript.segments.iter();
        segments.all(|segment| segment.text.trim().is_empty())
    };
    let note = match (transcript.map(is_silent), n_turns) {
        (Some(true), None | Some(0)) | (None, Some(0)) => "no speech was found",
        (Some(true), Some(_)) => "no speech was found that could be put into words",
        _ => return None,
    };
    Some(note.to_owned())
}

#[cfg(test)]
mod tests {
    use domain::diarization::Turn;
    use domain::transcript::Segment;
    use domain::units::Seconds;

    use super::*;

    #[test]
    fn only_an_empty_result_is_noted() {
        let transcript = |text: &str| Transcript {
            segments: vec![Segment {
                text: text.to_owned(),
                ..Segment::default()
            }],
            ..Transcript::default()
        };
        let turn = Turn {
            start: Seconds(0.0),
            end: Seconds(1.0),
            speaker: "SPEAKER_00".to_owned(),
        };
        let (said, blank, nothing) = (
            transcript(" Hello."),
            transcript(" "),
            Transcript::default(),
        );
        let (turns, no_turns) = (
            Diarization::new(vec![turn], Vec::new()),
            Diarization::default(),
        );
        for (transcript, diarization, expected) in [
            (Some(&said), None, None),
            (Some(&said), Some(&no_turns), None),
            (None, Some(&turns), None),
            (None, None, None),
            (Some(&nothing), None, Some("no speech was found")),
            (Some(&blank), Some(&no_turns), Some("no speech was found")),
            (None, Some(&no_turns), Some("no speech was found")),
            (
                Some(&nothing),
                Some(&turns),
                Some("no speech was found that could be put into words"),
            ),
        ] {
            let note = emptiness_note(transcript, diarization);
            assert_eq!(note.as_deref(), expected, "{transcript:?} {diarization:?}");
        }
    }
}
