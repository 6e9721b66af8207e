//! From segments to aligned sentences.

use domain::options::{AlignOptions, AlignRules};
use domain::progress::{Monitor, Stage};
use domain::transcript::Segment;
use domain::units::Seconds;

use super::dictionary::Dictionary;
use super::emissions::Emissions;
use super::error::AlignError;
use super::group::{self, Heard, HeardText};
use super::labels::{self, Label, Target};
use super::listen::{self, Acoustic};
use super::path::{Span, best_path};
use super::sentences::Splitter;
use super::whisperx;
use crate::audio::Sound;

/// Samples in a second.
const RATE: f64 = 16_000.0;
/// How much more of the recording is heard where the text does not fit, in samples on each side: 0.5 s.
const WIDER: usize = 8_000;

/// What alignment in one language needs.
pub(crate) struct Language<'a> {
    pub(crate) model: &'a dyn Acoustic,
    pub(crate) dictionary: &'a Dictionary,
    pub(crate) splitter: &'a Splitter,
    /// Whether white space parts words; else each character is one.
    pub(crate) spaced: bool,
}

/// Aligns every segment with `samples` of the whole recording.
pub(crate) fn align(
    language: &Language<'_>,
    segments: &[Segment],
    samples: Sound<'_>,
    options: AlignOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Segment>, AlignError> {
    let total = Seconds(segments.iter().map(length).sum());
    let mut done = Seconds(0.0);
    let mut aligned = Vec::with_capacity(segments.len());
    let mut rest = segments;
    while !rest.is_empty() {
        if monitor.is_cancelled() {
            return Err(AlignError::Cancelled);
        }
        let places = rest.iter().map(|segment| place(segment, samples.len()));
        let (batch, later) = rest.split_at(listen::batch_length(places.map(|place| place.len())));
        rest = later;
        let parts = batch.iter().map(|segment| {
            let place = place(segment, samples.len());
            match options.rules {
                AlignRules::Own => language.with_context(place, samples.len()),
                AlignRules::WhisperX => place,
            }
        });
        let parts: Vec<_> = parts.collect();
        let heard = parts.iter().map(|part| samples.read(part.clone()));
        let heard: Vec<_> = heard.collect();
        let heard: Vec<&[f32]> = heard.iter().map(AsRef::as_ref).collect();
        let emissions = language.listen(&heard);
        for ((segment, part), emissions) in batch.iter().zip(parts).zip(&emissions) {
            aligned.extend(match options.rules {
                AlignRules::Own => language.align_one(segment, (part, emissions), samples, options),
                AlignRules::WhisperX => whisperx::align(
                    segment,
                    (segment.start.0 < samples.len() as f64 / RATE).then_some(emissions),
                    language.dictionary,
                    language.splitter,
                    language.spaced,
                    options,
                ),
            });
            done.0 += length(segment);
        }
        monitor.progress(Stage::Align, done, total);
    }
    Ok(aligned)
}

fn length(segment: &Segment) -> f64 {
    (segment.end.0 - segment.start.0).max(0.0)
}

type Place = std::ops::Range<usize>;

/// The samples of a segment.
fn place(segment: &Segment, n_samples: usize) -> Place {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the recording"
    )]
    let at = |seconds: Seconds| ((seconds.0.max(0.0) * RATE) as usize).min(n_samples);
    let start = at(segment.start);
    start..at(segment.end).max(start)
}

