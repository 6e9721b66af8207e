//! The pages of an Ogg file (RFC 3533): with which packets each ends, and when.
//!
//! Our demuxer counts time from the page before. Where pages were lost, or the stream paused, it notices that only a
//! page later; so the pages are read here first.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Seek};

use symphonia::core::checksum::Crc32;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::Monitor;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use crate::audio::lookahead::Lookahead;

/// Bytes of a page before the lengths of its segments.
const HEAD_BYTES: usize = 27;

/// What is known of the pages of a file.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Pages of each stream in which packets with sound end.
    streams: HashMap<u32, VecDeque<Page>>,
    /// Streams that begin at the beginning of the file.
    pub(super) n_streams: usize,
    /// The share of bytes that are no page, or one that is damaged.
    pub(super) damaged_share: f64,
}

/// A page in which packets end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    n_packets: usize,
    /// When the last of them ends, in units of the stream.
    end: i64,
}

/// What is known of a stream while its pages are read.
#[derive(Debug)]
struct Stream {
    /// Packets that describe the sound.
    n_headers: usize,
    next_number: u32,
    /// Whether the last packet of the page before goes on.
    has_begun: bool,
}

impl Pages {
    pub(super) fn read(file: impl Read + Seek, n_bytes: u64) -> io::Result<Self> {
        let mut bytes = Lookahead::new(file, n_bytes);
        let mut pages = Self::default();
        let mut streams = HashMap::new();
        let (mut n_damaged, mut n_strange, mut are_beginnings) = (0_u64, 0, true);
        let mut is_ended = false;
        while !bytes.is_at_end()? {
            let Some(page) = whole_page(&mut bytes)? else {
                n_strange += 1;
                bytes.advance(1);
                continue;
            };
            n_damaged += std::mem::take(&mut n_strange);
            is_ended = page[5] & 4 != 0;
            let is_first = page[5] & 2 != 0;
            are_beginnings &= is_first;
            pages.n_streams += usize::from(are_beginnings);
            pages.add(&page, &mut streams);
        }
        // What follows the page that says it is the last does not belong to the file.
        if !is_ended {
            n_damaged += n_strange;
        }
        pages.damaged_share = n_damaged as f64 / n_bytes.max(1) as f64;
        Ok(pages)
    }

    fn add(&mut self, page: &[u8], streams: &mut HashMap<u32, Stream>) {
        let end = i64::from_le_bytes(array(&page[6..]));
        let [serial, number] = [14, 18].map(|at| u32::from_le_bytes(array(&page[at..])));
        let (lengths, body) = page[HEAD_BYTES..].split_at(usize::from(page[26]));
        let is_first = page[5] & 2 != 0;
        if is_first {
            let stream = Stream {
                n_headers: n_headers(body),
                next_number: number,
                has_begun: false,
            };
            streams.insert(serial, stream);
        }
        let Some(stream) = streams.get_mut(&serial) else {
            return;
        };
        let goes_on = page[5] & 1 != 0;
        // The rules are those of the demuxer.
        stream.has_begun &= number == stream.next_number && goes_on;
        stream.next_number = number.wrapping_add(1);
        let mut n_packets = lengths.iter().filter(|length| **length < 255).count();
        if goes_on && !stream.has_begun {
            match n_packets.checked_sub(1) {
                None => return,
                Some(n_whole) => n_packets = n_whole,
            }
        }
        stream.has_begun = lengths.last() == Some(&255);
        let n_headers = n_packets.min(stream.n_headers);
        stream.n_headers -= n_headers;
        if n_packets > n_headers {
            let n_packets = n_packets - n_headers;
            self.streams
                .entry(serial)
                .or_default()
                .push_back(Page { n_packets, end });
        }
    }
}

/// Takes the page that begins here, if there is one and its checksum is right.
fn whole_page(bytes: &mut Lookahead<impl Read + Seek>) -> io::Result<Option<Vec<u8>>> {
    bytes.fill(HEAD_BYTES + 255)?;
    let head = bytes.ahead();
    let n_segments = head.get(26).map_or(0, |n| usize::from(*n));
    let Some(lengths) = head.get(HEAD_BYTES..HEAD_BYTES + n_segments) else {
        return Ok(None);
    };
    if !head.starts_with(b"OggS\0") {
        return Ok(None);
    }
    let n_body: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    let n_page = HEAD_BYTES + n_segments + n_body;
    bytes.fill(n_page)?;
    let Some(page) = bytes.ahead().get(..n_page) else {
        return Ok(None);
    };
    let mut checksum = Crc32::new(0);
    checksum.process_buf_bytes(&page[..22]);
    checksum.process_buf_bytes(&[0; 4]);
    checksum.process_buf_bytes(&page[26..]);
    if checksum.crc().to_le_bytes() != page[22..26] {
        return Ok(None);
    }
    bytes.take(n_page)
}

/// How many packets of a stream describe it, by its first packet.
fn n_headers(first: &[u8]) -> usize {
    if first.starts_with(b"\x7fFLAC") {
        1 + usize::from(u16::from_be_bytes(array(
            first.get(7..).unwrap_or_default(),
        )))
    } else if first.starts_with(b"\x01vorbis") {
        3
    } else {
        2 // Opus, Speex
    }
}

/// The first bytes; zeros where there are fewer.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// A demuxer whose packets have the times that their pages say.
pub(super) struct OggReader<'a> {
    pub(super) demuxer: Box<dyn FormatReader + 'a>,
    pages: Pages,
    ready: VecDeque<Packet>,
    /// What the demuxer said after the packets that are ready.
    then: Option<Result<Option<Packet>, Error>>,
}

impl<'a> OggReader<'a> {
    pub(super) fn new(demuxer: Box<dyn FormatReader + 'a>, pages: Pages) -> Self {
        Self {
            demuxer,
            pages,
            ready: VecDeque::new(),
            then: None,
        }
    }

    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        if let Some(packet) = self.ready.pop_front() {
            return Ok(Some(packet));
        }
        let next = self.then.take();
        let first = next.unwrap_or_else(|| self.demuxer.next_packet());
        let Ok(Some(first)) = first else {
            return first;
        };
        let serial = first.track_id;
        let page = self
            .pages
            .streams
            .get_mut(&serial)
            .and_then(VecDeque::pop_front);
        let Some(page) = page else {
            return Ok(Some(first));
        };
        let begin = first.pts.get();
        let mut packets = vec![first];
        let next = loop {
            match self.demuxer.next_packet() {
                Ok(Some(packet)) if packet.track_id == serial && packets.len() < page.n_packets => {
                    packets.push(packet);
                }
                next => break next,
            }
        };
        let length: u64 = packets.iter().map(|packet| packet.block_dur().get()).sum();
        let is_in_step = match &next {
            Ok(Some(packet)) if packet.track_id == serial => packet.pts.get() == page.end,
            _ => true,
        };
        let late = i128::from(page.end) - i128::from(begin) - i128::from(length);
        if is_in_step && let Ok(late @ 1..) = u64::try_from(late) {
            for packet in &mut packets {
                packet.pts = packet.pts.saturating_add(Duration::new(late));
            }
        }
        self.then = Some(next);
        self.ready.extend(packets);
        Ok(self.ready.pop_front())
    }
}
