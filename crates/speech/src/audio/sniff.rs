//! What the first bytes of a file say about it.

/// A format of the decoders in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// WAV, and RF64 for long files.
    Wave,
    Wave64,
    Aiff,
    Caf,
    Flac,
    Ogg,
    /// Also `WebM`.
    Matroska,
    /// Also MOV.
    Mp4,
    /// Frames of MPEG audio or AAC without a container.
    Frames,
}

impl Format {
    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wave => "WAV",
            Self::Wave64 => "Wave64",
            Self::Aiff => "AIFF",
            Self::Caf => "CAF",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Matroska => "Matroska or WebM",
            Self::Mp4 => "MP4",
            Self::Frames => "MP3 or AAC",
        }
    }
}

/// What a file seems to hold, and so who can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A format of the decoders in this process.
    Native(Format),
    /// A format that only `ffmpeg` reads.
    Foreign(&'static str),
    /// Certainly neither audio nor video; what it is instead.
    NotMedia(&'static str),
    /// Nothing that is known here.
    Unknown,
}

/// Bytes that [`sniff`] wants to see.
pub(super) const HEAD_BYTES: usize = 4096;

/// Looks at the beginning of a file, of which `head` is up to [`HEAD_BYTES`].
pub(super) fn sniff(head: &[u8]) -> Content {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let known = [
        (
            (starts(b"RIFF") || starts(b"RF64")) && at(8, b"WAVE"),
            Content::Native(Format::Wave),
        ),
        (
            starts(b"riff\x2e\x91\xcf\x11"),
            Content::Native(Format::Wave64),
        ),
        (starts(b"fLaC"), Content::Native(Format::Flac)),
        (starts(b"OggS"), ogg(head)),
        (
            starts(b"\x1a\x45\xdf\xa3"),
            Content::Native(Format::Matroska),
        ),
        (is_mp4(head), Content::Native(Format::Mp4)),
        (
            starts(b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")),
            Content::Native(Format::Aiff),
        ),
        (starts(b"caff"), Content::Native(Format::Caf)),
        (starts(b"ID3"), Content::Native(Format::Frames)),
        (
            starts(b"RIFF") && at(8, b"AVI "),
            Content::Foreign("AVI video"),
        ),
        (
            starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
            Content::Foreign("Windows Media (WMA, WMV)"),
        ),
        (starts(b"#!AMR"), Content::Foreign("AMR")),
        (starts(b"FLV\x01"), Content::Foreign("Flash video")),
        (starts(b".RMF"), Content::Foreign("RealMedia")),
        (starts(b"\0\0\x01\xba"), Content::Foreign("MPEG video")),
        (
            starts(b"G") && at(188, b"G") && at(376, b"G"),
            Content::Foreign("MPEG transport stream"),
        ),
        (
            at(4, b"G") && at(196, b"G") && at(388, b"G"),
            Content::Foreign("MPEG transport stream"),
        ),
        (starts(b"wvpk"), Content::Foreign("WavPack")),
        (starts(b"MAC "), Content::Foreign("Monkey's Audio")),
        (starts(b"TTA1"), Content::Foreign("True Audio")),
        (
            starts(b"MPCK") || starts(b"MP+"),
            Content::Foreign("Musepack"),
        ),
        (starts(b"DSD "), Content::Foreign("DSD")),
        (starts(b"\x0b\x77"), Content::Foreign("Dolby Digital")),
        (starts(b"\x7f\xfe\x80\x01"), Content::Foreign("DTS")),
        (starts(b".snd"), Content::Foreign("Sun audio")),
        (
            starts(b"Creative Voice File"),
            Content::Foreign("Creative Voice"),
        ),
        (is_frame_header(head), Content::Native(Format::Frames)),
        (starts(b"%PDF"), Content::NotMedia("a PDF document")),
        (
            starts(b"PK\x03\x04"),
            Content::NotMedia("a ZIP archive or office document"),
        ),
        (starts(b"\x1f\x8b"), Content::NotMedia("a gzip archive")),
        (starts(b"BZh"), Content::NotMedia("a bzip2 archive")),
        (
            starts(b"7z\xbc\xaf\x27\x1c"),
            Content::NotMedia("a 7z archive"),
        ),
        (starts(b"Rar!\x1a\x07"), Content::NotMedia("a RAR archive")),
        (starts(b"\xfd7zXZ\0"), Content::NotMedia("an xz archive")),
        (starts(b"\x89PNG"), Content::NotMedia("a PNG picture")),
        (starts(b"\xff\xd8\xff"), Content::NotMedia("a JPEG picture")),
        (starts(b"GIF8"), Content::NotMedia("a GIF picture")),
        (
            starts(b"RIFF") && at(8, b"WEBP"),
            Content::NotMedia("a WebP picture"),
        ),
        (
            starts(b"MThd"),
            Content::NotMedia("a MIDI file: notes, no sound"),
        ),
        (starts(b"\x7fELF"), Content::NotMedia("a program")),
        (starts(b"SQLite format 3"), Content::NotMedia("a database")),
        (is_text(head), Content::NotMedia(kind_of_text(head))),
    ];
    known
        .into_iter()
        .find(|(matches, _)| *matches)
        .map_or(Content::Unknown, |(_, content)| content)
}

/// Ogg holds several codecs; the first page names its own.
fn ogg(head: &[u8]) -> Content {
    let page = &head[..head.len().min(256)];
    let has = |magic: &[u8]| page.windows(magic.len()).any(|window| window == magic);
    if has(b"OpusHead") {
        Content::Foreign("Opus in Ogg")
    } else if has(b"Speex   ") {
        Content::Foreign("Speex in Ogg")
    } else {
        Content::Native(Format::Ogg)
    }
}

/// MP4 and its family begin with a box: four bytes of length, four letters.
fn is_mp4(head: &[u8]) -> bool {
    let names: [&[u8]; 7] = [
        b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot",
    ];
    head.get(4..8).is_some_and(|name| names.contains(&name))
}

/// Eleven set bits, then a layer and a bit rate that MPEG audio knows; or the sync of an ADTS frame.
fn is_frame_header(head: &[u8]) -> bool {
    let [first, second, third, ..] = *head else {
        return false;
    };
    let is_sync = first == 0xff && second & 0xe0 == 0xe0;
    let is_adts = second & 0xf6 == 0xf0 && (third >> 2) & 0x0f < 13;
    let is_mpeg =
        second & 0x18 != 0x08 && second & 0x06 != 0 && third >> 4 != 0x0f && third & 0x0c != 0x0c;
    is_sync && (is_adts || is_mpeg) && !is_utf16(head)
}

/// The byte order mark of little-endian UTF-16 looks like the beginning of an MPEG frame; letters follow it here.
fn is_utf16(head: &[u8]) -> bool {
    let n_letters = head[2..]
        .chunks_exact(2)
        .take(16)
        .filter(|pair| pair[1] == 0 && pair[0] != 0)
        .count();
    matches!(head, [0xff, 0xfe, ..]) && n_letters >= 4
}

/// True for UTF-8 without control characters, cut anywhere.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return head.len() > 2 && is_utf16(head),
    };
    !valid.is_empty()
        && !valid
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b'))
}

