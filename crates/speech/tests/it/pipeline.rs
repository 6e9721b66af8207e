//! The whole way from a file to words with speakers, with the real networks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::language::Language;
use domain::options::{
    AlignOptions, AsrOptions, ComputeType, DiarizeOptions, VadOptions, WordTimes,
};
use domain::progress::{Monitor, Silent, Stage};
use domain::transcript::{Segment, Transcript, Word};
use domain::units::Seconds;
use speech::Pool;
use speech::align::Aligner;
use speech::asr::Whisper;
use speech::audio::Settings;
use speech::diarize::Diarizer;
use speech::models::{Companion, VoiceFolder};
use speech::pipeline::{
    EngineFailure, Engines, Outcome, Pipeline, PipelineError, Recognition, Request, Text,
};
use speech::pyannet::PyanNet;

use crate::asr::{model_folder, root};
use crate::diarize::places;

/// Models that are loaded; there is none for alignment.
#[derive(Debug)]
struct Loaded {
    segmenter: Arc<PyanNet>,
    whisper: Arc<Whisper>,
    diarizer: Arc<Diarizer>,
    /// Whether asking for an alignment model fails.
    fails_to_align: AtomicBool,
}

impl Loaded {
    /// `None`, aloud, where one of them is not at hand.
    fn load() -> Option<Self> {
        let pool = Pool::new(2);
        let companion = |companion: Companion| {
            let name = companion.name();
            let folder = companion.find(&places());
            folder.or_else(|| {
                skipped::for_want_of_model(name);
                None
            })
        };
        let whisper = model_folder("tiny.en", "model.bin")?;
        let segmenter = companion(Companion::Segmentation)?;
        let voices = companion(Companion::CamPlusPlus)?;
        let int8 = ComputeType::Int8;
        Some(Self {
            segmenter: Arc::new(PyanNet::load(&segmenter, pool.clone()).unwrap()),
            whisper: Arc::new(Whisper::load(&whisper, int8, pool.clone()).unwrap()),
            diarizer: Arc::new(
                Diarizer::load(&VoiceFolder::CamPlusPlus(voices), int8, &pool).unwrap(),
            ),
            fails_to_align: AtomicBool::new(false),
        })
    }

    fn run(
        &self,
        request: &Request,
        side_by_side: bool,
        monitor: &dyn Monitor,
    ) -> Result<Outcome, PipelineError> {
        let pipeline = Pipeline {
            engines: self,
            audio: Settings::default(),
            side_by_side,
        };
        pipeline.run(talk(), request, monitor)
    }
}

impl Engines for Loaded {
    fn segmenter(&self, _: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
        Ok(Arc::clone(&self.segmenter))
    }

    fn recogniser(&self, _: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
        Ok(Arc::clone(&self.whisper))
    }

    fn aligner(
        &self,
        language: Language,
        _: &dyn Monitor,
    ) -> Result<Option<Arc<Aligner>>, EngineFailure> {
        assert_eq!(language.code(), "en");
        if self.fails_to_align.load(Ordering::Relaxed) {
            return Err("the alignment model is broken on purpose".into());
        }
        Ok(None)
    }

    fn diarizer(&self, _: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
        Ok(Arc::clone(&self.diarizer))
    }
}

/// Three people who now and then speak at once, 100 s.
fn talk() -> PathBuf {
    root().join("../shared/eval").join(TALK)
}

const TALK: &str = "diar/mixd_3spk_ov.opus";

/// The models, if they and the recording are at hand.
fn loaded() -> Option<Loaded> {
    let path = talk();
    if !path.exists() {
        skipped::on_this_machine("no recordings beside the repository");
        return None;
    }
    Loaded::load()
}

/// Words, times and speakers.
fn everything() -> Request {
    Request {
        text: Text::Recognise(Recognition {
            options: AsrOptions::default(),
            cuts: Some(VadOptions::default()),
        }),
        align: Some(AlignOptions::default()),
        diarize: Some(DiarizeOptions::default()),
        speaker_embeddings: true,
    }
}

