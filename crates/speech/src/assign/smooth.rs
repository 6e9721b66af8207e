//! Corrects what people do not do: break into a sentence for a word, or begin one in the middle.

use super::slots::Slot;
use crate::segments::marks::Mark;

/// Runs of at most so many words are taken for strays, and changes are moved by at most so many.
const FEW_WORDS: usize = 2;
/// Only runs shorter than this are.
const SHORT_SECONDS: f64 = 0.5;
/// A pause is longer than another if it is so by more than this.
const SLACK_SECONDS: f64 = 0.02;
/// A run during which its speaker is heard for more than this share of the time is believed.
const BELIEVED: f64 = 0.8;

/// Smooths the words of a transcript, one segment after the other; `marks` are those before each and after the last.
pub(super) fn smooth(slots: &mut [Slot], marks: &[Mark]) {
    adopt_strays(slots, marks);
    move_changes(slots, marks);
}

/// A few short words between words of one other speaker, all in one sentence, become that speaker's.
fn adopt_strays(slots: &mut [Slot], marks: &[Mark]) {
    let mut begin = 0;
    while begin < slots.len() {
        let end = run_end(slots, begin);
        if begin > 0
            && end < slots.len()
            && slots[begin - 1].speaker == slots[end].speaker
            && marks[begin..=end]
                .iter()
                .all(|mark| *mark != Mark::Sentence)
            && is_stray(&slots[begin..end])
        {
            let speaker = slots[end].speaker;
            give(&mut slots[begin..end], speaker);
        }
        begin = end;
    }
}

/// A change of speakers that is only a short word or two away from the end of a sentence moves there, or else to a
/// comma. Nobody loses all their words in a sentence of their own.
fn move_changes(slots: &mut [Slot], marks: &[Mark]) {
    let mut change = 1;
    while change < slots.len() {
        if slots[change - 1].speaker != slots[change].speaker
            && let Some(better) = better_place(slots, marks, change)
        {
            if better < change {
                let speaker = slots[change].speaker;
                give(&mut slots[better..change], speaker);
            } else {
                let speaker = slots[change - 1].speaker;
                give(&mut slots[change..better], speaker);
            }
            change = change.max(better);
        }
        change += 1;
    }
}

/// Where the change before word `change` should rather be.
fn better_place(slots: &[Slot], marks: &[Mark], change: usize) -> Option<usize> {
    let nearest = |wanted: Mark| {
        let places = (1..=FEW_WORDS).flat_map(|n| [change.checked_sub(n), Some(change + n)]);
        let mut places = places.flatten().filter(|place| *place <= slots.len());
        places.find(|place| marks[*place] == wanted && may_move(slots, marks, change, *place))
    };
    let sentence = || nearest(Mark::Sentence);
    match marks[change] {
        Mark::Sentence => None,
        Mark::Clause => sentence(),
        Mark::None => sentence().or_else(|| nearest(Mark::Clause)),
    }
}

/// True if the words between are one speaker's, take little time, and are no farther from their new neighbours than
/// from the old. Words that are all that speaker says there must also be doubtful.
fn may_move(slots: &[Slot], marks: &[Mark], change: usize, place: usize) -> bool {
    let words = change.min(place)..change.max(place);
    let moved = &slots[words.clone()];
    let speaker = moved[0].speaker;
    let is_one = moved.iter().all(|slot| slot.speaker == speaker);
    let goes_on = |idx: Option<usize>| {
        idx.and_then(|idx| slots.get(idx))
            .is_some_and(|slot| slot.speaker == speaker)
    };
    let is_all = !goes_on(words.start.checked_sub(1)) && !goes_on(Some(words.end));
    let is_crossed = (words.start + 1..words.end).any(|idx| marks[idx] == Mark::Sentence);
    is_one
        && !is_crossed
        && span(moved) < SHORT_SECONDS
        && !(is_all && is_believed(moved))
        && pause(slots, change) <= pause(slots, place) + SLACK_SECONDS
}

/// Seconds of silence before word `idx`; without end where the text begins or ends.
fn pause(slots: &[Slot], idx: usize) -> f64 {
    if idx == 0 || idx == slots.len() {
        return f64::INFINITY;
    }
    let times = slots[idx - 1].times.zip(slots[idx].times);
    times.map_or(0.0, |(before, after)| (after.0 - before.1).max(0.0))
}

fn is_stray(run: &[Slot]) -> bool {
    run.len() <= FEW_WORDS && span(run) < SHORT_SECONDS && !is_believed(run)
}

fn is_believed(run: &[Slot]) -> bool {
    let duration: f64 = run.iter().map(Slot::duration).sum();
    let overlap: f64 = run.iter().map(|slot| slot.overlap).sum();
    overlap > BELIEVED * duration
}

/// Seconds from the first start to the last end; 0 where none is known.
fn span(run: &[Slot]) -> f64 {
    let mut times = run.iter().filter_map(|slot| slot.times);
    let Some((start, first_end)) = times.next() else {
        return 0.0;
    };
    times.map(|(_, end)| end).fold(first_end, f64::max) - start
}

/// The end of the run of one speaker's words that begins at `begin`.
fn run_end(slots: &[Slot], begin: usize) -> usize {
    let speaker = slots[begin].speaker;
    let others = slots[begin..]
        .iter()
        .position(|slot| slot.speaker != speaker);
    others.map_or(slots.len(), |n_words| begin + n_words)
}

fn give(run: &mut [Slot], speaker: Option<usize>) {
    for slot in run {
        slot.speaker = speaker;
    }
}
