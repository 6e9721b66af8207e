//! How far an attempt is, and whether it should go on: written by the thread that computes, read by its supervisor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::progress::{Monitor, Stage};
use domain::request::JobRequest;
use domain::task::StageProgress;
use domain::units::Seconds;

use crate::failpoint::Failpoint;
use crate::settings::Settings;

/// Why an attempt is to end before it has a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The task was deleted, or somebody else is at it.
    LeaseLost,
    /// It takes longer than it may.
    TimedOut,
    /// The service stops.
    Stopping,
}

/// What the thread and its supervisor share.
#[derive(Debug)]
pub(crate) struct TaskMonitor {
    settings: Arc<Settings>,
    /// The stages of the task, each with its usual share of the time.
    shares: Vec<(Stage, f64)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stop: Option<Stop>,
    /// The stage that was heard of last.
    stage: Option<Stage>,
    /// How much of each stage is done, from 0 to 1.
    done: Vec<f64>,
}

impl TaskMonitor {
    pub(crate) fn new(request: &JobRequest, settings: Arc<Settings>) -> Self {
        let shares: Vec<_> = (request.stages().iter())
            .map(|stage| (*stage, usual_share(*stage)))
            .collect();
        let state = State {
            done: vec![0.0; shares.len()],
            ..State::default()
        };
        Self {
            settings,
            shares,
            state: Mutex::new(state),
        }
    }

    /// Asks the thread to end; the first reason counts.
    pub(crate) fn stop(&self, reason: Stop) {
        self.lock().stop.get_or_insert(reason);
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.lock().stop
    }

    /// What is being done, and how much of the whole is done.
    pub(crate) fn snapshot(&self) -> Option<StageProgress> {
        let state = self.lock();
        let whole: f64 = self.shares.iter().map(|(_, share)| share).sum();
        let parts = self.shares.iter().zip(&state.done);
        let done: f64 = parts.map(|((_, share), done)| share * done).sum();
        let percentage = (1000.0 * done / whole).floor() / 10.0;
        Some(StageProgress {
            stage: state.stage?,
            percentage: percentage.clamp(0.0, 100.0),
        })
    }

    fn reached(&self, stage: Stage, share: f64) {
        let mut reached = self.lock();
        reached.stage = Some(stage);
        let place = self.shares.iter().position(|(known, _)| *known == stage);
        if let Some(done) = place.and_then(|place| reached.done.get_mut(place)) {
            // Stages that run side by side tell their progress in any order.
            *done = done.max(share);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Monitor for TaskMonitor {
    fn progress(&self, stage: Stage, done: Seconds, total: Seconds) {
        let share = if total.0 > 0.0 { done.0 / total.0 } else { 0.0 };
        self.reached(stage, share.clamp(0.0, 1.0));
    }

    fn begins(&self, stage: Stage) {
        self.reached(stage, 0.0);
    }

    fn ends(&self, stage: Stage, took: Duration) {
        self.reached(stage, 1.0);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(stage = stage.name(), took_ms, "stage ended");
        self.settings.failpoints.pass(Failpoint::StageEnded);
    }

    fn is_cancelled(&self) -> bool {
        self.lock().stop.is_some()
    }
}

/// How long a stage usually takes beside the others: its real-time factor, by a thousand (`docs/benchmarks.md`).
fn usual_share(stage: Stage) -> f64 {
    match stage {
        Stage::Decode => 3.0,
        Stage::Vad => 5.0,
        Stage::Transcribe => 44.0,
        Stage::Align => 20.0,
        Stage::Diarize => 8.0,
        Stage::Assign => 0.1,
    }
}

#[cfg(test)]
mod tests {
    use domain::request::{Device, SpeakerGroup};

    use super::*;
    use crate::settings::testing::settings;

    fn monitor() -> TaskMonitor {
        let request = JobRequest::Diarization {
            speakers: SpeakerGroup::default(),
            device: Device::Cpu,
            audio_track: None,
        };
        TaskMonitor::new(&request, Arc::new(settings()))
    }

    fn percentage(monitor: &TaskMonitor) -> f64 {
        monitor.snapshot().unwrap().percentage
    }

    #[test]
    fn the_percentage_grows_with_the_stages_and_never_falls() {
        let monitor = monitor();
        assert_eq!(monitor.snapshot(), None);
        monitor.begins(Stage::Decode);
        assert!(percentage(&monitor).abs() < f64::EPSILON);
        monitor.ends(Stage::Decode, Duration::ZERO);
        assert!((percentage(&monitor) - 18.7).abs() < 1e-9);
        monitor.progress(Stage::Diarize, Seconds(5.0), Seconds(10.0));
        let half = percentage(&monitor);
        monitor.progress(Stage::Diarize, Seconds(1.0), Seconds(10.0));
        assert!((percentage(&monitor) - half).abs() < f64::EPSILON);
        for stage in [Stage::Vad, Stage::Diarize] {
            monitor.ends(stage, Duration::ZERO);
        }
        assert!((percentage(&monitor) - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_first_reason_to_stop_counts() {
        let monitor = monitor();
        assert!(!monitor.is_cancelled());
        monitor.stop(Stop::TimedOut);
        monitor.stop(Stop::Stopping);
        assert_eq!(monitor.stopped(), Some(Stop::TimedOut));
        assert!(monitor.is_cancelled());
    }
}
