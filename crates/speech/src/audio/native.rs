//! Decoding in this process, with `symphonia`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use domain::units::Seconds;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codec,
};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, Track};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use super::aac::{self, Replication};
use super::collected::Collected;
use super::edits::{Edit, edits};
use super::guard::{Watch, WatchedFile};
use super::sink::{Rejected, Sink};
use super::sniff::{Content, sniff};
use super::source::Input;
use super::{AudioError, RATES};

/// Bytes in which a format has to show itself; further in, a chance match is likelier than a format.
const PROBE_BYTES: u32 = 64 * 1024;

/// So many packets in a row without sound end the decode.
const MAX_BARREN_PACKETS: usize = 10_000;

static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let options = ProbeOptions {
        max_probe_depth: PROBE_BYTES,
        ..ProbeOptions::default()
    };
    let mut probe = Probe::new_with_options(&options);
    symphonia::default::register_enabled_formats(&mut probe);
    probe
});

/// A recording that was decoded, perhaps not to its end.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) samples: Collected,
    /// What stopped the decoder before the end of the file, unless the file itself was cut off.
    pub(super) damage: Option<String>,
}

/// Why there are no samples.
#[derive(Debug)]
pub(super) enum Failure {
    /// An answer that no other decoder would change.
    Final(AudioError),
    /// A codec or a feature for `ffmpeg`; its name.
    Foreign(String),
    /// HE-AAC, of which the core could be decoded here; what to call it.
    CoreOnly(&'static str),
    /// Nothing could be decoded; why.
    Broken(String),
}

impl From<AudioError> for Failure {
    fn from(error: AudioError) -> Self {
        Self::Final(error)
    }
}

/// How to treat AAC with more than a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeAac {
    /// Leave it to another decoder.
    Refuse,
    /// Decode the core, which is half the band.
    Core,
}

/// Decodes the first audio track that can be decoded here.
pub(super) fn decode(input: &Input, he_aac: HeAac, watch: Watch<'_>) -> Result<Decoded, Failure> {
    let outcome = catch_unwind(AssertUnwindSafe(|| open(input, he_aac, watch)?.run(input)));
    // A parser that was stopped by the watch reports what it was doing; the watch knows better.
    watch.check()?;
    outcome.unwrap_or_else(|_| {
        Err(Failure::Broken(
            "the decoder stopped on malformed data".into(),
        ))
    })
}

fn open<'a>(input: &Input, he_aac: HeAac, watch: Watch<'a>) -> Result<Decode<'a>, Failure> {
    // Handles share one position, so the edits are read before the demuxer starts.
    let is_mp4 = sniff(&input.head) == Content::Native("MP4");
    let edits = if is_mp4 {
        edits(&mut input.reopen()?)
    } else {
        Vec::new()
    };
    let file = WatchedFile {
        file: input.reopen()?,
        watch,
    };
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let metadata = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(64 * 1024))
        .limit_visual_bytes(Limit::Maximum(0));
    let reader = PROBE
        .probe(&Hint::new(), stream, FormatOptions::default(), metadata)
        .map_err(|error| Failure::Broken(words(&error)))?;
    let mut voice = Voice::choose(reader.as_ref(), he_aac)?;
    if let Some((_, edit)) = edits
        .iter()
        .find(|(track_id, _)| *track_id == voice.track_id)
    {
        voice.cut_to(*edit)?;
    }
    let mut sink = Sink::new(watch);
    sink.expect(voice.duration, input.n_bytes);
    Ok(Decode {
        reader,
        voice,
        sink,
        he_aac,
        watch,
    })
}

/// A decode under way.
struct Decode<'a> {
    reader: Box<dyn FormatReader + 'a>,
    voice: Voice,
    sink: Sink<'a>,
    he_aac: HeAac,
    watch: Watch<'a>,
}

