//! Decoding in a child process, for all that is not read here.
//!
//! The child gets an argument vector (no shell), reads one local file and nothing else, writes raw samples to a pipe,
//! sees none of our environment, and is killed when it takes too long, writes too much, or is no longer wanted.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::collected::Collected;
use super::guard::Watch;
use super::pump::{Event, Pump};
use super::sink::{Rejected, Sink};
use super::source::Input;
use super::{AudioError, SAMPLE_RATE, Settings};

/// Containers that `ffmpeg` may open. Playlists, scripts, devices and pictures are left out: they name other files.
const CONTAINERS: &str = "aac,ac3,eac3,act,adts,aiff,amr,amrnb,amrwb,ape,asf,asf_o,au,avi,caf,dsf,dts,dtshd,dv,flac,flv,\
    gsm,gxf,ircam,live_flv,loas,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,qcp,rm,shn,sox,\
    tak,truehd,tta,voc,w64,wav,wsd,wtv,wv,xwma";

/// How often the child's silence is interrupted to see whether it should stop.
const POLL: Duration = Duration::from_millis(50);

/// What is kept of the child's complaints, in bytes: the last, for there it says why it gave up.
const MAX_COMPLAINT_BYTES: usize = 16 * 1024;

/// What of them goes into the log, in bytes.
const MAX_LOGGED_BYTES: usize = 2 * 1024;

/// Variables that a program needs to run; all others stay here, for some are secrets.
const INHERITED_VARIABLES: [&str; 5] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SystemRoot",
    "TMPDIR",
];

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

/// Decodes the first audio stream; `content` is what the errors call it.
pub(super) fn decode(
    input: &Input,
    content: &str,
    watch: Watch<'_>,
) -> Result<Collected, AudioError> {
    watch.check()?;
    let settings = watch.settings();
    let missing = |source| AudioError::FfmpegMissing {
        content: content.to_owned(),
        program: settings.ffmpeg.clone(),
        source,
    };
    let mut running = Running::new(command(input, settings).spawn().map_err(missing)?);
    running.limit(settings);
    let starting = AudioError::io("reading from ffmpeg");
    let samples = running
        .child
        .stdout
        .take()
        .ok_or_else(|| starting(io::ErrorKind::BrokenPipe.into()))?;
    let complaints = running
        .child
        .stderr
        .take()
        .map(listen)
        .transpose()
        .map_err(&starting)?;
    let mut sink = Sink::new(watch);
    let n_samples = collect(samples, &mut sink, watch)?;
    let status = running.wait(watch)?;
    let complaint = complaints
        .and_then(|listener| listener.join().ok())
        .unwrap_or_default();
    let judged = judge(status, n_samples, &complaint, content, watch);
    if judged.is_err() {
        // An answer names neither files nor programs, so this is the only place that tells it all.
        let complaint = tail(&complaint, MAX_LOGGED_BYTES);
        tracing::info!(%status, complaint, "ffmpeg could not decode a recording");
    }
    judged?;
    sink.finish()
}