impl Language<'_> {
    /// At least what gives one frame: of the recording as far as there is any.
    fn with_context(&self, place: Place, n_samples: usize) -> Place {
        let missing = self.model.shortest().saturating_sub(place.len());
        if missing == 0 {
            return place;
        }
        let start = place.start.saturating_sub(missing.div_ceil(2));
        let end = (start + self.model.shortest()).min(n_samples);
        end.saturating_sub(self.model.shortest()).min(start)..end
    }

    fn listen(&self, parts: &[&[f32]]) -> Vec<Emissions> {
        let shortest = self.model.shortest();
        let filled = |part: &&[f32]| {
            let mut part = part.to_vec();
            part.resize(part.len().max(shortest), 0.0);
            part
        };
        if parts.iter().all(|part| part.len() >= shortest) {
            return listen::listen_to_all(self.model, parts);
        }
        let filled: Vec<Vec<f32>> = parts.iter().map(filled).collect();
        let filled: Vec<&[f32]> = filled.iter().map(Vec::as_slice).collect();
        listen::listen_to_all(self.model, &filled)
    }

    fn align_one(
        &self,
        segment: &Segment,
        (part, emissions): (Place, &Emissions),
        samples: Sound<'_>,
        options: AlignOptions,
    ) -> Vec<Segment> {
        let text: Vec<char> = segment.text.chars().collect();
        let duration = samples.len() as f64 / RATE;
        let targets = if segment.start.0 < duration {
            labels::targets(&text, self.dictionary, self.spaced)
        } else {
            Vec::new() // nothing of it can be heard
        };
        let found = self
            .find(&targets, &part, emissions)
            .or_else(|| self.find_wider(segment, &targets, samples));
        if found.is_none() && has_word_times(segment) {
            return vec![segment.clone()];
        }
        let mut heard = vec![None; text.len()];
        for (target, found) in found.iter().flatten() {
            spread(&text, target, *found, duration, &mut heard);
        }
        let n_words = text.split(|c| c.is_whitespace()).count();
        let n_words = if self.spaced { n_words } else { text.len() };
        let mut whole = group::within_recording(segment, duration, n_words);
        for heard in heard.iter().flatten() {
            whole = (whole.0.min(heard.start), whole.1.max(heard.end));
        }
        let heard_text = HeardText {
            segment,
            text: &text,
            heard: &heard,
            whole,
            duration,
            spaced: self.spaced,
        };
        group::group(&heard_text, &self.splitter.spans(&text), options)
    }

    /// Where each target is heard; `None` if they do not fit.
    fn find<'t>(
        &self,
        targets: &'t [Target],
        part: &Place,
        emissions: &Emissions,
    ) -> Option<Vec<(&'t Target, Heard)>> {
        let labels: Vec<Label> = targets.iter().map(|target| target.label).collect();
        let spans = best_path(emissions, &labels, self.dictionary.blank())?;
        let hop = self.model.hop();
        let time = |frame: usize| (part.start + frame * hop) as f64 / RATE;
        let heard = |Span { start, end, score }: Span| Heard {
            start: time(start),
            end: time(end),
            score,
        };
        let found = targets.iter().zip(spans.into_iter().map(heard));
        Some(found.collect())
    }

    /// The same in a wider part of the recording, then without wildcards.
    fn find_wider<'t>(
        &self,
        segment: &Segment,
        targets: &'t [Target],
        samples: Sound<'_>,
    ) -> Option<Vec<(&'t Target, Heard)>> {
        if targets.is_empty() || samples.is_empty() {
            return None;
        }
        let place = place(segment, samples.len());
        let wide = place.start.saturating_sub(WIDER)..(place.end + WIDER).min(samples.len());
        let wide = self.with_context(wide, samples.len());
        let emissions = self.listen(&[&samples.read(wide.clone())]).pop()?;
        self.find(targets, &wide, &emissions).or_else(|| {
            let is_known = |target: &&Target| target.label != Label::Wildcard;
            let known: Vec<&Target> = targets.iter().filter(is_known).collect();
            let labels: Vec<Target> = known.iter().map(|target| (*target).clone()).collect();
            let found = self.find(&labels, &wide, &emissions)?;
            let heard = found.into_iter().map(|(_, heard)| heard);
            Some(known.into_iter().zip(heard).collect())
        })
    }
}

/// True if an earlier stage gave every word a time.
fn has_word_times(segment: &Segment) -> bool {
    let words = segment.words.as_deref().unwrap_or_default();
    let timed = |word: &domain::transcript::Word| word.start.is_some() && word.end.is_some();
    !words.is_empty() && words.iter().all(timed)
}

/// Gives the time of a target to its characters: those of a wildcard share it.
fn spread(
    text: &[char],
    target: &Target,
    found: Heard,
    duration: f64,
    heard: &mut [Option<Heard>],
) {
    let is_one = target.chars.len() == 1;
    let spoken = target
        .chars
        .clone()
        .filter(|at| is_one || labels::is_spoken(text[*at]));
    let spoken: Vec<usize> = spoken.collect();
    let end = found.end.min(duration);
    let step = (end - found.start) / spoken.len() as f64;
    for (i, at) in spoken.iter().enumerate() {
        let start = found.start + step * i as f64;
        heard[*at] = Some(Heard {
            start,
            end: start + step,
            score: found.score,
        });
    }
}

#[cfg(test)]
mod tests;
