//! The clock of a file: the times of its packets say when a player plays them, and so where they belong.
//!
//! Packets that were lost, and recordings that begin late or pause, leave gaps; silence takes their place, so that
//! all times that are found later are those of the file. Sound is never dropped: where packets overlap, or the clock
//! jumps back, they follow upon each other.

use domain::units::Seconds;

/// Times that differ by less from where the sound stands are rounding and jitter of the writer, not gaps.
const MIN_GAP: Seconds = Seconds(0.1);

/// The clock was set back where packets lie so far before the end of those before them.
const MIN_SETBACK: Seconds = Seconds(1.0);

/// Follows the packet times of one track.
#[derive(Debug)]
pub(super) struct Clock {
    /// The longest that a recording may become by silence.
    limit: Seconds,
    /// What is to be added to packet times; not known before the first packet.
    offset: Option<f64>,
    jumps: Jumps,
}

/// What was silent or closed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Jumps {
    /// Gaps that became silence, without a late beginning, and their length in all.
    pub(super) n_gaps: usize,
    pub(super) silence: Seconds,
    /// Jumps that were closed: back, or so far ahead that they cannot be meant.
    pub(super) n_closed: usize,
}

impl Clock {
    /// A clock that fills gaps until a recording is as long as `limit`.
    pub(super) fn new(limit: Seconds) -> Self {
        Self {
            limit,
            offset: None,
            jumps: Jumps::default(),
        }
    }

    pub(super) fn jumps(&self) -> Jumps {
        self.jumps
    }

    /// Whether a packet was placed since the clock began or began anew.
    pub(super) fn has_begun(&self) -> bool {
        self.offset.is_some()
    }

    /// The next packet follows directly upon the sound so far, whatever its time is: another recording begins.
    pub(super) fn restart(&mut self) {
        self.offset = None;
    }

    /// Where a packet of time `time` belongs that comes when the sound has reached `position`: there, or at a later
    /// moment up to which there is silence. `start` is the time at which the file begins.
    pub(super) fn place(&mut self, time: Seconds, start: Seconds, position: Seconds) -> Seconds {
        let is_first = self.offset.is_none();
        let offset = *self.offset.get_or_insert(position.0 - start.0);
        let place = Seconds(time.0 + offset);
        let drift = place.0 - position.0;
        let is_gap = drift > MIN_GAP.0 || (is_first && drift > 0.0);
        let is_set_back = drift < -MIN_SETBACK.0;
        if is_set_back || (is_gap && place > self.limit) || !drift.is_finite() {
            self.offset = Some(position.0 - time.0);
            self.jumps.n_closed += 1;
            position
        } else if is_gap {
            if !is_first {
                self.jumps.n_gaps += 1;
                self.jumps.silence.0 += drift;
            }
            place
        } else {
            position
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places packets of a second each that have these times; returns where they begin.
    fn check(times: &[f64], start: f64, expected: &[f64]) -> Jumps {
        let mut clock = Clock::new(Seconds(1000.0));
        let mut position = 0.0;
        let mut places = Vec::new();
        for time in times {
            let place = clock.place(Seconds(*time), Seconds(start), Seconds(position));
            places.push((place.0 * 1e3).round() / 1e3);
            position = place.0 + 1.0;
        }
        assert_eq!(places, expected, "{times:?}");
        clock.jumps()
    }

    #[test]
    fn packets_that_follow_upon_each_other_stay_so() {
        assert_eq!(
            check(&[0.0, 1.0, 2.0], 0.0, &[0.0, 1.0, 2.0]),
            Jumps::default()
        );
        // Rounding and jitter.
        let jumps = check(&[0.0, 1.02, 1.99, 3.01], 0.0, &[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(jumps, Jumps::default());
        // A file whose clock does not begin at zero.
        assert_eq!(check(&[50.0, 51.0], 50.0, &[0.0, 1.0]), Jumps::default());
    }

    #[test]
    fn a_late_beginning_and_gaps_become_silence() {
        assert_eq!(check(&[4.0, 5.0], 0.0, &[4.0, 5.0]), Jumps::default());
        assert_eq!(check(&[0.05, 1.05], 0.0, &[0.05, 1.05]), Jumps::default());
        let jumps = check(
            &[0.0, 1.0, 32.0, 33.0, 40.0],
            0.0,
            &[0.0, 1.0, 32.0, 33.0, 40.0],
        );
        assert_eq!((jumps.n_gaps, jumps.silence), (2, Seconds(36.0)));
    }

    #[test]
    fn small_losses_add_up_until_they_are_filled() {
        let times = [0.0, 1.06, 2.12, 3.18];
        assert_eq!(check(&times, 0.0, &[0.0, 1.0, 2.12, 3.12]).n_gaps, 1);
    }

    #[test]
    fn what_overlaps_is_kept_and_what_comes_later_is_in_time_again() {
        let times = [0.0, 0.6, 1.6, 5.0];
        let jumps = check(&times, 0.0, &[0.0, 1.0, 2.0, 5.0]);
        assert_eq!((jumps.n_gaps, jumps.n_closed), (1, 0));
    }

    #[test]
    fn a_clock_that_is_set_back_goes_on_where_the_sound_is() {
        let jumps = check(
            &[0.0, 1.0, 2.0, 0.0, 1.0, 4.0],
            0.0,
            &[0.0, 1.0, 2.0, 3.0, 4.0, 7.0],
        );
        assert_eq!((jumps.n_gaps, jumps.n_closed), (1, 1));
    }

    #[test]
    fn a_jump_beyond_all_limits_is_closed() {
        for far in [5_000.0, 1.7e9, f64::INFINITY] {
            let jumps = check(&[0.0, 1.0, far, far + 1.0], 0.0, &[0.0, 1.0, 2.0, 3.0]);
            assert_eq!(jumps.n_closed, if far.is_finite() { 1 } else { 2 });
        }
        // Also at the beginning.
        assert_eq!(check(&[1.7e9, 1.7e9 + 1.0], 0.0, &[0.0, 1.0]).n_closed, 1);
    }
}