/// Notes what it is told, and cancels once `at` has begun.
#[derive(Default)]
struct Ear {
    at: Option<Stage>,
    begun: Mutex<Vec<Stage>>,
    ended: Mutex<Vec<Stage>>,
}

impl Monitor for Ear {
    fn progress(&self, _stage: Stage, _done: Seconds, _total: Seconds) {}

    fn begins(&self, stage: Stage) {
        self.begun.lock().unwrap().push(stage);
    }

    fn ends(&self, stage: Stage, _took: Duration) {
        self.ended.lock().unwrap().push(stage);
    }

    fn is_cancelled(&self) -> bool {
        let begun = self.begun.lock().unwrap();
        self.at.is_some_and(|stage| begun.contains(&stage))
    }
}

#[test]
fn every_word_has_its_speaker_and_stages_side_by_side_change_nothing() {
    let Some(models) = loaded() else {
        return;
    };
    let ear = Ear::default();
    let outcome = models.run(&everything(), true, &ear).unwrap();
    let transcript = outcome.transcript.as_ref().unwrap();
    let diarization = outcome.diarization.as_ref().unwrap();
    assert_eq!(diarization.speakers().len(), 3);
    let words: Vec<&Word> = (transcript.segments.iter())
        .flat_map(|segment| segment.words.iter().flatten())
        .collect();
    assert!(words.len() > 150, "{} words", words.len());
    let n_overlapped = words.iter().filter(|word| word.overlap).count();
    assert!((1..30).contains(&n_overlapped), "{n_overlapped} words");
    let speakers: BTreeSet<_> = words.iter().map(|word| word.speaker.as_deref()).collect();
    assert_eq!(
        speakers.into_iter().collect::<Vec<_>>(),
        diarization
            .speakers()
            .into_iter()
            .map(Some)
            .collect::<Vec<_>>()
    );
    let embeddings = transcript.speaker_embeddings.as_ref().unwrap();
    assert_eq!(*embeddings, diarization.embeddings);

    // The language has no alignment model here, so that stage never begins.
    let mut expected = everything().stages();
    expected.retain(|stage| *stage != Stage::Align);
    let mut begun = ear.begun.into_inner().unwrap();
    begun.sort_by_key(|stage| expected.iter().position(|other| other == stage));
    assert_eq!(begun, expected);
    assert_eq!(ear.ended.into_inner().unwrap().len(), expected.len());

    let alone = models.run(&everything(), false, &Silent).unwrap();
    assert_eq!(alone, outcome);
}

/// The text and the words of a transcript, whatever its segments.
fn said(transcript: &Transcript) -> (String, Vec<Word>) {
    let texts = transcript.segments.iter().map(|segment| &*segment.text);
    let words = transcript
        .segments
        .iter()
        .flat_map(|segment| &segment.words);
    (texts.collect(), words.flatten().cloned().collect())
}

#[test]
fn shorter_segments_say_the_same_words() {
    let Some(models) = loaded() else {
        return;
    };
    let run = |chunk_size: f64, word_times: WordTimes| {
        let request = Request {
            text: Text::Recognise(Recognition {
                options: AsrOptions {
                    chunk_size: Seconds(chunk_size),
                    word_times,
                    ..AsrOptions::default()
                },
                cuts: Some(VadOptions::default()),
            }),
            ..Request::default()
        };
        let outcome = models.run(&request, true, &Silent).unwrap();
        outcome.transcript.unwrap()
    };
    let longest = |transcript: &Transcript| {
        let segments = transcript.segments.iter();
        let lengths = segments.map(|segment| segment.end.0 - segment.start.0);
        lengths.fold(0.0, f64::max)
    };
    let whole = run(30.0, WordTimes::Refined);
    let short = run(3.0, WordTimes::Refined);
    assert!(longest(&whole) > 4.0 && longest(&short) <= 3.0);
    assert_eq!(said(&short), said(&whole));

    let wordless = run(3.0, WordTimes::Off);
    assert_eq!((wordless.word_timing, said(&wordless).1.len()), (None, 0));
    let shape = |transcript: &Transcript| {
        let segments = transcript.segments.iter();
        let shape = segments.map(|segment| (segment.start, segment.end, segment.text.clone()));
        shape.collect::<Vec<_>>()
    };
    assert_eq!(shape(&wordless), shape(&short));
}

