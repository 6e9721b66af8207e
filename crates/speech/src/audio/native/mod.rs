//! Decoding in this process, with `symphonia`.

mod aac;
mod decoder;
mod ogg;
mod reader;
mod times;
mod track;
mod vorbis;

use std::io;
use std::num::NonZeroU16;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error;
use symphonia::core::io::MediaSource;
use symphonia::core::packet::Packet;

use domain::units::Seconds;

use super::AudioError;
use super::clock::Clock;
use super::guard::Watch;
use super::mix::Layout;
use super::mp4;
use super::part::Part;
use super::report::Decoded;
use super::sink::{Rejected, Sink};
use super::sniff::Format;
use super::tracks::Kind;
use super::view::InOrder;
use ogg::Pages;
use reader::{Description, PROBE_BYTES, Reader};
use track::ChosenTrack;

/// So many packets in a row without sound end the decode.
const MAX_BARREN_PACKETS: usize = 10_000;

/// A packet that cannot be decoded is not longer than this, whatever it says.
const MAX_LOST_PACKET: Seconds = Seconds(1.0);

/// Why there are no samples.
#[derive(Debug)]
pub(super) enum Failure {
    /// An answer that no other decoder would change.
    Final(AudioError),
    /// A codec or a feature for `ffmpeg`; its name.
    Foreign(String),
    /// Nothing could be decoded; why.
    Broken(String),
}

impl From<AudioError> for Failure {
    fn from(error: AudioError) -> Self {
        Self::Final(error)
    }
}

/// Who decodes what is not decoded well here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// `ffmpeg`, so that it is left alone.
    Ffmpeg,
    /// Nobody: the core of HE-AAC, which is half the band, or another track is better than nothing.
    Nobody,
}

/// Decodes an audio track of a part of a file.
pub(super) fn decode(
    part: &Part<'_>,
    wanted: Option<NonZeroU16>,
    otherwise: Otherwise,
    watch: Watch<'_>,
) -> Result<Decoded, Failure> {
    guarded(watch, || {
        let reader = open(part, watch)?;
        let track = ChosenTrack::choose(&reader, wanted, otherwise)?;
        let mut decode = Decode::new(reader, track, Layout::default(), watch);
        decode.sink.expect(decode.track.duration, part.n_bytes());
        decode.run(|reader| ChosenTrack::choose(reader, wanted, otherwise))
    })
}

/// Decodes the one audio track of a Matroska stream, whose clock shows `start` where the recording begins.
pub(super) fn decode_stream(
    stream: impl MediaSource,
    start: Option<Seconds>,
    layout: Layout,
    watch: Watch<'_>,
) -> Result<Decoded, Failure> {
    guarded(watch, || {
        let reader = Reader::container(stream, Description::default())
            .map_err(|error| Failure::Broken(words(&error)))?;
        let choose = |reader: &Reader<'_>| ChosenTrack::choose(reader, None, Otherwise::Nobody);
        let track = choose(&reader)?;
        let mut decode = Decode::new(reader, track, layout, watch);
        decode.earliest = start;
        decode.run(choose)
    })
}

fn guarded(
    watch: Watch<'_>,
    decode: impl FnOnce() -> Result<Decoded, Failure>,
) -> Result<Decoded, Failure> {
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    // A parser that was stopped by the watch reports what it was doing; the watch knows better.
    watch.check()?;
    outcome.unwrap_or_else(|_| {
        Err(Failure::Broken(
            "the decoder stopped on malformed data".into(),
        ))
    })
}

