//! Decoded chunks become segments: what is believed of their texts, with the times of its words.

use std::borrow::Cow;
use std::ops::Range;

use domain::language::Language;
use domain::options::WordTimes;
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::omissions::Spoken;
use super::sentences::{sentences, span};
use super::{Job, Recording, seconds};
use crate::align::sentences::Splitter;
use crate::asr::belief::{Claim, Voice, doubt, plausible};
use crate::asr::error::AsrError;
use crate::asr::fallback::Attempt;
use crate::asr::network::Network;
use crate::asr::words::{SegmentText, TimedSegment, WindowText, word_times};
use crate::vad::Chunk;

impl<N: Network> Recording<'_, N> {
    /// The segments of chunks that are decoded: their sentences.
    pub(super) fn finish(
        &self,
        jobs: Vec<Job<'_, N::Encoded>>,
    ) -> Result<Vec<(usize, Vec<Segment>)>, AsrError> {
        let texts: Vec<ChunkText<'_, N::Encoded>> = jobs
            .into_iter()
            .filter_map(|job| self.believed(job))
            .collect();
        let timed = self.words(&texts);
        let language = self.options.task.text_language(self.language.code());
        let splitter = self
            .splitter
            .get_or_init(|| Splitter::for_language(language));
        (texts.iter().zip(timed))
            .map(|(text, timed)| {
                let mut spoken = Spoken {
                    text: self.tokenizer.decode(&text.attempt.hypothesis.tokens),
                    words: timed.words,
                };
                self.fill_gaps(text, &mut spoken)?;
                let segments = match self.count_repetitions(text, &spoken.words)? {
                    Some(segments) => segments,
                    None => self.segments(text, spoken, splitter),
                };
                Ok((text.index, segments))
            })
            .collect()
    }

    /// The text of a chunk, unless it is not believed.
    fn believed<'j>(&self, job: Job<'j, N::Encoded>) -> Option<ChunkText<'j, N::Encoded>> {
        let n_frames = job.n_frames();
        let attempt = job.attempts.taken();
        let doubt = doubt(&claim(job.chunk, &attempt), self.options);
        doubt.is_none().then_some(ChunkText {
            index: job.index,
            chunk: job.chunk,
            n_frames,
            language: job.language,
            encoded: job.encoded,
            attempt,
        })
    }

    /// Words tell where sentences begin and end, so they are looked for even if nobody wants to see them.
    fn words(&self, texts: &[ChunkText<'_, N::Encoded>]) -> Vec<TimedSegment> {
        let speech: Vec<Vec<Range<Seconds>>> = texts.iter().map(ChunkText::speech).collect();
        let samples: Vec<Cow<'_, [f32]>> = texts
            .iter()
            .map(|text| self.samples.read(text.chunk.start..text.chunk.end))
            .collect();
        let windows: Vec<WindowText<'_, N::Encoded>> = (texts.iter().zip(&speech).zip(&samples))
            .map(|((text, speech), samples)| WindowText {
                encoded: &text.encoded,
                samples,
                start: seconds(text.chunk.start),
                n_frames: text.n_frames,
                speech,
                last_speech: seconds(text.chunk.start),
                language: text.language,
                segments: vec![SegmentText {
                    tokens: &text.attempt.hypothesis.tokens,
                    start: seconds(text.chunk.start),
                    end: seconds(text.chunk.end),
                }],
            })
            .collect();
        let rules = self.word_rules();
        let (network, tokenizer, task) = (self.network, self.tokenizer, self.options.task);
        word_times(network, tokenizer, &windows, task, rules)
            .into_iter()
            .map(|mut segments| segments.remove(0))
            .collect()
    }

    pub(super) fn word_rules(&self) -> WordTimes {
        match self.options.word_times {
            WordTimes::AsReference => WordTimes::AsReference,
            WordTimes::Off | WordTimes::Refined => WordTimes::Refined,
        }
    }

    fn segments(
        &self,
        text: &ChunkText<'_, N::Encoded>,
        spoken: Spoken,
        splitter: &Splitter,
    ) -> Vec<Segment> {
        let length = seconds(self.samples.len()).0;
        let has_words = self.options.word_times != WordTimes::Off;
        let sentences = sentences(&spoken.text, spoken.words, splitter).into_iter();
        let (texts, words): (Vec<String>, Vec<Vec<Word>>) = sentences
            // marks without a letter or digit, such as a lone full stop, are what Whisper makes of a pause
            .filter(|sentence| sentence.text.chars().any(char::is_alphanumeric))
            .map(|sentence| (sentence.text, sentence.words))
            .unzip();
        (texts.into_iter().zip(plausible(&words)))
            .filter_map(|(sentence, words)| {
                let words = words?;
                let span = span(&words);
                let words = has_words.then_some(words);
                Some(text.attempt.segment(span, sentence, words, length))
            })
            .collect()
    }
}

/// What is to be judged of a chunk's text.
pub(super) fn claim<'a>(chunk: &Chunk, attempt: &'a Attempt) -> Claim<'a> {
    Claim {
        attempt,
        n_seconds: seconds(chunk.end - chunk.start).0,
        voice: Some(Voice {
            n_seconds: seconds(chunk.n_speech()).0,
            is_doubtful: chunk.is_doubtful,
        }),
    }
}

/// A chunk whose text is believed.
pub(super) struct ChunkText<'a, E> {
    index: usize,
    pub(super) chunk: &'a Chunk,
    n_frames: usize,
    pub(super) language: Language,
    encoded: E,
    attempt: Attempt,
}

impl<E> ChunkText<'_, E> {
    /// From the first syllable to the last in each region, padding included.
    pub(super) fn speech(&self) -> Vec<Range<Seconds>> {
        let mut speech = self.chunk.speech.clone();
        if let Some(first) = speech.first_mut() {
            first.start = self.chunk.start;
        }
        if let Some(last) = speech.last_mut() {
            last.end = self.chunk.end;
        }
        (speech.iter())
            .map(|range| seconds(range.start)..seconds(range.end))
            .collect()
    }
}
