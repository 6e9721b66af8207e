//! What a task is asked to do: a request whose values are all in range, as the service stores it.
//!
//! Raw texts become these types once, at the door; below it nobody checks again.

mod groups;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use groups::{
    AlignmentGroup, AsrGroup, Device, ModelGroup, RequestedCompute, SpeakerGroup, VadGroup,
    recognition,
};

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
    },
    /// Words of a recording.
    Transcription {
        /// What recognises.
        model: ModelGroup,
        /// How it recognises.
        asr: AsrGroup,
        /// Where speech is.
        vad: VadGroup,
    },
    /// Times of the words of a known text.
    Alignment {
        /// The text, whose `language` may be empty where a model is named.
        transcript: Transcript,
        /// How words get times.
        align: AlignmentGroup,
        /// On what it is computed.
        device: Device,
    },
    /// Who speaks when.
    Diarization {
        /// How many people speak.
        speakers: SpeakerGroup,
        /// On what it is computed.
        device: Device,
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

    /// The language that the task shows, a code.
    pub fn language(&self) -> Option<&str> {
        match self {
            Self::FullProcess { model, .. } | Self::Transcription { model, .. } => {
                Some(model.language.code())
            }
            Self::Alignment { transcript, .. } => {
                Some(transcript.language.as_str()).filter(|code| !code.is_empty())
            }
            Self::Diarization { .. } | Self::Combination { .. } => None,
        }
    }

    /// The language whose words must be timed by a model; `None` if none are, or a model is named.
    pub fn language_to_align(&self) -> Option<Language> {
        match self {
            Self::FullProcess { model, align, .. } if align.align_model.is_none() => {
                Some(model.language)
            }
            Self::Alignment {
                transcript, align, ..
            } if align.align_model.is_none() => transcript.language.parse().ok(),
            _ => None,
        }
    }

    /// The parameters as the task shows them: contract 1.6 to 1.11.
    pub fn task_params(&self) -> Option<Value> {
        match self {
            Self::FullProcess {
                model,
                align,
                speakers,
                asr,
                vad,
            } => Some(joined([
                json!(model),
                json!(align),
                json!({"asr_options": asr, "vad_options": vad}),
                json!(speakers),
            ])),
            Self::Transcription { model, asr, vad } => Some(joined([
                json!(model),
                json!({"asr_options": asr, "vad_options": vad}),
            ])),
            Self::Alignment { align, device, .. } => {
                Some(joined([json!(align), json!({"device": device})]))
            }
            Self::Diarization { speakers, device } => {
                Some(joined([json!(speakers), json!({"device": device})]))
            }
            Self::Combination { .. } => None,
        }
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
                language: Language::ENGLISH,
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

    #[test]
    fn only_words_that_are_to_be_timed_need_a_model_of_their_language() {
        let request = full_process();
        assert_eq!(request.language_to_align(), Some(Language::ENGLISH));
        let diarization = JobRequest::Diarization {
            speakers: SpeakerGroup::default(),
            device: Device::Cpu,
        };
        assert_eq!(diarization.language_to_align(), None);
        assert_eq!(diarization.language(), None);
    }
}
