//! Decoding by an `ffmpeg` process, for all that is not read here.
//!
//! `ffmpeg` is first asked what is in the file, so that our own rule chooses the track. It then decodes that track into a
//! Matroska stream at 16 kHz with all channels and with the times of the file, which goes the way of all other files:
//! our clock fills its gaps, our mixer mixes its channels.

mod child;
mod pipe;
mod streams;

use std::io;
use std::num::NonZeroU16;
use std::path::Path;

use super::guard::Watch;
use super::native::{self, Failure};
use super::part::Part;
use super::report::Decoded;
use super::tracks::{Candidate, choose};
use super::{AudioError, SAMPLE_RATE, Settings};
use child::{Ended, Process};
use pipe::Pipe;
use streams::{AudioStream, Streams};

/// What of its complaints goes into the log, in bytes.
const MAX_LOGGED_BYTES: usize = 2 * 1024;

/// Whether there is an `ffmpeg` to ask; it is looked for, and not run.
///
/// # Errors
///
/// [`AudioError::FfmpegMissing`], worded for who can install it.
pub fn find_ffmpeg(settings: &Settings) -> Result<(), AudioError> {
    let program = &settings.ffmpeg;
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let is_path = program.components().nth(1).is_some();
    let is_there = if is_path {
        is_program(program)
    } else {
        std::env::split_paths(&folders).any(|folder| is_program(&folder.join(program)))
    };
    if is_there {
        return Ok(());
    }
    Err(AudioError::FfmpegMissing {
        content: "Opus, Windows Media, AMR and many kinds of video".to_owned(),
        program: program.clone(),
        source: io::ErrorKind::NotFound.into(),
    })
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_be_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_be_run = true;
    metadata.is_file() && may_be_run
}

/// Decodes an audio track of a part of a file; `content` is what the errors call it.
pub(super) fn decode(
    part: &Part<'_>,
    wanted: Option<NonZeroU16>,
    content: &str,
    watch: Watch<'_>,
) -> Result<Decoded, AudioError> {
    let work = Work {
        part,
        content,
        watch,
    };
    let streams = work.describe()?;
    let candidates: Vec<Candidate> = streams
        .audio
        .iter()
        .map(|stream| stream.candidate)
        .collect();
    let choice = choose(&candidates, wanted)?;
    let mut decoded = work.decode(&streams, choice.index)?;
    decoded.report.choice = Some(choice);
    Ok(decoded)
}

/// What is done with one recording.
struct Work<'a, 'b> {
    part: &'a Part<'b>,
    content: &'a str,
    watch: Watch<'a>,
}

impl Work<'_, '_> {
    /// Asks what is in the file.
    fn describe(&self) -> Result<Streams, AudioError> {
        let ended = self.start("info", &[])?.wait(self.watch)?;
        let streams = Streams::parse(&ended.complaint);
        // It always fails, for it was given nothing to do.
        if streams.has_any {
            return Ok(streams);
        }
        Err(self.failed(&ended))
    }