fn open<'a>(part: &Part<'_>, watch: Watch<'a>) -> Result<Reader<'a>, Failure> {
    let broken = |error: Error| Failure::Broken(words(&error));
    let frames = match part.format() {
        Some(Format::Frames) | None => Reader::frames(part.view(watch)?).map_err(broken)?,
        Some(_) => None,
    };
    if let Some(frames) = frames {
        return Ok(frames);
    }
    // Whatever the file seems to be: the demuxer may find a movie further in.
    mp4::check(&mut part.view(watch)?, PROBE_BYTES).map_err(|error| broken(error.into()))?;
    let description = match part.format() {
        Some(Format::Mp4) => Description::of_movie(&mut part.view(watch)?),
        Some(Format::Matroska) => Description::of_matroska(&mut part.view(watch)?),
        Some(Format::Flac) => Description::of_flac(&mut part.view(watch)?, part.n_bytes()),
        _ => Description::default(),
    };
    if part.format() == Some(Format::Matroska) {
        // Its index may be wrong, and nobody needs it: what counts stands in front, unless the file is an odd one.
        let in_order = Reader::container(InOrder(part.view(watch)?), description.clone());
        if let Ok(reader) = in_order {
            return Ok(reader);
        }
    }
    let reader = Reader::container(part.view(watch)?, description).map_err(broken)?;
    if part.format() == Some(Format::Ogg) {
        let pages = Pages::read(part.view(watch)?, part.n_bytes());
        return Ok(reader.with_pages(pages.unwrap_or_default()));
    }
    Ok(reader)
}

/// A decode under way.
struct Decode<'a> {
    reader: Reader<'a>,
    track: ChosenTrack,
    layout: Layout,
    clock: Clock,
    /// The time at which the file begins, as far as other tracks tell.
    earliest: Option<Seconds>,
    /// The length of the packet decoded last.
    last_packet: Seconds,
    sink: Sink<'a>,
    watch: Watch<'a>,
}

impl<'a> Decode<'a> {
    fn new(reader: Reader<'a>, track: ChosenTrack, layout: Layout, watch: Watch<'a>) -> Self {
        Self {
            earliest: reader.begin(),
            reader,
            track,
            layout,
            clock: Clock::new(watch.settings().max_duration),
            last_packet: Seconds::default(),
            sink: Sink::new(watch),
            watch,
        }
    }