impl Decode<'_> {
    fn run(mut self, input: &Input) -> Result<Decoded, Failure> {
        let (mut n_packets, mut n_barren, mut n_sounding) = (0_usize, 0_usize, 0_usize);
        let damage = loop {
            self.watch.check()?;
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break None,
                Err(Error::ResetRequired) => {
                    self.voice = Voice::choose(self.reader.as_ref(), self.he_aac)?;
                    continue;
                }
                // The file ends inside a packet: it was cut off, and all before that counts.
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    break None;
                }
                Err(error) => break Some(words(&error)),
            };
            if packet.track_id != self.voice.track_id {
                continue;
            }
            if self.voice.ends_before(&packet) {
                break None;
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
        if n_sounding == 0 && (n_packets > 0 || damage.is_some()) {
            return Err(Failure::Broken(
                damage.unwrap_or_else(|| "no packet can be decoded".into()),
            ));
        }
        if n_sounding == 0 && self.voice.is_promised(input) {
            return Err(Failure::Broken("it ends before the first sound".into()));
        }
        Ok(Decoded {
            samples: self.sink.finish()?,
            damage,
        })
    }

    /// Decodes one packet; false when nothing came of it.
    fn take(&mut self, packet: &Packet) -> Result<bool, Stop> {
        match self.voice.decoder.decode(packet) {
            Ok(block) if block.frames() == 0 => Ok(false),
            Ok(block) => {
                let n_skip = block.frames().min(self.voice.n_skip);
                self.voice.n_skip -= n_skip;
                self.voice.rate = Some(block.spec().rate());
                self.sink.push(&block, n_skip)?;
                Ok(true)
            }
            Err(Error::DecodeError(_) | Error::IoError(_)) => {
                let (rate, n_frames) = self.voice.gap(packet);
                let n_skip = n_frames.min(self.voice.n_skip);
                self.voice.n_skip -= n_skip;
                self.sink.push_gap(rate, n_frames - n_skip)?;
                Ok(false)
            }
            Err(Error::ResetRequired) => {
                self.voice.decoder.reset();
                Ok(false)
            }
            Err(error) => Err(Stop::Damage(words(&error))),
        }
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

/// The track that is listened to.
struct Voice {
    track_id: u32,
    decoder: Box<dyn AudioDecoder>,
    rate: Option<u32>,
    time_base: Option<TimeBase>,
    /// By the header; zero where it says nothing.
    duration: Seconds,
    /// Frames still to be dropped at the beginning.
    n_skip: usize,
    /// The first moment that is no longer to be heard, in the track's time base.
    end: Option<u64>,
}

impl Voice {
    /// The first audio track with a decoder; with its reason, why there is none.
    fn choose(reader: &dyn FormatReader, he_aac: HeAac) -> Result<Self, Failure> {
        let mut refused = None;
        let mut all_known = true;
        for track in reader.tracks() {
            match &track.codec_params {
                Some(CodecParameters::Audio(params)) => match decoder(params, he_aac) {
                    Ok(decoder) => match refused {
                        // An earlier track needs help; it is the one that people hear, so it is asked for first.
                        Some(failure) if he_aac == HeAac::Refuse => return Err(failure),
                        _ => return Ok(Self::new(track, params, decoder)),
                    },
                    Err(failure) => refused = refused.or(Some(failure)),
                },
                Some(_) => {}
                None => all_known = false,
            }
        }
        Err(match refused {
            Some(failure) => failure,
            None if all_known && !reader.tracks().is_empty() => {
                Failure::Final(AudioError::NoAudioTrack)
            }
            None => Failure::Foreign("a codec that is not known here".into()),
        })
    }

    fn new(track: &Track, params: &AudioCodecParameters, decoder: Box<dyn AudioDecoder>) -> Self {
        let rate = params.sample_rate.filter(|rate| RATES.contains(rate));
        let by_frames = track
            .num_frames
            .zip(rate)
            .map(|(n_frames, rate)| n_frames as f64 / f64::from(rate));
        let by_time = track
            .duration
            .zip(track.time_base)
            .map(|(duration, base)| units(duration.get(), base));
        Self {
            track_id: track.id,
            decoder,
            rate,
            time_base: track.time_base,
            duration: Seconds(by_frames.or(by_time).unwrap_or_default()),
            n_skip: 0,
            end: None,
        }
    }

    /// Obeys the edit list.
    fn cut_to(&mut self, edit: Edit) -> Result<(), Failure> {
        let Edit::Piece { start, end } = edit else {
            return Err(Failure::Foreign(
                "a cut of several pieces (edit list)".into(),
            ));
        };
        if let (Some(base), Some(rate)) = (self.time_base, self.rate) {
            self.n_skip = super::samples_in(units(start, base), rate);
            self.end = end;
        }
        Ok(())
    }

    fn ends_before(&self, packet: &Packet) -> bool {
        self.end
            .is_some_and(|end| u64::try_from(packet.pts.get()).is_ok_and(|pts| pts >= end))
    }

    /// Rate and frames of a packet that could not be decoded; nothing where its length is not plausible.
    fn gap(&self, packet: &Packet) -> (u32, usize) {
        let Some((rate, base)) = self.rate.zip(self.time_base) else {
            return (super::SAMPLE_RATE, 0);
        };
        let seconds = units(packet.dur.get(), base);
        (
            rate,
            if seconds < 1.0 {
                super::samples_in(seconds, rate)
            } else {
                0
            },
        )
    }

    /// True where the header announces sound that never came, though the file is no mere header.
    fn is_promised(&self, input: &Input) -> bool {
        self.duration.0 > 0.0 && input.n_bytes > 1024
    }
}

fn units(n: u64, base: TimeBase) -> f64 {
    n as f64 * f64::from(base.numer.get()) / f64::from(base.denom.get())
}

fn decoder(params: &AudioCodecParameters, he_aac: HeAac) -> Result<Box<dyn AudioDecoder>, Failure> {
    let core;
    let params = match (params.codec, he_aac) {
        (codec::CODEC_ID_AAC, HeAac::Refuse) => match aac::replication(params) {
            Replication::Absent => params,
            Replication::Present => return Err(Failure::CoreOnly("HE-AAC")),
            Replication::Unsaid => return Err(Failure::CoreOnly("AAC at a low rate")),
        },
        (codec::CODEC_ID_AAC, HeAac::Core) => {
            core = aac::core_only(params);
            &core
        }
        _ => params,
    };
    symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(|error| match error {
            Error::Unsupported(_) => Failure::Foreign(name_of_codec(params).to_owned()),
            error => Failure::Broken(words(&error)),
        })
}

fn name_of_codec(params: &AudioCodecParameters) -> &'static str {
    match params.codec {
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_AC3
        | codec::CODEC_ID_EAC3
        | codec::CODEC_ID_AC4
        | codec::CODEC_ID_TRUEHD => "Dolby audio",
        codec::CODEC_ID_DCA => "DTS",
        codec::CODEC_ID_WMA => "Windows Media Audio",
        codec::CODEC_ID_AAC => "this kind of AAC",
        _ => "its audio codec",
    }
}

/// What the decoder complains about, without its module's name.
fn words(error: &Error) -> String {
    let text = match error {
        Error::DecodeError(text) | Error::Unsupported(text) | Error::LimitError(text) => {
            (*text).to_owned()
        }
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it ends too early".to_owned()
        }
        other => other.to_string(),
    };
    match text.split_once(": ") {
        Some((module, rest)) if module.len() < 24 => rest.to_owned(),
        _ => text,
    }
}
