//! The batched algorithm: chunks of speech, many side by side.
//!
//! The chunks come from voice activity detection (`crate::vad`) and know nothing of each other. Steps of the decoder wait
//! for memory, not for arithmetic, so eight chunks cost little more than one. Chunks of like length share a batch, so that
//! none waits for a much longer one; a chunk that is done leaves the search, and its batch goes on without it.
//!
//! Unlike whisperX and faster-whisper's batches, every chunk is judged: one that loops, comes out empty or that the model
//! does not believe is decoded again at higher temperatures together with the others like it, and silence that was taken
//! for speech is dropped.
//!
//! Chunks are decoded without timestamps, with which the text of a window often ends before its sound does: the sequential
//! algorithm goes on from there, here it would be lost (base, half an hour: 13.0 % word errors with, 7.7 % without). The
//! times of sentences are those of their words. Where that leaves out speech, `omissions` finds it.

mod language;
mod omissions;
pub(super) mod sentences;
#[cfg(test)]
mod tests;
mod texts;

use std::cell::OnceCell;

use domain::language::Language;
use domain::options::AsrOptions;
use domain::progress::{Monitor, Stage};
use domain::transcript::{Segment, Transcript};
use domain::units::Seconds;

use super::belief::AUDIBLE_SECONDS;
use super::detect::{Ready, most_likely_language, supported_language};
use super::error::AsrError;
use super::fallback::{Attempt, Attempts, LOOP_NGRAM};
use super::mel::{FRAMES_PER_SECOND, LogMel, SAMPLES_PER_FRAME, WINDOW_SAMPLES};
use super::memory;
use super::network::Network;
use super::prompt::{PromptParts, encode_spoken};
use super::search::{Method, SearchOptions, generate};
use super::tokenizer::Tokenizer;
use crate::align::sentences::Splitter;
use crate::audio::Sound;
use crate::segments::join_across_chunks;
use crate::vad::Chunk;

const SAMPLE_RATE: f64 = (SAMPLES_PER_FRAME * FRAMES_PER_SECOND) as f64;

/// The share of a batch's time that the encoder takes, for the progress shown.
const ENCODER_SHARE: f64 = 0.4;

/// Recognises the `chunks` of a recording, mono samples at 16 kHz; `batch_size` chunks are decoded side by side.
///
/// The same samples, chunks and options give the same transcript. Memory grows with the batch, not with the recording.
///
/// # Errors
///
/// When the model does not know the language asked for, there is not enough memory for a search as wide as is asked for,
/// the monitor cancels, or a prompt leaves no room for text.
///
/// # Panics
///
/// When a chunk is longer than 30 s or lies outside of the recording.
pub fn transcribe<N: Network>(
    network: &N,
    tokenizer: &Tokenizer,
    samples: Sound<'_>,
    chunks: &[Chunk],
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    let asked = supported_language(options.language, tokenizer.special())?;
    let batch_size = memory::of(network).batch_size(options)?;
    let mut recording = Recording {
        network,
        tokenizer,
        log_mel: LogMel::new(network.n_mels()),
        samples,
        chunks,
        options,
        monitor,
        language: asked.unwrap_or(Language::ENGLISH),
        search: SearchOptions::of(tokenizer, options),
        initial_prompt: encode_spoken(tokenizer, options.initial_prompt.as_deref()),
        splitter: OnceCell::new(),
        ready: None,
        done: 0.0,
    };
    let mut language_probability = None;
    if asked.is_none() {
        language_probability = Some(f64::from(recording.detect_language()?));
    }
    let mut segments: Vec<Vec<Segment>> = chunks.iter().map(|_| Vec::new()).collect();
    for batch in batches(chunks, batch_size) {
        for (index, found) in recording.batch(&batch)? {
            segments[index] = found;
        }
    }
    let segments = join_across_chunks(segments);
    Ok(Transcript {
        word_timing: options.word_times.timing(&segments),
        segments,
        language: recording.language.code().to_owned(),
        language_probability,
        speaker_embeddings: None,
    })
}

/// Numbers of chunks that are decoded together: the longest first, so that the first batch shows what memory is needed.
fn batches(chunks: &[Chunk], batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..chunks.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(chunks[*index].n_speech()));
    order.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

/// A recording being recognised.
struct Recording<'a, N: Network> {
    network: &'a N,
    tokenizer: &'a Tokenizer,
    log_mel: LogMel,
    samples: Sound<'a>,
    chunks: &'a [Chunk],
    options: &'a AsrOptions,
    monitor: &'a dyn Monitor,
    /// Of all chunks, unless each is asked for its own.
    language: Language,
    search: SearchOptions,
    initial_prompt: Vec<u32>,
    splitter: OnceCell<Splitter>,
    /// A chunk already encoded and decoded.
    ready: Option<Ready<N::Encoded>>,
    /// Seconds of chunks that are done, in full or in part.
    done: f64,
}

/// A chunk being recognised.
struct Job<'a, E> {
    index: usize,
    chunk: &'a Chunk,
    language: Language,
    encoded: E,
    attempts: Attempts,
}

impl<E> Job<'_, E> {
    fn n_frames(&self) -> usize {
        (self.chunk.end - self.chunk.start).div_ceil(SAMPLES_PER_FRAME)
    }

    /// Whether it is to be decoded again: no attempt is acceptable, or nothing was written where somebody speaks.
    fn is_open(&self, options: &AsrOptions) -> bool {
        let silent = |attempt: &Attempt| {
            options
                .no_speech_threshold
                .is_none_or(|threshold| attempt.no_speech_prob > threshold)
        };
        let is_mute = |attempt: &Attempt| {
            attempt.hypothesis.tokens.is_empty()
                && seconds(self.chunk.n_speech()).0 >= AUDIBLE_SECONDS
                && !silent(attempt)
        };
        !self.attempts.is_settled() || self.attempts.best().is_some_and(is_mute)
    }
}

