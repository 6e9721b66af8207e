//! The bar: what is being done, how far it is, how fast it goes, and how long it will take.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::interrupt::Interrupt;

const BAR: &str = "{prefix} {bar:24} {percent:>3}% {wide_msg}";
const SPINNER: &str = "{prefix} {spinner} {wide_msg}";

/// Steps that take less than this do not show a spinner.
const PATIENCE: Duration = Duration::from_secs(2);

const TICK: Duration = Duration::from_millis(100);

/// Shows the progress of one piece of work, and passes Ctrl-C on to it.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    interrupt: &'a Interrupt,
    bar: ProgressBar,
    /// The stage that is shown, and when it began.
    stage: Mutex<Option<(Stage, Instant)>>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(label: &str, interrupt: &'a Interrupt, is_shown: bool) -> Self {
        let bar = if is_shown {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        bar.set_prefix(label.to_owned());
        let progress = Self {
            interrupt,
            bar,
            stage: Mutex::new(None),
        };
        progress.restyle(SPINNER);
        progress
    }

    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Does `work`, which cannot say how far it is; a spinner turns if it takes long.
    pub(crate) fn spin<T>(&self, message: &'static str, work: impl FnOnce() -> T) -> T {
        let (done, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    self.restyle(SPINNER);
                    self.bar.set_message(message);
                    self.bar.enable_steady_tick(TICK);
                    // Ends when the sender is dropped.
                    let _ = wait.recv();
                    self.bar.disable_steady_tick();
                }
            });
            // Dropped also when `work` panics, so that the scope can end.
            let _done = done;
            work()
        })
    }

    fn restyle(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("━╸─"));
        }
    }

    /// The moment at which `stage` began; a new stage begins now.
    fn begin(&self, stage: Stage) -> Instant {
        let mut current = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        match *current {
            Some((shown, began)) if shown == stage => began,
            _ => {
                let now = Instant::now();
                *current = Some((stage, now));
                now
            }
        }
    }
}

impl Monitor for Progress<'_> {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        if self.bar.is_hidden() {
            return;
        }
        let elapsed = self.begin(stage).elapsed();
        self.restyle(if total.0 > 0.0 { BAR } else { SPINNER });
        self.bar.set_message(format!(
            "{} {}",
            stage_name(stage),
            speed_and_rest(done, total, elapsed)
        ));
        self.bar.set_length(milliseconds(total));
        self.bar.set_position(milliseconds(done));
    }

    fn fetched(&self, done_bytes: u64, total_bytes: u64) {
        self.restyle(if total_bytes > 0 { BAR } else { SPINNER });
        self.bar.set_length(total_bytes);
        self.bar.set_position(done_bytes);
        self.bar
            .set_message(format!("download, {}", HumanBytes(done_bytes)));
    }

    fn is_cancelled(&self) -> bool {
        self.interrupt.is_requested()
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "decode",
        Stage::Vad => "find speech",
        Stage::Transcribe => "transcribe",
        Stage::Align => "align",
        Stage::Diarize => "hear who speaks",
        Stage::Assign => "name speakers",
    }
}

/// `12.3x real time, 0:42 left`, as far as it is known.
fn speed_and_rest(done: Seconds, total: Seconds, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if done.0 <= 0.0 || seconds <= 0.0 {
        return String::new();
    }
    let speed = done.0 / seconds;
    let speed_text = format!("{speed:.1}x real time");
    if total.0 <= 0.0 {
        return speed_text;
    }
    let rest = Duration::from_secs_f64((total.0 - done.0).max(0.0) / speed);
    format!("{speed_text}, {} left", clock(rest))
}

/// `1:02:03` or `2:03`.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration is not negative, and the cast saturates"
    )]
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn milliseconds(time: Seconds) -> u64 {
    (time.0 * 1000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_and_rest_are_told_as_far_as_they_are_known() {
        let after_ten =
            |done, total| speed_and_rest(Seconds(done), Seconds(total), Duration::from_secs(10));
        assert_eq!(after_ten(0.0, 60.0), "");
        assert_eq!(after_ten(30.0, 0.0), "3.0x real time");
        assert_eq!(after_ten(30.0, 300.0), "3.0x real time, 1:30 left");
        assert_eq!(after_ten(25.0, 36_025.0), "2.5x real time, 4:00:00 left");
        assert_eq!(after_ten(31.0, 30.0), "3.1x real time, 0:00 left");
    }
}
