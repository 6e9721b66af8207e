//! From a recording to a transcript with speakers: the one way through all stages, for the command line and for the
//! service.
//!
//! A [`Request`] says what is wanted, [`Engines`] hands out the models, and [`Pipeline::run`] is the list of stages. What one
//! stage leaves for others (samples, segmentation) is shared, and freed as soon as the last of them is done. Words and
//! speakers do not need each other and can be found side by side: while one works on a single thread, the other has the
//! cores.

mod emptiness;
mod engines;
mod error;
mod request;
mod side_by_side;

use std::thread;
use std::time::Instant;

use domain::diarization::Diarization;
use domain::options::{AsrOptions, WordTimes};
use domain::progress::{Monitor, Stage};
use domain::transcript::{Transcript, WordTiming};
use domain::units::Seconds;

pub use emptiness::emptiness_note;
pub use engines::{EngineFailure, Engines};
pub use error::PipelineError;
pub use request::{Recognition, Request, Text};

use crate::align;
use crate::asr::{self, Whisper};
use crate::assign::{assign, number_speakers};
use crate::audio::{self, Recording, Samples, Settings, Source};
use crate::diarize::Diarizer;
use crate::pyannet::Segmentation;
use crate::segments::cut_to_length;
use crate::vad::{self, Chunk};
use side_by_side::{Background, Joint};

/// The way from a recording to what is asked of it.
#[derive(Debug)]
pub struct Pipeline<'a> {
    /// Where models come from.
    pub engines: &'a dyn Engines,
    /// How recordings are read.
    pub audio: Settings,
    /// Whether stages that do not need each other run side by side. The result is the same; on two cores the time is too.
    pub side_by_side: bool,
}

/// What a run gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The length of the recording.
    pub duration: Seconds,
    /// What is said; `None` if nobody asked for a text.
    pub transcript: Option<Transcript>,
    /// Who speaks when; `None` if nobody asked.
    pub diarization: Option<Diarization>,
    /// What the person who asked should know about it, a sentence each without a full stop.
    pub notes: Vec<String>,
}

