//! Threads that run one closure side by side and meet at barriers.
//!
//! A decoder step is a hundred microseconds of work between barriers, so waiting spins for a while before it sleeps.
#![expect(
    unsafe_code,
    reason = "a borrowed closure is lent to threads that outlive it; `run` waits for them"
)]

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::memory::return_freed_memory;
use crate::shared::Shared;

/// How many times a thread looks at a barrier before it offers its core to others.
const SPINS_BEFORE_YIELD: usize = 1_000;
/// How many times an idle thread looks for the next job before it sleeps: the caller wants the core too.
const SPINS_BEFORE_SLEEP: usize = 500;

/// A fixed set of threads. Clones are the same threads: engines that share them take turns instead of crowding the
/// cores. They end with the last clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Team>);

#[derive(Debug)]
struct Team {
    shared: Arc<State>,
    threads: Vec<JoinHandle<()>>,
    n_threads: usize,
    turn: Mutex<()>,
}

/// One thread's view of a running closure.
#[derive(Debug)]
pub struct Worker<'a> {
    index: usize,
    count: usize,
    state: &'a State,
}

type Job = *const (dyn Fn(&Worker<'_>) + Sync);

#[derive(Debug, Default)]
struct State {
    job: Mutex<Slot>,
    wake: Condvar,
    finished: Condvar,
    round: AtomicUsize,
    running: AtomicUsize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    next_task: AtomicUsize,
    failed: AtomicBool,
}

#[derive(Default)]
struct Slot {
    job: Option<Job>,
    stop: bool,
    panic: Option<Box<dyn Any + Send>>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

// SAFETY: the pointer is only followed while `Pool::run` keeps the closure alive, and the closure is `Sync`.
unsafe impl Send for Slot {}

impl Pool {
    /// Starts `n_threads` threads; 0 takes one for each core that this process may use.
    ///
    /// # Panics
    /// When the system refuses to start a thread.
    pub fn new(n_threads: usize) -> Self {
        return_freed_memory();
        let n_threads = match n_threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            n => n,
        };
        let shared = Arc::new(State::default());
        let threads = (0..n_threads)
            .map(|index| {
                let state = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("nn-{index}"))
                    .spawn(move || work(&state, index, n_threads))
                    .unwrap_or_else(|error| panic!("cannot start a worker thread: {error}"))
            })
            .collect();
        Self(Arc::new(Team {
            shared,
            threads,
            n_threads,
            turn: Mutex::new(()),
        }))
    }

    /// Number of threads.
    pub fn n_threads(&self) -> usize {
        self.0.n_threads
    }

    /// Runs `job` on every thread at once and returns when all are done. Callers take turns.
    ///
    /// # Panics
    /// When `job` panics on any thread; the pool stays usable.
    pub fn run(&self, job: impl Fn(&Worker<'_>) + Sync) {
        let team = &*self.0;
        let _turn = team.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &*team.shared;
        let job: &(dyn Fn(&Worker<'_>) + Sync) = &job;
        // SAFETY: only the lifetime changes; the pointer is dropped below, after every thread has left the closure.
        let job: Job = unsafe { std::mem::transmute::<&(dyn Fn(&Worker<'_>) + Sync), Job>(job) };
        state.failed.store(false, Ordering::Relaxed);
        state.arrived.store(0, Ordering::Relaxed);
        state.running.store(team.n_threads, Ordering::Relaxed);
        let mut slot = state.lock();
        slot.job = Some(job);
        state.round.fetch_add(1, Ordering::Release);
        state.wake.notify_all();
        while state.running.load(Ordering::Acquire) > 0 {
            slot = state
                .finished
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
        slot.job = None;
        if let Some(panic) = slot.panic.take() {
            drop(slot);
            resume_unwind(panic);
        }
    }
}

impl Pool {
    /// Hands out the parts of `data`, `part_len` elements each (the last may be shorter), one by one to whoever is free.
    /// `start` makes what a thread keeps for itself, `work` gets it with the number of the part and the part.
    ///
    /// # Panics
    /// When `work` panics, or `part_len` is zero.
    pub fn each_part<T: Send, L>(
        &self,
        data: &mut [T],
        part_len: usize,
        start: impl Fn() -> L + Sync,
        work: impl Fn(&mut L, usize, &mut [T]) + Sync,
    ) {
        let (n, data) = (data.len(), Shared::new(data));
        self.run(|worker| {
            let mut local = start();
            worker.each(n.div_ceil(part_len), |index| {
                let first = index * part_len;
                // SAFETY: every part is handed out once, and parts do not overlap.
                let part = unsafe { data.slice_mut(first..(first + part_len).min(n)) };
                work(&mut local, index, part);
            });
        });
    }
}

impl From<usize> for Pool {
    /// Threads of their own, so many; 0 takes one for each core.
    fn from(n_threads: usize) -> Self {
        Self::new(n_threads)
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.round.fetch_add(1, Ordering::Release);
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl State {
    fn lock(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker<'_> {
    /// This thread's number, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Number of threads that run the closure.
    pub fn count(&self) -> usize {
        self.count
    }

    /// This thread's share of `0..n`, in pieces of `step`.
    pub fn share(&self, n: usize, step: usize) -> Range<usize> {
        let pieces = n.div_ceil(step);
        let cut = |i: usize| (pieces * i / self.count * step).min(n);
        cut(self.index)..cut(self.index + 1)
    }

    /// Waits until every thread is here; what was written before is then seen by all.
    ///
    /// # Panics
    /// When another thread has panicked, so that none waits for it for ever.
    pub fn barrier(&self) {
        self.meet(|| {});
    }

    /// Hands out `0..n_tasks` one by one, to whoever is free, and ends with a barrier.
    pub fn each(&self, n_tasks: usize, mut task: impl FnMut(usize)) {
        self.meet(|| self.state.next_task.store(0, Ordering::Relaxed));
        loop {
            let index = self.state.next_task.fetch_add(1, Ordering::Relaxed);
            if index >= n_tasks {
                break;
            }
            task(index);
        }
        self.barrier();
    }

    /// A barrier whose last arrival runs `last` before anyone goes on.
    fn meet(&self, last: impl FnOnce()) {
        let state = self.state;
        let generation = state.generation.load(Ordering::Acquire);
        if state.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.count {
            last();
            state.arrived.store(0, Ordering::Relaxed);
            state
                .generation
                .store(generation.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while state.generation.load(Ordering::Acquire) == generation {
            assert!(
                !state.failed.load(Ordering::Relaxed),
                "another worker failed"
            );
            pause(&mut spins);
        }
    }
}

/// What a thread of the pool does all its life.
fn work(state: &State, index: usize, count: usize) {
    // Products of `rten-gemm` ask rayon for help; here each thread is its own team of one.
    let _alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    let mut seen = 0;
    loop {
        let mut spins = 0;
        while state.round.load(Ordering::Acquire) == seen && spins < SPINS_BEFORE_SLEEP {
            pause(&mut spins);
        }
        let job = {
            let mut slot = state.lock();
            while state.round.load(Ordering::Acquire) == seen && !slot.stop {
                slot = state
                    .wake
                    .wait(slot)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            seen = state.round.load(Ordering::Acquire);
            if slot.stop {
                return;
            }
            slot.job
        };
        let Some(job) = job else { continue };
        let worker = Worker {
            index,
            count,
            state,
        };
        // SAFETY: `run` keeps the closure alive until `running` is zero.
        let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*job)(&worker) }));
        if let Err(panic) = outcome {
            let mut slot = state.lock();
            if !state.failed.swap(true, Ordering::Relaxed) {
                slot.panic = Some(panic);
            }
        }
        if state.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _slot = state.lock();
            state.finished.notify_all();
        }
    }
}

fn pause(spins: &mut usize) {
    *spins += 1;
    if *spins < SPINS_BEFORE_YIELD {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_runs_and_sees_what_was_written_before_the_barrier() {
        let pool = Pool::new(3);
        let sums: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
        for _ in 0..200 {
            let cells: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
            pool.run(|worker| {
                cells[worker.index()].store(worker.index() + 1, Ordering::Relaxed);
                worker.barrier();
                let sum: usize = cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum();
                sums[worker.index()].fetch_add(sum, Ordering::Relaxed);
            });
        }
        assert!(
            sums.iter()
                .all(|sum| sum.load(Ordering::Relaxed) == 200 * 6)
        );
    }

    #[test]
    fn each_task_runs_once() {
        let pool = Pool::new(2);
        let runs: Vec<AtomicUsize> = (0..1000).map(|_| AtomicUsize::new(0)).collect();
        pool.run(|worker| {
            worker.each(600, |i| _ = runs[i].fetch_add(1, Ordering::Relaxed));
            worker.each(400, |i| _ = runs[600 + i].fetch_add(1, Ordering::Relaxed));
        });
        assert!(runs.iter().all(|n| n.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn each_part_of_a_slice_is_given_once() {
        let mut data = vec![0; 103];
        Pool::new(3).each_part(
            &mut data,
            10,
            || 0,
            |_, index, part| {
                for x in part {
                    *x += index + 1;
                }
            },
        );
        let expected: Vec<_> = (0..103).map(|i| i / 10 + 1).collect();
        assert_eq!(data, expected);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            pool.run(|worker| {
                assert!(worker.index() != 0, "on purpose");
                worker.barrier();
            });
        }));
        assert!(panicked.is_err());
        let ran = AtomicUsize::new(0);
        pool.run(|_| _ = ran.fetch_add(1, Ordering::Relaxed));
        assert_eq!(ran.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn shares_cover_everything_once() {
        let state = State::default();
        for (n, step, count) in [(10, 1, 3), (51_865, 32, 2), (6, 1, 4), (0, 8, 2)] {
            let mut next = 0;
            for index in 0..count {
                let share = Worker {
                    index,
                    count,
                    state: &state,
                }
                .share(n, step);
                assert_eq!(share.start, next);
                next = share.end;
            }
            assert_eq!(next, n);
        }
    }
}
