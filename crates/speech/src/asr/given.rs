//! Times for the words of a text that is known already, from the recogniser: for languages whose alignment model is not
//! at hand.
//!
//! Each segment's sound is encoded, its text read over it, and where the decoder looks says when each word is spoken
//! ([`words`](super::words)).

use domain::language::Language;
use domain::options::{AsrTask, WordTimes};
use domain::progress::{Monitor, Stage};
use domain::transcript::{Segment, Word};
use domain::units::Seconds;

use super::batched::sentences::sentences;
use super::error::AsrError;
use super::mel::{LogMel, SAMPLES_PER_FRAME, WINDOW_SAMPLES};
use super::network::Network;
use super::prompt::encode_spoken;
use super::tokenizer::Tokenizer;
use super::words::{SegmentText, WindowText, word_times};
use crate::align::sentences::Splitter;
use crate::audio::{SAMPLE_RATE, Sound, samples_in};

/// Gives the words of `segments` times, and makes a segment of each sentence. Segments that are longer than the model
/// hears at once, or lie behind the end of the recording, share their time out among their words.
///
/// # Errors
///
/// When the monitor cancels.
pub(super) fn time_words<N: Network>(
    network: &N,
    tokenizer: &Tokenizer,
    samples: Sound<'_>,
    segments: &[Segment],
    language: Language,
    monitor: &dyn Monitor,
) -> Result<Vec<Segment>, AsrError> {
    let reader = Reader {
        network,
        tokenizer,
        log_mel: LogMel::new(network.n_mels()),
        samples,
        language,
    };
    let splitter = Splitter::for_language(language.code());
    let total = Seconds::from_samples(samples.len(), SAMPLE_RATE);
    let mut timed = Vec::new();
    for segment in segments {
        if monitor.is_cancelled() {
            return Err(AsrError::Cancelled);
        }
        let words = reader.words(segment);
        timed.extend(split(segment, words, &splitter));
        monitor.progress(Stage::Align, segment.end, total);
    }
    Ok(timed)
}

/// What hears the words of a segment.
struct Reader<'a, N> {
    network: &'a N,
    tokenizer: &'a Tokenizer,
    log_mel: LogMel,
    samples: Sound<'a>,
    language: Language,
}

impl<N: Network> Reader<'_, N> {
    fn words(&self, segment: &Segment) -> Vec<Word> {
        let tokens = encode_spoken(self.tokenizer, Some(&segment.text));
        if tokens.is_empty() {
            return Vec::new();
        }
        let sample = |time: Seconds| samples_in(time.0, SAMPLE_RATE);
        let start = sample(segment.start).min(self.samples.len());
        let end = sample(segment.end).min(self.samples.len());
        let is_audible = end - start <= WINDOW_SAMPLES;
        let sound = self.samples.read(start..end.min(start + WINDOW_SAMPLES));
        let window = WindowText {
            encoded: &self.network.encode(&self.log_mel.chunk(&sound)),
            samples: &sound,
            start: Seconds::from_samples(start, SAMPLE_RATE),
            n_frames: if is_audible {
                sound.len().div_ceil(SAMPLES_PER_FRAME)
            } else {
                0
            },
            speech: &[],
            last_speech: Seconds::from_samples(start, SAMPLE_RATE),
            language: self.language,
            segments: vec![SegmentText {
                tokens: &tokens,
                start: segment.start,
                end: segment.end,
            }],
        };
        let (network, tokenizer) = (self.network, self.tokenizer);
        let found = word_times(
            network,
            tokenizer,
            &[window],
            AsrTask::Transcribe,
            WordTimes::Refined,
        );
        let words = found.into_iter().flatten().flat_map(|found| found.words);
        words.map(without_empty_score).collect()
    }
}

/// A probability of nothing says that the time was shared out, not heard.
fn without_empty_score(word: Word) -> Word {
    Word {
        score: word.score.filter(|score| *score > 0.0),
        ..word
    }
}

/// The sentences of a segment; one without words stays as it is.
fn split(segment: &Segment, words: Vec<Word>, splitter: &Splitter) -> Vec<Segment> {
    if words.is_empty() {
        return vec![Segment {
            words: Some(Vec::new()),
            ..segment.clone()
        }];
    }
    let sentences = sentences(&segment.text, words, splitter);
    let found = sentences.into_iter().map(|sentence| {
        let (start, end) = sentence.times();
        Segment {
            start: Seconds(start),
            end: Seconds(end),
            text: sentence.text,
            words: Some(sentence.words),
            ..segment.clone()
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use domain::options::ComputeType;
    use domain::progress::Silent;

    use super::*;
    use crate::Pool;
    use crate::asr::Whisper;
    use crate::audio::Samples;
    use crate::testing;

    fn segment(start: f64, end: f64, text: &str) -> Segment {
        Segment {
            start: Seconds(start),
            end: Seconds(end),
            text: text.to_owned(),
            ..Segment::default()
        }
    }

    #[test]
    fn every_word_of_a_known_text_gets_a_time() {
        let Some(folder) = testing::model_folder("tiny.en") else {
            return;
        };
        let whisper = Whisper::load(&folder, ComputeType::Int8, Pool::new(2)).unwrap();
        let samples = Samples::new(&testing::signal(80_000));
        let given = [
            segment(0.5, 3.0, " Hello there. It is 9 o'clock."),
            segment(3.0, 5.0, "  "),
            segment(60.0, 62.0, " Behind the end."),
        ];
        let timed = crate::asr::time_words(&whisper, &samples, &given, Language::ENGLISH, &Silent);
        let timed = timed.unwrap();
        let texts: Vec<_> = timed.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                " Hello there.",
                " It is 9 o'clock.",
                "  ",
                " Behind the end."
            ]
        );
        let words: Vec<_> = timed
            .iter()
            .flat_map(|s| s.words.iter().flatten())
            .collect();
        assert_eq!(words.len(), 9);
        assert!(
            words
                .iter()
                .all(|word| word.start <= word.end && word.end.is_some())
        );
        let first = timed[0].words.as_ref().unwrap();
        assert!(
            first[0].start >= Some(Seconds(0.4)) && first[1].end <= Some(Seconds(3.1)),
            "{first:?}"
        );
    }
}
