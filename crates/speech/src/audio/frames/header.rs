//! Headers of MPEG audio frames (ISO 11172-3, 13818-3, and the unofficial 2.5) and of AAC frames in ADTS (ISO 13818-7).

use symphonia::core::codecs::audio::{AudioCodecId, well_known as codec};

/// Bytes that tell what frame begins there.
pub(super) const HEADER_BYTES: usize = 7;

/// What a frame says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) config: Config,
    /// Of the whole frame, header included.
    pub(super) n_bytes: usize,
    /// Samples of each channel.
    pub(super) n_samples: u32,
    /// Bytes from the beginning of the frame to its data.
    pub(super) data_offset: usize,
}

/// What stays the same as long as one decoder can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) codec: AudioCodecId,
    /// Samples a second, in Hz.
    pub(super) rate: u32,
    /// 1 or 2 for MPEG audio, the channel configuration for AAC.
    pub(super) channels: u8,
    /// The two bytes of an AAC configuration (ISO 14496-3); zero for MPEG audio.
    pub(super) for_aac: [u8; 2],
}

impl Header {
    /// The header at the beginning of `bytes`, if there is one.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = *bytes.first_chunk()?;
        adts(bytes).or_else(|| mpeg(bytes))
    }

    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.n_samples) / f64::from(self.config.rate)
    }
}