#[test]
fn a_run_that_is_cancelled_ends_in_whichever_stage_it_is() {
    let Some(models) = loaded() else {
        return;
    };
    let stages = [Stage::Decode, Stage::Vad, Stage::Transcribe, Stage::Diarize];
    for (stage, side_by_side) in stages.into_iter().zip([true, true, true, false]) {
        let ear = Ear {
            at: Some(stage),
            ..Ear::default()
        };
        let error = models.run(&everything(), side_by_side, &ear).unwrap_err();
        assert!(error.is_cancelled(), "{stage}: {error}");
        assert!(!ear.ended.into_inner().unwrap().contains(&stage));
    }
}

#[test]
fn a_model_that_cannot_be_had_ends_the_run_under_the_name_of_its_stage() {
    let Some(models) = loaded() else {
        return;
    };
    models.fails_to_align.store(true, Ordering::Relaxed);
    let error = models.run(&everything(), true, &Silent).unwrap_err();
    assert_eq!(error.stage(), Stage::Align);
    assert_eq!(
        error.to_string(),
        "the alignment model is broken on purpose"
    );
}

#[test]
fn a_text_that_is_known_gets_speakers_without_being_recognised() {
    let Some(models) = loaded() else {
        return;
    };
    let words = (0..20).map(|i| Word {
        word: format!("word{i}"),
        start: Some(Seconds(f64::from(i) * 5.0)),
        end: Some(Seconds(f64::from(i) * 5.0 + 0.5)),
        ..Word::default()
    });
    let segment = Segment {
        end: Seconds(100.0),
        words: Some(words.collect()),
        ..Segment::default()
    };
    let request = Request {
        text: Text::Given(Transcript {
            segments: vec![segment],
            language: "en".into(),
            ..Transcript::default()
        }),
        diarize: Some(DiarizeOptions::default()),
        ..Request::default()
    };
    let ear = Ear::default();
    let transcript = models
        .run(&request, true, &ear)
        .unwrap()
        .transcript
        .unwrap();
    let words = transcript.segments[0].words.as_ref().unwrap();
    assert!(words.iter().all(|word| word.speaker.is_some()));
    assert_eq!(transcript.speaker_embeddings, None);
    assert!(!ear.begun.into_inner().unwrap().contains(&Stage::Transcribe));
}

#[test]
fn a_file_that_is_no_recording_fails_to_decode_before_any_model_is_asked_for() {
    #[derive(Debug)]
    struct NoModels;
    impl Engines for NoModels {
        fn segmenter(&self, _: &dyn Monitor) -> Result<Arc<PyanNet>, EngineFailure> {
            unreachable!("nothing was decoded")
        }
        fn recogniser(&self, _: &dyn Monitor) -> Result<Arc<Whisper>, EngineFailure> {
            unreachable!("nothing was decoded")
        }
        fn aligner(
            &self,
            _: Language,
            _: &dyn Monitor,
        ) -> Result<Option<Arc<Aligner>>, EngineFailure> {
            unreachable!("nothing was decoded")
        }
        fn diarizer(&self, _: &dyn Monitor) -> Result<Arc<Diarizer>, EngineFailure> {
            unreachable!("nothing was decoded")
        }
    }
    let pipeline = Pipeline {
        engines: &NoModels,
        audio: Settings::default(),
        side_by_side: true,
    };
    let source = root().join("Cargo.toml");
    let error = pipeline.run(source, &everything(), &Silent).unwrap_err();
    assert_eq!(error.stage(), Stage::Decode);
    assert!(!error.is_cancelled());
}