impl Pipeline<'_> {
    /// Does what is asked, one stage after the other, and tells `monitor` how far it is.
    ///
    /// Blocks until done. The same recording and request give the same outcome, whatever the number of threads.
    ///
    /// # Errors
    /// The failure of the stage that failed first; the others then stop soon.
    pub fn run(
        &self,
        source: impl Into<Source>,
        request: &Request,
        monitor: &dyn Monitor,
    ) -> Result<Outcome, PipelineError> {
        let (engines, model) = (self.engines, PipelineError::model);
        let Recording { samples, mut notes } = timed(Stage::Decode, monitor, || {
            audio::decode(source, &self.audio, monitor).map_err(PipelineError::Decode)
        })?;
        let (duration, total) = (samples.duration(), samples.len());
        let segmenter = (request.needs_segmentation())
            .then(|| engines.segmenter(monitor).map_err(model(Stage::Vad)));
        let segmenter = segmenter.transpose()?;
        let diarizer = (request.diarize.is_some())
            .then(|| engines.diarizer(monitor).map_err(model(Stage::Diarize)));
        let diarizer = diarizer.transpose()?;
        let whisper = (request.recognition().is_some()).then(|| {
            engines
                .recogniser(monitor)
                .map_err(model(Stage::Transcribe))
        });
        let whisper = whisper.transpose()?;

        let segmentation = segmenter.map(|segmenter| {
            let step = (diarizer.as_ref()).map_or(vad::STEP, |diarizer| diarizer.step());
            timed(Stage::Vad, monitor, || {
                tell_start(Stage::Vad, &samples, monitor);
                (segmenter.segment(&samples, step, monitor)).map_err(PipelineError::Vad)
            })
        });
        let segmentation = segmentation.transpose()?;
        let chunks = (segmentation.as_ref().zip(request.cuts())).map(|(segmentation, options)| {
            vad::chunks(&segmentation.speech_scores(), total, options)
        });
        // Nobody else needs it: it is freed before the longest stage.
        let segmentation = segmentation.filter(|_| request.diarize.is_some());

        let words = Words {
            engines,
            request,
            whisper: whisper.as_deref(),
            samples: &samples,
            chunks: chunks.as_deref(),
        };
        let speakers = diarizer
            .as_deref()
            .zip(segmentation)
            .map(|(diarizer, segmentation)| Speakers {
                diarizer,
                segmentation,
                samples: &samples,
                request,
            });
        let (transcript, mut diarization) = self.find(words, speakers, monitor)?;
        drop(samples);

        let transcript = timed(Stage::Assign, monitor, || {
            let transcript = with_speakers(transcript, diarization.as_mut(), request);
            Ok(transcript.map(|transcript| in_shape(transcript, request)))
        })?;
        let shortfall = (request.diarize.zip(diarization.as_ref()))
            .and_then(|(options, found)| options.speakers().shortfall(found.speakers().len()));
        notes.extend(shortfall);
        notes.extend(emptiness_note(transcript.as_ref(), diarization.as_ref()));
        Ok(Outcome {
            duration,
            transcript,
            diarization,
            notes,
        })
    }

    /// Words and speakers, side by side where both are wanted.
    fn find(
        &self,
        words: Words<'_>,
        speakers: Option<Speakers<'_>>,
        monitor: &dyn Monitor,
    ) -> Result<(Option<Transcript>, Option<Diarization>), PipelineError> {
        let Some(speakers) = speakers else {
            return Ok((words.find(monitor)?, None));
        };
        if !self.side_by_side || matches!(words.request.text, Text::None) {
            let diarization = speakers.find(monitor)?;
            return Ok((words.find(monitor)?, Some(diarization)));
        }
        let joint = &Joint::new(monitor);
        let background = &Background::new(joint);
        let (transcript, diarization) = thread::scope(|scope| {
            let speakers = thread::Builder::new()
                .name("speakers".to_owned())
                .spawn_scoped(scope, move || joint.guard(|| speakers.find(background)))
                .unwrap_or_else(|error| panic!("cannot start a thread: {error}"));
            let transcript = joint.guard(|| words.find(joint));
            background.step_forward();
            let diarization = speakers
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (transcript, diarization)
        });
        match (transcript, diarization) {
            (Ok(transcript), Ok(diarization)) => Ok((transcript, Some(diarization))),
            // The one that failed by itself, not the one that was stopped for it.
            (Err(first), Err(second)) if first.is_cancelled() => Err(second),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

/// What is said, and when: two stages, one after the other.
struct Words<'a> {
    engines: &'a dyn Engines,
    request: &'a Request,
    whisper: Option<&'a Whisper>,
    samples: &'a Samples,
    chunks: Option<&'a [Chunk]>,
}

impl Words<'_> {
    fn find(self, monitor: &dyn Monitor) -> Result<Option<Transcript>, PipelineError> {
        let mut transcript = match (&self.request.text, self.whisper) {
            (Text::Given(transcript), _) => transcript.clone(),
            (Text::Recognise(recognition), Some(whisper)) => {
                timed(Stage::Transcribe, monitor, || {
                    self.recognise(whisper, recognition, monitor)
                })?
            }
            _ => return Ok(None),
        };
        if self.request.align.is_some() && !transcript.segments.is_empty() {
            self.align(&mut transcript, monitor)?;
        }
        Ok(Some(transcript))
    }

    fn recognise(
        &self,
        whisper: &Whisper,
        recognition: &Recognition,
        monitor: &dyn Monitor,
    ) -> Result<Transcript, PipelineError> {
        // The stage speaks up after its first window; its time counts too.
        tell_start(Stage::Transcribe, self.samples, monitor);
        let (samples, options) = (self.samples, &recognition.options);
        let transcript = match self.chunks {
            Some(chunks) => {
                let options = &with_words(options);
                asr::transcribe_chunks(whisper, samples, chunks, options, monitor)
            }
            None => asr::transcribe(whisper, samples, options, monitor),
        };
        transcript.map_err(PipelineError::Transcribe)
    }

    /// Times the words anew, if there is a model for their language. Words of a text that is given have no times yet: if
    /// there is none, the recogniser times them.
    fn align(
        &self,
        transcript: &mut Transcript,
        monitor: &dyn Monitor,
    ) -> Result<(), PipelineError> {
        let (Some(options), Ok(language)) = (self.request.align, transcript.language.parse())
        else {
            return Ok(());
        };
        let (segments, samples) = (&transcript.segments, self.samples);
        let model = PipelineError::model(Stage::Align);
        if let Some(aligner) = self.engines.aligner(language, monitor).map_err(&model)? {
            transcript.segments = timed(Stage::Align, monitor, || {
                align::align(&aligner, segments, samples, &options, monitor)
                    .map_err(PipelineError::Align)
            })?;
            transcript.word_timing = Some(WordTiming::Ctc);
        } else if matches!(self.request.text, Text::Given(_)) {
            let whisper = self.engines.recogniser(monitor).map_err(&model)?;
            transcript.segments = timed(Stage::Align, monitor, || {
                asr::time_words(&whisper, samples, segments, language, monitor)
                    .map_err(PipelineError::Transcribe)
            })?;
            transcript.word_timing = Some(WordTiming::Attention);
        }
        Ok(())
    }
}

