//! Who says each word: turns of speakers laid over a transcript.
//!
//! [`assign`] follows our rules: every word gets a speaker as soon as anybody speaks, by the turns in which one speaks
//! at a time; words that no turn touches go with what is near; a stray word or two within somebody's sentence are
//! theirs, and a change of speakers that falls beside the end of a sentence is moved there. [`assign_as_reference`]
//! follows whisperX, for comparing and for services that must answer alike. [`fill_times`] gives times to words that came
//! without. [`split_at_speakers`] cuts segments in which several people speak. [`number_speakers`] numbers them as a reader
//! meets them.
//!
//! All of it is pure. It takes time in proportion to words, turns, and the edges of turns that words hold, but for a
//! logarithm: how many speak throughout a word does not count.

mod leaders;
mod numbers;
mod overlap;
mod reference;
mod slots;
mod smooth;
mod speaker_turns;
mod split;
#[cfg(test)]
mod tests;
mod timeline;
mod times;

use domain::diarization::Diarization;
use domain::transcript::{Segment, Transcript};

pub use self::numbers::number_speakers;
pub use self::reference::assign_as_reference;
use self::slots::Slot;
pub(crate) use self::slots::majority;
pub use self::split::split_at_speakers;
use self::timeline::Timeline;
pub use self::times::fill_times;
use crate::align::sentences::Splitter;
use crate::segments::marks::{self, Mark};

/// Gives every word and every segment its speaker, by our rules. Texts and times stay as they are; speakers that were
/// there before are replaced. Without turns nobody has a speaker. Words over which others speak are marked.
pub fn assign(transcript: &mut Transcript, diarization: &Diarization) {
    let timeline = Timeline::new(diarization.turns_for_words());
    let splitter = Splitter::for_language(&transcript.language);
    let (mut slots, mut marks) = (Vec::new(), Vec::new());
    for segment in &transcript.segments {
        let (more_slots, more_marks) = first_guess(segment, &timeline, &splitter);
        slots.extend(more_slots);
        marks.extend(more_marks);
    }
    marks.push(Mark::Sentence);
    smooth::smooth(&mut slots, &marks);

    let mut rest = &slots[..];
    for segment in &mut transcript.segments {
        let n_words = segment.words.as_ref().map_or(0, Vec::len);
        let (own, others) = rest.split_at(n_words);
        name_speakers(segment, own, &timeline);
        rest = others;
    }
    overlap::mark(transcript, &diarization.turns);
}

/// The words of a segment with the speakers that their times tell, and what stands before each.
fn first_guess(
    segment: &Segment,
    timeline: &Timeline<'_>,
    splitter: &Splitter,
) -> (Vec<Slot>, Vec<Mark>) {
    let words = segment.words.as_deref().unwrap_or_default();
    let mut slots = Slot::of_words(words, timeline);
    let marks = marks::before_words(&segment.text, words, splitter);
    let whole = (segment.start.0, segment.end.0);
    slots::fill_gaps(&mut slots, &marks, whole, timeline);
    (slots, marks)
}

/// A segment is spoken by whoever says most of its words, or who is heard during it if it has none.
fn name_speakers(segment: &mut Segment, slots: &[Slot], timeline: &Timeline<'_>) {
    let name = |speaker: Option<usize>| speaker.map(|speaker| timeline.name(speaker).to_owned());
    let heard = || timeline.speaker_near(segment.start.0, segment.end.0);
    let spoken = slots
        .iter()
        .filter_map(|slot| Some((slot.speaker?, slot.duration())));
    segment.speaker = name(slots::majority(spoken).or_else(heard));
    for (word, slot) in segment.words.iter_mut().flatten().zip(slots) {
        word.speaker = name(slot.speaker);
    }
}