    /// Decodes to the end; `choose` chooses the track again where the stream begins again.
    fn run(
        mut self,
        choose: impl Fn(&Reader<'a>) -> Result<ChosenTrack, Failure>,
    ) -> Result<Decoded, Failure> {
        let (mut n_packets, mut n_barren, mut n_sounding) = (0_usize, 0_usize, 0_usize);
        let damage = loop {
            self.watch.check()?;
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break None,
                Err(Error::ResetRequired) => {
                    self.track = choose(&self.reader)?;
                    self.clock.restart();
                    self.earliest = None;
                    continue;
                }
                // The file ends inside a packet: it was cut off, and all before that counts.
                Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    break None;
                }
                Err(error) => break Some(words(&error)),
            };
            if packet.track_id != self.track.id {
                self.pass_over(&packet);
                continue;
            }
            n_packets += 1;
            match self.take(&packet) {
                Ok(true) => {
                    n_sounding += 1;
                    n_barren = 0;
                }
                Ok(false) => n_barren += 1,
                Err(Stop::Damage(reason)) => break Some(reason),
                Err(Stop::Final(error)) => return Err(Failure::Final(error)),
            }
            if n_barren > MAX_BARREN_PACKETS {
                break Some("long stretches hold no sound that can be decoded".into());
            }
        };
        if n_sounding == 0 {
            let reason = match n_packets {
                0 => "it ends before the first sound",
                _ => "no packet can be decoded",
            };
            return Err(Failure::Broken(damage.unwrap_or_else(|| reason.into())));
        }
        let mut decoded = self.sink.finish()?;
        let announced = self.track.duration;
        if damage.is_some() {
            // What was not reached is lost too.
            let missing = announced.0 - decoded.report.losses.reached().0;
            decoded.report.losses.skip(Seconds(missing.max(0.0)));
        }
        decoded.damage = damage;
        decoded.report.choice = Some(self.track.choice);
        decoded.report.jumps = self.clock.jumps();
        let skipped = self.reader.skipped(decoded.report.losses.decoded());
        decoded.report.losses.skip(skipped);
        Ok(decoded)
    }

    /// Notes when another track begins: the file begins with the first of all.
    fn pass_over(&mut self, packet: &Packet) {
        if self.clock.has_begun() || self.reader.begin().is_some() {
            return;
        }
        let mut tracks = self.reader.tracks().iter();
        let time = tracks
            .find(|track| track.id == packet.track_id)
            .filter(|track| self.reader.kind(track) != Some(Kind::Other))
            .and_then(|track| Some(times::seconds(packet.pts, track.time_base?)));
        self.earliest = match (self.earliest, time) {
            (Some(earliest), Some(time)) => Some(Seconds(earliest.0.min(time.0))),
            (earliest, time) => earliest.or(time),
        };
    }

    /// Decodes one packet; false when nothing came of it.
    fn take(&mut self, packet: &Packet) -> Result<bool, Stop> {
        let ChosenTrack { decoder, times, .. } = &mut self.track;
        let time = times.time(packet);
        if time.is_some_and(|time| times.is_over(time)) {
            self.sink.leave_out(times.length(packet));
            return Ok(true);
        }
        let block = match decoder.decode(packet) {
            Ok(block) if block.frames() == 0 => return Ok(false),
            Ok(block) => block,
            Err(error) if !self.sink.has_decoded() && !matches!(error, Error::DecodeError(_)) => {
                return Err(Stop::Damage(words(&error)));
            }
            // Also what is not supported is damage where all before was.
            Err(_) => {
                let length = times.length(packet);
                let is_plausible = length.0 > 0.0 && length <= MAX_LOST_PACKET;
                let length = if is_plausible {
                    length
                } else {
                    self.last_packet
                };
                return self.lose(time, length).map(|()| false);
            }
        };
        let (n_frames, rate) = (block.frames(), block.spec().rate());
        self.last_packet = Seconds(n_frames as f64 / f64::from(rate.max(1)));
        let Some(time) = time else {
            self.sink.push(&block, 0..n_frames, self.layout)?;
            return Ok(true);
        };
        let mut n_played = 0;
        for (range, time) in times.played(time, n_frames, rate) {
            n_played += range.len();
            let position = self.sink.position();
            let start = self
                .earliest
                .map_or(time, |start| Seconds(start.0.min(time.0)));
            let place = self.clock.place(time, start, position);
            self.sink.fill_until(place)?;
            self.sink.push(&block, range, self.layout)?;
        }
        let left_out = (n_frames - n_played) as f64 / f64::from(rate.max(1));
        self.sink.leave_out(Seconds(left_out));
        Ok(true)
    }

    /// Keeps the place of a packet of this time and length that could not be decoded.
    fn lose(&mut self, time: Option<Seconds>, length: Seconds) -> Result<(), Stop> {
        if let Some(time) = time {
            let start = self
                .earliest
                .map_or(time, |start| Seconds(start.0.min(time.0)));
            let place = self.clock.place(time, start, self.sink.position());
            self.sink.fill_until(place)?;
        }
        self.sink.lose(length)?;
        Ok(())
    }
}

/// Why the decode of a packet ends the whole.
enum Stop {
    Damage(String),
    Final(AudioError),
}

impl From<Rejected> for Stop {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Rate(error) => Self::Damage(error.to_string()),
            Rejected::Recording(error) => Self::Final(error),
        }
    }
}

/// What the decoder complains about, without its module's name.
fn words(error: &Error) -> String {
    let text = match error {
        Error::DecodeError(text) | Error::Unsupported(text) | Error::LimitError(text) => {
            (*text).to_owned()
        }
        Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it ends too early".to_owned()
        }
        other => other.to_string(),
    };
    match text.split_once(": ") {
        Some((module, rest)) if module.len() < 24 => rest.to_owned(),
        _ => text,
    }
}