/// Who speaks when.
struct Speakers<'a> {
    diarizer: &'a Diarizer,
    segmentation: Segmentation,
    samples: &'a Samples,
    request: &'a Request,
}

impl Speakers<'_> {
    fn find(self, monitor: &dyn Monitor) -> Result<Diarization, PipelineError> {
        let options = self.request.diarize.unwrap_or_default();
        timed(Stage::Diarize, monitor, || {
            tell_start(Stage::Diarize, self.samples, monitor);
            let (segmentation, samples) = (&self.segmentation, self.samples);
            (self.diarizer)
                .diarize(segmentation, samples, &options, monitor)
                .map_err(PipelineError::Diarize)
        })
    }
}

/// The transcript with the speakers that were found, if both are there. The speakers are numbered by it.
fn with_speakers(
    transcript: Option<Transcript>,
    diarization: Option<&mut Diarization>,
    request: &Request,
) -> Option<Transcript> {
    let mut transcript = transcript?;
    if let Some(diarization) = diarization {
        assign(&mut transcript, diarization);
        number_speakers(&mut transcript, diarization);
        transcript.speaker_embeddings =
            (request.speaker_embeddings).then(|| diarization.embeddings.clone());
    }
    Some(transcript)
}

/// Chunks are timed word by word whether anybody wants to see that or not, and segments are best cut by it.
fn with_words(options: &AsrOptions) -> AsrOptions {
    let word_times = match options.word_times {
        WordTimes::Off => WordTimes::Refined,
        wish => wish,
    };
    AsrOptions {
        word_times,
        ..options.clone()
    }
}

/// A recognised transcript in the segments that were asked for, without words that nobody wants to see.
fn in_shape(mut transcript: Transcript, request: &Request) -> Transcript {
    let Some(Recognition { options, .. }) = request.recognition() else {
        return transcript;
    };
    let language = options.task.text_language(&transcript.language);
    cut_to_length(&mut transcript.segments, language, options.chunk_size);
    let is_of_recogniser = transcript.word_timing == Some(WordTiming::Attention);
    if options.word_times == WordTimes::Off && is_of_recogniser {
        transcript.word_timing = None;
        for segment in &mut transcript.segments {
            segment.words = None;
        }
    }
    transcript
}

/// Says that a stage stands at its beginning: until it speaks up itself, that is what people see.
fn tell_start(stage: Stage, samples: &Samples, monitor: &dyn Monitor) {
    monitor.progress(stage, Seconds(0.0), samples.duration());
}

/// Does the work of a stage, and says when it begins and what it took.
fn timed<T>(
    stage: Stage,
    monitor: &dyn Monitor,
    work: impl FnOnce() -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    monitor.begins(stage);
    let began = Instant::now();
    let result = work()?;
    monitor.ends(stage, began.elapsed());
    Ok(result)
}
