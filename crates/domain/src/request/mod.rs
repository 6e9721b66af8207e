//! What a task is asked to do: a request whose values are all in range, as the service stores it.
//!
//! Raw texts become these types once, at the door; below it nobody checks again.

mod groups;
mod spoken;

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use groups::{
    AlignmentGroup, AsrGroup, Device, ModelGroup, RequestedCompute, SpeakerGroup, VadGroup,
    recognition,
};
pub use spoken::SpokenLanguage;

use crate::diarization::Turn;
use crate::language::Language;
use crate::progress::Stage;
use crate::task::TaskType;
use crate::transcript::Transcript;

/// What a task is asked to do, one variant a [`TaskType`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobRequest {
    /// Words of a recording, their times, and who says them.
    FullProcess {
        /// What recognises.
        model: ModelGroup,
        /// How words get times.
        align: AlignmentGroup,
        /// How many people speak.
        speakers: SpeakerGroup,
        /// How it recognises.
        asr: AsrGroup,
        /// Where speech is.
        vad: VadGroup,
        /// Which audio track, counted from 1; `None` leaves it to the recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio_track: Option<NonZeroU16>,
    },
    /// Words of a recording.
    Transcription {
        /// What recognises.
        model: ModelGroup,
        /// How it recognises.
        asr: AsrGroup,
        /// Where speech is.
        vad: VadGroup,
        /// Which audio track, counted from 1; `None` leaves it to the recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio_track: Option<NonZeroU16>,
    },
    /// Times of the words of a known text.
    Alignment {
        /// The text, whose `language` may be empty where a model is named.
        transcript: Transcript,
        /// How words get times.
        align: AlignmentGroup,
        /// On what it is computed.
        device: Device,
        /// Which audio track, counted from 1; `None` leaves it to the recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio_track: Option<NonZeroU16>,
    },
    /// Who speaks when.
    Diarization {
        /// How many people speak.
        speakers: SpeakerGroup,
        /// On what it is computed.
        device: Device,
        /// Which audio track, counted from 1; `None` leaves it to the recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio_track: Option<NonZeroU16>,
    },
    /// Speakers for words that have times; needs no recording.
    Combination {
        /// The words.
        transcript: Transcript,
        /// Who speaks when.
        turns: Vec<Turn>,
    },
}

impl JobRequest {
    /// Which kind of task it makes.
    pub fn task_type(&self) -> TaskType {
        match self {
            Self::FullProcess { .. } => TaskType::FullProcess,
            Self::Transcription { .. } => TaskType::Transcription,
            Self::Alignment { .. } => TaskType::Alignment,
            Self::Diarization { .. } => TaskType::Diarization,
            Self::Combination { .. } => TaskType::Combination,
        }
    }

    /// The stages that it may go through, in their order.
    pub fn stages(&self) -> &'static [Stage] {
        match self {
            Self::FullProcess { .. } => &Stage::ALL,
            Self::Transcription { .. } => &[Stage::Decode, Stage::Vad, Stage::Transcribe],
            Self::Alignment { .. } => &[Stage::Decode, Stage::Align],
            Self::Diarization { .. } => &[Stage::Decode, Stage::Vad, Stage::Diarize],
            Self::Combination { .. } => &[Stage::Assign],
        }
    }

    /// Whether a recording belongs to it.
    pub fn needs_media(&self) -> bool {
        !matches!(self, Self::Combination { .. })
    }

    /// Which audio track of its recording it takes, counted from 1; `None` leaves it to the recording.
    pub fn audio_track(&self) -> Option<NonZeroU16> {
        match self {
            Self::FullProcess { audio_track, .. }
            | Self::Transcription { audio_track, .. }
            | Self::Alignment { audio_track, .. }
            | Self::Diarization { audio_track, .. } => *audio_track,
            Self::Combination { .. } => None,
        }
    }

    /// The language that the task shows until it has ended, a code; `None` where it is to be detected, or nobody asks.
    pub fn language(&self) -> Option<&str> {
        match self {
            Self::FullProcess { model, .. } | Self::Transcription { model, .. } => {
                model.language.given().map(Language::code)
            }
            Self::Alignment { transcript, .. } => {
                Some(transcript.language.as_str()).filter(|code| !code.is_empty())
            }
            Self::Diarization { .. } | Self::Combination { .. } => None,
        }
    }

    /// The parameters as the task shows them: contract 1.6 to 1.11. The audio track is among them where one was named.
    pub fn task_params(&self) -> Option<Value> {
        let groups = match self {
            Self::FullProcess {
                model,
                align,
                speakers,
                asr,
                vad,
                ..
            } => vec![
                json!(model),
                json!(align),
                json!({"asr_options": asr, "vad_options": vad}),
                json!(speakers),
            ],
            Self::Transcription {
                model, asr, vad, ..
            } => vec![
                json!(model),
                json!({"asr_options": asr, "vad_options": vad}),
            ],
            Self::Alignment { align, device, .. } => {
                vec![json!(align), json!({"device": device})]
            }
            Self::Diarization {
                speakers, device, ..
            } => vec![json!(speakers), json!({"device": device})],
            Self::Combination { .. } => return None,
        };
        let audio_track = self
            .audio_track()
            .map(|track| json!({"audio_track": track}));
        Some(joined(groups.into_iter().chain(audio_track)))
    }
}

