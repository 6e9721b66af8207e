//! The forms that recordings take, and the faults that each can have.

use super::fault::Fault::{Behind, InFront, Joined, Streamed};
use super::fault::{Fault, Foreign, Number, Order, Value};
use super::form::Form;

/// Forms that differ in rate, channels and bit rate alone.
struct Family {
    extension: &'static str,
    muxer: &'static str,
    codec: &'static str,
    rates: &'static [u32],
    n_channels: &'static [u16],
    modes: &'static [&'static str],
    /// Tried on the first of them.
    faults: &'static [Fault],
}

/// Every form: all rates, channels and modes of a family with one another.
pub(super) fn all() -> Vec<Form> {
    let mut forms = Vec::new();
    for family in FAMILIES {
        let mut faults = family.faults;
        for rate in family.rates {
            for n_channels in family.n_channels {
                for mode in family.modes {
                    forms.push(Form {
                        extension: family.extension,
                        muxer: family.muxer,
                        codec: family.codec,
                        rate: *rate,
                        n_channels: *n_channels,
                        mode,
                        faults: std::mem::take(&mut faults),
                    });
                }
            }
        }
    }
    forms
}

const fn family(
    [extension, muxer, codec]: [&'static str; 3],
    rates: &'static [u32],
    n_channels: &'static [u16],
    modes: &'static [&'static str],
    faults: &'static [Fault],
) -> Family {
    Family {
        extension,
        muxer,
        codec,
        rates,
        n_channels,
        modes,
        faults,
    }
}

const fn big(name: &'static str, marker: &'static [u8], offset: isize, value: Value) -> Fault {
    number(name, marker, (offset, 4, Order::Big), value)
}

const fn little(name: &'static str, marker: &'static [u8], offset: isize, value: Value) -> Fault {
    number(name, marker, (offset, 4, Order::Little), value)
}

/// A number of eight bytes.
const fn long(
    name: &'static str,
    marker: &'static [u8],
    offset: isize,
    order: Order,
    value: Value,
) -> Fault {
    number(name, marker, (offset, 8, order), value)
}

const fn number(
    name: &'static str,
    marker: &'static [u8],
    (offset, width, order): (isize, usize, Order),
    value: Value,
) -> Fault {
    Fault::Number(Number {
        name,
        marker,
        offset,
        width,
        order,
        value,
    })
}

const TAG: Fault = InFront("a tag", Foreign::Tag);
const OLD_TAG: Fault = Behind("a tag", Foreign::OldTag);
const ZEROS: Fault = Behind("zeros", Foreign::Zeros);

const RIFF: &[u8] = b"RIFF";
const DATA: &[u8] = b"data";

