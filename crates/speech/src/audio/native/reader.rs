//! Which demuxer reads a file, and what the file says of its tracks.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::LazyLock;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, Track};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::default::formats;

use domain::units::Seconds;

use super::ogg::{OggReader, Pages};
use crate::audio::frames::Frames;
use crate::audio::tracks::Kind;
use crate::audio::view::View;
use crate::audio::{matroska, mp4};

/// Bytes in which a format has to show itself; further in, a chance match is likelier than a format.
pub(super) const PROBE_BYTES: u32 = 64 * 1024;

/// All containers that are read in this process. Streams of frames are not among them: [`Frames`] reads those.
static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let options = ProbeOptions {
        max_probe_depth: PROBE_BYTES,
        ..ProbeOptions::default()
    };
    let mut probe = Probe::new_with_options(&options);
    probe.register_format::<formats::CafReader<'_>>();
    probe.register_format::<formats::FlacReader<'_>>();
    probe.register_format::<formats::IsoMp4Reader<'_>>();
    probe.register_format::<formats::AiffReader<'_>>();
    probe.register_format::<formats::WavReader<'_>>();
    probe.register_format::<formats::OggReader<'_>>();
    probe.register_format::<formats::MkvReader<'_>>();
    probe
});

/// An opened file that gives packets.
pub(super) struct Reader<'a> {
    demuxer: Demuxer<'a>,
    description: Description,
    /// Bytes of the packets so far.
    n_packet_bytes: u64,
}

