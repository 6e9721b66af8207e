//! Streams of MPEG audio (MP1, MP2, MP3) and AAC (ADTS): frames one behind the other, without a container.
//!
//! Such a stream has no length: it ends where the file does. Counts in tags are hints, which decide only how many samples
//! of the last frame are filling. Files may have been joined, cut, or have an advertisement with a tag of its own
//! in their midst; the format may change from one frame to the next. What is no frame is skipped and counted.

mod header;
mod info;
mod tags;

use std::collections::VecDeque;
use std::io::{self, Read, Seek};
use std::num::NonZero;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::formats::Track;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use domain::units::Seconds;

use super::lookahead::Lookahead;
use header::{Config, HEADER_BYTES, Header};
use info::Info;
pub(super) use tags::tag_bytes;

/// Bytes from the beginning in which the first frame is looked for.
const SEARCH_BYTES: u64 = 64 * 1024;

/// Frames in a row that show that it is such a stream, unless it ends before.
const N_CONFIRMING: usize = 3;

/// Frames whose end may be cut off when the next tag or the end of the file comes: LAME's tag says at most 4095 samples.
const N_HELD: usize = 4;

/// Zeros that may follow a tag.
const FILLING_BYTES: usize = 64 * 1024;

/// Bytes with the name of a tag.
const TAG_NAME_BYTES: usize = 3;

/// A stream of frames.
#[derive(Debug)]
pub(super) struct Frames<R> {
    bytes: Lookahead<R>,
    /// The format of the packet that was delivered last.
    config: Config,
    tracks: [Track; 1],
    held: VecDeque<Held>,
    recording: Tagged,
    /// The frame before, where the next is expected.
    last: Option<Header>,
    /// Bytes since the last frame that begin none, and how many of the last of them are zeros.
    n_skipped: usize,
    n_zeros: usize,
    /// Bytes that were skipped where frames should have been, and what came of all other bytes.
    n_lost: usize,
    n_read: usize,
    read: Seconds,
    expected: Seconds,
}

/// A frame that is not delivered yet.
#[derive(Debug)]
struct Held {
    config: Config,
    data: Box<[u8]>,
    n_samples: u32,
    n_leading: u32,
    n_trailing: u32,
}

/// What began with a tag and ends with the next one.
#[derive(Debug, Default)]
struct Tagged {
    info: Info,
    n_frames: u32,
    /// Samples that are still to be cut off.
    n_leading: u32,
}

impl<R: Read + Seek> Frames<R> {
    /// The stream in `reader` of `n_bytes`; `None` where none begins in the first 64 kB.
    pub(super) fn open(reader: R, n_bytes: u64) -> io::Result<Option<Self>> {
        let mut bytes = Lookahead::new(reader, n_bytes);
        let mut search_end = SEARCH_BYTES;
        loop {
            if bytes.position() >= search_end {
                return Ok(None);
            }
            if bytes.skip_tag()? {
                // A tag may be long.
                search_end = bytes.position() + SEARCH_BYTES;
                continue;
            }
            let Some(header) = bytes.header()? else {
                if bytes.is_at_end()? {
                    return Ok(None);
                }
                bytes.advance(1);
                continue;
            };
            if bytes.is_confirmed(&header, N_CONFIRMING)? {
                return Ok(Some(Self::new(bytes, &header, n_bytes)));
            }
            bytes.advance(1);
        }
    }

    fn new(bytes: Lookahead<R>, first: &Header, n_bytes: u64) -> Self {
        let n_left = n_bytes.saturating_sub(bytes.position());
        Self {
            bytes,
            config: first.config,
            tracks: [track(&first.config)],
            held: VecDeque::with_capacity(N_HELD + 1),
            recording: Tagged::default(),
            last: None,
            n_skipped: 0,
            n_zeros: 0,
            n_lost: 0,
            n_read: 0,
            read: Seconds::default(),
            expected: Seconds(n_left as f64 / first.n_bytes as f64 * first.seconds()),
        }
    }