const WAV: &[Fault] = &[
    Streamed,
    Joined,
    TAG,
    OLD_TAG,
    little("RIFF size", RIFF, 4, Value::Is(0)),
    little("RIFF size", RIFF, 4, Value::Ones),
    little("data size", DATA, 4, Value::Is(0)),
    little("data size", DATA, 4, Value::Is(36)),
    little("data size", DATA, 4, Value::Ones),
    little("data size", DATA, 4, Value::Third),
    little("data size", DATA, 4, Value::Threefold),
];
const RF64: &[Fault] = &[
    long("data size", b"ds64", 16, Order::Little, Value::Is(0)),
    long("data size", b"ds64", 16, Order::Little, Value::Ones),
    long("data size", b"ds64", 16, Order::Little, Value::Third),
];
const WAVE64: &[Fault] = &[
    Streamed,
    long(
        "data size",
        b"data\xf3\xac",
        16,
        Order::Little,
        Value::Is(0),
    ),
    long("data size", b"data\xf3\xac", 16, Order::Little, Value::Ones),
    long(
        "data size",
        b"data\xf3\xac",
        16,
        Order::Little,
        Value::Third,
    ),
];
const AIFF: &[Fault] = &[
    Streamed,
    TAG,
    big("data size", b"SSND", 4, Value::Is(0)),
    big("data size", b"SSND", 4, Value::Third),
    big("frames", b"COMM", 10, Value::Is(0)),
    big("frames", b"COMM", 10, Value::Third),
];
const AU: &[Fault] = &[
    Streamed,
    big("data size", b".snd", 8, Value::Is(0)),
    big("data size", b".snd", 8, Value::Third),
];
const CAF: &[Fault] = &[
    Streamed,
    long("data size", DATA, 4, Order::Big, Value::Is(0)),
    long("data size", DATA, 4, Order::Big, Value::Ones),
    long("data size", DATA, 4, Order::Big, Value::Third),
];
const FLAC: &[Fault] = &[
    Streamed,
    Joined,
    TAG,
    OLD_TAG,
    big("samples", b"fLaC", 22, Value::Is(0)),
    big("samples", b"fLaC", 22, Value::Third),
    big("samples", b"fLaC", 22, Value::Threefold),
];
const MP3: &[Fault] = &[
    Streamed,
    Joined,
    TAG,
    OLD_TAG,
    ZEROS,
    InFront("zeros", Foreign::Zeros),
    big("frames", b"Info", 8, Value::Is(0)),
    big("frames", b"Info", 8, Value::Third),
    big("frames", b"Info", 8, Value::Threefold),
    big("bytes", b"Info", 12, Value::Third),
];
const VARIABLE_MP3: &[Fault] = &[
    Joined,
    big("frames", b"Xing", 8, Value::Third),
    big("bytes", b"Xing", 12, Value::Is(0)),
];
const FRAMES: &[Fault] = &[Joined, TAG, OLD_TAG, InFront("zeros", Foreign::Zeros)];
const OGG: &[Fault] = &[Streamed, Joined, TAG, ZEROS];
const MATROSKA: &[Fault] = &[
    Streamed,
    Joined,
    ZEROS,
    long("duration", b"\x44\x89\x88", 3, Order::Big, Value::Is(0)),
    // The number 1.0: a thousandth of a second.
    long(
        "duration",
        b"\x44\x89\x88",
        3,
        Order::Big,
        Value::Is(0x3ff0_0000_0000_0000),
    ),
];
const MP4: &[Fault] = &[
    big("duration of the film", b"mvhd", 20, Value::Is(0)),
    big("duration of the film", b"mvhd", 20, Value::Third),
    big("duration of the track", b"mdhd", 20, Value::Is(0)),
    big("duration of the track", b"mdhd", 20, Value::Third),
    Joined,
    ZEROS,
];
/// `mdat` stands last.
const MP4_MDAT_LAST: &[Fault] = &[
    big("size of mdat", b"mdat", -4, Value::Is(0)),
    big("size of mdat", b"mdat", -4, Value::Third),
    big("size of mdat", b"mdat", -4, Value::Threefold),
];
const FRAGMENTED: &[Fault] = &[
    Streamed,
    big("duration of the track", b"mdhd", 20, Value::Third),
];
const STREAM: &[Fault] = &[Streamed, Joined];
const PIPED: &[Fault] = &[Streamed];

const WIDE: &[u32] = &[16_000, 44_100];
const VIDEO: &[u32] = &[48_000, 44_100];
const MONO: &[u16] = &[1];
const BOTH: &[u16] = &[1, 2];
const PLAIN: &[&str] = &[""];

/// Channels that cancel, that are dead, that hiss, that are late, that boom.
const TWO_CHANNELS: &[&str] = &[
    "-af pan=stereo|c0=c0|c1=-1*c0",
    "-af pan=stereo|c0=c0|c1=-0.5*c0",
    "-af pan=stereo|c0=c0",
    "-af pan=stereo|c1=c0",
    "-af pan=stereo|c0=c0|c1=c0,adelay=0|8",
    "-filter_complex anoisesrc=c=pink:a=0.6:r=48000[n];[0:a][n]amerge",
    "-filter_complex anoisesrc=c=white:a=0.1:r=48000[n];[n][0:a]amerge",
    "-filter_complex sine=f=50:r=48000:b=0[n];[0:a][n]amerge",
];
const FOUR_CHANNELS: &[&str] = &[
    "-af pan=quad|c2=c0",
    "-filter_complex anoisesrc=c=pink:a=0.6:r=48000,pan=3.0|c0=c0|c1=c0|c2=c0[n];[n][0:a]amerge",
];
const SIX_CHANNELS: &[&str] = &[
    "-af pan=5.1|FC=c0",
    "-filter_complex anoisesrc=c=pink:a=0.6:r=48000[n];[0:a][n]amerge,pan=5.1|FL=0.3*c1|FR=0.3*c1|FC=c0|LFE=c1",
    "-af pan=5.1|FL=c0|FR=-1*c0|FC=0.2*c0",
];

