//! The sequential algorithm: a recording of any length, window after window.
//!
//! Each window of up to 30 s begins where the last complete segment of the one before ended, and is told the text
//! before it. Windows that come out badly are decoded again at higher temperatures; windows without speech are skipped.

mod hallucination;
mod language;
mod silence;
mod split;
mod spoken;

#[cfg(test)]
mod tests;

use domain::language::Language;
use domain::options::AsrOptions;
use domain::progress::{Monitor, Stage};
use domain::transcript::{Segment, Transcript};
use domain::units::Seconds;

use super::belief::{Claim, doubt};
use super::detect::{Ready, most_likely_language, supported_language};
use super::error::AsrError;
use super::fallback::{Attempt, LOOP_NGRAM, Try, first_acceptable};
use super::mel::{FRAMES_PER_SECOND, FileFeatures, LogMel, SAMPLES_PER_FRAME, WINDOW_FRAMES};
use super::memory;
use super::network::Network;
use super::prompt::{PromptParts, encode_spoken};
use super::search::{Method, SearchOptions, generate};
use super::tokenizer::Tokenizer;
use crate::audio::Sound;
use silence::may_hold_words;
use split::split_by_timestamps;
use spoken::Window;

const SAMPLE_RATE: usize = SAMPLES_PER_FRAME * FRAMES_PER_SECOND;

/// Recognises a recording: mono samples at 16 kHz, of which a window at a time is read.
///
/// The same samples and options give the same transcript: the random numbers of the higher temperatures begin anew with
/// each window, from its position.
///
/// # Errors
///
/// When the model does not know the language asked for, there is not enough memory for a search as wide as is asked for,
/// or the monitor cancels.
pub fn transcribe<N: Network>(
    network: &N,
    tokenizer: &Tokenizer,
    samples: Sound<'_>,
    options: &AsrOptions,
    monitor: &dyn Monitor,
) -> Result<Transcript, AsrError> {
    let special = tokenizer.special();
    let asked = supported_language(options.language, special)?;
    memory::of(network).check(options)?;
    let log_mel = LogMel::new(network.n_mels());
    let features = log_mel.file(samples);
    let mut recording = Recording {
        network,
        tokenizer,
        samples,
        features,
        options,
        monitor,
        search: SearchOptions::of(tokenizer, options),
        language: asked.unwrap_or(Language::ENGLISH),
        ready: None,
        tokens: encode_spoken(tokenizer, options.initial_prompt.as_deref()),
        prompt_begin: 0,
        last_speech: 0.0,
        segments: Vec::new(),
    };
    let mut language_probability = None;
    if asked.is_none() {
        language_probability = Some(f64::from(recording.detect_language()?));
    }
    let language = recording.language; // that of a window may be another
    recording.run()?;
    Ok(Transcript {
        word_timing: options.word_times.timing(&recording.segments),
        segments: recording.segments,
        language: language.code().to_owned(),
        language_probability,
        speaker_embeddings: None,
    })
}

/// A recording being recognised.
struct Recording<'a, N: Network> {
    network: &'a N,
    tokenizer: &'a Tokenizer,
    samples: Sound<'a>,
    features: FileFeatures<'a>,
    options: &'a AsrOptions,
    monitor: &'a dyn Monitor,
    search: SearchOptions,
    /// Of the window at hand.
    language: Language,
    /// A window already encoded and decoded; its place is its first frame.
    ready: Option<Ready<N::Encoded>>,
    /// The initial prompt, then the tokens of all segments.
    tokens: Vec<u32>,
    /// Where among the tokens the next window's prompt begins.
    prompt_begin: usize,
    /// Where the last word so far ended, in seconds.
    last_speech: f64,
    segments: Vec<Segment>,
}

