//! The decoder of one track.

use symphonia::core::audio::{Channels, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codec,
};
use symphonia::core::errors::Error;
use symphonia::core::formats::Track;
use symphonia::core::packet::Packet;

use super::aac::{self, Replication};
use super::{Failure, Otherwise, vorbis, words};

/// Samples of a packet, all channels together. No encoder comes near it, and decoders reserve what a header claims: a few
/// bytes of it could ask for more memory than there is.
const MOST_PACKET_SAMPLES: u64 = 1 << 22;

/// The decoder of one track.
pub(super) struct TrackDecoder(Box<dyn AudioDecoder>);

impl TrackDecoder {
    /// A decoder for `track`; with its reason, why there is none.
    pub(super) fn new(track: &Track, otherwise: Otherwise) -> Result<Self, Failure> {
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(Failure::Foreign("a codec that is not known here".into()));
        };
        let core;
        let params = match (params.codec, otherwise) {
            (codec::CODEC_ID_AAC, Otherwise::Ffmpeg) => match aac::replication(params) {
                Replication::Absent => params,
                Replication::Present => return Err(Failure::Foreign("HE-AAC".into())),
                Replication::Unsaid => return Err(Failure::Foreign("AAC at a low rate".into())),
            },
            (codec::CODEC_ID_AAC, Otherwise::Nobody) => {
                core = aac::core_only(params);
                &core
            }
            _ => params,
        };
        make(params).map(Self).map_err(|error| match error {
            Error::Unsupported(_) => Failure::Foreign(name_of_codec(params).to_owned()),
            error => Failure::Broken(words(&error)),
        })
    }

    /// Decodes a packet. Where that fails, a new decoder tries it: the stream may have changed its format.
    pub(super) fn decode(&mut self, packet: &Packet) -> Result<GenericAudioBufferRef<'_>, Error> {
        if let Err(error) = self.0.decode(packet) {
            let mut fresh = make(self.0.codec_params())?;
            if !fresh.decode(packet).is_ok_and(|block| block.frames() > 0) {
                return Err(error);
            }
            self.0 = fresh;
        }
        Ok(self.0.last_decoded())
    }

    pub(super) fn params(&self) -> &AudioCodecParameters {
        self.0.codec_params()
    }
}

fn make(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let n_channels = params.channels.as_ref().map_or(1, Channels::count);
    let n_frames = params.max_frames_per_packet.unwrap_or(0);
    if n_frames.saturating_mul(n_channels as u64) > MOST_PACKET_SAMPLES {
        return Err(Error::LimitError("its packets are longer than can be"));
    }
    if params.codec == codec::CODEC_ID_VORBIS {
        vorbis::check_codebooks(params.extra_data.as_deref().unwrap_or_default())?;
    }
    symphonia::default::get_codecs().make_audio_decoder(params, &AudioDecoderOptions::default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_memory_is_reserved_for_packets_that_no_encoder_makes() {
        let make = |n_frames: u64, n_channels: u16| {
            let mut params = AudioCodecParameters::new();
            params
                .for_codec(codec::CODEC_ID_PCM_S16LE)
                .with_sample_rate(16_000)
                .with_channels(Channels::Discrete(n_channels))
                .with_max_frames_per_packet(n_frames);
            make(&params).map(drop)
        };
        assert!(make(1_152, 64).is_ok());
        for (n_frames, n_channels) in [(0x0800_0001, 1), (u64::MAX, 2), (1_152, u16::MAX)] {
            assert!(matches!(
                make(n_frames, n_channels),
                Err(Error::LimitError(_))
            ));
        }
    }
}
