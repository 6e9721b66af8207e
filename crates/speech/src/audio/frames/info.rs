//! The frame of an MP3 file that holds no sound but says how many frames there are: tags of Xing, LAME and Fraunhofer.

use super::header::Header;

/// Samples by which a decoder lags behind an encoder; LAME's tag leaves them out.
const DECODER_DELAY: u32 = 528 + 1;

/// What the tag at the beginning of an MP3 file says. It is a hint: the file may have been cut or joined since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_field_names,
    reason = "three numbers, each of another thing"
)]
pub(super) struct Info {
    /// Frames that follow.
    pub(super) n_frames: Option<u32>,
    /// Samples of silence that the encoder put in front.
    pub(super) n_leading: u32,
    /// Samples with which it filled the last frame.
    pub(super) n_trailing: u32,
}

impl Info {
    /// The tag in `frame`, if there is one.
    pub(super) fn parse(frame: &[u8], header: &Header) -> Option<Self> {
        // Only layer 3 has such tags.
        let is_layer_3 = frame.get(1)? >> 1 & 3 == 1;
        is_layer_3.then(|| vbri(frame).or_else(|| xing(frame, header)))?
    }
}

/// The tag of the Fraunhofer encoder, which always lies behind 32 bytes.
fn vbri(frame: &[u8]) -> Option<Info> {
    let tag = frame.get(36..)?.strip_prefix(b"VBRI")?;
    Some(Info {
        n_frames: number(tag.get(10..)?),
        ..Info::default()
    })
}

/// The tag of Xing, which lies where the side information of other frames ends, and LAME's behind it.
fn xing(frame: &[u8], header: &Header) -> Option<Info> {
    let is_version_1 = frame[1] >> 3 & 3 == 3;
    let n_side_info = match (is_version_1, header.config.channels) {
        (true, 1) | (false, 2) => 17,
        (true, _) => 32,
        (false, _) => 9,
    };
    let tag = frame.get(4 + n_side_info..)?;
    let tag = tag
        .strip_prefix(b"Xing")
        .or_else(|| tag.strip_prefix(b"Info"))?;
    let flags = number(tag)?;
    let mut rest = tag.get(4..)?;
    let mut n_frames = None;
    // Frames, bytes, table of contents, quality.
    for (flag, n_bytes) in [(1, 4), (2, 4), (4, 100), (8, 4)] {
        if flags & flag != 0 {
            if flag == 1 {
                n_frames = number(rest);
            }
            rest = rest.get(n_bytes..)?;
        }
    }
    let (n_leading, n_trailing) = lame(rest).unwrap_or_default();
    Some(Info {
        n_frames,
        n_leading,
        n_trailing,
    })
}

/// Leading and trailing samples by LAME's tag, which `ffmpeg` writes too.
fn lame(tag: &[u8]) -> Option<(u32, u32)> {
    let encoder = tag.get(..4)?;
    let [first, second, third, ..] = *tag.get(21..24)? else {
        return None;
    };
    let delay = u32::from(first) << 4 | u32::from(second >> 4);
    let padding = u32::from(second & 0x0f) << 8 | u32::from(third);
    encoder
        .iter()
        .all(u8::is_ascii_alphanumeric)
        .then_some((delay + DECODER_DELAY, padding.saturating_sub(DECODER_DELAY)))
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of 128 kbit/s at 44.1 kHz in mono with `tag` where its side information ends.
    fn frame(tag: &[u8]) -> (Vec<u8>, Header) {
        let mut frame = vec![0xff, 0xfb, 0x90, 0xc4];
        frame.resize(4 + 17, 0);
        frame.extend(tag);
        frame.resize(417, 0);
        let header = Header::parse(&frame).unwrap();
        (frame, header)
    }

    #[test]
    fn a_lame_tag_says_what_the_encoder_added() {
        let mut tag = b"Info\0\0\0\x0f\0\0\x01\xa4\0\0\x10\0".to_vec();
        tag.extend([0; 100]);
        tag.extend(b"\0\0\0\x64LAME3.100");
        tag.extend([0; 12]);
        // Delay 576, padding 1000.
        tag.extend([0x24, 0x03, 0xe8]);
        let (frame, header) = frame(&tag);
        let expected = Info {
            n_frames: Some(420),
            n_leading: 576 + 529,
            n_trailing: 1_000 - 529,
        };
        assert_eq!(Info::parse(&frame, &header), Some(expected));
    }

    #[test]
    fn a_tag_may_have_only_some_of_its_members() {
        let (frame_1, header) = frame(b"Xing\0\0\0\x01\0\0\0\x07");
        let only_count = Info {
            n_frames: Some(7),
            ..Info::default()
        };
        assert_eq!(Info::parse(&frame_1, &header), Some(only_count));
        let (frame_2, header) = frame(b"Xing\0\0\0\0");
        assert_eq!(Info::parse(&frame_2, &header), Some(Info::default()));
        let (frame_3, header) = frame(b"sound");
        assert_eq!(Info::parse(&frame_3, &header), None);
        assert_eq!(Info::parse(&frame_1[..23], &header), None);
    }

    #[test]
    fn the_tag_of_fraunhofer_counts_frames() {
        let (mut frame, header) = frame(b"");
        frame[36..54].copy_from_slice(b"VBRI\0\x01\0\0\0\0\0\0\x12\x34\0\0\x02\x9a");
        let info = Info::parse(&frame, &header).unwrap();
        assert_eq!(info.n_frames, Some(0x029a));
    }
}