impl<N: Network> Recording<'_, N> {
    fn run(&mut self) -> Result<(), AsrError> {
        let n_frames = self.features.n_frames();
        let mut seek = 0;
        while seek < n_frames {
            let size = WINDOW_FRAMES.min(n_frames - seek);
            seek += self.window(seek, size)?;
            let total = seconds(n_frames);
            self.monitor
                .progress(Stage::Transcribe, seconds(seek.min(n_frames)), total);
        }
        Ok(())
    }

    /// Recognises the window of `size` frames from `seek` on; returns the frames after which the next begins.
    fn window(&mut self, seek: usize, size: usize) -> Result<usize, AsrError> {
        let range = seek * SAMPLES_PER_FRAME..(seek + size) * SAMPLES_PER_FRAME;
        let samples = self.samples.read(range);
        if !may_hold_words(&samples, size) {
            return Ok(size);
        }
        let (encoded, decoded) = match self.ready.take().filter(|ready| ready.place == seek) {
            Some(ready) => (ready.encoded, Some((ready.language, ready.attempt))),
            None if self.monitor.is_cancelled() => return Err(AsrError::Cancelled),
            None => (self.network.encode(&self.features.window(seek, size)), None),
        };
        if self.options.multilingual && self.tokenizer.special().is_multilingual() {
            let special = self.tokenizer.special();
            (self.language, _) = most_likely_language(self.network, special, &encoded);
        }
        // it was decoded as the first window is, with no text before it
        let decoded = decoded.filter(|(language, _)| *language == self.language && seek == 0);
        let attempt = self.decode(seek, &encoded, decoded.map(|(_, attempt)| attempt))?;
        if doubt(&claim(&attempt, size), self.options).is_some() {
            return Ok(size);
        }
        let split = split_by_timestamps(&attempt.hypothesis.tokens, size, self.tokenizer.special());
        let place = Window {
            seek,
            size,
            n_frames: self.features.n_frames(),
        };
        let length = self.samples.len() as f64 / SAMPLE_RATE as f64;
        let spoken = self.spoken(&place, &split, &encoded);
        let Some(pieces) = spoken.pieces else {
            return Ok(spoken.advance);
        };
        for piece in pieces {
            let text = self.tokenizer.decode(piece.tokens);
            // marks without a letter or digit, such as a lone full stop, are what Whisper makes of a pause
            if piece.start < piece.end && text.chars().any(char::is_alphanumeric) {
                self.tokens.extend_from_slice(piece.tokens);
                let times = (piece.start, piece.end);
                self.segments
                    .push(attempt.segment(times, text, piece.words, length));
            }
        }
        if !self.options.condition_on_previous_text
            || attempt.temperature > self.options.prompt_reset_on_temperature
        {
            self.prompt_begin = self.tokens.len();
        }
        Ok(spoken.advance)
    }

    /// The window from `seek` on; `first` is what was made of it at the first temperature, if that is known.
    fn decode(
        &mut self,
        seek: usize,
        encoded: &N::Encoded,
        mut first: Option<Attempt>,
    ) -> Result<Attempt, AsrError> {
        let prompt = self.prompt(seek, self.language);
        first_acceptable(self.options, |again| match first.take() {
            Some(attempt) => Ok(attempt),
            None => self.attempt(seek, encoded, &prompt, again),
        })
    }

    fn prompt(&self, seek: usize, language: Language) -> Vec<u32> {
        let parts = PromptParts {
            previous: &self.tokens[self.prompt_begin..],
            hotwords: self.options.hotwords.as_deref(),
            prefix: self.options.prefix.as_deref().filter(|_| seek == 0),
            language: Some(language),
            task: self.options.task,
            without_timestamps: self.options.without_timestamps,
        };
        parts.tokens(self.tokenizer)
    }

    /// Decodes a window once.
    fn attempt(
        &self,
        seek: usize,
        encoded: &N::Encoded,
        prompt: &[u32],
        again: Try,
    ) -> Result<Attempt, AsrError> {
        let mut search = self.search.clone();
        search.method = Method::at(again.temperature, self.options, seek as u64);
        if again.without_repetitions && search.no_repeat_ngram_size == 0 {
            search.no_repeat_ngram_size = LOOP_NGRAM;
        }
        let special = self.tokenizer.special();
        let (network, monitor) = (self.network, self.monitor);
        let found = generate(
            network,
            special,
            &[encoded],
            &[prompt.to_vec()],
            &search,
            monitor,
        )?;
        Ok(Attempt::first(found, self.tokenizer, again.temperature))
    }
}

/// What is to be judged of the text of a window of `size` frames.
fn claim(attempt: &Attempt, size: usize) -> Claim<'_> {
    Claim {
        attempt,
        n_seconds: seconds(size).0,
        voice: None,
    }
}

fn seconds(n_frames: usize) -> Seconds {
    Seconds(n_frames as f64 / FRAMES_PER_SECOND as f64)
}
