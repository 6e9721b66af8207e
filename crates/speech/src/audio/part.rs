//! The recordings in a file: usually one. Joined files hold several, one behind the other, and each is decoded for itself.

use std::ffi::OsString;
use std::io::ErrorKind::{InvalidData, UnexpectedEof};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memmem;

use super::frames::tag_bytes;
use super::guard::Watch;
use super::mp4::box_head;
use super::sniff::{Content, Format, HEAD_BYTES, sniff};
use super::source::Input;
use super::view::{Piece, View};
use super::{AudioError, chunks, matroska};

/// More recordings than this in one file are not looked for.
const MAX_PARTS: usize = 1_000;

/// What a FLAC file begins with: its name, and the head of the block that describes the stream.
const FLAC_BEGIN: &[u8] = b"fLaC\0\0\0\x22";

/// What a Matroska or `WebM` file begins with, and the two names of which one follows soon.
const MATROSKA_BEGIN: &[u8] = b"\x1a\x45\xdf\xa3";
const MATROSKA_NAMES: [&[u8]; 2] = [b"matroska", b"webm"];
const MATROSKA_HEAD_BYTES: usize = 64;

/// One recording of a file.
#[derive(Debug)]
pub(super) struct Part<'a> {
    input: &'a Input,
    /// Its bytes as they should be read.
    pieces: Vec<Piece>,
    /// Where it lies in the file.
    range: Range<u64>,
    pub(super) content: Content,
    /// Whether its header announces more than there is.
    pub(super) is_cut_off: bool,
}

impl<'a> Part<'a> {
    /// The recordings in `input`, at least one.
    ///
    /// # Errors
    /// The file cannot be read, or the watch says stop.
    pub(super) fn all(input: &'a Input, watch: Watch<'_>) -> Result<Vec<Self>, AudioError> {
        let whole = vec![Piece::File(0..input.n_bytes)];
        let mut view = View::new(input.reopen()?, whole, watch);
        let mut parts: Vec<Self> = Vec::new();
        let mut begin = 0;
        while begin < input.n_bytes && parts.len() < MAX_PARTS {
            let found = Self::at(input, &mut view, begin);
            watch.check()?;
            let part = found.map_err(AudioError::io("reading the recording"))?;
            // What follows the first recording counts only if it certainly is one.
            if !parts.is_empty() && !matches!(part.content, Content::Native(_)) {
                break;
            }
            begin = part.range.end;
            parts.push(part);
        }
        Ok(parts)
    }

    fn at(input: &'a Input, view: &mut View<'_>, begin: u64) -> io::Result<Self> {
        let limit = input.n_bytes;
        let mut head = read(view, begin, HEAD_BYTES)?;
        // A tag may stand before files of any kind; streams of frames have them everywhere.
        let mut start = begin;
        while let Some(n_bytes) = tag_bytes(&head).filter(|n_bytes| start + n_bytes < limit) {
            start += n_bytes;
            head = read(view, start, HEAD_BYTES)?;
        }
        let mut content = sniff(&head);
        if start > begin && !is_container(content) {
            (start, content) = (begin, Content::Native(Format::Frames));
        }
        let mut part = Self {
            input,
            pieces: vec![Piece::File(start..limit)],
            range: start..limit,
            content,
            is_cut_off: false,
        };
        match part.find_end(view) {
            // What is cut off within its headers is left to the decoder to judge.
            Err(error) if matches!(error.kind(), UnexpectedEof | InvalidData) => Ok(part),
            found => found.map(|()| part),
        }
    }

    /// Finds out where the recording really ends, and how it should be read.
    fn find_end(&mut self, view: &mut View<'_>) -> io::Result<()> {
        let Content::Native(format) = self.content else {
            return Ok(());
        };
        let range = self.range.clone();
        let samples = match format {
            Format::Wave => chunks::wave(view, range)?,
            Format::Wave64 => chunks::wave64(view, range)?,
            Format::Aiff => chunks::aiff(view, range)?,
            Format::Caf => chunks::caf(view, range)?,
            Format::Mp4 => {
                self.find_end_of_movie(view)?;
                None
            }
            _ => {
                self.range.end = next_begin(view, format, range)?;
                self.pieces = vec![Piece::File(self.range.clone())];
                None
            }
        };
        if let Some(samples) = samples {
            self.pieces = samples.pieces;
            self.range.end = samples.end;
            self.is_cut_off = samples.is_cut_off;
        }
        Ok(())
    }

