//! When the packets of a track are to be played.

use std::ops::Range;

use symphonia::core::formats::Track;
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};

use domain::units::Seconds;

use super::Failure;
use super::reader::Reader;
use crate::audio::mp4::{Edits, Fragments, Piece};
use crate::audio::samples_in;

/// When the packets of a track are to be played.
#[derive(Debug)]
pub(super) struct TrackTimes {
    time_base: Option<TimeBase>,
    /// Whether packets have times of their own.
    has_clock: bool,
    /// The parts to be played, in order.
    pieces: Vec<Piece>,
    fragments: Fragments,
    n_packets: u64,
    /// What the present fragment adds to the times of its packets, in units of the track.
    shift: i64,
}

impl TrackTimes {
    /// The times of `track`.
    ///
    /// # Errors
    /// Its parts are to be played in another order, which is left to `ffmpeg`.
    pub(super) fn new(reader: &Reader<'_>, track: &Track) -> Result<Self, Failure> {
        let movie_track = reader.movie_track(track.id);
        let pieces = match movie_track.map(|track| &track.edits) {
            None | Some(Edits::None) => vec![Piece::WHOLE],
            Some(Edits::Pieces(pieces)) => pieces.clone(),
            Some(Edits::Collage) => {
                let what = "parts in another order (edit list)";
                return Err(Failure::Foreign(what.to_owned()));
            }
        };
        let fragments = movie_track.map(|track| track.fragments.clone());
        Ok(Self {
            time_base: track.time_base,
            has_clock: reader.has_clock(),
            pieces,
            fragments: fragments.unwrap_or_default(),
            n_packets: 0,
            shift: 0,
        })
    }

    /// When a packet begins in the track; `None` where there is no clock. Asked once for each packet, in order.
    pub(super) fn time(&mut self, packet: &Packet) -> Option<Seconds> {
        if let Some(begin) = self.fragments.begin_at(self.n_packets) {
            let begin = i64::try_from(begin).unwrap_or(i64::MAX);
            self.shift = begin.saturating_sub(packet.pts.get());
        }
        self.n_packets += 1;
        let time = packet.pts.get().saturating_add(self.shift);
        let trimmed = i64::try_from(packet.trim_start.get()).unwrap_or(0);
        let begin = Timestamp::from(time.saturating_add(trimmed));
        let base = self.time_base.filter(|_| self.has_clock)?;
        Some(seconds(begin, base))
    }

    /// Whether a packet of this time lies behind all that is to be played.
    pub(super) fn is_over(&self, time: Seconds) -> bool {
        self.pieces.last().is_some_and(|piece| time.0 >= piece.end)
    }

    /// The parts of a block of `n_frames` that are to be played, and when. The block in which all ends is played to its
    /// end, as `ffmpeg` does.
    pub(super) fn played(
        &self,
        time: Seconds,
        n_frames: usize,
        rate: u32,
    ) -> Vec<(Range<usize>, Seconds)> {
        let frame = |seconds: f64| samples_in(seconds, rate).min(n_frames);
        let last = self.pieces.len().saturating_sub(1);
        let parts = self.pieces.iter().enumerate().map(|(index, piece)| {
            let end = if index == last {
                n_frames
            } else {
                frame(piece.end - time.0)
            };
            let range = frame(piece.start - time.0)..end;
            let at = piece.at + (time.0 - piece.start).max(0.0);
            (range, Seconds(at))
        });
        parts.filter(|(range, _)| !range.is_empty()).collect()
    }

    /// How long a packet says that it is; zero where it does not.
    pub(super) fn length(&self, packet: &Packet) -> Seconds {
        let length = i64::try_from(packet.dur.get()).unwrap_or(i64::MAX);
        let length = self
            .time_base
            .map(|base| seconds(Timestamp::from(length), base));
        length.unwrap_or_default()
    }
}

/// A moment in seconds.
pub(super) fn seconds(time: Timestamp, base: TimeBase) -> Seconds {
    Seconds(time.get() as f64 * f64::from(base.numer.get()) / f64::from(base.denom.get()))
}
