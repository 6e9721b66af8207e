//! When each cue is on the screen.
//!
//! A cue begins with its first sound. It stays for a moment after its last one, or until shortly before the next cue, and
//! up to a second where its reader needs the time. No two cues are on the screen together. Where people speak at the
//! same time, the later cue waits until the earlier one can have been read.

use super::cut::LONGEST_HOLD;
use super::limits::Limits;
use super::tokens::Milliseconds;

/// A cue stays so long after its last sound, where there is time (Netflix, Timed Text Style Guide, "Timing": 12 frames).
const HOLD: Milliseconds = 500;
/// A cue that has too little time may take so much of the next one's ...
const LATEST_START: Milliseconds = 250;
/// ... and so much of the one before it.
const EARLIEST_START: Milliseconds = 200;
/// A cue that cannot be read in its time takes so much of the next one's, if that can spare it: three frames or four.
const LATEST_START_TO_READ: Milliseconds = 150;
/// Who waits for others longer than this gets only the shortest time, until the words are at their place again.
const LONGEST_DELAY: Milliseconds = 1000;

/// A cue's first and last sound, and how much there is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) start: Milliseconds,
    /// Never before `start`.
    pub(super) end: Milliseconds,
    pub(super) n_characters: usize,
}

/// Start and end of each cue. Ends are after starts, and `gap` before the next start.
pub(super) fn times(sounds: &[Sound], limits: &Limits) -> Vec<(Milliseconds, Milliseconds)> {
    let starts = starts(sounds, limits);
    let next_starts = starts.iter().skip(1).map(|start| Some(*start));
    let next_starts = next_starts.chain([None]);
    let cues = sounds.iter().zip(&starts).zip(next_starts);
    let mut times: Vec<_> = cues
        .map(|((sound, start), next)| (*start, end(sound, *start, next, limits)))
        .collect();
    start_earlier(&mut times, limits);
    times
}

/// The first sounds, later where the cue before needs the time.
fn starts(sounds: &[Sound], limits: &Limits) -> Vec<Milliseconds> {
    let mut starts: Vec<Milliseconds> = Vec::with_capacity(sounds.len());
    for (idx, sound) in sounds.iter().enumerate() {
        let earliest = idx.checked_sub(1).map(|before| {
            let (start, before) = (starts[before], &sounds[before]);
            let spare = spare_time(sound, sounds.get(idx + 1), limits);
            start + least_time(before, start, (sound.start, spare), limits) + limits.gap
        });
        starts.push(sound.start.max(earliest.unwrap_or(0)));
    }
    starts
}

/// The time that a cue has beyond what its readers need.
fn spare_time(sound: &Sound, next: Option<&Sound>, limits: &Limits) -> Milliseconds {
    let held = sound.end + LONGEST_HOLD;
    let end = next.map_or(held, |next| held.min(next.start - limits.gap));
    let needed = limits
        .reading_time(sound.n_characters)
        .max(limits.min_duration);
    (end - sound.start - needed).max(0)
}

/// The time that a cue keeps although the next one begins, and has some time to spare.
fn least_time(
    sound: &Sound,
    start: Milliseconds,
    (next, spare): (Milliseconds, Milliseconds),
    limits: &Limits,
) -> Milliseconds {
    let least = limits.min_duration.max(1);
    let is_late = start - sound.start > LONGEST_DELAY;
    let reading = limits.reading_time(sound.n_characters);
    if next < sound.end && !is_late {
        let needed = (sound.end - start).min(reading).max(least);
        return needed.min(limits.max_duration);
    }
    let room = next - limits.gap - start;
    let to_read = reading.min(room + spare.min(LATEST_START_TO_READ));
    let to_be_seen = least.min(room + LATEST_START).max(least / 2);
    to_read.max(to_be_seen).clamp(1, limits.max_duration.max(1))
}

fn end(
    sound: &Sound,
    start: Milliseconds,
    next: Option<Milliseconds>,
    limits: &Limits,
) -> Milliseconds {
    let latest = next.map_or(Milliseconds::MAX, |next| next - limits.gap);
    let latest = latest.min(start + limits.max_duration.max(1));
    let last_sound = sound.end.max(start);
    let read = start
        + limits
            .reading_time(sound.n_characters)
            .max(limits.min_duration);
    let wanted = if latest - last_sound <= LONGEST_HOLD {
        // a flicker between two cues disturbs more than a cue that stays
        latest
    } else {
        read.clamp(last_sound + HOLD, last_sound + LONGEST_HOLD)
    };
    wanted.min(latest).max(start + 1)
}

/// Gives cues that are too short some of the time of those before them.
fn start_earlier(times: &mut [(Milliseconds, Milliseconds)], limits: &Limits) {
    for idx in 1..times.len() {
        let (start, end) = times[idx];
        let (last_start, last_end) = times[idx - 1];
        let missing = (limits.min_duration - (end - start)).clamp(0, EARLIEST_START);
        let spare = (start - limits.gap - last_start - limits.min_duration).max(0);
        let earlier = start - missing.min(spare);
        times[idx].0 = earlier;
        times[idx - 1].1 = last_end.min(earlier - limits.gap);
    }
}