    /// The one track; its parameters are those of the next packet.
    pub(super) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// How long the stream probably is, for the progress shown.
    pub(super) fn expected(&self) -> Seconds {
        self.expected
    }

    /// How much sound was probably in the bytes between frames that were skipped.
    pub(super) fn skipped(&self) -> Seconds {
        Seconds(self.read.0 * self.n_lost as f64 / self.n_read.max(1) as f64)
    }

    /// The next frame; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`Error::ResetRequired`] where the format changes: [`Self::tracks`] then has the new one.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        while self.held.len() <= N_HELD && self.read_frame()? {}
        let Some(next) = self.held.front() else {
            return Ok(None);
        };
        if next.config != self.config {
            self.config = next.config;
            self.tracks = [track(&next.config)];
            return Err(Error::ResetRequired);
        }
        Ok(self.held.pop_front().map(Held::into_packet))
    }

    /// Reads one frame, or skips what is none; false at the end.
    fn read_frame(&mut self) -> Result<bool, Error> {
        if self.bytes.skip_tag()? {
            // What stood before a tag was filling.
            (self.n_skipped, self.n_zeros) = (0, 0);
            return Ok(true);
        }
        let Some(header) = self.bytes.header()? else {
            return self.skip_byte();
        };
        let is_expected =
            self.n_skipped == 0 && self.last.is_some_and(|last| last.config == header.config);
        if !is_expected && !self.bytes.is_confirmed(&header, N_CONFIRMING - 1)? {
            return self.skip_byte();
        }
        let Some(frame) = self.bytes.take(header.n_bytes)? else {
            // The file was cut off within this frame.
            return self.skip_byte();
        };
        let info = Info::parse(&frame, &header);
        // Between two recordings there is filling.
        if info.is_none() {
            self.lose(self.n_skipped);
        }
        (self.n_skipped, self.n_zeros) = (0, 0);
        self.n_read += header.n_bytes;
        self.read.0 += header.seconds();
        self.last = Some(header);
        if let Some(info) = info {
            self.end_recording();
            self.recording = Tagged {
                info,
                n_leading: info.n_leading,
                n_frames: 0,
            };
        } else {
            self.hold(&header, &frame)?;
        }
        Ok(true)
    }

    fn hold(&mut self, header: &Header, frame: &[u8]) -> Result<(), Error> {
        if header.config.for_aac != [0; 2] && header.n_samples > 1_024 {
            return Err(Error::Unsupported("several blocks of AAC in one frame"));
        }
        let n_leading = header.n_samples.min(self.recording.n_leading);
        self.recording.n_leading -= n_leading;
        self.recording.n_frames += 1;
        self.held.push_back(Held {
            config: header.config,
            data: frame[header.data_offset..].into(),
            n_samples: header.n_samples,
            n_leading,
            n_trailing: 0,
        });
        Ok(())
    }

    /// Cuts off the filling at the end of what is held, where its tag counted the frames right.
    fn end_recording(&mut self) {
        let Tagged { info, n_frames, .. } = std::mem::take(&mut self.recording);
        let is_believable = info
            .n_frames
            .is_some_and(|n_counted| n_counted == n_frames || n_counted == n_frames + 1);
        let mut n_trailing = if is_believable { info.n_trailing } else { 0 };
        for held in self.held.iter_mut().rev() {
            if n_trailing == 0 {
                break;
            }
            held.n_trailing = n_trailing.min(held.n_samples - held.n_leading);
            n_trailing -= held.n_trailing;
        }
    }

    /// Counts bytes behind the first frame that should have been frames.
    fn lose(&mut self, n_bytes: usize) {
        if self.last.is_some() {
            self.n_lost += n_bytes;
        }
    }

    /// Passes over a byte that begins no frame; false at the end.
    fn skip_byte(&mut self) -> Result<bool, Error> {
        if self.bytes.is_at_end()? {
            self.end_recording();
            self.lose(self.n_skipped - self.n_zeros);
            (self.n_skipped, self.n_zeros) = (0, 0);
            return Ok(false);
        }
        self.n_skipped += 1;
        self.n_zeros = if self.bytes.ahead()[0] == 0 {
            self.n_zeros + 1
        } else {
            0
        };
        self.bytes.advance(1);
        Ok(true)
    }
}

