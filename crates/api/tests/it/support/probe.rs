//! Recordings whose content says what they are.

use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use domain::media::{Probe, ProbeError, Probed};
use domain::progress::Monitor;
use domain::units::Seconds;
use tokio::sync::watch;

/// How often a recording that waits looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(10);

/// How many audio tracks every recording has.
const N_TRACKS: u16 = 2;

/// A probe that does what a recording's first word says.
#[derive(Debug)]
pub(crate) struct Script {
    began: watch::Sender<usize>,
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self {
            began: watch::Sender::new(0),
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    /// Waits until `n` recordings have been begun.
    pub(crate) async fn until_begun(&self, n: usize) {
        let mut began = self.began.subscribe();
        began.wait_for(|begun| *begun >= n).await.unwrap();
    }

    /// How many recordings have been begun.
    pub(crate) fn n_begun(&self) -> usize {
        *self.began.borrow()
    }

    /// Lets recordings that wait go on.
    pub(crate) fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    /// Until it is let go on, or nobody waits for it any more.
    fn wait(&self, monitor: &dyn Monitor) -> Result<(), ProbeError> {
        let mut is_open = self.is_open.lock().unwrap();
        while !*is_open {
            if monitor.is_cancelled() {
                return Err(ProbeError::Cancelled);
            }
            (is_open, _) = self.opened.wait_timeout(is_open, GLANCE).unwrap();
        }
        Ok(())
    }
}

impl Probe for Script {
    fn probe(
        &self,
        path: &Path,
        track: Option<NonZeroU16>,
        monitor: &dyn Monitor,
    ) -> Result<Probed, ProbeError> {
        let content =
            std::fs::read(path).map_err(|error| ProbeError::Machine(error.to_string()))?;
        self.began.send_modify(|begun| *begun += 1);
        let content = String::from_utf8_lossy(&content);
        if let Some(track) = track.filter(|track| track.get() > N_TRACKS) {
            let reason = format!("there is no audio track {track}");
            return Err(ProbeError::NoSuchTrack { track, reason });
        }
        let seconds = |text: &str| text.trim().parse().ok().map(Seconds);
        match content.split(' ').next().unwrap_or_default() {
            "good" => {}
            "wait" => self.wait(monitor)?,
            "long" => {
                return Err(ProbeError::TooLong {
                    limit: Seconds(60.0),
                });
            }
            "silent" => {
                return Err(ProbeError::Unreadable {
                    reason: "The file has no audio track".into(),
                });
            }
            "foreign" => return Err(ProbeError::DecoderMissing),
            "machine" => return Err(ProbeError::Machine("/secret/path: no memory".into())),
            "panic" => panic!("at /secret/path"),
            _ => {
                return Err(ProbeError::Unreadable {
                    reason: "Audio file is unreadable or corrupted".into(),
                });
            }
        }
        let duration = content.split(' ').nth(1).and_then(seconds);
        Ok(Probed {
            duration: duration.unwrap_or(Seconds(12.996)),
        })
    }
}