    /// A movie ends where another begins: at a second `ftyp` box. A last box that reaches to the end of the file without
    /// saying its size, or beyond it, gets the size that it has.
    fn find_end_of_movie(&mut self, view: &mut View<'_>) -> io::Result<()> {
        let Range { start, end } = self.range;
        let mut at = start;
        let mut has_movie = false;
        while end.saturating_sub(at) >= 8 {
            let Some(head) = box_head(view, at, end)? else {
                break;
            };
            if head.name == *b"ftyp" && has_movie {
                self.range.end = at;
                self.pieces = vec![Piece::File(start..at)];
                break;
            }
            let is_beyond = at.saturating_add(head.size) > end;
            if head.is_open || is_beyond {
                self.pieces = with_size(start..end, at, head.n_bytes == 16);
            }
            has_movie |= head.name == *b"moov";
            at = at.saturating_add(head.size);
        }
        Ok(())
    }

    /// The bytes as a decoder in this process should read them.
    pub(super) fn view<'w>(&self, watch: Watch<'w>) -> Result<View<'w>, AudioError> {
        Ok(View::new(self.input.reopen()?, self.pieces.clone(), watch))
    }

    /// How `ffmpeg` is told where the recording lies.
    pub(super) fn url(&self) -> OsString {
        let mut url = OsString::new();
        if self.range != (0..self.input.n_bytes) {
            let Range { start, end } = self.range;
            url.push(format!("subfile,,start,{start},end,{end},,:"));
        }
        url.push("file:");
        url.push(self.input.path());
        url
    }

    pub(super) fn format(&self) -> Option<Format> {
        match self.content {
            Content::Native(format) => Some(format),
            _ => None,
        }
    }

    /// Bytes in the file.
    pub(super) fn n_bytes(&self) -> u64 {
        self.range.end - self.range.start
    }
}

/// The pieces of a movie whose box at `at` reaches to its end, with that size; `is_long` sizes have 64 bits.
fn with_size(movie: Range<u64>, at: u64, is_long: bool) -> Vec<Piece> {
    let size = movie.end - at;
    let (place, size) = match u32::try_from(size) {
        _ if is_long => (at + 8, size.to_be_bytes().to_vec()),
        Ok(size) => (at, size.to_be_bytes().to_vec()),
        // There is no room for it; most readers know what an open size means.
        Err(_) => (at, Vec::new()),
    };
    let behind = place + size.len() as u64;
    vec![
        Piece::File(movie.start..place),
        Piece::Bytes(size),
        Piece::File(behind..movie.end),
    ]
}

fn is_container(content: Content) -> bool {
    match content {
        Content::Native(format) => format != Format::Frames,
        Content::Foreign(_) => true,
        Content::NotMedia(_) | Content::Unknown => false,
    }
}

/// Where the file that begins at the start of `range` ends because another one begins.
fn next_begin(view: &mut View<'_>, format: Format, range: Range<u64>) -> io::Result<u64> {
    let Range { start, end } = range;
    let next = match format {
        Format::Flac => search(view, start + 1..end, FLAC_BEGIN, |_| true)?,
        Format::Matroska => next_matroska(view, start..end)?,
        _ => None,
    };
    Ok(next.unwrap_or(end))
}

fn next_matroska(view: &mut View<'_>, range: Range<u64>) -> io::Result<Option<u64>> {
    let is_begin = |head: &[u8]| {
        let head = &head[..head.len().min(MATROSKA_HEAD_BYTES)];
        MATROSKA_NAMES
            .iter()
            .any(|name| memmem::find(head, name).is_some())
    };
    let segment = matroska::segment(view, range.start).unwrap_or(None);
    let Some(segment) = segment else {
        // A live stream does not say where it ends.
        return search(view, range.start + 1..range.end, MATROSKA_BEGIN, is_begin);
    };
    if segment.end >= range.end {
        return Ok(None);
    }
    let head = read(view, segment.end, MATROSKA_HEAD_BYTES)?;
    let is_next = head.starts_with(MATROSKA_BEGIN) && is_begin(&head);
    Ok(is_next.then_some(segment.end))
}

/// The first place in `range` where `pattern` stands and `is_it` says yes to what follows from there on.
fn search(
    view: &mut View<'_>,
    range: Range<u64>,
    pattern: &[u8],
    is_it: impl Fn(&[u8]) -> bool,
) -> io::Result<Option<u64>> {
    const BLOCK_BYTES: usize = 1 << 20;
    let finder = memmem::Finder::new(pattern);
    let mut at = range.start;
    while at < range.end {
        // Blocks overlap, so that a match and what follows it lie within one.
        let block = read(view, at, BLOCK_BYTES + MATROSKA_HEAD_BYTES)?;
        let found = finder
            .find_iter(&block)
            .find(|place| *place < BLOCK_BYTES && is_it(&block[*place..]));
        if let Some(place) = found {
            return Ok(Some(at + place as u64));
        }
        at += BLOCK_BYTES as u64;
    }
    Ok(None)
}

fn read(view: &mut View<'_>, at: u64, n_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(n_bytes);
    view.seek(SeekFrom::Start(at))?;
    view.take(n_bytes as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
