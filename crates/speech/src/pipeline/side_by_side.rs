//! Two stages at once: both stop when either fails, and only one of them is shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::progress::{Monitor, Stage};
use domain::units::Seconds;

/// What stages that run side by side are told by: as soon as one fails the others are cancelled.
pub(super) struct Joint<'a> {
    monitor: &'a dyn Monitor,
    has_failed: AtomicBool,
    /// Whether the stage in the background is to be shown.
    is_background_shown: AtomicBool,
}

impl<'a> Joint<'a> {
    pub(super) fn new(monitor: &'a dyn Monitor) -> Self {
        Self {
            monitor,
            has_failed: AtomicBool::new(false),
            is_background_shown: AtomicBool::new(false),
        }
    }

    /// Does one of the two things; if it fails, by an error or a panic, the other is cancelled.
    pub(super) fn guard<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let failing = Failing(&self.has_failed);
        let result = work()?;
        std::mem::forget(failing);
        Ok(result)
    }
}

/// Says that something failed, unless it is forgotten.
struct Failing<'a>(&'a AtomicBool);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Monitor for Joint<'_> {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        self.monitor.progress(stage, done, total);
    }

    fn begins(&self, stage: Stage) {
        self.monitor.begins(stage);
    }

    fn ends(&self, stage: Stage, took: Duration) {
        self.monitor.ends(stage, took);
    }

    fn fetched(&self, done_bytes: u64, total_bytes: u64) {
        self.monitor.fetched(done_bytes, total_bytes);
    }

    fn is_cancelled(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed) || self.monitor.is_cancelled()
    }
}

/// What the stage in the background is told by: nobody sees how far it is until it is alone.
pub(super) struct Background<'a>(&'a Joint<'a>);

impl<'a> Background<'a> {
    pub(super) fn new(joint: &'a Joint<'a>) -> Self {
        Self(joint)
    }

    /// The other stage is done: from now on this one is shown.
    pub(super) fn step_forward(&self) {
        self.0.is_background_shown.store(true, Ordering::Relaxed);
    }
}

impl Monitor for Background<'_> {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        if self.0.is_background_shown.load(Ordering::Relaxed) {
            self.0.progress(stage, done, total);
        }
    }

    fn begins(&self, stage: Stage) {
        self.0.begins(stage);
    }

    fn ends(&self, stage: Stage, took: Duration) {
        self.0.ends(stage, took);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    use domain::progress::Silent;

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<Stage>>);

    impl Monitor for Told {
        fn progress(&self, stage: Stage, _done: Seconds, _total: Seconds) {
            self.0.lock().unwrap().push(stage);
        }

        fn is_cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_failure_or_a_panic_of_one_cancels_the_other() {
        let joint = Joint::new(&Silent);
        assert_eq!(joint.guard(|| Ok::<_, ()>(1)), Ok(1));
        assert!(!joint.is_cancelled());
        assert_eq!(joint.guard(|| Err::<(), _>("no")), Err("no"));
        assert!(Background::new(&joint).is_cancelled());

        let joint = Joint::new(&Silent);
        let panics = || joint.guard(|| -> Result<(), ()> { panic!("on purpose") });
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert!(joint.is_cancelled());
    }

    #[test]
    fn the_background_is_shown_once_it_is_alone() {
        let told = Told::default();
        let joint = Joint::new(&told);
        let background = Background::new(&joint);
        let tell = |monitor: &dyn Monitor, stage| {
            monitor.progress(stage, Seconds(1.0), Seconds(2.0));
        };
        tell(&joint, Stage::Transcribe);
        tell(&background, Stage::Diarize);
        background.step_forward();
        tell(&background, Stage::Diarize);
        assert_eq!(*told.0.lock().unwrap(), [Stage::Transcribe, Stage::Diarize]);
    }
}