enum Demuxer<'a> {
    Container(Box<dyn FormatReader + 'a>),
    Ogg(Box<OggReader<'a>>),
    Frames(Box<Frames<View<'a>>>),
}

/// What a file says of its tracks beyond what its demuxer tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Description {
    tracks: Vec<Described>,
    movie: Vec<mp4::Track>,
    /// The time at which the file begins, where its packets do not tell.
    begin: Option<Seconds>,
    /// Bytes that packets should have in all.
    n_packet_bytes: Option<u64>,
    /// The share of the file that is damaged, as far as that is known beforehand.
    damaged_share: f64,
}

#[derive(Debug, Clone)]
struct Described {
    id: u32,
    kind: Kind,
    is_default: bool,
}

impl Description {
    /// Of an MP4 or MOV file.
    pub(super) fn of_movie(file: &mut (impl Read + Seek)) -> Self {
        let movie = mp4::tracks(file);
        let described = movie.iter().map(|track| Described {
            id: track.id,
            kind: track.kind,
            is_default: track.is_enabled,
        });
        let pictures = movie.iter().filter(|track| track.kind == Kind::Picture);
        let begins = pictures.map(|track| track.begin().0);
        Self {
            tracks: described.collect(),
            begin: begins.reduce(f64::min).map(Seconds),
            movie,
            ..Self::default()
        }
    }

    /// Of a Matroska or `WebM` file.
    pub(super) fn of_matroska(file: &mut (impl Read + Seek)) -> Self {
        let described = matroska::tracks(file).into_iter().filter_map(|track| {
            Some(Described {
                id: u32::try_from(track.number).ok()?,
                kind: track.kind,
                is_default: track.is_default,
            })
        });
        Self {
            tracks: described.collect(),
            ..Self::default()
        }
    }

    /// Of a FLAC file: all behind its metadata are packets.
    pub(super) fn of_flac(file: &mut (impl Read + Seek), n_bytes: u64) -> Self {
        let begin = flac_begin(file).ok();
        Self {
            n_packet_bytes: begin.and_then(|begin| n_bytes.checked_sub(begin)),
            ..Self::default()
        }
    }

    fn find(&self, id: u32) -> Option<&Described> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

impl<'a> Reader<'a> {
    /// A container of any kind that is known here.
    pub(super) fn container(
        source: impl MediaSource + 'a,
        description: Description,
    ) -> Result<Self, Error> {
        let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let metadata = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(64 * 1024))
            .limit_visual_bytes(Limit::Maximum(0));
        let demuxer = PROBE.probe(&Hint::new(), stream, FormatOptions::default(), metadata)?;
        Ok(Self {
            demuxer: Demuxer::Container(demuxer),
            description,
            n_packet_bytes: 0,
        })
    }

    /// The same for an Ogg file with these pages.
    pub(super) fn with_pages(self, pages: Pages) -> Self {
        let Demuxer::Container(demuxer) = self.demuxer else {
            return self;
        };
        let description = Description {
            // Our demuxer passes over streams that it does not know; where there are such, they begin at zero.
            begin: (pages.n_streams > 1).then_some(Seconds(0.0)),
            damaged_share: pages.damaged_share,
            ..self.description
        };
        Self {
            demuxer: Demuxer::Ogg(Box::new(OggReader::new(demuxer, pages))),
            description,
            ..self
        }
    }

    /// A stream of frames, if that is what `view` is.
    pub(super) fn frames(view: View<'a>) -> Result<Option<Self>, Error> {
        let n_bytes = view.n_bytes();
        Ok(Frames::open(view, n_bytes)?.map(|frames| Self {
            demuxer: Demuxer::Frames(Box::new(frames)),
            description: Description::default(),
            n_packet_bytes: 0,
        }))
    }

    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        let packet = match &mut self.demuxer {
            Demuxer::Container(reader) => reader.next_packet(),
            Demuxer::Ogg(reader) => reader.next_packet(),
            Demuxer::Frames(frames) => frames.next_packet(),
        };
        if let Ok(Some(packet)) = &packet {
            self.n_packet_bytes += packet.data.len() as u64;
        }
        packet
    }

    pub(super) fn tracks(&self) -> &[Track] {
        match &self.demuxer {
            Demuxer::Container(reader) => reader.tracks(),
            Demuxer::Ogg(reader) => reader.demuxer.tracks(),
            Demuxer::Frames(frames) => frames.tracks(),
        }
    }

    /// Whether its packets have times of their own.
    pub(super) fn has_clock(&self) -> bool {
        !matches!(self.demuxer, Demuxer::Frames(_))
    }

    /// What an MP4 file says of a track.
    pub(super) fn movie_track(&self, id: u32) -> Option<&mp4::Track> {
        self.description.movie.iter().find(|track| track.id == id)
    }

    /// Whether the track is flagged as the one to be played.
    pub(super) fn is_default(&self, track: &Track) -> bool {
        self.description
            .find(track.id)
            .is_some_and(|track| track.is_default)
    }

    /// What the track holds; `None` where nobody knows.
    pub(super) fn kind(&self, track: &Track) -> Option<Kind> {
        let described = self.description.find(track.id).map(|track| track.kind);
        described.or_else(|| match track.codec_params.as_ref()? {
            CodecParameters::Audio(_) => Some(Kind::Sound),
            CodecParameters::Video(_) => Some(Kind::Picture),
            _ => Some(Kind::Other),
        })
    }

    /// The time at which the file begins, if it says that itself.
    pub(super) fn begin(&self) -> Option<Seconds> {
        self.description.begin
    }

    /// How long the sound probably is, where no track says that.
    pub(super) fn expected(&self) -> Option<Seconds> {
        match &self.demuxer {
            Demuxer::Frames(frames) => Some(frames.expected()),
            Demuxer::Container(_) | Demuxer::Ogg(_) => None,
        }
    }

    /// How much sound was probably in bytes that were skipped, beside what was `decoded`.
    pub(super) fn skipped(&self, decoded: Seconds) -> Seconds {
        if let Demuxer::Frames(frames) = &self.demuxer {
            return frames.skipped();
        }
        let by_packets = self.description.n_packet_bytes.map(|n_bytes| {
            let n_missing = n_bytes.saturating_sub(self.n_packet_bytes);
            n_missing as f64 / n_bytes.max(1) as f64
        });
        let share = by_packets.unwrap_or(self.description.damaged_share);
        Seconds(decoded.0 * share / (1.0 - share).max(f64::EPSILON))
    }
}

/// Where the packets of a FLAC file begin: behind its last block of metadata.
fn flac_begin(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let mut at = 4;
    loop {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 4];
        file.read_exact(&mut head)?;
        let [kind, a, b, c] = head;
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            return Ok(at);
        }
    }
}