impl<'a, N: Network> Recording<'a, N> {
    fn encode(&self, index: usize) -> N::Encoded {
        let chunk = &self.chunks[index];
        assert!(chunk.end - chunk.start <= WINDOW_SAMPLES, "{chunk:?}");
        self.network.encode(
            &self
                .log_mel
                .chunk(&self.samples.read(chunk.start..chunk.end)),
        )
    }

    /// Recognises some chunks side by side; returns their segments with their numbers.
    fn batch(&mut self, indices: &[usize]) -> Result<Vec<(usize, Vec<Segment>)>, AsrError> {
        let mut jobs = Vec::with_capacity(indices.len());
        for index in indices {
            jobs.push(self.begin(*index)?);
            self.advance(*index, ENCODER_SHARE);
        }
        self.decode(&mut jobs)?;
        let found = self.finish(jobs)?;
        for index in indices {
            self.advance(*index, 1.0 - ENCODER_SHARE);
        }
        Ok(found)
    }

    /// Counts a share of a chunk as done.
    fn advance(&mut self, index: usize, share: f64) {
        let chunk = &self.chunks[index];
        self.done += share * (chunk.end - chunk.start) as f64 / SAMPLE_RATE;
        let all: usize = self
            .chunks
            .iter()
            .map(|chunk| chunk.end - chunk.start)
            .sum();
        let total = Seconds(all as f64 / SAMPLE_RATE);
        self.monitor
            .progress(Stage::Transcribe, Seconds(self.done.min(total.0)), total);
    }

    fn begin(&mut self, index: usize) -> Result<Job<'a, N::Encoded>, AsrError> {
        if self.monitor.is_cancelled() {
            return Err(AsrError::Cancelled);
        }
        let ready = self.ready.take_if(|ready| ready.place == index);
        let (encoded, decoded) = match ready {
            Some(ready) => (ready.encoded, Some((ready.language, ready.attempt))),
            None => (self.encode(index), None),
        };
        let special = self.tokenizer.special();
        let language = if self.options.multilingual && special.is_multilingual() {
            most_likely_language(self.network, special, &encoded).0
        } else {
            self.language
        };
        let mut attempts = Attempts::default();
        if let Some((_, attempt)) = decoded.filter(|(decoded, _)| *decoded == language) {
            attempts.add(attempt, self.options);
        }
        Ok(Job {
            index,
            chunk: &self.chunks[index],
            language,
            encoded,
            attempts,
        })
    }

    /// Decodes all at the first temperature, and those that came out badly at the next ones.
    fn decode(&mut self, jobs: &mut [Job<'_, N::Encoded>]) -> Result<(), AsrError> {
        for (i, temperature) in self.options.temperatures.iter().enumerate() {
            // the one in which the language was found is decoded at the first temperature
            let open = |job: &&mut Job<'_, N::Encoded>| {
                job.is_open(self.options) && (i > 0 || job.attempts.best().is_none())
            };
            let open: Vec<_> = jobs.iter_mut().filter(open).collect();
            self.search.method = Method::at(*temperature, self.options, 0);
            self.attempt(open, *temperature)?;
        }
        let loops = |job: &&mut Job<'_, N::Encoded>| {
            let best = job.attempts.best();
            best.is_some_and(|attempt| attempt.loops(self.options))
        };
        let looping: Vec<_> = jobs.iter_mut().filter(loops).collect();
        if !looping.is_empty() && self.search.no_repeat_ngram_size == 0 {
            self.search.method = Method::at(0.0, self.options, 0);
            self.search.no_repeat_ngram_size = LOOP_NGRAM;
            let decoded = self.attempt(looping, 0.0);
            self.search.no_repeat_ngram_size = 0;
            decoded?;
        }
        Ok(())
    }

    /// Decodes some chunks side by side, each once.
    fn attempt(
        &self,
        jobs: Vec<&mut Job<'_, N::Encoded>>,
        temperature: f32,
    ) -> Result<(), AsrError> {
        let prompts: Vec<Vec<u32>> = (jobs.iter())
            .map(|job| self.prompt(job.index, job.language))
            .collect();
        let encoded: Vec<&N::Encoded> = jobs.iter().map(|job| &job.encoded).collect();
        let special = self.tokenizer.special();
        let found = generate(
            self.network,
            special,
            &encoded,
            &prompts,
            &self.search,
            self.monitor,
        )?;
        for (job, found) in jobs.into_iter().zip(found) {
            let attempt = Attempt::new(found, self.tokenizer, temperature);
            job.attempts.add(attempt, self.options);
        }
        Ok(())
    }

    fn prompt(&self, index: usize, language: Language) -> Vec<u32> {
        let parts = PromptParts {
            previous: &self.initial_prompt,
            hotwords: self.options.hotwords.as_deref(),
            prefix: self.options.prefix.as_deref().filter(|_| index == 0),
            language: Some(language),
            task: self.options.task,
            without_timestamps: true,
        };
        parts.tokens(self.tokenizer)
    }
}

fn seconds(n_samples: usize) -> Seconds {
    Seconds(n_samples as f64 / SAMPLE_RATE)
}