/// `ffmpeg` for this input: its first audio stream as 16-bit mono at 16 kHz on standard output.
///
/// 16 bits, because only then `ffmpeg` scales its mix of several channels so that it cannot clip.
fn command(input: &Input, settings: &Settings) -> Command {
    let mut url = std::ffi::OsString::from("file:");
    url.push(input.path());
    let mut command = Command::new(&settings.ffmpeg);
    command
        .args([
            "-nostdin",
            "-hide_banner",
            "-loglevel",
            "error",
            "-threads",
            "1",
        ])
        .args([
            "-protocol_whitelist",
            "file,pipe",
            "-format_whitelist",
            CONTAINERS,
        ])
        .args(["-vn", "-sn", "-dn", "-i"])
        .arg(url)
        .args(["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1"])
        .args(["-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1"])
        .env_clear()
        .envs(
            INHERITED_VARIABLES
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("LC_ALL", "C")
        .env("AV_LOG_FORCE_NOCOLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A group of its own, so that a wrapper script dies together with what it started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// Feeds the child's samples to the sink; returns how many there were.
fn collect(
    stdout: impl Read + Send + 'static,
    sink: &mut Sink<'_>,
    watch: Watch<'_>,
) -> Result<u64, AudioError> {
    let pump = Pump::start(stdout).map_err(AudioError::io("reading from ffmpeg"))?;
    let mut bytes: Vec<u8> = Vec::new();
    let mut block = Vec::new();
    let mut n_samples = 0;
    loop {
        watch.check()?;
        match pump.next(POLL) {
            Event::Block(more) => bytes.extend_from_slice(&more),
            Event::Quiet => continue,
            Event::Failed(source) => {
                return Err(AudioError::Io {
                    action: "reading from ffmpeg",
                    source,
                });
            }
            Event::End => return Ok(n_samples),
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        block.clear();
        block.extend(
            pairs
                .iter()
                .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0),
        );
        let n_used = pairs.len() * 2;
        bytes.drain(..n_used);
        n_samples += block.len() as u64;
        match sink.push_mono(SAMPLE_RATE, &mut block) {
            Err(Rejected::Recording(error)) => return Err(error),
            // Our own rate is never absurd.
            Ok(()) | Err(Rejected::Rate(_)) => {}
        }
    }
}

/// Decides from the way the child ended whether its samples count. Those of a child that failed do not: nobody knows how
/// many are missing.
fn judge(
    status: ExitStatus,
    n_samples: u64,
    complaint: &str,
    content: &str,
    watch: Watch<'_>,
) -> Result<(), AudioError> {
    let failed = |reason: String| AudioError::FfmpegFailed {
        content: content.to_owned(),
        reason,
    };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let out_of_time = rustix::process::Signal::XCPU.as_raw();
        return Err(if signal == out_of_time {
            AudioError::TimedOut {
                limit: watch.settings().time_limit,
            }
        } else {
            failed(format!("it was ended by signal {signal}"))
        });
    }
    #[cfg(not(unix))]
    let _ = watch;
    if status.success() && (n_samples > 0 || complaint.is_empty()) {
        return Ok(());
    }
    if complaint.contains("matches no streams") || complaint.contains("does not contain any stream")
    {
        return Err(AudioError::NoAudioTrack);
    }
    Err(failed(reason(complaint)))
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

/// Reads the complaints to their end, so that the child never waits for us, and keeps the last of them.
fn listen(mut stderr: ChildStderr) -> io::Result<JoinHandle<String>> {
    thread::Builder::new()
        .name("audio-complaints".into())
        .spawn(move || {
            let mut kept = Vec::new();
            let mut block = [0; 4096];
            while let Ok(n_bytes @ 1..) = stderr.read(&mut block) {
                kept.extend_from_slice(&block[..n_bytes]);
                let n_too_many = kept.len().saturating_sub(MAX_COMPLAINT_BYTES);
                kept.drain(..n_too_many);
            }
            String::from_utf8_lossy(&kept).into_owned()
        })
}

/// A child that is killed, with all it started, when it is let go.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Its end has been taken note of, and its number may be another's.
    is_buried: bool,
}

impl Running {
    fn new(child: Child) -> Self {
        let is_buried = false;
        Self { child, is_buried }
    }

    /// Sets the limits that the system enforces. What it refuses to set is still covered by the clock.
    #[cfg(target_os = "linux")]
    fn limit(&self, settings: &Settings) {
        use rustix::process::{Resource, Rlimit, prlimit};
        let seconds = settings.time_limit.as_secs().max(1);
        let limits = [
            (Resource::Cpu, seconds, seconds + 5),
            (
                Resource::As,
                settings.max_ffmpeg_memory_bytes,
                settings.max_ffmpeg_memory_bytes,
            ),
            (Resource::Fsize, 0, 0),
            (Resource::Core, 0, 0),
        ];
        for (resource, current, maximum) in limits {
            let _ = prlimit(
                self.pid(),
                resource,
                Rlimit {
                    current: Some(current),
                    maximum: Some(maximum),
                },
            );
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn limit(&self, _settings: &Settings) {}

    #[cfg(unix)]
    fn pid(&self) -> Option<rustix::process::Pid> {
        i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
    }

    /// Waits for the end; the child has closed its output, so this is short unless it means harm.
    fn wait(&mut self, watch: Watch<'_>) -> Result<ExitStatus, AudioError> {
        while !self.has_ended() {
            watch.check()?;
            thread::sleep(Duration::from_millis(5));
        }
        self.bury().map_err(AudioError::io("waiting for ffmpeg"))
    }

    /// Whether it has ended; it is not buried yet, so that its number stays its own.
    #[cfg(unix)]
    fn has_ended(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = self.pid().map(|pid| waitid(WaitId::Pid(pid), options));
        // If nobody knows, waiting for it tells.
        !matches!(ended, Some(Ok(None)))
    }

    #[cfg(not(unix))]
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it and all that it has started, if they have not ended, and takes note of its end.
    fn bury(&mut self) -> io::Result<ExitStatus> {
        if !self.is_buried {
            #[cfg(unix)]
            if let Some(group) = self.pid() {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.child.kill();
        }
        self.is_buried = true;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.bury();
    }
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