impl Held {
    fn into_packet(self) -> Packet {
        let n_valid = self.n_samples - self.n_leading - self.n_trailing;
        PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::ZERO) // nobody asks: there is no clock in the stream
            .dur(Duration::new(u64::from(n_valid)))
            .trim_start(Duration::new(u64::from(self.n_leading)))
            .trim_end(Duration::new(u64::from(self.n_trailing)))
            .data(self.data)
            .build()
    }
}

fn track(config: &Config) -> Track {
    let mut params = AudioCodecParameters::new();
    params.for_codec(config.codec).with_sample_rate(config.rate);
    if config.channels > 0 {
        params.with_channels(Channels::Discrete(u16::from(config.channels)));
    }
    if config.for_aac != [0; 2] {
        params.with_extra_data(config.for_aac.into());
    }
    let mut track = Track::new(0);
    track.with_codec_params(CodecParameters::Audio(params));
    if let Some(rate) = NonZero::new(config.rate) {
        track.with_time_base(TimeBase::from_recip(rate));
    }
    track
}

/// What lies ahead in a stream.
trait FramesAhead {
    /// The header of the frame that begins here, if one does.
    fn header(&mut self) -> io::Result<Option<Header>>;

    /// Whether `n_frames` of one format follow upon each other here, `header` being that of the first, or the stream
    /// ends before, or a tag or another recording follows.
    fn is_confirmed(&mut self, header: &Header, n_frames: usize) -> io::Result<bool>;

    /// Passes over a tag; false where there is none. Of a tag whose length cannot be right only the name is passed over.
    fn skip_tag(&mut self) -> io::Result<bool>;

    /// Whether a frame, another tag or the end comes next, zeros aside.
    fn is_at_frame_or_end(&mut self) -> io::Result<bool>;
}

impl<R: Read + Seek> FramesAhead for Lookahead<R> {
    fn header(&mut self) -> io::Result<Option<Header>> {
        self.fill(HEADER_BYTES)?;
        Ok(Header::parse(self.ahead()))
    }

    fn is_confirmed(&mut self, header: &Header, n_frames: usize) -> io::Result<bool> {
        let (mut header, mut offset) = (*header, 0);
        for _ in 1..n_frames {
            offset += header.n_bytes;
            self.fill(offset + tags::TAG_BYTES)?;
            let Some(behind) = self.ahead().get(offset..) else {
                // The frame is cut off; it would have been the last.
                return Ok(offset > header.n_bytes);
            };
            if behind.len() < HEADER_BYTES || tag_bytes(behind).is_some() {
                return Ok(true);
            }
            match Header::parse(behind) {
                Some(next) if next.config == header.config => header = next,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn skip_tag(&mut self) -> io::Result<bool> {
        self.fill(tags::TAG_BYTES)?;
        let Some(n_bytes) = tag_bytes(self.ahead()) else {
            return Ok(false);
        };
        let begin = self.position();
        let end = begin + n_bytes;
        if end <= self.n_bytes() {
            self.go_to(end)?;
            if self.is_at_frame_or_end()? {
                return Ok(true);
            }
        }
        self.go_to(begin)?;
        self.fill(TAG_NAME_BYTES)?;
        self.advance(TAG_NAME_BYTES);
        Ok(true)
    }

    fn is_at_frame_or_end(&mut self) -> io::Result<bool> {
        self.fill(FILLING_BYTES)?;
        let n_zeros = self.ahead().iter().take_while(|byte| **byte == 0).count();
        let behind = &self.ahead()[n_zeros..];
        Ok(behind.len() < HEADER_BYTES
            || Header::parse(behind).is_some()
            || tag_bytes(behind).is_some())
    }
}
