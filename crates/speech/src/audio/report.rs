//! What came of decoding, and what the person who sent the recording should know about it.

use domain::units::Seconds;

use super::SAMPLE_RATE;
use super::clock::Jumps;
use super::collected::Collected;
use super::tracks::Choice;

/// Losses are noted from this share of a recording on...
const NOTED_SHARE: f64 = 0.01;
/// ...or where so much was lost in one piece.
const NOTED_PIECE: Seconds = Seconds(1.0);
/// Gaps, and what an edit list leaves out, are noted from this length on.
const NOTED_LENGTH: Seconds = Seconds(1.0);

/// A recording, or a part of it, that was decoded.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) samples: Collected,
    pub(super) report: Report,
    /// What stopped the decoder before the end, unless the file was cut off there.
    pub(super) damage: Option<String>,
}

impl Decoded {
    /// Says where the decoder had to stop, if it had to.
    pub(super) fn damage_note(&self) -> Option<String> {
        let position = Seconds::from_samples(self.samples.len(), SAMPLE_RATE);
        self.damage.as_ref().map(|reason| {
            format!(
                "the file is damaged after {:.1} s, and nothing could be read from there on: {reason}",
                position.0
            )
        })
    }
}

/// What happened while a recording was decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Report {
    pub(super) losses: Losses,
    pub(super) jumps: Jumps,
    /// Sound that the file's edit list leaves out.
    pub(super) left_out: Seconds,
    /// Which of several tracks it is; `None` where there was no choice.
    pub(super) choice: Option<Choice>,
    /// Whether any sample differs from silence.
    pub(super) has_sound: bool,
}

/// How much was decoded, and how much could not be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Losses {
    decoded: Seconds,
    lost: Seconds,
    /// What was lost since the last packet that could be decoded.
    piece: Seconds,
    longest_piece: Seconds,
}

impl Losses {
    pub(super) fn decode(&mut self, length: Seconds) {
        self.decoded.0 += length.0;
        self.piece = Seconds::default();
    }

    pub(super) fn lose(&mut self, length: Seconds) {
        self.lost.0 += length.0;
        self.piece.0 += length.0;
        self.longest_piece.0 = self.longest_piece.0.max(self.piece.0);
    }

    /// Counts what was skipped, nobody knows in how many pieces.
    pub(super) fn skip(&mut self, length: Seconds) {
        self.lost.0 += length.0;
    }

    pub(super) fn decoded(&self) -> Seconds {
        self.decoded
    }

    /// How much was decoded or lost.
    pub(super) fn reached(&self) -> Seconds {
        Seconds(self.decoded.0 + self.lost.0)
    }

    /// Whether so much is missing that another decoder should try, and that people should know.
    pub(super) fn are_serious(&self) -> bool {
        self.lost.0 > NOTED_SHARE * self.reached().0 || self.longest_piece >= NOTED_PIECE
    }

    /// Whether more was lost than decoded.
    pub(super) fn are_fatal(&self) -> bool {
        self.lost > self.decoded
    }

    fn add(&mut self, other: Self) {
        self.decoded.0 += other.decoded.0;
        self.lost.0 += other.lost.0;
        self.longest_piece.0 = self.longest_piece.0.max(other.longest_piece.0);
    }
}

impl Report {
    /// Adds what happened in another part of the same file.
    pub(super) fn add(&mut self, other: &Self) {
        self.losses.add(other.losses);
        self.jumps.n_gaps += other.jumps.n_gaps;
        self.jumps.silence.0 += other.jumps.silence.0;
        self.jumps.n_closed += other.jumps.n_closed;
        self.left_out.0 += other.left_out.0;
        self.choice = self.choice.or(other.choice);
        self.has_sound |= other.has_sound;
    }

    /// What people should know, a sentence each without a full stop.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .choice
            .and_then(|choice| choice.note())
            .into_iter()
            .collect();
        if self.losses.are_serious() {
            let Losses {
                decoded,
                lost,
                longest_piece,
                ..
            } = self.losses;
            let longest = if longest_piece.0 > 0.0 {
                format!(", {:.1} s of it in one piece", longest_piece.0)
            } else {
                String::new()
            };
            notes.push(format!(
                "the file is damaged: {:.1} s of {:.1} s could not be decoded{longest}",
                lost.0,
                decoded.0 + lost.0
            ));
        }
        let Jumps {
            n_gaps,
            silence,
            n_closed,
        } = self.jumps;
        if silence >= NOTED_LENGTH {
            let gaps = plural(n_gaps, "gap", "gaps");
            notes.push(format!(
                "{gaps} in the file's sound, {:.1} s in all, became silence",
                silence.0
            ));
        }
        if n_closed > 0 {
            let what = "the file's clock is set back or jumps too far; the sound goes on there without a gap";
            notes.push(what.to_owned());
        }
        if self.left_out >= NOTED_LENGTH {
            notes.push(format!(
                "{:.1} s of sound are left out because the file's edit list says so",
                self.left_out.0
            ));
        }
        notes
    }
}

fn plural(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses of pieces of so many seconds, with two seconds decoded after each.
    fn losses(pieces: &[f64], decoded: f64) -> Losses {
        let mut losses = Losses::default();
        for piece in pieces {
            losses.lose(Seconds(piece / 2.0));
            losses.lose(Seconds(piece / 2.0));
            losses.decode(Seconds(2.0));
        }
        losses.decode(Seconds(decoded));
        losses
    }

    #[test]
    fn losses_are_serious_by_their_share_or_by_their_longest_piece() {
        for (pieces, decoded, expected) in [
            (&[][..], 10.0, false),
            (&[0.05], 10.0, false),
            (&[0.2], 10.0, true),
            (&[0.9], 200.0, false),
            (&[1.0], 2_000.0, true),
            (&[0.5, 0.5, 0.5], 2_000.0, false),
        ] {
            let losses = losses(pieces, decoded);
            assert_eq!(losses.are_serious(), expected, "{pieces:?} {decoded}");
            assert_eq!(
                !Report {
                    losses,
                    ..Report::default()
                }
                .notes()
                .is_empty(),
                expected
            );
        }
        assert!(losses(&[5.0], 0.0).are_fatal());
        assert!(!losses(&[1.0], 0.0).are_fatal());
    }

    #[test]
    fn notes_say_what_was_lost_and_what_was_made_of_it() {
        let report = Report {
            losses: losses(&[1.5], 8.5),
            jumps: Jumps {
                n_gaps: 1,
                silence: Seconds(30.0),
                n_closed: 2,
            },
            left_out: Seconds(3.25),
            ..Report::default()
        };
        assert_eq!(
            report.notes(),
            [
                "the file is damaged: 1.5 s of 12.0 s could not be decoded, 1.5 s of it in one piece",
                "1 gap in the file's sound, 30.0 s in all, became silence",
                "the file's clock is set back or jumps too far; the sound goes on there without a gap",
                "3.2 s of sound are left out because the file's edit list says so",
            ]
        );
        assert_eq!(Report::default().notes(), [""; 0]);
    }
}