/// One object with the members of all.
fn joined(objects: impl IntoIterator<Item = Value>) -> Value {
    let members = objects.into_iter().filter_map(|object| match object {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_process() -> JobRequest {
        JobRequest::FullProcess {
            model: ModelGroup {
                language: SpokenLanguage::Given(Language::ENGLISH),
                task: crate::options::AsrTask::Transcribe,
                model: "tiny".parse().unwrap(),
                device: Device::Cpu,
                device_index: 0,
                threads: 0,
                batch_size: 8,
                chunk_size: 20,
                compute_type: RequestedCompute::Int8,
            },
            align: AlignmentGroup::default(),
            speakers: SpeakerGroup::default(),
            asr: AsrGroup::default(),
            vad: VadGroup::default(),
            audio_track: None,
        }
    }

    #[test]
    fn parameters_are_shown_as_the_contract_says() {
        // Contract 1.6, with the members in another order.
        let expected: Value = serde_json::from_str(
            r#"{"language":"en","task":"transcribe","model":"tiny","device":"cpu","device_index":0,"threads":0,
            "batch_size":8,"chunk_size":20,"compute_type":"int8","align_model":null,"interpolate_method":"nearest",
            "return_char_alignments":false,"asr_options":{"beam_size":5,"best_of":5,"patience":1.0,"length_penalty":1.0,
            "temperatures":0.0,"compression_ratio_threshold":2.4,"log_prob_threshold":-1.0,"no_speech_threshold":0.6,
            "initial_prompt":null,"suppress_tokens":[-1],"suppress_numerals":false,"hotwords":null},
            "vad_options":{"vad_onset":0.5,"vad_offset":0.363},"min_speakers":null,"max_speakers":null}"#,
        )
        .unwrap();
        assert_eq!(full_process().task_params(), Some(expected));
    }

    #[test]
    fn a_task_shows_no_language_before_it_is_detected() {
        assert_eq!(full_process().language(), Some("en"));
        let mut request = full_process();
        if let JobRequest::FullProcess { model, .. } = &mut request {
            model.language = SpokenLanguage::Auto;
        }
        assert_eq!(request.language(), None);
        assert_eq!(request.task_params().unwrap()["language"], "auto");
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(
            serde_json::from_str::<JobRequest>(&stored).unwrap(),
            request
        );
    }

    #[test]
    fn an_audio_track_is_told_only_where_it_was_named() {
        let named = |audio_track| JobRequest::Diarization {
            speakers: SpeakerGroup::default(),
            device: Device::Cpu,
            audio_track: NonZeroU16::new(audio_track),
        };
        let told = |request: &JobRequest| request.task_params().unwrap()["audio_track"].clone();
        assert_eq!(told(&named(2)), 2);
        assert_eq!(told(&named(0)), Value::Null);
        // As an older program stored it, and as one reads it.
        let stored = r#"{"diarization":{"speakers":{"min_speakers":null,"max_speakers":null},"device":"cpu"}}"#;
        assert_eq!(serde_json::to_string(&named(0)).unwrap(), stored);
        assert_eq!(
            serde_json::from_str::<JobRequest>(stored).unwrap(),
            named(0)
        );
        let stored = serde_json::to_string(&named(2)).unwrap();
        assert_eq!(
            serde_json::from_str::<JobRequest>(&stored).unwrap(),
            named(2)
        );
    }

    #[test]
    fn a_request_is_read_as_it_was_stored() {
        let requests = [
            full_process(),
            JobRequest::Combination {
                transcript: Transcript::default(),
                turns: vec![Turn {
                    start: crate::units::Seconds(0.5),
                    end: crate::units::Seconds(1.0),
                    speaker: "SPEAKER_00".to_owned(),
                }],
            },
        ];
        for request in requests {
            let stored = serde_json::to_string(&request).unwrap();
            assert_eq!(
                serde_json::from_str::<JobRequest>(&stored).unwrap(),
                request
            );
        }
    }
}
