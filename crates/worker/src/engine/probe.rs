//! Whether a recording can become a task: it is decoded once, to its end.

use std::num::NonZeroU16;
use std::path::Path;

use domain::media::{Probe, ProbeError, Probed};
use domain::progress::Monitor;
use speech::audio::{AudioError, Settings, Source, measure};

use crate::error::reason;

/// Decodes recordings as the tasks will.
#[derive(Debug, Clone)]
pub struct AudioProbe {
    settings: Settings,
}

impl AudioProbe {
    /// A probe with the limits of `settings`.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Probe for AudioProbe {
    fn probe(
        &self,
        path: &Path,
        track: Option<NonZeroU16>,
        monitor: &dyn Monitor,
    ) -> Result<Probed, ProbeError> {
        let source = Source::file(path).with_track(track);
        let measured = measure(source, &self.settings, monitor).map_err(|error| {
            tracing::info!(%error, "a recording cannot be decoded");
            self.problem(&error)
        })?;
        let unreadable = |reason: &str| ProbeError::Unreadable {
            reason: reason.to_owned(),
        };
        if measured.is_cut_off {
            return Err(unreadable(
                "Audio file is unreadable or corrupted: its end is missing",
            ));
        }
        if measured.duration.0 <= 0.0 {
            return Err(unreadable("Audio file is unreadable or corrupted"));
        }
        Ok(Probed {
            duration: measured.duration,
        })
    }
}

impl AudioProbe {
    fn problem(&self, error: &AudioError) -> ProbeError {
        match error {
            AudioError::NoSuchTrack { track, .. } => ProbeError::NoSuchTrack {
                track: *track,
                reason: error.to_string(),
            },
            AudioError::TooLong { .. } => ProbeError::TooLong {
                limit: self.settings.max_duration,
            },
            AudioError::FfmpegMissing { .. } => ProbeError::DecoderMissing,
            AudioError::Cancelled => ProbeError::Cancelled,
            AudioError::Io { .. }
            | AudioError::NotFound { .. }
            | AudioError::Unreadable { .. }
            | AudioError::Directory { .. } => ProbeError::Machine(error.to_string()),
            error => ProbeError::Unreadable {
                reason: reason(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::progress::Silent;
    use domain::units::Seconds;

    use super::*;

    fn probe(bytes: &[u8]) -> Result<Probed, ProbeError> {
        probe_track(bytes, None)
    }

    fn probe_track(bytes: &[u8], track: Option<u16>) -> Result<Probed, ProbeError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let settings = Settings {
            max_duration: Seconds(2.0),
            ..Settings::default()
        };
        let track = track.and_then(NonZeroU16::new);
        AudioProbe::new(settings).probe(file.path(), track, &Silent)
    }

    /// A WAV file of `n_samples` at 16 kHz.
    fn wav(n_samples: u32) -> Vec<u8> {
        let data = n_samples * 2;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + data).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        bytes.extend(16_000_u32.to_le_bytes());
        bytes.extend(32_000_u32.to_le_bytes());
        bytes.extend(b"\x02\0\x10\0data");
        bytes.extend(data.to_le_bytes());
        bytes.extend((0..n_samples).flat_map(|n| [n.to_le_bytes()[0], 1]));
        bytes
    }

    #[test]
    fn a_recording_is_as_long_as_its_samples() {
        assert_eq!(probe(&wav(24_000)).unwrap().duration, Seconds(1.5));
        assert_eq!(probe(&wav(1)).unwrap().duration, Seconds(1.0 / 16_000.0));
    }

    #[test]
    fn what_has_no_sound_cannot_become_a_task() {
        for (bytes, what) in [
            (&wav(0)[..], ": the WAV file is damaged or cut off"),
            (b"", ": it is empty (0 bytes)"),
            (
                b"#EXTM3U\nhttp://x/y",
                ": it is not an audio or video file (it is a playlist; pass the recording itself)",
            ),
            (
                b"<!doctype html>",
                ": it is not an audio or video file (it is a web page; perhaps a download link that answered with an error page)",
            ),
            (
                &[7; 3000],
                ": it is not an audio or video file (its format is not known, or its beginning is damaged)",
            ),
        ] {
            let reason = format!("Audio file is unreadable or corrupted{what}");
            assert_eq!(probe(bytes), Err(ProbeError::Unreadable { reason }));
        }
    }

    #[test]
    fn a_track_that_is_not_there_is_named() {
        let wav = wav(16_000);
        assert_eq!(probe_track(&wav, Some(1)), probe(&wav));
        let expected = Err(ProbeError::NoSuchTrack {
            track: NonZeroU16::new(2).unwrap(),
            reason: "the file has no audio track 2: it has one, number 1".to_owned(),
        });
        assert_eq!(probe_track(&wav, Some(2)), expected);
    }

    #[test]
    fn a_recording_may_be_too_long() {
        let limit = Seconds(2.0);
        assert_eq!(probe(&wav(80_000)), Err(ProbeError::TooLong { limit }));
    }

    #[test]
    fn a_file_that_is_gone_is_the_machines_fault() {
        let gone =
            AudioProbe::new(Settings::default()).probe(Path::new("/nowhere/x"), None, &Silent);
        assert!(matches!(gone, Err(ProbeError::Machine(_))), "{gone:?}");
    }
}