fn mpeg(bytes: [u8; HEADER_BYTES]) -> Option<Header> {
    /// Kilobits a second by index, for layers 1, 2 and 3 of version 1, then layer 1 and layers 2 and 3 of version 2.
    const BIT_RATES: [[u32; 15]; 5] = [
        [
            0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        ],
        [
            0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        ],
        [
            0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ],
        [
            0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        ],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    let [first, second, third, fourth, ..] = bytes;
    if first != 0xff || second & 0xe0 != 0xe0 {
        return None;
    }
    // How often the rates of version 1 are halved.
    let n_halvings = match second >> 3 & 3 {
        0 => 2,
        2 => 1,
        3 => 0,
        _ => return None,
    };
    let is_version_1 = n_halvings == 0;
    let layer = match second >> 1 & 3 {
        0 => return None,
        bits => 4 - usize::from(bits),
    };
    let table = match (is_version_1, layer) {
        (true, layer) => layer - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    let bit_rate = 1_000 * BIT_RATES[table].get(usize::from(third >> 4))?;
    if bit_rate == 0 {
        return None; // "free": the length of a frame is not said
    }
    let rate = RATES.get(usize::from(third >> 2 & 3))? >> n_halvings;
    let is_padded = u32::from(third >> 1 & 1);
    let is_mono = fourth >> 6 == 3;
    let (n_samples, n_bytes) = match layer {
        1 => (384, (12 * bit_rate / rate + is_padded) * 4),
        3 if !is_version_1 => (576, 72 * bit_rate / rate + is_padded),
        _ => (1_152, 144 * bit_rate / rate + is_padded),
    };
    let codec = match layer {
        1 => codec::CODEC_ID_MP1,
        2 => codec::CODEC_ID_MP2,
        _ => codec::CODEC_ID_MP3,
    };
    Some(Header {
        config: Config {
            codec,
            rate,
            channels: if is_mono { 1 } else { 2 },
            for_aac: [0; 2],
        },
        n_bytes: n_bytes as usize,
        n_samples,
        data_offset: 0, // the decoder wants the header too
    })
}

fn adts(bytes: [u8; HEADER_BYTES]) -> Option<Header> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
        8_000, 7_350,
    ];
    let [first, second, third, fourth, fifth, sixth, seventh] = bytes;
    // Twelve set bits, any version, layer 0.
    if first != 0xff || second & 0xf6 != 0xf0 {
        return None;
    }
    let profile = third >> 6;
    let rate_index = third >> 2 & 0x0f;
    let rate = *RATES.get(usize::from(rate_index))?;
    let channels = (third & 1) << 2 | fourth >> 6;
    let n_bytes = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let n_blocks = u32::from(seventh & 3) + 1;
    let has_checksum = second & 1 == 0;
    let data_offset = if has_checksum { 9 } else { 7 };
    let object_type = profile + 1;
    (n_bytes > data_offset).then_some(Header {
        config: Config {
            codec: codec::CODEC_ID_AAC,
            rate,
            channels,
            for_aac: [
                object_type << 3 | rate_index >> 1,
                (rate_index & 1) << 7 | channels << 3,
            ],
        },
        n_bytes,
        n_samples: 1_024 * n_blocks,
        data_offset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_how_long_their_frames_are() {
        /// What it is, its bytes, and what they say: bytes and samples of the frame, rate, channels.
        type Case = (&'static str, [u8; 7], usize, u32, u32, u8);
        let cases: [Case; 6] = [
            (
                "MP3, 128 kbit/s, 44.1 kHz, joint stereo",
                [0xff, 0xfb, 0x90, 0x64, 0, 0, 0],
                417,
                1_152,
                44_100,
                2,
            ),
            (
                "the same, padded, mono",
                [0xff, 0xfb, 0x92, 0xc4, 0, 0, 0],
                418,
                1_152,
                44_100,
                1,
            ),
            (
                "MP3, version 2, 64 kbit/s, 22.05 kHz",
                [0xff, 0xf3, 0x80, 0xc4, 0, 0, 0],
                208,
                576,
                22_050,
                1,
            ),
            (
                "MP3, version 2.5, 16 kbit/s, 8 kHz",
                [0xff, 0xe3, 0x28, 0xc4, 0, 0, 0],
                144,
                576,
                8_000,
                1,
            ),
            (
                "MP2, 192 kbit/s, 48 kHz",
                [0xff, 0xfd, 0xa4, 0x04, 0, 0, 0],
                576,
                1_152,
                48_000,
                2,
            ),
            (
                "AAC, 16 kHz, mono, 256 bytes",
                [0xff, 0xf1, 0x60, 0x40, 0x20, 0x1f, 0xfc],
                256,
                1_024,
                16_000,
                1,
            ),
        ];
        for (name, bytes, n_bytes, n_samples, rate, channels) in cases {
            let header = Header::parse(&bytes).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(
                (header.n_bytes, header.n_samples),
                (n_bytes, n_samples),
                "{name}"
            );
            assert_eq!(
                (header.config.rate, header.config.channels),
                (rate, channels),
                "{name}"
            );
        }
    }

    #[test]
    fn an_for_aacuration_says_what_the_header_says() {
        // LC, 16 kHz, mono, as a two-byte configuration.
        let header = Header::parse(&[0xff, 0xf1, 0x60, 0x40, 0x20, 0x1f, 0xfc]).unwrap();
        assert_eq!(header.config.for_aac, [0x14, 0x08]);
    }

    #[test]
    fn what_only_looks_like_a_header_is_none() {
        let cases: [[u8; 7]; 6] = [
            [0xff, 0xfe, b'h', 0, b'i', 0, b'!'],       // UTF-16
            [0xff, 0xfb, 0xf0, 0, 0, 0, 0],             // bit rate 15
            [0xff, 0xfb, 0x00, 0, 0, 0, 0],             // free bit rate
            [0xff, 0xfb, 0x9c, 0, 0, 0, 0],             // sample rate 3
            [0xff, 0xe0, 0x10, 0, 0, 0, 0],             // a JPEG segment: layer 0
            [0xff, 0xf1, 0x60, 0x40, 0x00, 0x1f, 0xfc], // ADTS of no bytes
        ];
        for bytes in cases {
            let header = Header::parse(&bytes);
            // Two letters of UTF-16 may be a header by chance; more of them are not confirmed as a frame.
            assert!(header.is_none() || bytes[2] == b'h', "{bytes:x?}");
        }
        assert_eq!(Header::parse(&[0xff, 0xfb]), None);
    }
}
