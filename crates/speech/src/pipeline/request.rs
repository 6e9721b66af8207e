//! What is wanted of a recording.

use domain::options::{AlignOptions, AsrOptions, DiarizeOptions, VadOptions};
use domain::progress::Stage;
use domain::transcript::Transcript;

/// What is wanted of a recording.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where the text comes from.
    pub text: Text,
    /// Forced alignment of the text, where its language has a model; `None` leaves words the times they have.
    pub align: Option<AlignOptions>,
    /// Who speaks; `None` if nobody asks.
    pub diarize: Option<DiarizeOptions>,
    /// Whether the transcript tells what each speaker's voice sounds like.
    pub speaker_embeddings: bool,
}

/// Where the text comes from.
#[derive(Debug, Clone, Default)]
pub enum Text {
    /// Nobody asks for one.
    #[default]
    None,
    /// It is recognised.
    Recognise(Recognition),
    /// It is known, and only needs times or speakers.
    Given(Transcript),
}

/// How speech is recognised.
#[derive(Debug, Clone)]
pub struct Recognition {
    /// Options of the recogniser.
    pub options: AsrOptions,
    /// How the recording is cut into chunks of speech; `None` goes window by window.
    pub cuts: Option<VadOptions>,
}

impl Request {
    /// The stages that it takes, in order. Alignment is among them also where it turns out that the language has no model.
    pub fn stages(&self) -> Vec<Stage> {
        let has_text = !matches!(self.text, Text::None);
        let stages = [
            (Stage::Decode, true),
            (Stage::Vad, self.needs_segmentation()),
            (Stage::Transcribe, self.recognition().is_some()),
            (Stage::Align, self.align.is_some() && has_text),
            (Stage::Diarize, self.diarize.is_some()),
            (Stage::Assign, self.diarize.is_some() && has_text),
        ];
        let taken = stages.into_iter().filter(|(_, is_taken)| *is_taken);
        taken.map(|(stage, _)| stage).collect()
    }

    pub(super) fn recognition(&self) -> Option<&Recognition> {
        match &self.text {
            Text::Recognise(recognition) => Some(recognition),
            Text::None | Text::Given(_) => None,
        }
    }

    /// How the recording is cut, if it is.
    pub(super) fn cuts(&self) -> Option<&VadOptions> {
        self.recognition()?.cuts.as_ref()
    }

    pub(super) fn needs_segmentation(&self) -> bool {
        self.cuts().is_some() || self.diarize.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(cuts: Option<VadOptions>) -> Text {
        Text::Recognise(Recognition {
            options: AsrOptions::default(),
            cuts,
        })
    }

    fn check(request: &Request, expected: &str) {
        let names: Vec<_> = request.stages().iter().map(|stage| stage.name()).collect();
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn a_request_takes_only_the_stages_that_it_needs() {
        let (align, diarize) = (
            Some(AlignOptions::default()),
            Some(DiarizeOptions::default()),
        );
        let request = |text, align, diarize| Request {
            text,
            align,
            diarize,
            ..Request::default()
        };
        let cut = || recognise(Some(VadOptions::default()));
        check(&request(recognise(None), None, None), "decode transcribe");
        check(&request(cut(), None, None), "decode vad transcribe");
        check(
            &request(cut(), align, diarize),
            "decode vad transcribe align diarize assign",
        );
        check(
            &request(recognise(None), None, diarize),
            "decode vad transcribe diarize assign",
        );
        check(&request(Text::None, None, diarize), "decode vad diarize");
        let given = || Text::Given(Transcript::default());
        check(&request(given(), align, None), "decode align");
    }
}
