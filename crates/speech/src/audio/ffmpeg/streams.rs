//! What `ffmpeg` says of a file: when it begins, and which audio streams it has.

use domain::units::Seconds;

use crate::audio::mix::Layout;
use crate::audio::tracks::Candidate;

/// What `ffmpeg` says of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Streams {
    /// What the clock of the file shows at its beginning; `None` where that is not said.
    pub(super) start: Option<Seconds>,
    pub(super) audio: Vec<AudioStream>,
    /// Whether there is any stream at all.
    pub(super) has_any: bool,
}

/// An audio stream.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct AudioStream {
    pub(super) candidate: Candidate,
    pub(super) layout: Layout,
}

impl Streams {
    /// Reads the description that `ffmpeg -i` prints:
    ///
    /// ```text
    ///   Duration: 00:00:25.00, start: 1.400000, bitrate: 36 kb/s
    ///   Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, 5.1, fltp, 42 kb/s (default)
    /// ```
    pub(super) fn parse(description: &str) -> Self {
        let mut streams = Self::default();
        for line in description.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("Duration: ") {
                let start = rest
                    .split(", ")
                    .find_map(|part| part.strip_prefix("start: "));
                let start = start.and_then(|start| start.parse().ok());
                streams.start = start.filter(|start: &f64| start.is_finite()).map(Seconds);
            } else if line.starts_with("Stream #0:") {
                streams.has_any = true;
                if let Some((_, codec)) = line.split_once(": Audio: ") {
                    streams.audio.push(AudioStream::parse(codec));
                }
            }
        }
        streams
    }
}

impl AudioStream {
    /// Reads what stands behind `Audio: `.
    fn parse(codec: &str) -> Self {
        let parts: Vec<&str> = codec.split(", ").collect();
        let rate = parts.iter().position(|part| part.ends_with(" Hz"));
        let layout = rate.and_then(|rate| parts.get(rate + 1));
        // Some builds cannot decode all that they can name.
        let is_known = !codec.starts_with("none") && !codec.starts_with("unknown");
        Self {
            candidate: Candidate {
                is_default: codec.contains("(default)"),
                is_readable: is_known,
            },
            layout: layout.map_or_else(Layout::default, |layout| layout_of(layout)),
        }
    }
}

/// `5.1`, `5.1(side)`, `stereo`, `4 channels`: where there is a centre it is the third channel, and the bass the last front one.
fn layout_of(name: &str) -> Layout {
    let name = name.split(['(', ' ']).next().unwrap_or_default();
    let (centre, bass) = match name {
        "3.0" | "4.0" | "5.0" | "6.0" | "7.0" | "hexagonal" | "octagonal" => (Some(2), None),
        "3.1" | "4.1" | "5.1" | "6.1" | "7.1" => (Some(2), Some(3)),
        "2.1" => (None, Some(2)),
        _ => (None, None),
    };
    Layout { centre, bass }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_and_audio_streams_are_read_from_the_description() {
        let description = "\
Input #0, matroska,webm, from 'file:/x.mkv':
  Metadata:
    title           : Stream #0:7: Audio: not one, 1 Hz
  Duration: 00:00:20.55, start: -0.007000, bitrate: 37 kb/s
  Stream #0:0(eng): Video: h264 (High), yuv420p(progressive), 1280x720, 25 fps, 25 tbr, 1k tbn (default)
  Stream #0:1(ger): Audio: ac3, 48000 Hz, 5.1(side), fltp, 384 kb/s
    Metadata:
      DURATION        : 00:00:05.272000000
  Stream #0:2[0x101](eng): Audio: opus, 48000 Hz, stereo, fltp (default) (forced)
At least one output file must be specified
";
        let streams = Streams::parse(description);
        assert_eq!(streams.start, Some(Seconds(-0.007)));
        let found: Vec<_> = streams
            .audio
            .iter()
            .map(|stream| (stream.candidate.is_default, stream.layout.centre))
            .collect();
        assert_eq!(found, [(false, Some(2)), (true, None)]);
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let streams = Streams::parse("  Duration: N/A, bitrate: N/A\n  Stream #0:0: Video: gif\n");
        assert_eq!(
            (streams.start, streams.audio.len(), streams.has_any),
            (None, 0, true)
        );
        assert_eq!(
            Streams::parse("x: Invalid data found\n"),
            Streams::default()
        );
        let odd = Streams::parse("Stream #0:0: Audio: none ([255][255][0][0] / 0xFFFF)\n");
        assert!(!odd.audio[0].candidate.is_readable);
    }
}