const FAMILIES: &[Family] = &[
    family(
        ["wav", "wav", "pcm_s16le"],
        &[16_000, 8_000, 44_100, 48_000, 96_000],
        BOTH,
        PLAIN,
        WAV,
    ),
    family(["wav", "wav", "pcm_s16le"], &[48_000], &[6], PLAIN, &[]),
    family(
        ["wav", "wav", "pcm_s16le"],
        &[16_000],
        &[2],
        TWO_CHANNELS,
        &[],
    ),
    family(
        ["wav", "wav", "pcm_s16le"],
        &[16_000],
        &[4],
        FOUR_CHANNELS,
        &[],
    ),
    family(
        ["wav", "wav", "pcm_s16le"],
        &[16_000],
        &[6],
        SIX_CHANNELS,
        &[],
    ),
    family(["wav", "wav", "pcm_s24le"], VIDEO, &[2], PLAIN, &[]),
    family(["wav", "wav", "pcm_f32le"], VIDEO, MONO, PLAIN, &[]),
    family(["wav", "wav", "pcm_u8"], &[16_000], MONO, PLAIN, &[]),
    family(["wav", "wav", "pcm_mulaw"], &[8_000], MONO, PLAIN, &[]),
    family(["wav", "wav", "pcm_alaw"], &[8_000], MONO, PLAIN, &[]),
    family(["wav", "wav", "adpcm_ima_wav"], WIDE, BOTH, PLAIN, &[]),
    family(["wav", "wav", "adpcm_ms"], WIDE, MONO, PLAIN, &[]),
    family(["wav", "wav", "libgsm_ms"], &[8_000], MONO, PLAIN, &[]),
    family(
        ["wav", "wav", "pcm_s16le"],
        &[22_050],
        MONO,
        &["-rf64 always"],
        RF64,
    ),
    family(["w64", "w64", "pcm_s16le"], WIDE, BOTH, PLAIN, WAVE64),
    family(["aiff", "aiff", "pcm_s16be"], WIDE, BOTH, PLAIN, AIFF),
    family(["au", "au", "pcm_s16be"], WIDE, MONO, PLAIN, AU),
    family(["caf", "caf", "pcm_s16be"], WIDE, MONO, PLAIN, CAF),
    family(["caf", "caf", "alac"], &[44_100], MONO, PLAIN, &[]),
    family(["flac", "flac", "flac"], WIDE, BOTH, PLAIN, FLAC),
    family(
        ["mp3", "mp3", "libmp3lame"],
        &[44_100, 16_000, 8_000],
        BOTH,
        &["-b:a 64k", "-abr 1 -b:a 48k", "-q:a 4"],
        MP3,
    ),
    family(
        ["mp3", "mp3", "libmp3lame"],
        &[44_100],
        BOTH,
        &["-q:a 6"],
        VARIABLE_MP3,
    ),
    family(
        ["mp3", "mp3", "libmp3lame"],
        WIDE,
        MONO,
        &["-q:a 4 -write_xing 0", "-b:a 64k -write_xing 0"],
        &[Joined, TAG],
    ),
    family(["mp2", "mp2", "mp2"], VIDEO, BOTH, &["-b:a 96k"], FRAMES),
    family(
        ["aac", "adts", "aac"],
        VIDEO,
        BOTH,
        &["-b:a 48k", "-b:a 96k"],
        FRAMES,
    ),
    family(
        ["m4a", "ipod", "aac"],
        &[44_100, 48_000, 16_000],
        BOTH,
        &["-b:a 48k", "-b:a 96k"],
        MP4,
    ),
    family(["m4a", "ipod", "alac"], &[44_100], MONO, PLAIN, MP4),
    family(
        ["mp4", "mp4", "aac"],
        VIDEO,
        MONO,
        &["-b:a 64k -movflags +faststart"],
        MP4_MDAT_LAST,
    ),
    family(
        ["mp4", "mp4", "aac"],
        VIDEO,
        MONO,
        &["-b:a 64k -movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 2000000"],
        FRAGMENTED,
    ),
    family(
        ["mp4", "mp4", "libmp3lame"],
        VIDEO,
        MONO,
        &["-b:a 64k"],
        &[],
    ),
    family(["mp4", "mp4", "ac3"], &[48_000], MONO, &["-b:a 96k"], &[]),
    family(
        ["mp4", "mp4", "libopus"],
        &[48_000],
        MONO,
        &["-b:a 32k"],
        &[],
    ),
    family(["mov", "mov", "pcm_s16le"], VIDEO, BOTH, PLAIN, MP4),
    family(["mov", "mov", "aac"], VIDEO, MONO, &["-b:a 64k"], MP4),
    family(["3gp", "3gp", "aac"], &[44_100], MONO, &["-b:a 48k"], &[]),
    family(
        ["ogg", "ogg", "libvorbis"],
        WIDE,
        BOTH,
        &["-q:a 2", "-b:a 64k"],
        OGG,
    ),
    family(
        ["opus", "opus", "libopus"],
        &[48_000, 16_000],
        BOTH,
        &["-b:a 24k", "-b:a 48k -vbr off"],
        OGG,
    ),
    family(["ogg", "ogg", "flac"], &[16_000], MONO, PLAIN, OGG),
    family(["spx", "spx", "libspeex"], &[16_000], MONO, PLAIN, &[]),
    family(
        ["webm", "webm", "libopus"],
        &[48_000],
        BOTH,
        &["-b:a 32k"],
        MATROSKA,
    ),
    family(
        ["webm", "webm", "libvorbis"],
        WIDE,
        MONO,
        &["-q:a 3"],
        MATROSKA,
    ),
    family(
        ["mkv", "matroska", "aac"],
        VIDEO,
        BOTH,
        &["-b:a 64k"],
        MATROSKA,
    ),
    family(["mka", "matroska", "flac"], WIDE, MONO, PLAIN, MATROSKA),
    family(
        ["mka", "matroska", "libmp3lame"],
        &[44_100],
        MONO,
        &["-b:a 64k"],
        &[],
    ),
    family(["mka", "matroska", "pcm_s16le"], WIDE, MONO, PLAIN, PIPED),
    family(
        ["mka", "matroska", "ac3"],
        &[48_000],
        MONO,
        &["-b:a 96k"],
        &[],
    ),
    family(["ts", "mpegts", "aac"], VIDEO, BOTH, &["-b:a 64k"], STREAM),
    family(
        ["ts", "mpegts", "mp2"],
        &[48_000],
        MONO,
        &["-b:a 96k"],
        STREAM,
    ),
    family(
        ["ts", "mpegts", "ac3"],
        &[48_000],
        MONO,
        &["-b:a 96k"],
        PIPED,
    ),
    family(
        ["mpg", "mpeg", "mp2"],
        &[48_000],
        MONO,
        &["-b:a 96k"],
        PIPED,
    ),
    family(["flv", "flv", "aac"], &[44_100], BOTH, &["-b:a 64k"], PIPED),
    family(
        ["flv", "flv", "libmp3lame"],
        &[44_100],
        MONO,
        &["-b:a 64k"],
        PIPED,
    ),
    family(["avi", "avi", "pcm_s16le"], WIDE, MONO, PLAIN, PIPED),
    family(
        ["avi", "avi", "libmp3lame"],
        &[44_100],
        MONO,
        &["-b:a 64k"],
        PIPED,
    ),
    family(
        ["wma", "asf", "wmav2"],
        &[44_100, 16_000],
        BOTH,
        &["-b:a 64k"],
        PIPED,
    ),
    family(["wma", "asf", "wmav1"], &[44_100], MONO, &["-b:a 64k"], &[]),
    family(["ac3", "ac3", "ac3"], VIDEO, MONO, &["-b:a 96k"], &[Joined]),
    family(
        ["eac3", "eac3", "eac3"],
        &[48_000],
        MONO,
        &["-b:a 96k"],
        &[],
    ),
    family(["dts", "dts", "dca"], &[48_000], &[2], &["-b:a 768k"], &[]),
    family(["wv", "wv", "wavpack"], WIDE, MONO, PLAIN, PIPED),
    family(["tta", "tta", "tta"], WIDE, MONO, PLAIN, &[]),
    family(
        ["nut", "nut", "libvorbis"],
        &[44_100],
        MONO,
        &["-q:a 3"],
        PIPED,
    ),
    family(["voc", "voc", "pcm_s16le"], &[16_000], MONO, PLAIN, &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_many_forms_and_no_two_alike() {
        let forms = all();
        let mut names: Vec<String> = forms
            .iter()
            .flat_map(Form::cases)
            .map(|case| format!("{} {:?}", case.form.name(), case.fault.map(Fault::name)))
            .collect();
        assert!(names.len() >= 120, "{}", names.len());
        let n_cases = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), n_cases);
    }
}