    /// Decodes the audio stream of this number.
    fn decode(&self, streams: &Streams, index: usize) -> Result<Decoded, AudioError> {
        let AudioStream { layout, .. } = streams.audio[index];
        let output = format!(
            "-map 0:a:{index} -map_metadata -1 -map_chapters -1 -c:a pcm_s16le -ar {SAMPLE_RATE} -f matroska pipe:1"
        );
        let output: Vec<String> = output.split(' ').map(str::to_owned).collect();
        let mut process = self.start("error", &output)?;
        let samples = process
            .output()
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into());
        let pipe = samples.and_then(|samples| Pipe::new(samples, self.watch));
        let pipe = pipe.map_err(AudioError::io("reading from ffmpeg"))?;
        let decoded = native::decode_stream(pipe, streams.start, layout, self.watch);
        if let Err(Failure::Final(error)) = decoded {
            return Err(error);
        }
        let ended = process.wait(self.watch)?;
        match decoded {
            Ok(decoded) if ended.status.success() && decoded.damage.is_none() => {
                Ok(with_losses(decoded, &ended.complaint))
            }
            // The samples of a child that failed do not count: nobody knows how many are missing.
            _ => Err(self.failed(&ended)),
        }
    }

    fn start(&self, level: &str, output: &[String]) -> Result<Process, AudioError> {
        self.watch.check()?;
        Process::start(&self.part.url(), level, output, self.content, self.watch)
    }

    /// Says from the way the child ended why there are no samples.
    fn failed(&self, ended: &Ended) -> AudioError {
        let Ended { status, complaint } = ended;
        // An answer names neither files nor programs, so this is the only place that tells it all.
        tracing::info!(
            %status,
            complaint = tail(complaint, MAX_LOGGED_BYTES),
            "ffmpeg could not decode a recording"
        );
        let failed = |reason: String| AudioError::FfmpegFailed {
            content: self.content.to_owned(),
            reason,
        };
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(status) {
            let out_of_time = rustix::process::Signal::XCPU.as_raw();
            return if signal == out_of_time {
                AudioError::TimedOut {
                    limit: self.watch.settings().time_limit,
                }
            } else {
                failed(format!("it was ended by signal {signal}"))
            };
        }
        failed(reason(complaint))
    }
}

/// Counts as lost what is missing, if `ffmpeg` complained of packets that it could not decode.
fn with_losses(mut decoded: Decoded, complaint: &str) -> Decoded {
    let is_damaged = complaint.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("error") || line.contains("invalid data")
    });
    if is_damaged {
        let jumps = &mut decoded.report.jumps;
        decoded.report.losses.lose(jumps.silence);
        (jumps.n_gaps, jumps.silence) = Default::default();
    }
    decoded
}

/// The most telling line of what the child said.
fn reason(complaint: &str) -> String {
    let lines: Vec<_> = complaint
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    // `[mov,mp4 @ 0x55d0] moov atom not found` comes before the summary that repeats the file's name.
    let detail = lines.iter().find_map(|line| {
        line.strip_prefix('[')?
            .split_once("] ")
            .map(|(_, rest)| rest)
    });
    match (detail, lines.last()) {
        (Some(detail), _) => detail.to_owned(),
        (None, Some(last)) => last.rsplit(": ").next().unwrap_or(last).to_owned(),
        (None, None) => "it said nothing".to_owned(),
    }
}

/// The last `n_bytes` of `text`, or a little less: no letter is cut.
fn tail(text: &str, n_bytes: usize) -> &str {
    let begin = text.ceil_char_boundary(text.len().saturating_sub(n_bytes));
    &text[begin..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_where_it_would_be_run() {
        let found = |ffmpeg: &str| {
            let ffmpeg = ffmpeg.into();
            let settings = Settings {
                ffmpeg,
                ..Settings::default()
            };
            find_ffmpeg(&settings)
        };
        assert!(found("sh").is_ok());
        assert!(found("/bin/sh").is_ok());
        for ffmpeg in ["", "/", "/bin", "./sh", "no-such-program", "/etc/passwd"] {
            let missing = found(ffmpeg).unwrap_err().to_string();
            assert!(missing.contains("FFMPEG_BINARY"), "{missing}");
        }
    }

    #[test]
    fn the_end_of_a_complaint_is_cut_between_letters() {
        assert_eq!(tail("größer", 4), "ßer");
        assert_eq!(tail("größer", 3), "er");
        assert_eq!(tail("groß", 2), "ß");
        assert_eq!(tail("groß", 1), "");
        assert_eq!(tail("groß", 99), "groß");
    }

    #[test]
    fn the_telling_line_of_a_complaint_is_found() {
        let cases = [
            (
                "[mov,mp4 @ 0x5] moov atom not found\nfile:/x.mp4: Invalid data found\n",
                "moov atom not found",
            ),
            (
                "file:/tmp/x: Invalid data found when processing input\n",
                "Invalid data found when processing input",
            ),
            ("", "it said nothing"),
        ];
        for (complaint, expected) in cases {
            assert_eq!(reason(complaint), expected);
        }
    }
}
