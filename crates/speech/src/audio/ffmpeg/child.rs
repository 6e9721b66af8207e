//! The `ffmpeg` process: what it may do, what it says, and how it ends.
//!
//! The child gets an argument vector (no shell), reads one local file and nothing else, writes to a pipe, sees none of our
//! environment, and is killed when it takes too long, writes too much, or is no longer wanted.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::audio::guard::Watch;
use crate::audio::{AudioError, Settings};

/// Containers that `ffmpeg` may open. Playlists, scripts, devices and pictures are left out: they name other files.
const CONTAINERS: &str = "aac,ac3,eac3,act,adts,aiff,amr,amrnb,amrwb,ape,asf,asf_o,au,avi,caf,dsf,dts,dtshd,dv,flac,flv,\
    gsm,gxf,ircam,live_flv,loas,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,qcp,rm,shn,sox,\
    tak,truehd,tta,voc,w64,wav,wsd,wtv,wv,xwma";

/// What is kept of what the child says, in bytes: the last, for there it says why it gave up.
const MAX_COMPLAINT_BYTES: usize = 1 << 20;

/// Variables that a program needs to run; all others stay here, for some are secrets.
const INHERITED_VARIABLES: [&str; 5] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SystemRoot",
    "TMPDIR",
];

/// A started `ffmpeg`.
#[derive(Debug)]
pub(super) struct Process {
    running: Running,
    complaints: Option<JoinHandle<String>>,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// What it wrote to standard error; the last of it.
    pub(super) complaint: String,
}

impl Process {
    /// Starts `ffmpeg` on the recording at `url`; `level` is how much it says, `output` what it makes of it, if anything.
    /// `content` is what the errors call the recording.
    pub(super) fn start(
        url: &OsString,
        level: &str,
        output: &[String],
        content: &str,
        watch: Watch<'_>,
    ) -> Result<Self, AudioError> {
        let settings = watch.settings();
        let mut command = command(settings, url, level, output);
        let child = command
            .spawn()
            .map_err(|source| AudioError::FfmpegMissing {
                content: content.to_owned(),
                program: settings.ffmpeg.clone(),
                source,
            })?;
        let mut running = Running::new(child);
        running.limit(settings);
        let complaints = running.child.stderr.take().map(listen).transpose();
        Ok(Self {
            running,
            complaints: complaints.map_err(AudioError::io("reading from ffmpeg"))?,
        })
    }

    /// What it writes to standard output; asked for once.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.running.child.stdout.take()
    }

    /// Waits for its end.
    pub(super) fn wait(mut self, watch: Watch<'_>) -> Result<Ended, AudioError> {
        let status = self.running.wait(watch)?;
        let complaint = self.complaints.and_then(|listener| listener.join().ok());
        Ok(Ended {
            status,
            complaint: complaint.unwrap_or_default(),
        })
    }
}

fn command(settings: &Settings, url: &OsString, level: &str, output: &[String]) -> Command {
    let mut command = Command::new(&settings.ffmpeg);
    command
        .args([
            "-nostdin",
            "-hide_banner",
            "-loglevel",
            level,
            "-threads",
            "1",
        ])
        .args(["-protocol_whitelist", "file,pipe,subfile"])
        .args(["-format_whitelist", CONTAINERS])
        // Times are left as they stand in the file.
        .args(["-copyts", "-vn", "-sn", "-dn", "-i"])
        .arg(url)
        .args(output)
        .env_clear()
        .envs(
            INHERITED_VARIABLES
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("LC_ALL", "C")
        .env("AV_LOG_FORCE_NOCOLOR", "1")
        .stdin(Stdio::null())
        .stdout(if output.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stderr(Stdio::piped());
    // A group of its own, so that a wrapper script dies together with what it started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
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
    is_reaped: bool,
}

impl Running {
    fn new(child: Child) -> Self {
        let is_reaped = false;
        Self { child, is_reaped }
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
        self.reap().map_err(AudioError::io("waiting for ffmpeg"))
    }

    /// Whether it has ended; it is not reaped yet, so that its number stays its own.
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
    fn reap(&mut self) -> io::Result<ExitStatus> {
        if !self.is_reaped {
            #[cfg(unix)]
            if let Some(group) = self.pid() {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.child.kill();
        }
        self.is_reaped = true;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.reap();
    }
}
