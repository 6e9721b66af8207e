//! Times as subtitles spell them.

use crate::units::Seconds;

/// Whole milliseconds, ties to even, as the reference rounds them.
pub(super) fn milliseconds(time: Seconds) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times were checked to be finite and not negative; the cast saturates"
    )]
    let whole = (1000.0 * time.0).round_ties_even() as u64;
    whole
}

/// `HH:MM:SS,mmm`.
pub(super) fn srt(time: Seconds) -> String {
    let (hours, minutes, seconds, ms) = parts(time);
    format!("{hours:02}:{minutes:02}:{seconds:02},{ms:03}")
}

/// `MM:SS.mmm`, with `HH:` before it from the first hour on.
pub(super) fn vtt(time: Seconds) -> String {
    let (hours, minutes, seconds, ms) = parts(time);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}.{ms:03}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}.{ms:03}")
    }
}

/// `MM:SS`, with `H:` before it from the first hour on, of the second that has begun.
pub(super) fn clock(time: Seconds) -> String {
    let (hours, minutes, seconds, _) = parts(time);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// Rounds first and divides after, so that 1.9996 s is 2.000 s and not 1.1000 s.
fn parts(time: Seconds) -> (u64, u64, u64, u64) {
    let ms = milliseconds(time);
    (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_half_to_even_and_carry() {
        for (seconds, expected) in [
            (0.0, "00:00:00,000"),
            (0.0005, "00:00:00,000"),
            (0.0015, "00:00:00,002"),
            (1.9996, "00:00:02,000"),
            (59.9999, "00:01:00,000"),
            (3599.9995, "01:00:00,000"),
            (360_000.0, "100:00:00,000"),
        ] {
            assert_eq!(srt(Seconds(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn vtt_shows_hours_from_the_first_on() {
        assert_eq!(vtt(Seconds(3599.999)), "59:59.999");
        assert_eq!(vtt(Seconds(3600.0)), "01:00:00.000");
    }
}