fn kind_of_text(head: &[u8]) -> &'static str {
    let begin = String::from_utf8_lossy(&head[..head.len().min(512)])
        .trim_start()
        .to_ascii_lowercase();
    if begin.starts_with("<!doctype html") || begin.starts_with("<html") {
        "it is a web page; perhaps a download link that answered with an error page"
    } else if begin.starts_with("#extm3u") {
        "it is a playlist; pass the recording itself"
    } else if begin.starts_with('{') || begin.starts_with('[') {
        "it is JSON text"
    } else {
        "it is text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        let cases: [(&[u8], Content); 10] = [
            (b"RIFF\0\0\0\0WAVEfmt ", Content::Native(Format::Wave)),
            (b"RIFF\0\0\0\0AVI LIST", Content::Foreign("AVI video")),
            (b"\0\0\0\x20ftypisom", Content::Native(Format::Mp4)),
            (b"\xff\xfb\x90\x00", Content::Native(Format::Frames)),
            (b"\xff\xf1\x50\x80", Content::Native(Format::Frames)),
            (
                b"OggS\0\x02\0\0\0\0OpusHead",
                Content::Foreign("Opus in Ogg"),
            ),
            (
                b"OggS\0\x02\0\0\0\0\x01vorbis",
                Content::Native(Format::Ogg),
            ),
            (b"%PDF-1.7", Content::NotMedia("a PDF document")),
            (b"\xff\xd8\xff\xe0", Content::NotMedia("a JPEG picture")),
            (b"\0\0\0\0\0\0\0\0", Content::Unknown),
        ];
        for (head, expected) in cases {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    #[test]
    fn text_is_text_even_when_cut_inside_a_letter() {
        assert_eq!(sniff(b"hello, \xc3"), Content::NotMedia("it is text"));
        assert_eq!(
            sniff(b"\xff\xfeh\0e\0l\0l\0o\0"),
            Content::NotMedia("it is text")
        );
        assert!(
            matches!(sniff(b"  <!DOCTYPE html><html>"), Content::NotMedia(what) if what.contains("web page"))
        );
        assert_eq!(sniff(b"abc\0def"), Content::Unknown);
    }

    #[test]
    fn nothing_panics_on_a_short_head() {
        let bytes = [0xff, 0xfe, 0xfb, 0x47, 0x00];
        for n in 0..bytes.len() {
            sniff(&bytes[..n]);
        }
        assert_eq!(sniff(b""), Content::Unknown);
    }
}
